"""Unified diffs that `git apply` and `patch -p1` take, for any bytes and any line ends."""

from __future__ import annotations

import re

from optimizer.syntax.parser import split_lines

_NO_NEWLINE = "\\ No newline at end of file\n"
_ODD = re.compile(r'["\\\x00-\x1f\x7f]')
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"}


def unified(before: str, after: str, path: str, *, context: int = 3, new: bool = False) -> str:
    """The diff from one text to the other; empty where they are equal. `path` is relative, with slashes.

    `new`: there was no such file.
    """
    if before == after:
        return ""
    from difflib import unified_diff

    lines = unified_diff(split_lines(before), split_lines(after), n=context)
    next(lines), next(lines)
    source = "/dev/null" if new else _named(f"a/{path}")
    return f"--- {source}\n+++ {_named(f'b/{path}')}\n" + "".join(map(_ended, lines))


def _ended(line: str) -> str:
    """The line of a diff, with the note that difflib leaves out on a last line without an end."""
    return line if line.endswith("\n") else f"{line}\n{_NO_NEWLINE}"


def _named(name: str) -> str:
    """The file's name as git writes it: in quotes where it holds odd characters, with a tab where it holds blanks."""
    if _ODD.search(name):
        return '"' + _ODD.sub(lambda odd: _ESCAPES.get(odd[0]) or f"\\{ord(odd[0]):03o}", name) + '"'
    return f"{name}\t" if " " in name else name
