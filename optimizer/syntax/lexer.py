"""BuildKit's word lexer: quotes, escapes and `${...}`, followed quirk by quirk.

Source: BuildKit `frontend/dockerfile/shell/lex.go` at 73ed6825c. It expands the arguments of instructions (never the
text of a RUN, which a shell reads) and finds heredocs. It is no shell: `$(x)`, `~` and `{a,b}` stay as they are.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from msgspec import Struct

from optimizer.syntax.chars import SPACE

Lookup = Callable[[str], str | None]
"""The value of a variable; None where it is not set. May raise UnknownValue."""

_SPECIAL_PARAMETERS = "@*#?-$!0"


class LexError(Exception):
    """BuildKit's lexer rejects the text."""


class UnknownValue(Exception):
    """The text depends on a variable whose value is not known."""


def unset(name: str) -> str | None:
    """A lookup that knows no variable."""
    return None


class Lexer(Struct):
    """One pass over one text. `keep_unset` leaves `$x` as it is where x is not set, as the search for heredocs does."""

    text: str
    lookup: Lookup = unset
    escape: str = "\\"
    raw_quotes: bool = False
    raw_escapes: bool = False
    keep_unset: bool = False
    at: int = 0
    buffer: str = ""

    def expand(self) -> str:
        """The text as one word. Raises LexError, and UnknownValue from the lookup."""
        return self._until("", self.raw_escapes)[0]

    def words(self) -> list[str]:
        """The text split at blanks outside of quotes, after expansion. Raises as `expand`."""
        return self._until("", self.raw_escapes)[1]

    def _peek(self) -> str:
        return self.text[self.at : self.at + 1]

    def _next(self) -> str:
        char = self._peek()
        self.at += 1
        return char

    def _until(self, stop: str, raw_escapes: bool) -> tuple[str, list[str]]:
        """Text and words up to `stop`. The buffer is shared with nested calls, which is what loses `<<EOF${x:-y}`."""
        result: list[str] = []
        words: list[str] = []
        self.buffer = ""
        outer, self.raw_escapes = self.raw_escapes, raw_escapes
        while char := self._peek():
            if char == stop:
                self.at += 1
                self.raw_escapes = outer
                return "".join(result), self._flushed(words)
            if char in "$<'\"":
                piece = self._special(char)
                result.append(piece)
                self._add(piece, words, splits=char == "$")
                continue
            self.at += 1
            if char != self.escape:
                self._add(char, words, splits=True)
                result.append(char)
                continue
            escaped = (char if raw_escapes else "") + self._next()
            self.buffer += escaped
            result.append(escaped)
        self.raw_escapes = outer
        if stop:
            raise LexError(f"`{stop}` is missing")
        return "".join(result), self._flushed(words)

    def _special(self, char: str) -> str:
        match char:
            case "$":
                return self._dollar()
            case "<":
                return self._angle()
            case "'":
                return self._single_quoted()
        return self._double_quoted()

    def _add(self, piece: str, words: list[str], *, splits: bool) -> None:
        if not splits:
            self.buffer += piece
            return
        for char in piece:
            if char not in SPACE:
                self.buffer += char
            elif self.buffer:
                self._flushed(words)

    def _flushed(self, words: list[str]) -> list[str]:
        if self.buffer:
            words.append(self.buffer)
        self.buffer = ""
        return words

    def _angle(self) -> str:
        """`<<` takes the blanks behind it into its word: `<< EOF` opens a heredoc."""
        self.at += 1
        if self._peek() != "<":
            return "<"
        self.at += 1
        start = self.at
        while (char := self._peek()) and char in "\t \n\r":
            self.at += 1
        return "<<" + self.text[start : self.at]

    def _single_quoted(self) -> str:
        end = self.text.find("'", self.at + 1)
        if end < 0:
            raise LexError("a single quote has no end")
        inside, self.at = self.text[self.at + 1 : end], end + 1
        return f"'{inside}'" if self.raw_quotes else inside

    def _double_quoted(self) -> str:
        quote = self._next() if self.raw_quotes else self._next()[:0]
        out = [quote]
        while char := self._peek():
            if char == '"':
                self.at += 1
                return "".join([*out, quote])
            if char == "$":
                out.append(self._dollar())
                continue
            self.at += 1
            if char == self.escape:
                if self.raw_escapes:
                    out.append(char)
                if not self._peek():
                    continue
                if self._peek() in ('"', "$", self.escape):
                    char = self._next()
            out.append(char)
        raise LexError("a double quote has no end")

    def _dollar(self) -> str:
        self.at += 1
        if self._peek() != "{":
            name = self._name()
            return self._value(name, "$" + name) if name else "$"
        self.at += 1
        if self._peek() in ("", "{", "}", ":"):
            raise LexError("bad substitution")
        name = self._name()
        modifier = self._next()
        if modifier == "}":
            return self._value(name, f"${{{name}}}")
        if modifier == "/":
            return self._replaced(name)
        if modifier == ":":
            modifier += self._next()
        if modifier in (":#", ":%") or modifier[:1] not in (":", "+", "-", "?", "#", "%") or not modifier:
            raise LexError(f"unsupported modifier {modifier} in substitution")
        word, _ = self._until("}", modifier in ("#", "%"))
        value = self.lookup(name)
        if value is None and self.keep_unset:
            return f"${{{name}{modifier}{word}}}"
        if modifier[-1] not in "+-?#%":
            raise LexError(f"unsupported modifier {modifier} in substitution")
        return self._modified(name, value, modifier, word)

    def _value(self, name: str, source: str) -> str:
        value = self.lookup(name)
        return (source if self.keep_unset else "") if value is None else value

    def _modified(self, name: str, value: str | None, modifier: str, word: str) -> str:
        missing = value is None or (modifier[0] == ":" and not value)
        match modifier[-1]:
            case "-":
                return word if missing else value or ""
            case "+":
                return "" if missing else word
            case "?" if missing:
                raise LexError(f"{name}: {word or 'is not allowed to be unset'}")
            case "?":
                return value or ""
        return _trimmed(value or "", modifier, word)

    def _replaced(self, name: str) -> str:
        every = self._peek() == "/"
        self.at += every
        pattern, _ = self._until("/", True)
        replacement, _ = self._until("}", True)
        value = self.lookup(name)
        if value is None and self.keep_unset:
            return f"${{{name}/{pattern}/{replacement}}}"
        return re.sub(_glob(pattern, greedy=True), lambda _: replacement, value or "", count=0 if every else 1)

    def _name(self) -> str:
        start = self.at
        first = self._peek()
        if first.isdecimal():
            while self._peek().isdecimal():
                self.at += 1
        elif first and first in _SPECIAL_PARAMETERS:
            self.at += 1
        else:
            while (char := self._peek()) and (char.isalpha() or char.isdecimal() or char == "_"):
                self.at += 1
        return self.text[start : self.at]


def _trimmed(value: str, modifier: str, pattern: str) -> str:
    """`${x#pattern}` and its kin: the shortest match, or the longest where the modifier is doubled."""
    greedy = pattern.startswith(modifier)
    glob = _glob(pattern[1:] if greedy else pattern, greedy=greedy)
    if modifier == "#":
        match = re.match(glob, value)
        return value[match.end() :] if match else value
    ends = range(len(value) + 1) if greedy else range(len(value), -1, -1)
    full = re.compile(glob)
    return next((value[:end] for end in ends if full.fullmatch(value, end)), value)


def _glob(pattern: str, *, greedy: bool) -> str:
    """A shell pattern of `*`, `?` and escapes as a regular expression; brackets mean themselves."""
    out: list[str] = []
    chars = iter(pattern)
    for char in chars:
        if char == "*":
            out.append(".*" if greedy else ".*?")
        elif char == "?":
            out.append(".")
        else:
            out.append(re.escape(next(chars, "\\") if char == "\\" else char))
    return "(?s:" + "".join(out) + ")"
