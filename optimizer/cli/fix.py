"""`dockopt fix`: file by file, with a diff, a line a change, and a summary; one bad file never stops the others."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from optimizer.cli import files
from optimizer.cli.discovery import find
from optimizer.cli.errors import FileError, UsageError
from optimizer.cli.output import Output
from optimizer.cli.settings import Settings, settings_for, with_options
from optimizer.engine import Change, Result, optimize
from optimizer.patch import unified
from optimizer.transform import Safety

_TEMPLATE_MARKS = ("{{", "{%", "<%", "%%", "INCLUDE(", "@@")


@dataclass(frozen=True, slots=True)
class Options:
    """The options of `dockopt fix`."""

    write: bool
    check: bool
    unsafe: bool
    select: tuple[str, ...]
    ignore: tuple[str, ...]
    verbose: bool
    stdin_filename: Path | None


@dataclass(slots=True)
class _Totals:
    """What the summary counts. `waiting`: transform id -> changes that wait for `--unsafe`."""

    files: int = 0
    changed: int = 0
    changes: int = 0
    refused: int = 0
    unreadable: int = 0
    waiting: dict[str, list[Change]] = field(default_factory=dict)


def run(paths: Sequence[Path], options: Options) -> int:
    """Does the work and says what it did; returns the exit code. Raises InputError for wrong options and settings."""
    if options.write and options.check:
        raise UsageError("--write and --check exclude each other")
    output = Output()
    totals = _Totals()
    for path, data in _inputs(paths, options, output, totals):
        settings = with_options(settings_for(_folder(path, options)), options.select, options.ignore, options.unsafe)
        _one(path, data, settings, options, output, totals)
    _summary(options, output, totals)
    output.flush()
    if totals.unreadable:
        return 2
    if totals.refused:
        return 3
    return 1 if options.check and totals.changed else 0


def _inputs(
    paths: Sequence[Path], options: Options, output: Output, totals: _Totals
) -> Iterator[tuple[Path | None, bytes]]:
    """Each file with its bytes; None for standard input."""
    named = [path for path in paths if str(path) != "-"]
    if len(named) < len(paths):
        yield None, sys.stdin.buffer.read()
    for path in find(named):
        try:
            yield path, files.read(path)
        except FileError as error:
            totals.unreadable += 1
            output.problem(str(error))


def _folder(path: Path | None, options: Options) -> Path:
    place = path or options.stdin_filename or Path("Dockerfile")
    return place.absolute().parent


def _one(path: Path | None, data: bytes, settings: Settings, options: Options, output: Output, totals: _Totals) -> None:
    name = _name(path or options.stdin_filename or Path("Dockerfile"))
    result = optimize(data, settings.chosen(), unsafe=settings.unsafe)
    totals.files += 1
    if result.problems:
        _rejected(name, result, output, totals)
    totals.changed += result.changed
    totals.changes += len(result.changes)
    totals.refused += len(result.refusals)
    for change in result.pending:
        if change.safety is Safety.UNSAFE:
            totals.waiting.setdefault(change.transform, []).append(change)
    if not _written(path, data, result, options, output, totals):
        output.diff(unified(result.before, result.after, name))
    _told(name, result, options, output)


def _rejected(name: str, result: Result, output: Output, totals: _Totals) -> None:
    if any(mark in result.before for mark in _TEMPLATE_MARKS):
        output.note(f"{name}:{result.problems[0].line} looks like a template; left as it is")
        return
    totals.unreadable += 1
    for problem in result.problems[:3]:
        output.problem(f"{name}:{problem.line}: {problem.message}; the file is left as it is")


def _written(path: Path | None, data: bytes, result: Result, options: Options, output: Output, totals: _Totals) -> bool:
    """Write the result where that was asked for; standard input goes to standard output."""
    if not options.write:
        return False
    after = result.after.encode("utf-8", "surrogateescape")
    if path is None:
        output.raw(after)
        return True
    if result.changed:
        try:
            files.write(path, data, after, Path())
        except FileError as error:
            totals.unreadable += 1
            output.problem(str(error))
    return True


def _told(name: str, result: Result, options: Options, output: Output) -> None:
    """One line for each change and refusal; what was not changed, and why, if asked for."""
    quiet = options.write and name == "-"
    for change in sorted(result.changes, key=lambda change: change.line):
        if not quiet:
            output.change(f"{name}:{change.line} {change.transform}  {change.why}")
    for refusal in result.refusals:
        output.problem(f"{name}:{refusal.line} {refusal.transform} was refused by a check: {refusal.why}")
    if not options.verbose:
        return
    for change in result.pending:
        word = "is a suggestion" if change.safety is Safety.SUGGESTION else "waits for --unsafe"
        output.note(f"{name}:{change.line} {change.transform} {word}: {change.why}{_size(change.saves)}")
    for kept in result.stood_back:
        output.note(f"{name}:{kept.line} {kept.transform} left it alone: {kept.why}")


def _summary(options: Options, output: Output, totals: _Totals) -> None:
    if totals.files == 0 and not totals.unreadable:
        output.note("no Dockerfile found")
        return
    verb = "made" if options.write else "found"
    output.note(f"{_count(totals.changes, 'change')} {verb} in {totals.changed} of {_count(totals.files, 'file')}")
    for name, changes in totals.waiting.items():
        known = [change.saves for change in changes if change.saves]
        estimate = f", at most about {_megabytes(sum(known))}" if known else ""
        output.note(f"{len(changes)} more with --unsafe: {name}{estimate}")


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _size(saves: int | None) -> str:
    return f" (at most about {_megabytes(saves)})" if saves else ""


def _megabytes(count: int) -> str:
    return f"{count / 1e6:.0f} MB" if count >= 1e7 else f"{count / 1e6:.1f} MB"


def _name(path: Path) -> str:
    """The path as a diff names it: relative to this folder, with slashes."""
    try:
        relative = os.path.relpath(path)
    except ValueError:
        relative = str(path)
    return Path(relative if not relative.startswith("..") else str(path.absolute()).lstrip("/")).as_posix()
