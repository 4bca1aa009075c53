"""The emission of a script's nodes, each with the piece of the source that its offsets in the joined text stand for.

Nothing is emitted out of order and nothing is left out: the nodes, put together, are the source to the byte.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import TypeVar

from optimizer.syntax.joined import Joined
from optimizer.syntax.nodes import Comment, Gap, Opaque, Operator, Reserved, ShellPart, ShellScript, Word
from optimizer.syntax.words import Scanner

_Token = TypeVar("_Token", Operator, Reserved, Comment, Opaque)


class Emitter(Scanner):
    """Emits nodes. `out` gathers the parts of the construct that is open; `last` is where they end in the text.

    The text is made of pieces: `turns` are the offsets where the next one begins and the source drops something,
    `shifts` the distances from text to source. `turn` and `shift` are those of the piece where the last token ends.
    `pending` are the heredocs, as operator and delimiter, whose bodies begin behind the line that is being read.
    """

    __slots__ = ("file", "first", "last", "out", "pending", "piece", "pos", "shift", "shifts", "turn", "turns")

    def __init__(self, joined: Joined, start: int, end: int) -> None:
        super().__init__(joined.text, end)
        self.file = joined.file
        first, last = bisect_right(joined.starts, start), bisect_left(joined.starts, end)
        self.turns = [*joined.starts[first:last], end + 1]
        self.shifts = [joined.origins[i] - joined.starts[i] for i in range(first - 1, max(first, last))]
        self.piece, self.turn, self.shift = 0, self.turns[0], self.shifts[0]
        self.pending: list[tuple[str, str]] = []
        self.out: list[ShellPart] = []
        self.pos = self.last = self.first = start

    def gap(self, pos: int) -> list[Gap]:
        """What the source holds between the last token and `pos`, as no gap or one."""
        last = self.last
        if pos < self.turn:
            return [Gap(self.text[last:pos])] if last < pos else []
        start = last + self.shift
        self.pass_turns(pos)
        raw = self.file[start : pos + self.shift]
        return [Gap(raw)] if raw else []

    def pass_turns(self, pos: int) -> None:
        """Go to the piece that holds the character at `pos`."""
        while self.turn <= pos:
            self.piece += 1
            self.turn = self.turns[self.piece]
        self.shift = self.shifts[self.piece]

    def raw(self, start: int, end: int) -> str:
        """The source of the token; what comes next is emitted from its end on."""
        self.last = end
        if end <= self.turn:
            return self.text[start:end]
        start += self.shift
        self.pass_turns(end - 1)
        return self.file[start : end + self.shift]

    def put(self, kind: type[_Token], start: int, end: int) -> None:
        """Emit the gap before a token and the token."""
        self.out += self.gap(start)
        self.out.append(kind(self.raw(start, end), self.text[start:end]))
        self.pos = end

    def make_word(self, start: int, end: int) -> Word:
        """The word, with the scripts met in it. Its newlines may not part a heredoc from its body."""
        text = self.text[start:end]
        if self.pending and "\n" in text:
            self.refuse()
        if not self.scripts:
            return Word(self.raw(start, end), text)
        scripts, self.scripts = tuple(self.scripts), []
        return Word(self.raw(start, end), text, scripts)

    def put_word(self, start: int, end: int) -> None:
        """Emit the gap before a word and the word, which may not be empty."""
        if start == end:
            self.refuse()
        self.out += self.gap(start)
        self.out.append(self.make_word(start, end))
        self.pos = end

    def finish(self) -> ShellScript:
        """The script that ends at `pos`."""
        last, end = self.last, self.pos
        if last < end:
            self.out.append(Gap(self.raw(last, end)))
        return ShellScript(tuple(self.out), self.text[self.first : end])
