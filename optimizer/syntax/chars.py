"""The four sets of white space that BuildKit uses in different places (`syntax.md` 1.1); Python's own differ."""

from __future__ import annotations

import re

SPACE = "\t\n\v\f\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))
"""Go's `unicode.IsSpace`: trimming, the comment test, the words of ENV, LABEL and ARG."""

SEPARATOR = "\t\v\f\r "
"""What ends the instruction's word and splits the words of FROM, COPY, EXPOSE, VOLUME."""

FLAG_SPACE = frozenset("\t\n\v\f\r \x85\xa0")
"""`unicode.IsSpace` applied to bytes: between flags, and after the type of a HEALTHCHECK."""

WORDS = re.compile(rf"[^{SEPARATOR}]+")


def is_comment(line: str) -> bool:
    """Whether the first character that is no white space is `#`."""
    return line.lstrip(SPACE).startswith("#")
