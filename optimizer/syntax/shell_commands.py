"""The simple commands: assignments, words and redirects.

What bash reads as one word and another shell as several is refused.
"""

from __future__ import annotations

import re
from typing import Final

from optimizer.syntax import quoting
from optimizer.syntax.nodes import Command, Gap, Redirect, Word
from optimizer.syntax.shell_compounds import Compounds
from optimizer.syntax.shell_tokens import COMMAND, RESERVED_WORDS, match_blanks, match_comment, match_token
from optimizer.syntax.words import NAME, WORD

_WORD_IN_RUN: Final = rf"([ \t]*+)({WORD})(?=[ \t\n;&|)]"
_match_run: Final = re.compile(rf"(?:{_WORD_IN_RUN}))++", re.DOTALL).match
_find_words: Final = re.compile(rf"{_WORD_IN_RUN}|\Z)", re.DOTALL).findall
_match_array: Final = re.compile(rf"{NAME}(?:\[[^]\"'\\` \t\n]+\])?\+?=\Z").match
_match_open_element: Final = re.compile(r"\[(?![^][ \t\n]*\]=)").match
_match_open_subscript: Final = re.compile(rf"{NAME}\[[^]]*\Z").match

_DECLARES: Final = frozenset({"declare", "typeset", "local", "export", "readonly"})
_BEHIND_ARRAY: Final = frozenset({"", " ", "\t", "\n", ";", "&", "|", ")", "\\"})


class Commands(Compounds):
    """Reads simple commands."""

    __slots__ = ()

    def simple(self) -> int:
        """Emit the simple command, or the function definition, that begins at `pos`."""
        text, end, pos = self.text, self.end, self.pos
        self.out += self.gap(pos)
        self.last = pos
        parts: list[Word | Redirect | Gap] = []
        while True:
            pos = self.run(parts, pos)
            match = match_token(text, pos, end)
            if match.lastindex == 1:
                start, pos = match.span(1)
                parts += self.gap(start)
                parts.append(self.make_word(start, pos))
            elif match.lastindex:
                pos = self.redirect(parts, *match.span(2))
            else:
                start = match.end()
                if start == end or text[start] in ";&|\n)#":
                    break
                if text[start] == "(":
                    return self.function(parts, start)
                pos = self.long_word(parts, start)
        self.pos = pos
        self.check_assignments(parts)
        self.out.append(Command(tuple(parts)))
        return COMMAND

    def run(self, parts: list[Word | Redirect | Gap], pos: int) -> int:
        """Emit the words from `pos` on for which text and source are the same; their end."""
        match = _match_run(self.text, pos, min(self.turn, self.end))
        if match is None or self.pending:
            return pos
        for blanks, word in _find_words(self.text, pos, match.end()):
            if blanks:
                parts.append(Gap(blanks))
            parts.append(Word(word, word))
        self.last = match.end()
        return self.last

    def long_word(self, parts: list[Word | Redirect | Gap], start: int) -> int:
        """Emit a word that needs more than one look; its end."""
        text = self.text
        end = self.word(start)
        if end == start:
            self.refuse()
        if self.at(end) == "(" and _match_array(text, start, end) and _may_assign(parts):
            end = self.array(end + 1)
        if "\\\n" in text[start : end + 2]:
            self.check_continued(start, end, command=not parts)
        parts += self.gap(start)
        parts.append(self.make_word(start, end))
        return end

    def check_continued(self, start: int, end: int, *, command: bool) -> None:
        """Refuse a word that only without its continuations is a reserved word or the descriptor of a redirect."""
        token = self.text[start:end].replace("\\\n", "")
        while self.text.startswith("\\\n", end):
            end += 2
        redirects = self.at(end) in ("<", ">") and (token.isdigit() or token.startswith("{"))
        if redirects or (command and token in RESERVED_WORDS):
            self.refuse()

    def array(self, pos: int) -> int:
        """Behind the `)` of the array whose first word is behind `pos`."""
        while True:
            pos = match_blanks(self.text, pos, self.end).end()
            char = self.at(pos)
            if char == ")":
                return pos + 1 if self.at(pos + 1) in _BEHIND_ARRAY else self.refuse()
            if char == "#":
                pos = match_comment(self.text, pos, self.end).end()
            elif char == "\n":
                pos += 1
            else:
                start, pos = pos, self.word(pos)
                if pos == start or self.at(pos) == "(" or _match_open_element(self.text, start, pos):
                    self.refuse()

    def check_assignments(self, parts: list[Word | Redirect | Gap]) -> None:
        """Refuse `a[1 + 2]=3`, which is one word for bash and three for others, and a command without parts."""
        first = parts[0] if parts else self.refuse()
        if isinstance(first, Word) and "=" not in first.text and "[" not in first.text:
            return
        for part in parts:
            if not isinstance(part, Word):
                continue
            if _match_open_subscript(part.text):
                self.refuse()
            if not quoting.is_assignment(part.text):
                return


def _may_assign(parts: list[Word | Redirect | Gap]) -> bool:
    """Whether an array may be the next word of the command."""
    words = (part.text for part in parts if isinstance(part, Word))
    first = next((word for word in words if not quoting.is_assignment(word)), None)
    return first is None or first in _DECLARES
