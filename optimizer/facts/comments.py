"""Comments: which of them some tool reads, so that they must stay above their instruction."""

from __future__ import annotations

import re

from optimizer.syntax.nodes import Instruction

_PRAGMA = re.compile(
    r"#?\s*(dockopt|hadolint|check\s*=|dockerfile-utils:|dockerfmt-|tally|shellcheck|syntax\s*=|escape\s*=)", re.I
)


def is_pragma(comment: str) -> bool:
    """Whether a comment speaks to a tool."""
    return bool(_PRAGMA.match(comment))


def comments_above(instruction: Instruction) -> tuple[str, ...]:
    """The comments above an instruction, with their `#`, without blanks around them."""
    return tuple(line.raw.strip() for line in instruction.leading if line.comment is not None)


def has_pragma(instruction: Instruction) -> bool:
    """Whether a comment above the instruction speaks to a tool."""
    return any(is_pragma(comment) for comment in comments_above(instruction))
