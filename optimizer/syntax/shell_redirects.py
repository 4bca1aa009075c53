"""The redirects of commands, down to the heredocs whose bodies begin behind the line.

Every heredoc finds its body: at the first newline behind it, or among the bodies that were taken out of the text.
"""

from __future__ import annotations

import re
from typing import Final

from optimizer.syntax.joined import Joined
from optimizer.syntax.nodes import Comment, Gap, Opaque, Operator, Redirect, Word
from optimizer.syntax.shell_tokens import COMMAND, COMPOUND, Tokens, match_comment, match_token

_match_delimiter: Final = re.compile(r"(?:[^\\'\"$`]|'[^']*'|\"[^\"\\$`]*\"|\\[^\n])+", re.DOTALL).fullmatch


class Redirects(Tokens):
    """Reads redirects and line ends.

    `heredocs` are the names of the bodies taken out of the text and not yet used, None where bodies stand in the text;
    `inner` says that the script stands inside a word, where none was taken out.
    """

    __slots__ = ("heredocs", "inner")

    def __init__(self, joined: Joined, start: int, end: int, heredocs: tuple[str, ...] | None) -> None:
        super().__init__(joined, start, end)
        self.heredocs = None if heredocs is None else list(heredocs)
        self.inner = False

    def redirects(self) -> int:
        """Emit the redirects behind a compound command."""
        state = COMPOUND
        while (match := match_token(self.text, self.pos, self.end)).lastindex == 2:
            parts: list[Word | Redirect | Gap] = []
            self.pos = self.redirect(parts, *match.span(2))
            self.out += parts
            state = COMMAND
        return state

    def redirect(self, parts: list[Word | Redirect | Gap], start: int, end: int) -> int:
        """Emit the redirect with the operator at `start`; its end."""
        parts += self.gap(start)
        text = self.text[start:end]
        operator = Operator(self.raw(start, end), text)
        match = match_token(self.text, end, self.end)
        if match.lastindex == 2 or self.text.startswith("\\\n", end):
            self.refuse()
        first, stop = match.span(1) if match.lastindex else (match.end(), self.word(match.end()))
        # Bash reads `>&-a` as `>&-` and the word `a`, others as one target.
        if first == stop or (text[-1] == "&" and self.text[first] == "-" and stop > first + 1):
            self.refuse()
        gap = self.gap(first)
        target = self.make_word(first, stop)
        redirect = Redirect(operator, gap[0] if gap else None, target)
        parts.append(redirect)
        if redirect.is_heredoc:
            self.expect_heredoc(text, target.text)
        return stop

    def expect_heredoc(self, operator: str, delimiter: str) -> None:
        """Note the body that follows the line, or find it among those taken out of the text."""
        if not _match_delimiter(delimiter) or not _unquoted(delimiter):
            self.refuse()
        if self.heredocs is None:
            self.pending.append((operator, delimiter))
        elif self.inner or not self.heredocs or self.heredocs.pop(0) != _unquoted(delimiter):
            self.refuse()

    def line_end(self) -> None:
        """Emit a comment, or a newline and the heredocs that begin behind it."""
        if self.at(self.pos) == "#":
            self.put(Comment, self.pos, match_comment(self.text, self.pos, self.end).end())
            return
        self.put(Operator, self.pos, self.pos + 1)
        pending, self.pending = self.pending, []
        for operator, delimiter in pending:
            self.heredoc(operator.endswith("-"), delimiter)

    def lines(self) -> str:
        """Emit comments and newlines; the character that follows."""
        while (char := self.skip()) in ("\n", "#"):
            self.line_end()
        return char

    def heredoc(self, strips: bool, delimiter: str) -> None:
        """Emit the body that begins at `pos`, with its terminator line."""
        name = _unquoted(delimiter)
        start, carried = self.pos, ""
        while self.pos < self.end:
            newline = self.text.find("\n", self.pos, self.end)
            stop = self.end if newline < 0 else newline
            line = self.text[self.pos : stop]
            self.pos = min(stop + 1, self.end)
            line = line.lstrip("\t") if strips else line
            if carried and name in (line, carried[:-1] + line):
                break
            if line == name:
                self.put(Opaque, start, self.pos)
                return
            backslashes = len(line) - len(line.rstrip("\\"))
            carried = line if backslashes % 2 and name == delimiter else ""
        self.refuse()


def _unquoted(delimiter: str) -> str:
    """A heredoc's word after quote removal, which is all a shell does to it."""
    return re.sub(
        r"'([^']*)'|\"([^\"]*)\"|\\(.)", lambda quoted: quoted[quoted.lastindex or 0], delimiter, flags=re.DOTALL
    )
