"""What is told of one file: findings with their places, in the same words for every format."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from enum import StrEnum
from functools import cached_property
from hashlib import sha256

from msgspec import Struct
from msgspec.structs import replace

from optimizer.blocks import line_end
from optimizer.cli.names import reported, shown
from optimizer.cli.work import Outcome
from optimizer.engine import Change, Result
from optimizer.fixes import NOT_UTF8, Fix
from optimizer.origins import Place, whole_line
from optimizer.syntax.parser import split_lines
from optimizer.transform import Safety

REJECTED = "rejected-by-buildkit"
UNREAD = "not-looked-at"
OTHER_RULES = {
    REJECTED: "BuildKit would reject the file, so it is left as it is.",
    UNREAD: "The file or its settings cannot be read.",
}
"""The findings that are of no transform, each with its sentence."""


class Level(StrEnum):
    """How bad it is."""

    ERROR = "error"
    """The file could not be looked at, or a check refused a change."""
    WARNING = "warning"
    """Something would change."""
    NOTE = "note"
    """Something could be better, and waits for a person."""


class Finding(Struct, frozen=True):
    """One thing to tell. `fix`: what mends it, with all that is done at once; the first of its changes has it."""

    rule: str
    level: Level
    message: str
    place: Place
    fix: Fix | None = None
    safety: Safety | None = None
    saves: int | None = None
    number: int = 1
    """Which one it is of those with the same rule on lines that read the same."""


class Report(Struct, frozen=True, dict=True):
    """What there is to tell of one file. `path`: from this folder, with slashes; it can hold anything."""

    path: str
    text: str = ""
    findings: tuple[Finding, ...] = ()
    result: Result | None = None
    fixes: tuple[Fix, ...] = ()

    @cached_property
    def lines(self) -> list[str]:
        """The lines of the file with their ends, without a byte order mark."""
        return split_lines(self.text.removeprefix("\ufeff"))

    def line(self, number: int) -> str:
        """The text of a line without its end; empty behind the last one."""
        text = self.lines[number - 1] if number <= len(self.lines) else ""
        return text.removesuffix(line_end(text))

    def fingerprint(self, finding: Finding, *, with_path: bool) -> str:
        """32 hexadecimal digits that stay while the file is edited elsewhere, and no other finding of it has."""
        words = [finding.rule, self.line(finding.place.line).strip(), str(finding.number)]
        told = "\0".join([self.path, *words] if with_path else words)
        return sha256(told.encode("utf-8", "surrogateescape")).hexdigest()[:32]


def report(outcome: Outcome, *, offer_fixes: bool = True) -> Report:
    """What became of a file. `offer_fixes`: whether it is still as it was read."""
    result = outcome.result
    text = result.before if result is not None else ""
    plain = Report(reported(outcome.path), text, result=result, fixes=outcome.fixes if offer_fixes else ())
    found = sorted(_findings(outcome, plain), key=lambda finding: (finding.place.line, finding.place.column))
    seen: Counter[tuple[str, str]] = Counter()
    numbered = []
    for finding in found:
        finding = replace(finding, place=_ended(plain, finding.place))
        key = finding.rule, plain.line(finding.place.line).strip()
        seen[key] += 1
        numbered.append(replace(finding, number=seen[key]))
    return Report(plain.path, text, tuple(numbered), result, plain.fixes)


def offered(fix: Fix) -> bool:
    """Whether another program can make the fix: it is in this file alone, and all of its text is UTF-8."""
    return bool(fix.hunks) and fix.is_text


def visible(text: str) -> str:
    """The text with bytes that are not UTF-8 as `\\xNN`."""
    return NOT_UTF8.sub(lambda match: f"\\x{ord(match[0]) & 0xFF:02x}", text)


def _findings(outcome: Outcome, plain: Report) -> Iterator[Finding]:
    result = outcome.result
    if result is None or (outcome.failures and not result.problems):
        for failure in outcome.failures:
            told = failure.removeprefix(f"{shown(outcome.path)}: ")
            yield Finding(UNREAD, Level.ERROR, told, Place(1, 1, 1, 1))
        return
    if outcome.template is None:
        for problem in result.problems[:3]:
            yield Finding(REJECTED, Level.ERROR, problem.message, whole_line(plain.lines, problem.line))
    yield from _made(result, plain)
    for change in result.pending:
        why = "needs a person" if change.safety is Safety.SUGGESTION else "waits for --unsafe"
        yield _of(change, Level.NOTE, f"{change.reason}; {why}")
    for refusal in result.refusals:
        told = f"a change was refused by a check: {refusal.why}"
        yield Finding(refusal.transform, Level.ERROR, told, refusal.place)


def _made(result: Result, plain: Report) -> Iterator[Finding]:
    """The changes; the fix goes to its first change, and the others say where it is."""
    owners = {change: fix for fix in plain.fixes for change in fix.changes}
    taken: dict[int, int] = {}
    for change in sorted(result.changes, key=lambda change: change.line):
        fix = owners.get(change)
        if fix is None:
            yield _of(change, Level.WARNING, change.reason)
        elif id(fix) in taken:
            yield _of(change, Level.WARNING, f"{change.reason}; fixed with line {taken[id(fix)]}")
        else:
            taken[id(fix)] = change.line
            needs = f"; needs `{'`, `'.join(fix.ignores)}` in the ignore file" if fix.ignores else ""
            yield _of(change, Level.WARNING, change.reason + needs, fix if offered(fix) else None)


def _of(change: Change, level: Level, message: str, fix: Fix | None = None) -> Finding:
    return Finding(change.transform, level, message, change.place, fix, change.safety, change.saves)


def _ended(plain: Report, place: Place) -> Place:
    """The place without the line ends and blanks behind its text."""
    line, column = place.end_line, place.end_column
    while line > place.line and not plain.line(line)[: column - 1].strip():
        line, column = line - 1, len(plain.line(line - 1)) + 1
    text = plain.line(line)[: column - 1].rstrip()
    return replace(place, end_line=line, end_column=max(len(text) + 1, place.column if line == place.line else 1))


def levelled(reports: Sequence[Report]) -> Iterator[tuple[Report, Finding]]:
    """All findings, the worst first: some readers show only the first few."""
    for level in Level:
        for each in reports:
            yield from ((each, finding) for finding in each.findings if finding.level is level)
