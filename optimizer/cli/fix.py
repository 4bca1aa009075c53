"""`dockopt fix`: file by file, with a diff, a line a change, and a summary; one bad file never stops the others."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from optimizer.cli import files
from optimizer.cli.beside import IgnoreFiles
from optimizer.cli.contexts import ContextOf, Contexts, described, folder_of
from optimizer.cli.discovery import Found, find, is_ci_file
from optimizer.cli.errors import BugError, FileError, SettingsError, UsageError
from optimizer.cli.names import in_diff, shown
from optimizer.cli.output import Output
from optimizer.cli.settings import Settings, of_options, settings_for
from optimizer.engine import Change, Result, optimize
from optimizer.facts.ci import builds_images
from optimizer.facts.context import Missing, Supply
from optimizer.patch import unified
from optimizer.transform import Safety, Subject, Transform

if TYPE_CHECKING:
    from optimizer.cli.prover import Prover

_TEMPLATE = re.compile(r"\{\{|\{%|<%|%%\w+%%|@@?\w+@|^INCLUDE\(", re.M)


@dataclass(frozen=True)
class Options:
    """The options of `dockopt fix`."""

    write: bool
    check: bool
    unsafe: bool
    select: tuple[str, ...]
    ignore: tuple[str, ...]
    verbose: bool
    stdin_filename: str | None
    profile: str | None = None
    context: Path | None = None
    """The build context of the files; None: it is looked for."""
    no_context: bool = False


@dataclass
class _Totals:
    """What the summary counts. `waiting`: transform id -> changes that wait for `--unsafe`."""

    files: int = 0
    changed: int = 0
    changes: int = 0
    refused: int = 0
    failed: int = 0
    unproved: int = 0
    waiting: dict[str, list[Change]] = field(default_factory=dict)


def fix_all(paths: Sequence[str], options: Options, prover: Prover | None = None) -> int:
    """Does the work and says what it did; returns the exit code. Raises UsageError before anything is done.

    With a prover, a file is written only if it proves the rewrite.
    """
    if options.write and options.check:
        raise UsageError("--write and --check exclude each other")
    if options.stdin_filename is not None and "-" not in paths:
        raise UsageError("--stdin-filename names what `-` reads; give `-` too")
    if options.context is not None and options.no_context:
        raise UsageError("--context and --no-context exclude each other")
    if options.context is not None and not options.context.is_dir():
        raise UsageError(f"--context: there is no folder `{options.context}`")
    settings = of_options(options.select, options.ignore, options.profile, unsafe=options.unsafe)
    return _Run(options, settings, prover).all(paths)


class _Run:
    """One call of `dockopt fix`."""

    def __init__(self, options: Options, settings: Settings, prover: Prover | None) -> None:
        self._options = options
        self._prover = prover
        self._settings = settings
        self._output = Output()
        self._totals = _Totals()
        self._said: set[str] = set()
        self._contexts = Contexts(options.context, off=options.no_context)
        self._ignore_files = IgnoreFiles()

    def all(self, paths: Sequence[str]) -> int:
        """All files, then the summary; returns the exit code."""
        for found in _sources(paths):
            try:
                self._one(found)
            except (FileError, SettingsError) as error:
                self._fail(str(error))
        if not self._options.write:
            self._output.diff(self._ignore_files.diffs())
        self._summary()
        self._output.flush()
        totals = self._totals
        if totals.unproved:
            return 4
        if totals.failed or totals.refused:
            return 2 if totals.failed else 3
        return 1 if self._options.check and totals.changed else 0

    def _fail(self, message: str) -> None:
        self._totals.failed += 1
        if message not in self._said:
            self._output.note(message)
        self._said.add(message)

    def _one(self, found: Found | None) -> None:
        """One file, or standard input for None. Raises FileError or SettingsError with the file as it was."""
        path = self._path(found)
        data = files.read(path) if found else sys.stdin.buffer.read()
        settings = settings_for(path.absolute().parent).below(self._settings)
        if is_ci_file(path):
            self._ci_file(found, path, data, settings)
            return
        context = self._contexts.of(path, found.top if found else path.parent, data, named=self._named(found))
        result = optimized(path, data, settings.chosen(), unsafe=settings.unsafe, context=context)
        if result.problems:
            self._rejected(path, result)
        proved = self._proved(path, context, result, settings)
        if proved and result.ignores and context is not None:
            self._ignore(found, context, result.ignores)
        self._finish(found, data, result, proved=proved)
        if self._options.verbose and context is not None:
            self._output.note(f"{shown(path)}: {described(context)}")

    def _ci_file(self, found: Found | None, path: Path, data: bytes, settings: Settings) -> None:
        """One file of CI; it is passed over where it builds no image, or nothing is chosen that is about such files."""
        from optimizer.workflows import improve

        chosen = [transform for transform in settings.chosen() if transform.subject is Subject.WORKFLOW]
        if found is not None and not (chosen and builds_images(data)):
            return
        result = _guarded(path, lambda: improve(data, chosen, unsafe=settings.unsafe))
        for problem in result.problems:
            self._output.note(f"{shown(path)}:{problem.line}: {problem.message}; the file is left as it is")
            self._totals.failed += 1
        proved = self._prover is None or not result.changed
        if not proved:
            self._output.note(f"{shown(path)}: no build can prove a change of it; without --prove it is written")
        self._finish(found, data, result, proved=proved)

    def _finish(self, found: Found | None, data: bytes, result: Result, *, proved: bool) -> None:
        """Show or write what became of a file, and tell it."""
        path = self._path(found)
        self._totals.files += 1
        if not self._options.write:
            self._output.diff(unified(result.before, result.after, in_diff(path)))
        elif proved:
            self._write(found, data, result)
        elif found is None:
            self._output.raw(data)
        if not proved:
            self._totals.unproved += 1
            return
        self._count(result)
        holds_the_file = found is None and self._options.write
        self._tell(shown(path), result, self._output.note if holds_the_file else self._output.change)

    def _path(self, found: Found | None) -> Path:
        return found.path if found else Path(self._options.stdin_filename or "Dockerfile")

    def _ignore(self, found: Found | None, context: ContextOf, patterns: Sequence[str]) -> None:
        """Put patterns into the ignore file: before the Dockerfile is written, which may rely on them."""
        folder = context()
        if isinstance(folder, Missing):
            return
        if found is None:
            self._output.note(f".dockerignore: needs the lines {', '.join(patterns)}")
            return
        path = self._ignore_files.add(folder, patterns)
        if self._options.write:
            self._ignore_files.write(path, found.top)

    def _named(self, found: Found | None) -> bool:
        """Whether it is known where the file lies: standard input may come from anywhere."""
        return found is not None or self._options.stdin_filename is not None

    def _proved(self, path: Path, context: ContextOf | None, result: Result, settings: Settings) -> bool:
        """Whether nothing speaks against writing the result: it is proved, or no proof is asked for or needed."""
        if self._prover is None or not result.steps:
            return True
        from optimizer.cli.prover import judged

        proved, lines = judged(self._prover, path, folder_of(path, context), result, settings.chosen())
        for line in lines:
            self._output.note(f"{shown(path)}: {line}")
        return proved

    def _rejected(self, path: Path, result: Result) -> None:
        if _TEMPLATE.search(result.before):
            self._output.note(f"{shown(path)}:{result.problems[0].line}: looks like a template; left as it is")
            return
        for problem in result.problems[:3]:
            self._output.note(f"{shown(path)}:{problem.line}: {problem.message}; the file is left as it is")
        self._totals.failed += 1

    def _write(self, found: Found | None, data: bytes, result: Result) -> None:
        """Write the result in place; what standard input holds goes to standard output, changed or not."""
        after = result.after.encode("utf-8", "surrogateescape")
        if found is None:
            self._output.raw(after)
        elif result.changed:
            files.write(found.path, data, after, Path(), found.top)

    def _count(self, result: Result) -> None:
        self._totals.changed += result.changed or bool(result.ignores)
        self._totals.changes += len(result.changes)
        self._totals.refused += len(result.refusals)
        for change in result.pending:
            if change.safety is Safety.UNSAFE:
                self._totals.waiting.setdefault(change.transform, []).append(change)

    def _tell(self, name: str, result: Result, say: Callable[[str], None]) -> None:
        """One line for each change and refusal; what was not changed, and why, if asked for."""
        for change in sorted(result.changes, key=lambda change: change.line):
            say(f"{name}:{change.line} {change.transform}  {change.why}")
        note = self._output.note
        for refusal in result.refusals:
            note(f"{name}:{refusal.line} {refusal.transform} was refused by a check: {refusal.why}")
        if not self._options.verbose:
            return
        for change in result.pending:
            word = "is a suggestion" if change.safety is Safety.SUGGESTION else "waits for --unsafe"
            size = f" (at most about {_size(change.saves)})" if change.saves else ""
            note(f"{name}:{change.line} {change.transform} {word}: {change.why}{size}")
        for kept in result.stood_back:
            note(f"{name}:{kept.line} {kept.transform} left it alone: {kept.why}")

    def _summary(self) -> None:
        totals, note = self._totals, self._output.note
        if totals.files == 0:
            if not totals.failed:
                note("no Dockerfile found")
            return
        verb = "made" if self._options.write else "found"
        note(f"{_count(totals.changes, 'change')} {verb} in {totals.changed} of {_count(totals.files, 'file')}")
        if totals.unproved:
            note(
                f"{_count(totals.unproved, 'file')} not proved, and left as before"
                if self._options.write
                else f"{_count(totals.unproved, 'file')} not proved"
            )
        for name, changes in totals.waiting.items():
            known = sum(change.saves for change in changes if change.saves)
            note(f"{len(changes)} more with --unsafe: {name}" + (f", at most about {_size(known)}" if known else ""))


def _sources(paths: Sequence[str]) -> Iterator[Found | None]:
    """Standard input, as None, where `-` is among the paths; then the files."""
    if "-" in paths:
        yield None
    yield from find((Path(path) for path in paths if path != "-"), ci=True)


def optimized(
    path: Path, data: bytes, transforms: Sequence[Transform], *, unsafe: bool, context: Supply | None = None
) -> Result:
    """What the engine makes of the file. Raises BugError for whatever it raises: the other files shall go on."""
    return _guarded(path, lambda: optimize(data, transforms, unsafe=unsafe, context=context))


def _guarded(path: Path, work: Callable[[], Result]) -> Result:
    """What the work makes of the file. Raises BugError for whatever it raises."""
    try:
        return work()
    except Exception as error:
        from traceback import extract_tb

        place = extract_tb(error.__traceback__)[-1]
        what = f"{type(error).__name__} in {Path(place.filename).name}:{place.lineno}: {error}"
        raise BugError(f"{shown(path)}: dockopt fails on this file ({what}); please report it") from error


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _size(count: int) -> str:
    """Bytes as a person says them."""
    if count < 1e6:
        return f"{max(count, 1000) / 1e3:.0f} kB"
    return f"{count / 1e6:.0f} MB" if count >= 1e7 else f"{count / 1e6:.1f} MB"
