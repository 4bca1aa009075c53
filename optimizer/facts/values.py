"""What the words of ENV, LABEL and ARG stand for, told so that two of them can be compared whatever their form.

A value is a function of the variables that it names. It is known by what BuildKit's lexer makes of it where each
variable holds a text of its own, where none is set, and where all are empty.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from msgspec import Struct, field

from optimizer.syntax.lexer import Lexer, LexError, Lookup, unset
from optimizer.syntax.nodes import Instruction, Pairs

Meaning = tuple[str, int, int]
"""Which definition of a variable a word sees: its name, how often it was defined, how often by an unknown name."""
_CUTS = re.compile(r"\$\{\w+[#%/][^}]*")


class Value(Struct, frozen=True):
    """One value. `texts`: what it is under each valuation, or the one text where it names no variable."""

    texts: tuple[str, ...]
    names: frozenset[Meaning] = frozenset()
    cuts: tuple[str, ...] = ()
    """The substitutions that cut or replace, as written: no sample text would show all that they do."""

    @property
    def constant(self) -> str | None:
        """The text, where it is the same whatever is set."""
        return self.texts[0] if len(self.texts) == 1 else None


Defined = tuple[tuple[Value, Value | None], ...]
"""Names and values of one instruction; None where there is no value."""


def constant(text: str) -> Value:
    """The value of a text that nothing expands."""
    return Value((text,))


def value(text: str, escape: str, meaning: Callable[[str], Meaning] = lambda name: (name, 0, 0)) -> Value:
    """The value of a word. `meaning` tells which definition of a name the word sees."""
    if not any(char in text for char in ("$", "'", '"', escape)):
        return constant(text)
    seen: set[Meaning] = set()

    def own(name: str) -> str:
        seen.add(meaning(name))
        return f"/{meaning(name)}.d/x y:z.tar.gz\t"

    texts = tuple(_expanded(text, escape, lookup) for lookup in (own, unset, _empty))
    if not seen and len(set(texts)) == 1:
        return constant(texts[0])
    return Value(texts, frozenset(seen), tuple(sorted(_CUTS.findall(text))))


def _empty(name: str) -> str:
    return ""


def _expanded(text: str, escape: str, lookup: Lookup) -> str:
    """The text as BuildKit expands it; what it rejects counts as written."""
    try:
        return Lexer(text, lookup, escape).expand()
    except LexError as error:
        return f"{text}\0{error}"


def quoted(text: str, escape: str) -> str:
    """A text in double quotes, so that the lexer gives it back."""
    return '"' + "".join(escape + char if char in ('"', "$", escape) else char for char in text) + '"'


class Definitions(Struct):
    """How often each name was defined so far in a stage and its bases: tells which value of it a word sees."""

    counts: dict[str, int] = field(default_factory=dict)
    unknown: int = 0
    """Definitions of a name that a variable holds: each may be one of any name."""

    def copy(self) -> Definitions:
        """The state as it is now, for a stage that is built from this one."""
        return Definitions(dict(self.counts), self.unknown)

    def read(self, instruction: Instruction, escape: str) -> Defined | None:
        """Names and values of an ENV, LABEL or ARG that comes next; None where it is no such or cannot be read.

        All pairs of one instruction see what was defined before it.
        """
        body = instruction.body
        if not isinstance(body, Pairs):
            return None
        found = tuple(
            (self._value(pair.name.text, escape), self._value(pair.value.text, escape) if pair.value else None)
            for pair in body.pairs
        )
        if instruction.name != "LABEL":
            for name, _ in found:
                self._define(name.constant)
        return found

    def _value(self, text: str, escape: str) -> Value:
        return value(text, escape, lambda name: (name, self.counts.get(name, 0), self.unknown))

    def _define(self, name: str | None) -> None:
        if name is None:
            self.unknown += 1
        else:
            self.counts[name] = self.counts.get(name, 0) + 1
