"""Unified diffs that `git apply` and `patch -p1` take, for any bytes and any line ends."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import unified_diff

from optimizer.syntax.parser import split_lines

_NO_NEWLINE = "\\ No newline at end of file\n"


def unified(before: str, after: str, path: str, *, context: int = 3) -> str:
    """The diff from one text to the other; empty where they are equal. `path` is relative, with slashes."""
    lines = unified_diff(split_lines(before), split_lines(after), f"a/{path}", f"b/{path}", n=context)
    return "".join(_finished(lines, path))


def _finished(lines: Iterator[str], path: str) -> Iterator[str]:
    """difflib's lines with the two things that it leaves out: the note on a missing line end, blanks in names."""
    for number, line in enumerate(lines):
        if number < 2:
            yield line.rstrip("\n") + ("\t\n" if " " in path else "\n")
        elif line.endswith("\n"):
            yield line
        else:
            yield line + "\n" + _NO_NEWLINE
