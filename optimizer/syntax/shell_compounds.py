"""The compound commands: groups, branches, loops, functions.

Each becomes one flat `Compound` with its redirects, and the lists of commands inside it end only at its own words.
"""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Callable
from typing import Final

from optimizer.syntax.nodes import Compound, Gap, Redirect, Reserved, Word
from optimizer.syntax.shell_conditions import Conditions
from optimizer.syntax.shell_tokens import COMPOUND, match_blanks
from optimizer.syntax.words import DELIMITED, NAME

_match_in: Final = re.compile(rf"in{DELIMITED}").match
_match_name: Final = re.compile(rf"{NAME}(?=[ \t\n;)]|\Z)").match
_match_function_name: Final = re.compile(r"[A-Za-z0-9_./:@%,+-]+\Z").match
_CASE_ENDS: Final = (";;", ";&", ";;&", "esac")


class Compounds(Conditions):
    """Reads compound commands; the lists of commands inside them are left to the parser."""

    __slots__ = ()

    @abstractmethod
    def statements(self, closers: tuple[str, ...], *, empty: bool = False) -> str:
        """Emit commands up to one of the closers, which is left to the caller; `""` is the end of the text.

        `empty` says that there need not be a command.
        """

    def compound(self, token: str) -> int:
        """Emit the compound command that the token at `pos` begins, with its redirects."""
        if token not in _COMPOUNDS:
            self.refuse()
        self.deeper()
        self.out += self.gap(self.pos)
        self.last = self.pos
        outer, self.out = self.out, []
        _COMPOUNDS[token](self)
        state = self.redirects() if token != "function" else COMPOUND
        outer.append(Compound(tuple(self.out)))
        self.out = outer
        self.depth -= 1
        return state

    def block(self, *closers: str) -> str:
        """Emit commands and the reserved word that ends them, which is one of the closers."""
        closer = self.statements(closers)
        self.put(Reserved, self.pos, self.pos + len(closer))
        return closer

    def braces(self) -> None:
        """`{ list; }`"""
        self.keyword("{")
        self.block("}")

    def parentheses(self) -> None:
        """`( list )`"""
        if self.hides_parenthesis(self.pos + 1):
            self.refuse()
        self.symbol("(")
        self.statements((")",))
        self.symbol(")")

    def double_parentheses(self) -> None:
        """`(( expression ))`, or two subshells that begin together."""
        end = self.arithmetic(self.pos + 2)
        if end is None:
            self.parentheses()
        else:
            self.expression(end)

    def if_(self) -> None:
        """`if list; then list; elif list; then list; else list; fi`"""
        self.keyword("if")
        self.block("then")
        while (closer := self.block("elif", "else", "fi")) != "fi":
            if closer == "else":
                self.block("fi")
                return
            self.block("then")

    def loop(self) -> None:
        """`while list; do list; done`, and `until`"""
        self.keyword(self.head())
        self.block("do")
        self.block("done")

    def for_(self) -> None:
        """`for name in words; do list; done`, `select`, and `for ((...)); do list; done`"""
        self.keyword(self.head())
        self.skip()
        if self.text.startswith("((", self.pos, self.end):
            end = self.arithmetic(self.pos + 2)
            if end is None or self.text.count(";", self.pos, end) != 2:
                self.refuse()
            self.expression(end)
            if self.skip() == ";":
                self.symbol(";")
        else:
            self.for_words()
        self.lines()
        self.keyword("do")
        self.block("done")

    def for_words(self) -> None:
        """The name of a `for` and the words it goes through."""
        name = _match_name(self.text, self.pos, self.end)
        self.put_word(self.pos, name.end() if name else self.refuse())
        if self.skip() == ";":
            self.symbol(";")
            return
        self.lines()
        listed = _match_in(self.text, self.pos, self.end)
        if listed is None:
            return
        self.put(Reserved, self.pos, listed.end())
        while (char := self.skip()) not in (";", "\n", "#"):
            self.put_word(self.pos, self.word(self.pos))
        if char == ";":
            self.symbol(";")

    def case(self) -> None:
        """`case word in (pattern|pattern) list ;; esac`"""
        self.keyword("case")
        self.skip()
        self.put_word(self.pos, self.word(self.pos))
        self.lines()
        self.keyword("in")
        while True:
            char = self.lines()
            if self.head() == "esac":
                break
            if char == "(":
                self.symbol("(")
            self.patterns()
            closer = self.statements(_CASE_ENDS, empty=True)
            if closer == "esac":
                break
            self.symbol(closer)
        self.keyword("esac")

    def patterns(self) -> None:
        """The patterns of a branch of a `case`, with their `)`."""
        while True:
            self.skip()
            self.put_word(self.pos, self.word(self.pos))
            if self.skip() != "|":
                break
            self.symbol("|")
        self.symbol(")")

    def function(self, parts: list[Word | Redirect | Gap], pos: int) -> int:
        """Emit the function whose name is the only part and whose parentheses are at `pos`."""
        name = parts[0] if len(parts) == 1 else None
        if not isinstance(name, Word) or not _match_function_name(name.text):
            self.refuse()
        self.deeper()
        outer, self.out = self.out, [name]
        self.pos = pos
        self.symbol("(")
        self.symbol(")")
        state = self.function_body()
        outer.append(Compound(tuple(self.out)))
        self.out = outer
        self.depth -= 1
        return state

    def function_body(self) -> int:
        """The compound command that a function runs."""
        self.lines()
        head = self.head()
        return self.compound(head) if head != "function" else self.refuse()

    def function_word(self) -> None:
        """`function name { list; }`"""
        self.keyword("function")
        self.skip()
        end = self.word(self.pos)
        if not _match_function_name(self.text, self.pos, end):
            self.refuse()
        self.put_word(self.pos, end)
        if self.skip() == "(" and self.at(match_blanks(self.text, self.pos + 1, self.end).end()) == ")":
            self.symbol("(")
            self.symbol(")")
        self.function_body()


_COMPOUNDS: Final[dict[str, Callable[[Compounds], None]]] = {
    "{": Compounds.braces,
    "(": Compounds.parentheses,
    "((": Compounds.double_parentheses,
    "if": Compounds.if_,
    "while": Compounds.loop,
    "until": Compounds.loop,
    "for": Compounds.for_,
    "select": Compounds.for_,
    "case": Compounds.case,
    "[[": Compounds.brackets,
    "function": Compounds.function_word,
}
