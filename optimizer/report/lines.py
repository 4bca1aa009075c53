"""Two texts beside each other, line by line, with the notes at their lines; what nobody needs to read is left out."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from difflib import SequenceMatcher
from enum import StrEnum
from itertools import groupby, zip_longest

from msgspec import Struct

from optimizer.syntax.parser import split_lines

AROUND_CHANGES, AROUND_NOTES = 3, 2
"""Lines that are shown before and behind."""
LONGEST = 2000
"""Characters of a line that are shown."""
_TOKEN = re.compile(r"\w+|\s+|.", re.S)
_ALIKE = 0.4
_END = re.compile(r"\r?\n\Z|\r\Z")


class Kind(StrEnum):
    """What a note says of its line."""

    CHANGE = "change"
    WAITING = "waiting"
    """It would be changed with `--unsafe`."""
    SUGGESTION = "suggestion"
    """It needs a person."""
    REFUSED = "refused"
    """A check dropped the change."""


class Note(Struct, frozen=True):
    """What a transform says. `line`: of the text before, counted from 1; `saves`: bytes, as an estimate."""

    kind: Kind
    line: int
    transform: str
    why: str
    saves: int | None = None


class Piece(Struct, frozen=True):
    """Text of a line. `differs`: the line beside it has something else here."""

    text: str
    differs: bool = False


class Line(Struct, frozen=True):
    """A line of one side, counted from 1."""

    number: int
    pieces: tuple[Piece, ...]


class Row(Struct, frozen=True):
    """A line beside the other; None where one side has none."""

    before: Line | None
    after: Line | None


class Block(Struct, frozen=True):
    """Neighbouring rows of a kind. `hidden`: so many lines are left out above; `notes` stand above the rows."""

    changed: bool
    rows: tuple[Row, ...]
    notes: tuple[Note, ...] = ()
    hidden: int = 0


class _Pair(Struct, frozen=True):
    """Indices of the lines that stand beside each other, counted from 0."""

    before: int | None
    after: int | None
    changed: bool


def side_by_side(before: str, after: str, notes: Collection[Note]) -> tuple[Block, ...]:
    """The blocks that are worth reading: around what changes, and around what is said. Empty where nothing is."""
    old, new = split_lines(before), split_lines(after)
    pairs = list(_pairs(old, new))
    at = {pair.before: index for index, pair in enumerate(pairs) if pair.before is not None}
    notes_at: dict[int, list[Note]] = {}
    for note in notes:
        place = at.get(note.line - 1, max(len(pairs) - 1, 0))
        notes_at.setdefault(_above_inserted(pairs, place), []).append(note)
    wanted = _wanted(pairs, notes_at)
    return tuple(_blocks(pairs, wanted, notes_at, old, new))


def _above_inserted(pairs: Sequence[_Pair], place: int) -> int:
    """Where a note stands: what comes above its line comes because of it."""
    while place and pairs[place - 1].before is None:
        place -= 1
    return place


def _pairs(old: Sequence[str], new: Sequence[str]) -> Iterator[_Pair]:
    if old == new:
        yield from (_Pair(index, index, changed=False) for index in range(len(old)))
        return
    for kind, first, last, start, end in SequenceMatcher(None, old, new).get_opcodes():
        lines = zip_longest(range(first, last), range(start, end))
        yield from (_Pair(left, right, changed=kind != "equal") for left, right in lines)


def _wanted(pairs: Sequence[_Pair], notes_at: Collection[int]) -> list[int]:
    """The indices of the pairs that are shown; to say that one line is left out takes as much room as the line."""
    wanted: set[int] = set()
    for index, pair in enumerate(pairs):
        if pair.changed:
            wanted.update(range(index - AROUND_CHANGES, index + AROUND_CHANGES + 1))
    for index in notes_at:
        wanted.update(range(index - AROUND_NOTES, index + AROUND_NOTES + 1))
    edges = wanted | {-1, len(pairs)} if wanted else wanted
    return [index for index in range(len(pairs)) if index in wanted or {index - 1, index + 1} <= edges]


def _blocks(
    pairs: Sequence[_Pair],
    wanted: Sequence[int],
    notes_at: dict[int, list[Note]],
    old: Sequence[str],
    new: Sequence[str],
) -> Iterator[Block]:
    """A block ends where lines are left out, where the kind of the rows changes, and above a note."""
    number = 0
    starts: dict[int, int] = {}
    last: int | None = None
    for index in wanted:
        follows = last is not None and index == last + 1 and pairs[index].changed == pairs[last].changed
        if not follows or index in notes_at:
            number += 1
        starts[index] = number
        last = index
    shown = 0
    for _, indices in groupby(wanted, starts.__getitem__):
        block = list(indices)
        rows = tuple(_row(pairs[index], old, new) for index in block)
        notes = tuple(sorted(notes_at.get(block[0], ()), key=lambda note: (note.line, note.kind != Kind.CHANGE)))
        yield Block(pairs[block[0]].changed, rows, notes, block[0] - shown)
        shown = block[-1] + 1
    if wanted and shown < len(pairs):
        yield Block(changed=False, rows=(), hidden=len(pairs) - shown)


def _row(pair: _Pair, old: Sequence[str], new: Sequence[str]) -> Row:
    before = old[pair.before] if pair.before is not None else None
    after = new[pair.after] if pair.after is not None else None
    left, right = _texts(before, after)
    if pair.changed and left is not None and right is not None:
        pieces = _marked(left, right)
    else:
        pieces = ((Piece(left or ""),), (Piece(right or ""),))
    return Row(
        Line(pair.before + 1, pieces[0]) if pair.before is not None else None,
        Line(pair.after + 1, pieces[1]) if pair.after is not None else None,
    )


def _texts(before: str | None, after: str | None) -> tuple[str | None, str | None]:
    """Both lines without their ends; with them where that is all in which they differ."""
    left, right = _bare(before), _bare(after)
    if before != after and left is not None and left == right:
        return _cut(before), _cut(after)
    return _cut(left), _cut(right)


def _bare(line: str | None) -> str | None:
    return _END.sub("", line) if line is not None else None


def _cut(text: str | None) -> str | None:
    if text is None or len(text) <= LONGEST:
        return text
    return f"{text[:LONGEST]} … {len(text) - LONGEST:,} more characters"


def _marked(left: str, right: str) -> tuple[tuple[Piece, ...], tuple[Piece, ...]]:
    """The lines in pieces; nothing is marked where they have too little in common, or are equal but for their ends."""
    whole = (Piece(left),), (Piece(right),)
    if len(left) + len(right) > LONGEST:
        return whole
    old, new = _TOKEN.findall(left), _TOKEN.findall(right)
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    if matcher.ratio() < _ALIKE:
        return whole
    codes = matcher.get_opcodes()
    return (
        _joined(("".join(old[first:last]), kind != "equal") for kind, first, last, _, _ in codes),
        _joined(("".join(new[start:end]), kind != "equal") for kind, _, _, start, end in codes),
    )


def _joined(parts: Iterator[tuple[str, bool]]) -> tuple[Piece, ...]:
    return tuple(Piece(text, differs) for text, differs in parts if text)
