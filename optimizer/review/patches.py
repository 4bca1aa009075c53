"""The hunks of a diff as GitHub and GitLab show them: the lines of the new file on which a comment can stand."""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct, field

_HEADER = re.compile(rb"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")


class Shown(Struct, frozen=True):
    """Neighbouring lines of the new file, context included. `olds`: which line of the old file each was, if any."""

    first: int
    last: int
    olds: tuple[int | None, ...]

    def old(self, line: int) -> int | None:
        """The number that the line had before; None where it is new."""
        return self.olds[line - self.first]


class Patch(Struct, frozen=True):
    """What a change did to one file. Paths from the top of the repository."""

    path: str
    old_path: str
    shown: tuple[Shown, ...] = field(default=())

    def around(self, first: int, last: int) -> Shown | None:
        """The hunk in which all the lines lie; None where a comment cannot stand on them."""
        return next((hunk for hunk in self.shown if hunk.first <= first and last <= hunk.last), None)


def hunks(diff: bytes) -> tuple[Shown, ...]:
    """The hunks of a diff of one file; those without a line of the new file are left out."""
    return tuple(_hunks(diff.split(b"\n")))


def _hunks(lines: list[bytes]) -> Iterator[Shown]:
    at = 0
    while at < len(lines):
        match = _HEADER.match(lines[at])
        at += 1
        if match is None:
            continue
        old, new = int(match[1]), int(match[3])
        left, right = (int(match[number] or 1) if match[number] is not None else 1 for number in (2, 4))
        olds: list[int | None] = []
        while at < len(lines) and (left > 0 or right > 0):
            mark = lines[at][:1]
            at += 1
            if mark == b"\\":
                continue
            if mark == b"+":
                olds.append(None)
            elif mark != b"-":
                olds.append(old)
            old, left = (old, left) if mark == b"+" else (old + 1, left - 1)
            right -= mark != b"-"
        if olds:
            yield Shown(new, new + len(olds) - 1, tuple(olds))
