"""Where each place of an edited text came from in the original."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from functools import cached_property
from typing import NamedTuple

from msgspec import Struct, field


class Place(Struct, frozen=True, order=True):
    """A stretch of the original file. Lines and columns count from 1, in characters; a byte order mark has no column.

    The end column is the one behind the last character.
    """

    line: int
    column: int
    end_line: int
    end_column: int


class _Piece(NamedTuple):
    """A part of the text that lies at `start`. `kept`: each of its characters is one of the original."""

    start: int
    origin: int
    origin_end: int
    kept: bool


class Origins(Struct, frozen=True, dict=True):
    """The original, and the pieces of the text as it is now."""

    original: str
    _pieces: tuple[_Piece, ...] = field(default=())

    @cached_property
    def _lines(self) -> list[int]:
        """Where each line of the original begins."""
        starts = [0]
        while (found := self.original.find("\n", starts[-1])) >= 0:
            starts.append(found + 1)
        return starts

    @cached_property
    def _starts(self) -> list[int]:
        return [piece.start for piece in self._pieces]

    def place(self, start: int, end: int) -> Place:
        """Where the text between two offsets came from; new text came from what it replaced."""
        first, last = self._offset(start), self._offset(max(end - 1, start), last=True)
        return Place(*self._position(first), *self._position(max(first, last if end > start else first)))

    def edited(self, edits: Sequence[tuple[int, int, str]], length: int) -> Origins:
        """The same for the text, of that length, with spans replaced; the edits are sorted and do not overlap."""
        pieces: list[_Piece] = []
        at = shift = 0
        for start, end, new in edits:
            pieces += self._between(at, start, shift)
            if new:
                pieces.append(_Piece(start + shift, self._offset(start), self._replaced(start, end), kept=False))
            shift += len(new) - (end - start)
            at = end
        pieces += self._between(at, length, shift)
        return Origins(self.original, tuple(pieces))

    def _replaced(self, start: int, end: int) -> int:
        return self._offset(end - 1, last=True) if end > start else self._offset(start)

    def _between(self, start: int, end: int, shift: int) -> list[_Piece]:
        """The pieces of a stretch that stays, where it comes to lie."""
        if start >= end:
            return []
        found = []
        for number in range(self._number(start), self._number(end - 1) + 1):
            piece = self._piece(number)
            begin = max(start, piece.start)
            origin = piece.origin + (begin - piece.start if piece.kept else 0)
            found.append(_Piece(begin + shift, origin, piece.origin_end, piece.kept))
        return found

    def _offset(self, at: int, *, last: bool = False) -> int:
        """The offset in the original of the character there; with `last` the one behind it."""
        piece = self._piece(self._number(at))
        if piece.kept:
            return min(piece.origin + at - piece.start + last, len(self.original))
        return piece.origin_end if last else piece.origin

    def _number(self, at: int) -> int:
        return max(bisect_right(self._starts, at) - 1, 0)

    def _piece(self, number: int) -> _Piece:
        return self._pieces[number] if self._pieces else _Piece(0, 0, len(self.original), kept=True)

    def _position(self, offset: int) -> tuple[int, int]:
        """The line and column of an offset of the original."""
        line = bisect_right(self._lines, offset)
        mark = line == 1 and self.original.startswith("\ufeff") and offset > 0
        return line, offset - self._lines[line - 1] + 1 - mark


def whole_line(lines: Sequence[str], number: int) -> Place:
    """What stands in a line, counted from 1, without the blanks around it."""
    text = lines[number - 1].rstrip() if number <= len(lines) else ""
    column = len(text) - len(text.lstrip()) + 1
    return Place(number, column, number, max(len(text) + 1, column))
