"""The changes of a file as fixes that a person can take one by one: hunks that need each other are never apart.

Each fix has been tried alone: the engine, allowed no change but those of the fix, makes exactly its hunks.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from difflib import SequenceMatcher
from functools import cached_property

from msgspec import Struct

from optimizer.engine import Change, ChangeKey, Result
from optimizer.syntax.parser import split_lines

NOT_UTF8 = re.compile("[\ud800-\udfff]")
"""A byte that is not UTF-8, as it stands in a text."""

Replay = Callable[[Collection[ChangeKey]], Result]
"""The engine on the same file with the same settings, allowed only the changes with these keys."""


class Hunk(Struct, frozen=True):
    """Whole lines of the original in `range(start, end)`, counted from 0, and the text that takes their place."""

    start: int
    end: int
    old: str
    new: str


class Fix(Struct, frozen=True):
    """Hunks in the order of the file that are taken together, with the changes that they are made of."""

    hunks: tuple[Hunk, ...]
    changes: tuple[Change, ...]
    ignores: tuple[str, ...] = ()
    """Patterns that the file that says what of the context is not sent needs first."""

    @property
    def is_text(self) -> bool:
        """Whether text alone says it: it is in this file alone, and all of it is UTF-8."""
        return not self.ignores and not any(NOT_UTF8.search(hunk.old + hunk.new) for hunk in self.hunks)

    @property
    def saves(self) -> int | None:
        """Estimated bytes of the image; None where nothing is known."""
        known = [change.saves for change in self.changes if change.saves]
        return sum(known) if known else None


def hunks(before: str, after: str) -> tuple[Hunk, ...]:
    """The lines in which the texts differ."""
    old, new = split_lines(before), split_lines(after)
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    return tuple(
        Hunk(start, end, "".join(old[start:end]), "".join(new[first:last]))
        for kind, start, end, first, last in matcher.get_opcodes()
        if kind != "equal"
    )


def applied(before: str, made: Sequence[Hunk]) -> str:
    """The text with hunks that do not overlap."""
    lines = split_lines(before)
    for hunk in sorted(made, key=lambda hunk: -hunk.start):
        lines[hunk.start : hunk.end] = [hunk.new]
    return "".join(lines)


def fixes(result: Result, replay: Replay | None) -> tuple[Fix, ...]:
    """The changes of a result, grouped; all of them together make `result.after`.

    Without a replay nothing can be tried, and there is one fix.
    """
    return tuple(_Groups(result, replay).found())


class _Group(Struct, frozen=True):
    """Hunks by number, the lines that are touched, the changes."""

    hunks: frozenset[int]
    lines: frozenset[int]
    changes: frozenset[Change]

    def meets(self, other: _Group) -> bool:
        """Whether they have a hunk or a line in common."""
        return bool(self.hunks & other.hunks or self.lines & other.lines)


class _Groups(Struct, dict=True):
    """The work on one result."""

    result: Result
    replay: Replay | None

    @cached_property
    def hunks(self) -> tuple[Hunk, ...]:
        return hunks(self.result.before, self.result.after)

    def found(self) -> Iterator[Fix]:
        """Fixes in the order of the file."""
        if not self.result.changes:
            return
        whole = Fix(self.hunks, self._sorted(self.result.changes), self.result.ignores)
        groups = self._connected() if self.replay is not None else []
        if len(groups) < 2:
            yield whole
            return
        tried = [(group, self._tried(group)) for group in groups]
        good = [fix for _, fix in tried if fix is not None]
        bad = [group for group, fix in tried if fix is None]
        if bad:
            rest = self._tried(_merged(bad)) if len(bad) > 1 else None
            good = [*good, rest] if rest is not None else [whole]
        missing = [pattern for pattern in self.result.ignores if not any(pattern in fix.ignores for fix in good)]
        yield from [whole] if missing else sorted(good, key=_place)

    def _connected(self) -> list[_Group]:
        """Changes that touch a hunk or a line in common are one group."""
        groups: list[_Group] = []
        for change in self.result.changes:
            touched = frozenset(number for number, hunk in enumerate(self.hunks) if _touches(change, hunk))
            new = _Group(touched, frozenset(change.touched), frozenset([change]))
            apart = [group for group in groups if not group.meets(new)]
            groups = [*apart, _merged([*(group for group in groups if group.meets(new)), new])]
        orphans = frozenset(range(len(self.hunks))).difference(*(group.hunks for group in groups))
        return [] if orphans else groups

    def _tried(self, group: _Group) -> Fix | None:
        """The group as a fix; None where the engine makes something else of its changes alone."""
        assert self.replay is not None
        alone = self.replay({change.key for change in group.changes})
        made = tuple(self.hunks[number] for number in sorted(group.hunks))
        if alone.after != applied(self.result.before, made) or alone.refusals:
            return None
        return Fix(made, self._sorted(group.changes), alone.ignores)

    def _sorted(self, changes: Collection[Change]) -> tuple[Change, ...]:
        return tuple(sorted(changes, key=lambda change: (change.line, self.result.changes.index(change))))


def _touches(change: Change, hunk: Hunk) -> bool:
    """Whether an edit of the change lies in the hunk, or beside it where the hunk only inserts."""
    first, last = hunk.start + 1, hunk.end
    if hunk.start == hunk.end:
        first, last = hunk.start, hunk.end + 1
    return any(first <= line <= last for line in change.touched)


def _merged(groups: Sequence[_Group]) -> _Group:
    return _Group(
        frozenset().union(*(group.hunks for group in groups)),
        frozenset().union(*(group.lines for group in groups)),
        frozenset().union(*(group.changes for group in groups)),
    )


def _place(fix: Fix) -> tuple[int, int]:
    return (fix.hunks[0].start if fix.hunks else fix.changes[0].line - 1, fix.changes[0].line)
