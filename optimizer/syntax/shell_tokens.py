"""The tokens between the words of a script: blanks, operators and reserved words.

What is a token hangs on where it stands, so each method looks only for those that may come next.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final, cast

from optimizer.syntax.nodes import Operator, Reserved
from optimizer.syntax.shell_emission import Emitter
from optimizer.syntax.words import DELIMITED, NAME, WORD

# Where a list of commands stands: what may come next.
START: Final = 0  # a command, `!`, a newline, the end
AND_OR: Final = 1  # a command, `!`, a newline
PIPE: Final = 2  # a command, a newline
NOT: Final = 3  # a command
COMMAND: Final = 4  # an operator, a newline, the end
COMPOUND: Final = 5  # the same, and a reserved word

_BLANKS: Final = r"(?:[ \t]++|\\\n)*+"
_REDIRECT: Final = rf"(?:[0-9]++|\{{{NAME}\}})?(?:<<<|<<-|<<|<&|<>|<(?!\()|>>|>&|>\||>(?!\())|&>>|&>"
_RESERVED: Final = (
    r"if|then|else|elif|fi|do|done|case|esac|while|until|for|select|function|time|coproc|in|\{|\}|!|\[\[|\]\]"
)
RESERVED_WORDS: Final = frozenset(_RESERVED.replace("\\", "").split("|"))


def _always(pattern: re.Pattern[str]) -> Callable[[str, int, int], re.Match[str]]:
    """The `match` of a pattern that matches nothing at the least, so that it never fails."""
    return cast("Callable[[str, int, int], re.Match[str]]", pattern.match)


match_blanks: Final = _always(re.compile(_BLANKS))
match_token: Final = _always(re.compile(rf"{_BLANKS}(?:({WORD})(?=[ \t\n;&|)]|\Z)|({_REDIRECT}))?", re.DOTALL))
match_comment: Final = _always(re.compile(r"#?[^\n]*+"))
_match_head: Final = _always(re.compile(rf"{_BLANKS}((?:{_RESERVED}){DELIMITED}|\(\(?|\)|;;&|;;|;&|\n|\#)?"))
_match_separator: Final = _always(re.compile(rf"{_BLANKS}(&&|\|\||\|&|\||;;&|;;|;&|;|&|\)|\n|\#)?"))


class Tokens(Emitter):
    """Reads and emits tokens at `pos`."""

    __slots__ = ()

    def head(self) -> str:
        """What is no simple command behind blanks: a reserved word, a parenthesis, a line end; empty if none is."""
        match = _match_head(self.text, self.pos, self.end)
        token = match[1] or ""
        self.pos = match.end() - len(token)
        return token

    def skip(self) -> str:
        """Go behind blanks; the character that follows, empty at the end."""
        self.pos = pos = match_blanks(self.text, self.pos, self.end).end()
        return self.text[pos] if pos < self.end else ""

    def separator(self, state: int) -> str:
        """What ends a command behind blanks: an operator, a line end, or behind a compound one a reserved word."""
        match = _match_separator(self.text, self.pos, self.end)
        token = match[1] or (self.head() if state == COMPOUND else "")
        self.pos = pos = match.end() - len(match[1] or "")
        if token == "&" and self.text.startswith("&\\\n", pos):
            self.refuse()
        return token if token or pos == self.end else self.refuse()

    def keyword(self, token: str) -> None:
        """Emit the reserved word that must come next, behind blanks."""
        if self.head() != token:
            self.refuse()
        self.put(Reserved, self.pos, self.pos + len(token))

    def symbol(self, text: str) -> None:
        """Emit the operator that must come next, behind blanks."""
        self.skip()
        if not self.text.startswith(text, self.pos, self.end):
            self.refuse()
        self.put(Operator, self.pos, self.pos + len(text))

    def hides_parenthesis(self, pos: int) -> bool:
        """Whether a continuation stands between the parenthesis before `pos` and one more."""
        return self.at(pos) == "\\" and self.at(match_blanks(self.text, pos, self.end).end()) == "("
