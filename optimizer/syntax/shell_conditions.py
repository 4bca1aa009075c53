"""The expressions inside `[[ ]]` and `(( ))`.

What stands in them is words and operators, never a command.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from optimizer.syntax.nodes import Operator
from optimizer.syntax.shell_redirects import Redirects
from optimizer.syntax.words import DELIMITED

_match_unary: Final = re.compile(rf"-[abcdefghknoprstuvwxzGLNORS]{DELIMITED}").match
_match_binary: Final = re.compile(rf"(?:==?|!=|=~|-(?:eq|ne|lt|le|gt|ge|nt|ot|ef)){DELIMITED}|[<>](?![(<>&|])").match
_match_closing_brackets: Final = re.compile(rf"\]\]{DELIMITED}").match
_search_neighbours: Final = re.compile(r"[A-Za-z0-9_)}\"][ \t\n]+[A-Za-z0-9_(${\"`]").search


class Conditions(Redirects):
    """Reads expressions."""

    __slots__ = ()

    def expression(self, end: int) -> None:
        """Emit the arithmetic from the parentheses at `pos` to `end`, unless dash would find commands in it."""
        self.symbol("((")
        start = self.pos
        inner = self.text[start : end - 2]
        if _search_neighbours(inner):
            self.refuse()
        start += len(inner) - len(inner.lstrip(" \t\n"))
        if inner := inner.strip(" \t\n"):
            self.put_word(start, start + len(inner))
        self.put(Operator, end - 2, end)

    def brackets(self) -> None:
        """`[[ expression ]]`"""
        self.keyword("[[")
        self.conditions()
        self.keyword("]]")

    def conditions(self) -> None:
        """The expression inside `[[ ]]` or inside its parentheses."""
        self.deeper()
        while True:
            self.lines()
            self.condition()
            self.lines()
            operator = self.text[self.pos : self.pos + 2]
            if operator not in ("&&", "||"):
                break
            self.symbol(operator)
        self.depth -= 1

    def condition(self) -> None:
        """One test inside `[[ ]]`; what is no operand is an operator."""
        while self.skip() == "!" and self.at(self.pos + 1) in (" ", "\t", "("):
            self.symbol("!")
        if self.at(self.pos) == "(":
            self.symbol("(")
            self.conditions()
            self.symbol(")")
            return
        unary = _match_unary(self.text, self.pos, self.end)
        if unary:
            self.symbol(unary[0])
            self.operand(self.word)
            return
        self.operand(self.word)
        self.skip()
        binary = _match_binary(self.text, self.pos, self.end)
        if binary:
            self.symbol(binary[0])
            self.operand(self.regex if binary[0] == "=~" else self.pattern if "=" in binary[0] else self.word)

    def operand(self, read: Callable[[int], int]) -> None:
        """Emit the operand that must come next."""
        self.skip()
        if _match_closing_brackets(self.text, self.pos, self.end):
            self.refuse()
        self.put_word(self.pos, read(self.pos))

    def pattern(self, pos: int) -> int:
        """The end of a pattern inside `[[ ]]`, which may have alternatives in parentheses."""
        return self.alternatives(pos, "?*+@!")

    def regex(self, pos: int) -> int:
        """The end of a regular expression inside `[[ ]]`."""
        return self.alternatives(pos, None)

    def alternatives(self, pos: int, before: str | None) -> int:
        """The end of a word with parentheses, each opened behind one of the characters; None: behind any."""
        level, start = 0, pos
        while True:
            pos = self.word(pos)
            char = self.at(pos)
            if char == "(" and (before is None or (pos > start and self.text[pos - 1] in before)):
                level += 1
            elif char == ")" and level:
                level -= 1
            elif char != "|" or self.at(pos + 1) == "|" or not (level or before is None):
                return pos if not level else self.refuse()
            pos += 1
