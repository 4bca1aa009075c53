"""A text as an editor has it: its lines end in LF, CR LF or CR, and its columns count UTF-16 units or what was agreed.

Our own places count characters, and lines that end in LF (LSP 3.17, "Text Documents").
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from functools import cached_property

from lsprotocol import types
from msgspec import Struct
from msgspec.structs import replace

from optimizer.origins import Place
from optimizer.syntax.parser import split_lines

_END = re.compile(r"\r\n|\n|\r")
_MANY = 20_000
"""Lines. Of texts with more of them, all that lies between the first and the last change is one edit."""


class Document(Struct, frozen=True, dict=True):
    """One version of a text. `encoding`: what a column counts."""

    uri: str
    text: str
    version: int | None = None
    language: str = ""
    encoding: str = "utf-16"

    @cached_property
    def _starts(self) -> list[int]:
        """Where each line begins, as the editor counts lines."""
        return [0, *(end.end() for end in _END.finditer(self.text))]

    @cached_property
    def _our_starts(self) -> list[int]:
        """Where each line begins, as our places count them."""
        return [0, *(at + 1 for at, character in enumerate(self.text) if character == "\n")]

    def offset(self, position: types.Position) -> int:
        """The offset of a position; what lies behind the end of a line or of the text is its end."""
        if position.line >= len(self._starts):
            return len(self.text)
        start = self._starts[position.line]
        line = self._line(position.line)
        units = 0
        for at, character in enumerate(line):
            if units >= position.character:
                return start + at
            units += self._units(character)
        return start + len(line)

    def position(self, offset: int) -> types.Position:
        """The position of an offset."""
        line = bisect_right(self._starts, offset) - 1
        return types.Position(line, self._units(self.text[self._starts[line] : offset]))

    def span(self, start: int, end: int) -> types.Range:
        """The range between two offsets."""
        return types.Range(self.position(start), self.position(end))

    def offsets(self, place: Place) -> tuple[int, int]:
        """Start and end of a place."""
        return self._our_offset(place.line, place.column), self._our_offset(place.end_line, place.end_column)

    def line_at(self, number: int) -> tuple[int, int]:
        """Start and end of a line of ours, counted from 1, without the blanks around it."""
        start = self._our_offset(number, 1)
        text = self.text[start:].partition("\n")[0]
        return start + len(text) - len(text.lstrip()), start + len(text.rstrip())

    def edited(self, change: types.TextDocumentContentChangeEvent, version: int) -> Document:
        """The text after a change, of a part or of all of it."""
        if isinstance(change, types.TextDocumentContentChangeWholeDocument):
            return replace(self, text=change.text, version=version)
        start, end = self.offset(change.range.start), self.offset(change.range.end)
        return replace(self, text=self.text[:start] + change.text + self.text[end:], version=version)

    def edits(self, after: str) -> list[types.TextEdit]:
        """The edits, of whole lines, that make this text the other one."""
        found = _differences(split_lines(self.text), split_lines(after))
        return [types.TextEdit(self.span(start, end), new) for start, end, new in found]

    def _line(self, number: int) -> str:
        """A line without its end."""
        last = number + 1 == len(self._starts)
        text = self.text[self._starts[number] : None if last else self._starts[number + 1]]
        return text.rstrip("\r\n")

    def _our_offset(self, line: int, column: int) -> int:
        if line > len(self._our_starts):
            return len(self.text)
        mark = line == 1 and self.text.startswith("\ufeff")
        return min(self._our_starts[line - 1] + column - 1 + mark, len(self.text))

    def _units(self, text: str) -> int:
        if self.encoding == "utf-8":
            return len(text.encode("utf-8", "surrogatepass"))
        return len(text) + (sum(c > "\uffff" for c in text) if self.encoding == "utf-16" else 0)


def _differences(before: Sequence[str], after: Sequence[str]) -> Iterator[tuple[int, int, str]]:
    """Stretches of the first text, by their offsets, and what comes in their place."""
    most = min(len(before), len(after))
    head = next((at for at in range(most) if before[at] != after[at]), most)
    tail = next((at for at in range(most - head) if before[-1 - at] != after[-1 - at]), most - head)
    old, new = before[head : len(before) - tail], after[head : len(after) - tail]
    if not old and not new:
        return
    starts = [sum(map(len, before[:head]))]
    for line in old:
        starts.append(starts[-1] + len(line))
    if len(old) + len(new) > _MANY:
        yield starts[0], starts[-1], "".join(new)
        return
    for kind, first, last, begin, end in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind != "equal":
            yield starts[first], starts[last], "".join(new[begin:end])
