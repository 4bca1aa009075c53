"""What a shell word stands for, told only where every shell gives the same value."""

from __future__ import annotations

import re
from typing import Final

_PLAIN: Final = re.compile(r"[A-Za-z0-9_./:@%+,=-]+").fullmatch
_ASSIGNMENT: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(?:\[[^]\"'\\` \t\n]+\])?\+?=").match

# What a shell may expand or split is no piece: * ? [ ( ) < > ; & | $ ` blanks, { and ~ but for harmless places.
# Bash expands `a{},b}`, so `{}` is harmless only before neither a comma nor two dots.
_PIECE: Final = re.compile(
    r"""(?P<plain>[^ \t\n\\'"`$;&|<>()*?[{~\0]+)
    |'(?P<single>[^'\0]*)'
    |"(?P<double>(?:[^"\\$`\0]|\\[^\0])*)"
    |\\(?P<escaped>[^\0])
    |(?P<braces>\{\}(?!.*(?:,|\.\.)))
    |(?P<tilde>(?<=[A-Za-z0-9_.,/+-])~)""",
    re.DOTALL | re.VERBOSE,
)
_ESCAPE_IN_DOUBLE: Final = re.compile(r"\\([$`\"\\\n])")


def literal(text: str) -> str | None:
    """The value if every POSIX shell and bash read the word as exactly this one field, whatever is set; else None."""
    if _PLAIN(text):
        return text
    if text == "[":
        return text
    if text.replace("\\\n", "")[:1] in ("", "#"):
        return None
    value: list[str] = []
    at = 0
    while at < len(text):
        match = _PIECE.match(text, at)
        if match is None:
            return None
        at = match.end()
        value.append(_value(match))
    # A word of continuations only is no field at all; empty quotes are one.
    return "".join(value) or ("" if "'" in text or '"' in text else None)


def _value(piece: re.Match[str]) -> str:
    """The text of a piece without its quotes; a continuation is nothing."""
    text = piece[piece.lastindex or 0]
    if piece.lastgroup == "double":
        return _ESCAPE_IN_DOUBLE.sub(lambda escape: "" if escape[1] == "\n" else escape[1], text)
    if piece.lastgroup == "escaped" and text == "\n":
        return ""
    return text


def is_assignment(text: str) -> bool:
    """Whether the word sets a variable where it stands in front of a command: `NAME=`, `NAME+=`, `NAME[...]=`."""
    return _ASSIGNMENT(text) is not None
