"""Which fixes can be offered on the lines of a change, and what each says; the others are left for the summary.

GitHub voids a whole review for one comment outside of the diff's hunks, so all lines of a suggestion lie in one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from hashlib import sha256

from msgspec import Struct

from optimizer.blocks import Block, blocks, line_end
from optimizer.engine import Change, Result
from optimizer.fixes import NOT_UTF8, Fix
from optimizer.review.markdown import LIMIT, code, fenced, length, prose
from optimizer.review.patches import Patch
from optimizer.sizes import saving

_MOST_LINES = 100
"""GitLab takes 100 lines above the one that a suggestion stands on; more is nothing to read in a comment either."""
_MARKER = re.compile(r"<!-- dockopt fix ([0-9a-f]{16}) -->\Z")


class File(Struct, frozen=True):
    """One file of a review. `path` from the top of the repository."""

    path: str
    result: Result
    fixes: tuple[Fix, ...]
    patch: Patch | None = None
    """Where comments can stand; None: nowhere."""
    ignore_file: str | None = None
    """The file that takes the patterns of fixes."""
    why_no_lines: str | None = None
    """Why no comment can stand in it, where that needs saying."""


class Comment(Struct, frozen=True):
    """A suggestion on lines of the new file. `old_last`: the number that the last one had before; None: it is new."""

    path: str
    old_path: str
    first: int
    last: int
    old_last: int | None
    reasons: str
    text: str
    """What takes the place of the lines, with line ends."""
    ignore: str
    key: str
    fixes: tuple[Fix, ...]

    def body(self, block: str) -> str:
        """What the comment says; `block` is the language of the forge's suggestion."""
        text = self.text.replace("\r\n", "\n")
        return f"{self.reasons}\n\n{fenced(text, block)}\n\n{self.ignore}\n\n<!-- dockopt fix {self.key} -->"


def key_in(body: str) -> str | None:
    """The key of the comment that we wrote with this body; None where we did not."""
    match = _MARKER.search(body.replace("\r\n", "\n").rstrip())
    return match[1] if match is not None else None


def on_lines(file: File) -> tuple[Comment, ...]:
    """The comments that can stand in the file."""
    if file.patch is None:
        return ()
    found = blocks(file.result.before, [fix for fix in file.fixes if fix.is_text], keeps_a_line=False)
    made = (_comment(file.path, file.patch, block) for block in found)
    return tuple(comment for comment in made if comment is not None)


def _comment(path: str, patch: Patch, block: Block) -> Comment | None:
    shown = patch.around(block.first, block.last)
    if shown is None or block.last - block.first > _MOST_LINES or NOT_UTF8.search(block.new):
        return None
    if block.new and line_end(block.old) != line_end(block.new):
        return None
    changes = [change for fix in block.fixes for change in fix.changes]
    comment = Comment(
        path, patch.old_path, block.first, block.last, shown.old(block.last),
        reasons(changes), block.new, how_to_ignore(changes), _key(path, block), block.fixes,
    )  # fmt: skip
    return comment if length(comment.body("suggestion")) <= LIMIT else None


def reasons(changes: Sequence[Change], *, lines: bool = False) -> str:
    """A line for each change, or the one line; the same is said once, with all of its lines."""
    where: dict[str, list[int]] = {}
    for change in changes:
        where.setdefault(_reason(change), []).append(change.line)
    if lines:
        return "\n".join(f"- {_lines(numbers)}, {told}" for told, numbers in where.items())
    return next(iter(where)) if len(where) == 1 else "\n".join(f"- {told}" for told in where)


def _reason(change: Change) -> str:
    return f"**{change.transform}**: {prose(change.why)}{saving(change.saves, change.basis)}"


def _lines(numbers: Sequence[int]) -> str:
    found = [str(number) for number in dict.fromkeys(numbers)]
    return f"lines {', '.join(found)}" if len(found) > 1 else f"line {found[0]}"


def how_to_ignore(changes: Sequence[Change]) -> str:
    """How a person says no for good."""
    ids = ", ".join(dict.fromkeys(change.transform for change in changes))
    return f"<sub>To keep it as it is: {code(f'# dockopt: ignore[{ids}] reason')} above the instruction.</sub>"


def _key(path: str, block: Block) -> str:
    """What tells the suggestion from others, wherever its lines have moved."""
    told = "\0".join([path, block.old, block.new])
    return sha256(told.encode("utf-8", "surrogateescape")).hexdigest()[:16]
