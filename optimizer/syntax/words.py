"""Where a shell word ends: quotes, parameters and arithmetic; what runs inside a word is left to the parser.

Every method takes an offset into the text and returns the offset behind what it read, or raises `UnsureError`.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from typing import Final, NoReturn

from optimizer.syntax.nodes import ShellScript

DEEPEST: Final = 40
"""How many constructs may stand inside each other; deeper ones are refused, well before Python's own limit."""

NAME: Final = r"[A-Za-z_][A-Za-z0-9_]*+"
PLAIN: Final = r"[^ \t\n\\'\"`$;&|<>()]"
DELIMITED: Final = r"(?=(?:\\\n)*+(?:[ \t\n;&|<>()]|\Z))"

_SAFE: Final = r"[A-Za-z0-9_./:@%,*+^=#?!-]*+"
_PARAMETER: Final = (
    rf"\$(?:{NAME}|[0-9@*#?$!-]"
    rf"|\{{(?:[0-9]|[#!]?{NAME})(?:(?::?[-+=?]|[#%/^,]|:(?=[A-Za-z0-9])|@(?=[A-Za-z]\}})){_SAFE})?\}})"
)
_LONE_DOLLAR: Final = r"\$(?![A-Za-z0-9_@*#?$!({\[`-]|\\\n)"
_IN_DOUBLE: Final = rf"(?:[^\"\\$`]++|\\.|{_PARAMETER}|{_LONE_DOLLAR})*+"

WORD: Final = rf"(?!\#)(?:{PLAIN}++|'[^']*+'|\"{_IN_DOUBLE}\"|{_PARAMETER}|\\[^\n])++"
"""The start of a word as far as it holds nothing that needs a parser; nearly every word is one whole."""

_match_word: Final = re.compile(WORD, re.DOTALL).match
_match_in_double: Final = re.compile(_IN_DOUBLE, re.DOTALL).match
_match_parameter: Final = re.compile(_PARAMETER, re.DOTALL).match
_match_single: Final = re.compile(r"'[^']*+'").match
_match_dollar_single: Final = re.compile(r"\$'(?:[^'\\]|\\[^'])*+'", re.DOTALL).match
_match_backquoted: Final = re.compile(r"(?:[^`\\]|\\.)*+", re.DOTALL).match
_match_parameter_head: Final = re.compile(
    rf"\$\{{(?:[#!](?:{NAME}|[0-9]++|[@*])(?=[^A-Za-z0-9_])|{NAME}|[0-9]++|[@*#?$!-])"
).match
_match_subscript: Final = re.compile(rf"\[(?:[A-Za-z0-9_@*+-]++|{_PARAMETER})++\]").match
_match_parameter_operator: Final = re.compile(
    r":?[-+=?]|##?|%%?|//?|\^\^?|,,?|@[A-Za-z](?=\})|:(?=[^}])|[@*](?=\})"
).match
_match_parameter_plain: Final = re.compile(r"(?:[^}{\\'\"$`<>]++|[<>](?!\())*+").match
_match_single_in_double: Final = re.compile(r"'[^'\"\\$`{}]*+'").match
_match_double_in_double: Final = re.compile(rf"\"(?:[^\"'\\$`{{}}]++|{_PARAMETER})*+\"").match
_match_arithmetic_plain: Final = re.compile(r"[^()\\'\"$`]*+").match


class UnsureError(Exception):
    """The text holds something that is not known for certain; the whole script is then left alone."""


