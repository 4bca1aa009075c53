"""What is read once continuations are joined, with a piecewise map back to the source it was read from."""

from __future__ import annotations

from bisect import bisect_right

from msgspec import Struct


class Joined(Struct, frozen=True, eq=False):
    """Joined text and where its pieces stand in the source.

    `starts[i]` is where piece i begins in `text`, `origins[i]` where it begins in `file`; both ascend. Between two
    pieces the source holds what reading drops: the escape, the line end, comment and blank lines.
    """

    text: str
    file: str
    starts: tuple[int, ...]
    origins: tuple[int, ...]

    def origin(self, offset: int) -> int:
        """Where the character at `offset` of the text stands in the file."""
        i = bisect_right(self.starts, offset) - 1
        return self.origins[i] + offset - self.starts[i]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The file's span of `text[start:end]`, which must not be empty; dropped text at either side is left out."""
        return self.origin(start), self.origin(end - 1) + 1

    def raw(self, start: int, end: int) -> str:
        """The source of `text[start:end]`, with what was dropped inside it."""
        if start == end:
            return ""
        first, last = self.span(start, end)
        return self.file[first:last]
