"""Fixes as runs of whole lines, for readers that know a suggestion as one range of lines and a text in its place."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec import Struct

from optimizer.fixes import Fix, Hunk
from optimizer.syntax.parser import split_lines


class Block(Struct, frozen=True):
    """The lines from `first` to `last`, counted from 1, and what takes their place; both texts with their line ends."""

    first: int
    last: int
    old: str
    new: str
    fixes: tuple[Fix, ...]


def blocks(before: str, fixes: Iterable[Fix], *, keeps_a_line: bool) -> tuple[Block, ...]:
    """The fixes that have hunks, in the order of the file; what overlaps is one block.

    A block that only inserts takes a line beside it in, which it repeats. `keeps_a_line`: one that only deletes too.
    """
    lines = split_lines(before)
    found: list[tuple[int, int, tuple[Fix, ...]]] = []
    for fix in fixes:
        if fix.hunks:
            start, end = fix.hunks[0].start, fix.hunks[-1].end
            if start == end or (keeps_a_line and not _text(lines, start, end, fix.hunks)):
                start, end = (start - 1, end) if start else (start, min(end + 1, len(lines)))
            found.append((start, end, (fix,)))
    found.sort(key=lambda block: block[:2])
    apart: list[tuple[int, int, tuple[Fix, ...]]] = []
    for start, end, owners in found:
        if apart and start < apart[-1][1]:
            first, last, others = apart.pop()
            apart.append((first, max(last, end), (*others, *owners)))
        else:
            apart.append((start, end, owners))
    return tuple(
        Block(
            start + 1, end, "".join(lines[start:end]),
            _text(lines, start, end, [hunk for fix in owners for hunk in fix.hunks]), owners,
        )
        for start, end, owners in apart
    )  # fmt: skip


def _text(lines: Sequence[str], start: int, end: int, hunks: Iterable[Hunk]) -> str:
    """The lines of the range with the hunks, which lie in it."""
    out = []
    at = start
    for hunk in sorted(hunks, key=lambda hunk: hunk.start):
        out += [*lines[at : hunk.start], hunk.new]
        at = hunk.end
    return "".join([*out, *lines[at:end]])


def line_end(text: str) -> str:
    """How the last line ends; empty where it does not."""
    if text.endswith("\r\n"):
        return "\r\n"
    return "\n" if text.endswith("\n") else ""


def common_end(old: str, new: str) -> str:
    """The line end that both texts have at their end, which a replacement can leave as it is."""
    return line_end(old) if line_end(old) == line_end(new) else ""
