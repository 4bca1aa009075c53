"""Which heredocs BuildKit sees on an instruction's joined line.

Source: BuildKit `frontend/dockerfile/parser/parser.go` at 73ed6825c. The lexer always uses a backslash as its escape
here, knows no comments of the shell, and gives up on the whole line at the first thing that it does not know. A
shell would see other heredocs: `syntax.md` 1.6 lists where.
"""

from __future__ import annotations

import re

from msgspec import Struct

from optimizer.syntax.lexer import Lexer, LexError

_HEREDOC = re.compile(r"(\d*)<<(-?)[\t\n\f\r ]*([^<]*)")


class Opening(Struct, frozen=True):
    """One `<<NAME` as BuildKit reads it. `expands`: whether COPY and ADD expand variables in the body."""

    name: str
    descriptor: int
    strips_tabs: bool
    expands: bool


def openings(line: str) -> tuple[Opening, ...]:
    """The heredocs that the joined line opens, in order; none where BuildKit's lexer fails on the line."""
    if "<<" not in line:
        return ()
    try:
        words = Lexer(line, raw_quotes=True, raw_escapes=True, keep_unset=True).words()
    except LexError:
        return ()
    return tuple(opening for word in words if (opening := lone_opening(word)) is not None)


def lone_opening(text: str) -> Opening | None:
    """The heredoc that this text is, if it is one and nothing else."""
    match = _HEREDOC.fullmatch(text)
    if match is None or not match[3]:
        return None
    try:
        plain = Lexer(match[3], keep_unset=True).words()
        raw = Lexer(match[3], keep_unset=True, raw_quotes=True).words()
    except LexError:
        return None
    if len(plain) != 1 or len(raw) != 1:
        return None
    quotes = [word.count("'") + word.count('"') for word in (plain[0], raw[0])]
    return Opening(plain[0], int(match[1] or 0), match[2] == "-", quotes[0] == quotes[1])
