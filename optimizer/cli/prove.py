"""`dockopt prove`: builds each file before and after, and says whether anything was lost; nothing is written."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct

from optimizer.cli import files
from optimizer.cli.contexts import Contexts, folder_of
from optimizer.cli.discovery import Found, find
from optimizer.cli.errors import FileError, SettingsError, UsageError
from optimizer.cli.names import shown
from optimizer.cli.output import Output
from optimizer.cli.prover import FindBuilder, ProofWishes, Prover, explained
from optimizer.cli.settings import Settings, of_options, settings_for
from optimizer.cli.work import optimized
from optimizer.engine import Result
from optimizer.prove.builders import find_builder
from optimizer.prove.errors import BuilderMissing, ProofError
from optimizer.prove.proof import Proof
from optimizer.prove.report import document, render_markdown, render_text
from optimizer.transform import Transform

FORMATS = ("text", "json", "markdown")


class ProveOptions(Struct, frozen=True):
    """The options of `dockopt prove`."""

    unsafe: bool
    select: tuple[str, ...]
    ignore: tuple[str, ...]
    format: str
    wishes: ProofWishes
    profile: str | None = None


class Outcome(Struct, frozen=True):
    """What became of one file. `why` says what kept a proof from being made."""

    name: str
    result: Result
    proof: Proof | None = None
    why: str | None = None

    @property
    def word(self) -> str:
        """`unchanged`, `proved`, `not proved` or `no proof`."""
        if self.proof is not None:
            return "proved" if self.proof.holds else "not proved"
        return "unchanged" if self.why is None else "no proof"


def prove_all(
    paths: Sequence[str],
    options: ProveOptions,
    find_a_builder: FindBuilder = find_builder,
    transforms: Sequence[Transform] | None = None,
) -> int:
    """Does the work and says what it found; returns the exit code. Raises UsageError before anything is done.

    `transforms` stand for those that the settings choose.
    """
    if options.format not in FORMATS:
        raise UsageError(f"--format is {', '.join(FORMATS[:-1])} or {FORMATS[-1]}, not `{options.format}`")
    if "-" in paths:
        raise UsageError("`-` has no build context to be proved in; name a file")
    settings = of_options(options.select, options.ignore, options.profile, unsafe=options.unsafe)
    return _Run(options, settings, Prover(options.wishes, find_a_builder), transforms).all(paths)


class _Run:
    """One call of `dockopt prove`."""

    def __init__(
        self, options: ProveOptions, settings: Settings, prover: Prover, transforms: Sequence[Transform] | None
    ) -> None:
        self._options = options
        self._settings = settings
        self._prover = prover
        self._transforms = transforms
        self._output = Output()
        self._outcomes: list[Outcome] = []
        self._failed = 0
        self._contexts = Contexts(options.wishes.context, off=False)

    def all(self, paths: Sequence[str]) -> int:
        """All files; returns the exit code."""
        missing = False
        for found in find(Path(path) for path in paths):
            try:
                self._one(found)
            except (FileError, SettingsError) as error:
                self._failed += 1
                self._output.note(str(error))
            except BuilderMissing as problem:
                self._output.note(f"dockopt: {problem}")
                missing = True
                break
        if not self._outcomes and not self._failed and not missing:
            self._output.note("no Dockerfile found")
        if self._options.format == "json":
            self._output.text(json.dumps([_record(outcome) for outcome in self._outcomes], indent=2) + "\n")
        self._output.flush()
        if missing or any(outcome.word in ("not proved", "no proof") for outcome in self._outcomes):
            return ProofError.exit_code
        if self._failed:
            return 2
        return 3 if any(outcome.result.refusals for outcome in self._outcomes) else 0

    def _one(self, found: Found) -> None:
        """One file. Raises FileError, SettingsError or BuilderMissing."""
        path = found.path
        settings = settings_for(path.absolute().parent).below(self._settings)
        transforms = settings.chosen() if self._transforms is None else tuple(self._transforms)
        data = files.read(path)
        context = self._contexts.of(path, found.top, data, named=True)
        result = optimized(path, data, transforms, unsafe=settings.unsafe, context=context)
        name = shown(path)
        if result.problems:
            problem = result.problems[0]
            raise FileError(f"{name}:{problem.line}: {problem.message}; there is nothing to prove")
        for refusal in result.refusals:
            self._output.note(f"{name}:{refusal.line} {refusal.transform} was refused by a check: {refusal.why}")
        self._tell(self._outcome(path, folder_of(path, context), result, transforms))

    def _outcome(self, path: Path, folder: Path, result: Result, transforms: Sequence[Transform]) -> Outcome:
        name = shown(path)
        if not result.steps:
            return Outcome(name, result)
        try:
            return Outcome(name, result, self._prover.prove(path, folder, result, transforms))
        except BuilderMissing:
            raise
        except ProofError as problem:
            return Outcome(name, result, why=explained(problem))

    def _tell(self, outcome: Outcome) -> None:
        self._outcomes.append(outcome)
        if self._options.format == "json":
            return
        markdown = self._options.format == "markdown"
        name = f"### {outcome.name}\n\n" if markdown else f"{outcome.name}: "
        if outcome.proof is not None:
            text = render_markdown(outcome.proof) if markdown else render_text(outcome.proof)
        elif outcome.why is None:
            text = "nothing to prove: dockopt leaves it as it is\n"
        else:
            text = f"no proof: {outcome.why}\n"
        self._output.text(("\n" if len(self._outcomes) > 1 else "") + name + text)
        self._output.flush()


def _record(outcome: Outcome) -> dict[str, Any]:
    proof = None if outcome.proof is None else document(outcome.proof)
    return {"path": outcome.name, "outcome": outcome.word, "why": outcome.why, "proof": proof}
