"""Text that a person can trust: what no screen shows, or what turns the reading order, is written out."""

from __future__ import annotations

import re
import unicodedata

ODD = re.compile(
    "["
    "\x00-\x08\x0a-\x1f\x7f-\x9f"  # control characters but the tab
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"  # that take no place
    "\u200b-\u200f\u2028-\u202e\u2060-\u206f"  # these turn the reading order, too
    "\u3164\ufeff\uffa0\ufff0-\ufffc\ufffe\uffff"
    "\ud800-\udfff"  # bytes that are not UTF-8
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
    "]"
)
"""A character that is not to be seen as what it is."""


def written_out(char: str) -> str:
    """An escape for one character: the byte where it stands for one, else its number."""
    code = ord(char)
    if 0xDC80 <= code <= 0xDCFF:
        return f"\\x{code - 0xDC00:02x}"
    if code < 0x100:
        return {"\n": "\\n", "\r": "\\r"}.get(char, f"\\x{code:02x}")
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def visible(text: str) -> str:
    """The text with what is odd written out; it can be encoded."""
    return ODD.sub(lambda match: written_out(match[0]), text)


def named(char: str) -> str:
    """What an odd character is, for a tip: its name, or its number."""
    return unicodedata.name(char, f"U+{ord(char):04X}").lower()
