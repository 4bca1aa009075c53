"""`dockopt fix`: file by file, with a diff, a line a change, and a summary; one bad file never stops the others."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from optimizer.cli import files
from optimizer.cli.beside import IgnoreFiles
from optimizer.cli.discovery import is_ci_file
from optimizer.cli.errors import FileError, UsageError
from optimizer.cli.formats import Told
from optimizer.cli.monorepo.run import Many, outcomes_of
from optimizer.cli.names import in_diff, shown
from optimizer.cli.output import Output
from optimizer.cli.settings import Settings, of_options
from optimizer.cli.work import NamedLog, Outcome, Wishes, Worker, settings_of
from optimizer.engine import Change, Result
from optimizer.patch import unified
from optimizer.sizes import counted, said
from optimizer.transform import Safety

if TYPE_CHECKING:
    from optimizer.cli.monorepo.commits import Commits
    from optimizer.cli.monorepo.summary import Summary
    from optimizer.cli.prover import Prover


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
    format: str = "text"
    output: Path | None = None
    """The file that takes what goes to standard output otherwise."""
    many: Many = field(default_factory=Many)
    log: Path | None = None
    """The log of a build of the one Dockerfile; None: seconds are estimated."""


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
    if options.write and "-" in paths and options.format != "text" and options.output is None:
        raise UsageError("--format needs --output where standard output holds the rewritten `-`")
    if options.log is not None and "-" in paths and (len(paths) > 1 or str(options.log) == "-"):
        raise UsageError("--log is the log of one Dockerfile, and `-` stands for one file that is read")
    if options.many.commit_per is not None and (not options.write or "-" in paths):
        raise UsageError("--commit-per goes with --write, and not with `-`")
    if options.many.summary and options.format != "text":
        raise UsageError("--summary goes with no other --format than text")
    settings = of_options(options.select, options.ignore, options.profile, unsafe=options.unsafe)
    return _Run(options, settings, prover).all(paths)


def _named(path: Path | None) -> NamedLog | None:
    """The log in a file, or on standard input. Raises FileError."""
    if path is None:
        return None
    from optimizer.cli.logs import log_in

    return NamedLog(shown(path), log_in(path))


class _Run:
    """One call of `dockopt fix`."""

    def __init__(self, options: Options, settings: Settings, prover: Prover | None) -> None:
        self._options = options
        self._prover = prover
        self._told = Told(options.format, options.output, offer_fixes=not options.write)
        self._output = Output(self._told.sink)
        self._totals = _Totals()
        self._said: set[str] = set()
        self._ignore_files = IgnoreFiles()
        told = options.verbose or prover is not None
        self._wishes = Wishes(
            settings, options.context, options.no_context, surroundings=told, fixes=self._told.with_fixes,
            log=_named(options.log),
        )  # fmt: skip
        self._summaries: Summary | None = None
        self._commits: Commits | None = None
        if options.many.summary:
            from optimizer.cli.monorepo.summary import Summary

            self._summaries = Summary()
        if options.many.commit_per is not None:
            from optimizer.cli.monorepo.commits import Commits

            self._commits = Commits(options.many.commit_per, Path.cwd())

    def all(self, paths: Sequence[str]) -> int:
        """All files, then the summary; returns the exit code."""
        if "-" in paths:
            self._one(Worker(self._wishes).look_at(sys.stdin.buffer.read(), self._options.stdin_filename))
        named = [Path(path) for path in paths if path != "-"]
        with closing(outcomes_of(named, self._wishes, self._options.many)) as outcomes:
            for outcome in outcomes:
                self._one(outcome)
        if self._commits is not None:
            self._commit(self._commits)
        if not self._options.write and self._summaries is None:
            self._output.diff(self._ignore_files.diffs())
        if self._summaries is not None:
            tables = (self._summaries.table(by) for by in self._options.many.summary)
            self._output.text("\n".join(table for table in tables if table))
        self._told.write()
        self._summary()
        self._output.flush()
        totals = self._totals
        if totals.unproved:
            return 4
        if totals.failed or totals.refused:
            return 2 if totals.failed else 3
        return 1 if self._options.check and totals.changed else 0

    def _one(self, outcome: Outcome) -> None:
        """What became of one file is shown or written, and told."""
        self._told.add(outcome)
        self._fail(*outcome.failures)
        if outcome.template is not None:
            place = f"{shown(outcome.path)}:{outcome.template}" if outcome.template else shown(outcome.path)
            self._output.note(f"{place}: looks like a template; left as it is")
        if outcome.result is None:
            return
        try:
            self._finish(outcome, outcome.result)
        except FileError as error:
            self._fail(str(error))

    def _fail(self, *messages: str) -> None:
        self._totals.failed += bool(messages)
        for message in messages:
            if message not in self._said:
                self._output.note(message)
            self._said.add(message)

    def _finish(self, outcome: Outcome, result: Result) -> None:
        """Show or write the result, and tell it. Raises FileError, with the file as it was."""
        proved = self._proved(outcome, result)
        self._totals.files += 1
        if proved and self._commits is not None and (result.changed or result.ignores):
            self._commits.add(outcome, result)
            return
        if proved and result.ignores:
            self._ignore(outcome, result.ignores)
        if not self._options.write:
            if self._summaries is None:
                self._output.diff(unified(result.before, result.after, in_diff(outcome.path)))
        elif proved:
            self._write(outcome, result)
        elif outcome.top is None:
            Output().raw(outcome.data)
        if proved:
            self._count(outcome, result)
            holds_the_file = outcome.top is None and self._options.write
            self._tell(shown(outcome.path), result, self._output.note if holds_the_file else self._output.change)
        else:
            self._totals.unproved += 1
        if self._options.verbose and outcome.context is not None:
            self._output.note(f"{shown(outcome.path)}: {outcome.context}")

    def _ignore(self, outcome: Outcome, patterns: Sequence[str]) -> None:
        """Put patterns into the ignore file: before the Dockerfile is written, which may rely on them."""
        if outcome.ignore_file is None:
            return
        if outcome.top is None:
            self._output.note(f".dockerignore: needs the lines {', '.join(patterns)}")
            return
        self._ignore_files.add(outcome.ignore_file, patterns)
        if self._options.write:
            self._ignore_files.write(outcome.ignore_file, outcome.top)

    def _proved(self, outcome: Outcome, result: Result) -> bool:
        """Whether nothing speaks against writing the result: it is proved, or no proof is asked for or needed."""
        if self._prover is None or not result.steps:
            return True
        path = outcome.path
        if is_ci_file(path):
            self._output.note(f"{shown(path)}: no build can prove a change of it; without --prove it is written")
            return False
        from optimizer.cli.prover import judged

        chosen = settings_of(path, self._wishes.settings).chosen()
        proved, lines = judged(self._prover, path, outcome.folder or path.absolute().parent, result, chosen)
        for line in lines:
            self._output.note(f"{shown(path)}: {line}")
        return proved

    def _write(self, outcome: Outcome, result: Result) -> None:
        """Write the result in place; what standard input holds goes to standard output, changed or not."""
        after = result.after.encode("utf-8", "surrogateescape")
        if outcome.top is None:
            Output().raw(after)
        elif result.changed:
            files.write(outcome.path, outcome.data, after, Path(), outcome.top)

    def _commit(self, commits: Commits) -> None:
        """Write and commit what was kept for it."""
        for message in commits.leave_out():
            self._fail(message)
        for outcome, result in commits.wanted:
            self._count(outcome, result)
            self._tell(shown(outcome.path), result, self._output.change)
        for made in commits.make():
            self._output.note(f"committed {made}")
        for message in commits.failures:
            self._fail(message)

    def _count(self, outcome: Outcome, result: Result) -> None:
        if self._summaries is not None:
            self._summaries.add(outcome.path, result)
        self._totals.changed += result.changed or bool(result.ignores)
        self._totals.changes += len(result.changes)
        self._totals.refused += len(result.refusals)
        for change in result.pending:
            if change.safety is Safety.UNSAFE:
                self._totals.waiting.setdefault(change.transform, []).append(change)

    def _tell(self, name: str, result: Result, say: Callable[[str], None]) -> None:
        """One line for each change and refusal; what was not changed, and why, if asked for."""
        for change in sorted(result.changes, key=lambda change: change.line) if self._summaries is None else ():
            say(f"{name}:{change.line} {change.transform}  {change.reason}")
        note = self._output.note
        for refusal in result.refusals:
            note(f"{name}:{refusal.line} {refusal.transform} was refused by a check: {refusal.why}")
        if not self._options.verbose:
            return
        for change in result.pending:
            word = "is a suggestion" if change.safety is Safety.SUGGESTION else "waits for --unsafe"
            note(f"{name}:{change.line} {change.transform} {word}: {change.reason}")
        for kept in result.stood_back:
            note(f"{name}:{kept.line} {kept.transform} left it alone: {kept.why}")

    def _summary(self) -> None:
        totals, note = self._totals, self._output.note
        if totals.files == 0:
            if not totals.failed:
                note("no Dockerfile found")
            return
        verb = "made" if self._options.write else "found"
        note(f"{counted(totals.changes, 'change')} {verb} in {totals.changed} of {counted(totals.files, 'file')}")
        if totals.unproved:
            note(
                f"{counted(totals.unproved, 'file')} not proved, and left as before"
                if self._options.write
                else f"{counted(totals.unproved, 'file')} not proved"
            )
        for name, changes in totals.waiting.items():
            known = sum(change.saves for change in changes if change.saves)
            note(f"{len(changes)} more with --unsafe: {name}" + (f", at most about {said(known)}" if known else ""))