class Scanner(ABC):
    """Reads words up to `end`. `scripts` gathers the command substitutions met, in source order."""

    __slots__ = ("depth", "end", "scripts", "subshells", "text")

    def __init__(self, text: str, end: int) -> None:
        self.text = text
        self.end = end
        self.depth = 0
        self.scripts: list[ShellScript] = []
        self.subshells: set[int] = set()

    def refuse(self) -> NoReturn:
        """Give up on the whole script."""
        raise UnsureError

    def deeper(self) -> None:
        """Enter a construct; the caller leaves it by `self.depth -= 1`."""
        self.depth += 1
        if self.depth > DEEPEST:
            self.refuse()

    def at(self, pos: int) -> str:
        """The character at `pos`, empty at the end."""
        return self.text[pos] if pos < self.end else ""

    def word(self, pos: int) -> int:
        """The end of the word that starts at `pos`, which is `pos` itself where there is none."""
        start = pos
        while True:
            match = _match_word(self.text, pos, self.end)
            pos = match.end() if match else pos
            char = self.at(pos)
            if char == "$":
                pos = self.dollar(pos, quoted=False)
            elif char == "`":
                pos = self.backquote(pos, quoted=False)
            elif char == '"':
                pos = self.double(pos)
            elif char == "\\":
                pos = self.continuation(pos)
            elif char == "#" and pos > start:
                pos += 1
            elif char in ("<", ">") and self.at(pos + 1) == "(":
                if pos > start:
                    self.refuse()
                pos = self.substitution(pos + 2)
            elif char == "'":
                self.refuse()
            else:
                return self.without_continuation(start, pos)

    def continuation(self, pos: int) -> int:
        """Behind a backslash and newline that stand in the text itself."""
        if self.at(pos + 1) != "\n":
            self.refuse()
        return pos + 2

    def without_continuation(self, start: int, pos: int) -> int:
        """The end of a word that ran into a continuation it does not go on behind."""
        while self.text.endswith("\\\n", start, pos):
            pos -= 2
        return pos

    def double(self, pos: int) -> int:
        """Behind the string that opens with the double quote at `pos`."""
        pos += 1
        while True:
            match = _match_in_double(self.text, pos, self.end)
            pos = match.end() if match else pos
            char = self.at(pos)
            if char == '"':
                return pos + 1
            if char == "$":
                pos = self.dollar(pos, quoted=True)
            elif char == "`":
                pos = self.backquote(pos, quoted=True)
            else:
                self.refuse()

    def dollar(self, pos: int, *, quoted: bool) -> int:
        """Behind what the `$` at `pos` begins; a `$` that begins nothing is a plain character."""
        match = _match_parameter(self.text, pos, self.end)
        if match:
            return match.end()
        char = self.at(pos + 1)
        if char == "(":
            return self.parenthesis(pos)
        if char == "{":
            return self.parameter(pos, quoted=quoted)
        if char == "'" and not quoted:
            match = _match_dollar_single(self.text, pos, self.end)
            return match.end() if match else self.refuse()
        if char == '"' and not quoted:
            return self.double(pos + 1)
        if char == "[" or (char == "\\" and self.at(pos + 2) == "\n"):
            self.refuse()
        return pos + 1

    def parenthesis(self, pos: int) -> int:
        """Behind the `$(...)` or `$((...))` at `pos`."""
        if self.at(pos + 2) == "(":
            end = self.arithmetic(pos + 3)
            if end is not None:
                return end
        return self.substitution(pos + 2)

    def arithmetic(self, pos: int) -> int | None:
        """Behind the `))` that ends the arithmetic from `pos` on; None where it is a subshell in parentheses."""
        if pos in self.subshells:
            return None
        start, scripts, level, odd = pos, len(self.scripts), 0, False
        self.deeper()
        while True:
            match = _match_arithmetic_plain(self.text, pos, self.end)
            pos = match.end() if match else pos
            char = self.at(pos)
            if char == ")" and level == 0:
                break
            if char == "\\" and pos + 1 < self.end:
                odd = odd or self.text[pos + 1] != "\n"
                pos += 2
            elif char == "'":
                match = _match_single(self.text, pos, self.end)
                pos, odd = match.end() if match else self.refuse(), True
            elif char == '"':
                pos = self.double(pos)
            elif char == "$":
                pos = self.dollar(pos, quoted=False)
            elif char == "`":
                pos = self.backquote(pos, quoted=False)
            elif char in ("(", ")"):
                level += 1 if char == "(" else -1
                pos += 1
            else:
                self.refuse()
        self.depth -= 1
        if self.at(pos + 1) == ")":
            return pos + 2 if not odd else self.refuse()
        if self.at(pos + 1) == "\\":
            self.refuse()
        del self.scripts[scripts:]
        self.subshells.add(start)
        return None

    def parameter(self, pos: int, *, quoted: bool) -> int:
        """Behind the `${...}` at `pos`."""
        match = _match_parameter_head(self.text, pos, self.end)
        if match is None:
            self.refuse()
        self.deeper()
        pos = match.end()
        if self.at(pos) == "[":
            pos = self.subscript(pos)
        if self.at(pos) != "}":
            operator = _match_parameter_operator(self.text, pos, self.end)
            if operator is None:
                self.refuse()
            pos = self.inside_parameter(operator.end(), quoted=quoted)
        self.depth -= 1
        return pos + 1

    def subscript(self, pos: int) -> int:
        """Behind the `[...]` of an array's name."""
        match = _match_subscript(self.text, pos, self.end)
        return match.end() if match else self.refuse()

    def inside_parameter(self, pos: int, *, quoted: bool) -> int:
        """Where the `}` stands that ends the parameter whose word begins at `pos`."""
        text, end = self.text, self.end
        while True:
            match = _match_parameter_plain(text, pos, end)
            pos = match.end() if match else pos
            char = self.at(pos)
            if char == "}":
                return pos
            if char == "\\" and pos + 1 < end:
                pos += 2
            elif char == "$":
                pos = self.dollar(pos, quoted=quoted)
            elif char == "`":
                pos = self.backquote(pos, quoted=quoted)
            elif char == '"' and not quoted:
                pos = self.double(pos)
            elif char in ("'", '"'):
                pos = self.quoted_in_parameter(pos, quoted=quoted)
            else:
                self.refuse()

    def quoted_in_parameter(self, pos: int, *, quoted: bool) -> int:
        """Behind a string inside `${...}`; inside double quotes shells disagree on it unless it is a plain one."""
        if not quoted:
            match = _match_single(self.text, pos, self.end)
        elif self.text[pos] == "'":
            match = _match_single_in_double(self.text, pos, self.end)
        else:
            match = _match_double_in_double(self.text, pos, self.end)
        return match.end() if match else self.refuse()

    def backquote(self, pos: int, *, quoted: bool) -> int:
        """Behind the command substitution that opens with the backquote at `pos`."""
        match = _match_backquoted(self.text, pos + 1, self.end)
        close = match.end() if match else pos
        if self.at(close) != "`":
            self.refuse()
        if re.search(r"\\[$`\\\"]" if quoted else r"\\[$`\\]", self.text[pos + 1 : close]):
            self.refuse()
        self.script(pos + 1, close)
        return close + 1

    @abstractmethod
    def substitution(self, pos: int) -> int:
        """Behind the `)` that ends the script from `pos` on, which is added to `scripts`."""

    @abstractmethod
    def script(self, start: int, end: int) -> None:
        """Read a whole script and add it to `scripts`."""
