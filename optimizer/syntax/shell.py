"""The shell parser: POSIX sh and the bash seen in Dockerfiles, read into a flat tree that covers its source.

It knows or it refuses: whatever is not certain makes the whole script `None`.
"""

from __future__ import annotations

import re
from typing import Final

from optimizer.syntax.joined import Joined
from optimizer.syntax.nodes import Operator, Reserved, ShellScript
from optimizer.syntax.shell_commands import Commands
from optimizer.syntax.shell_tokens import AND_OR, COMMAND, NOT, PIPE, START
from optimizer.syntax.words import UnsureError

_search_unknown: Final = re.compile(r"[\0\r]").search

_LINE_ENDS: Final = frozenset({"\n", "#"})
_STATE_AFTER: Final = {"&&": AND_OR, "||": AND_OR, "|": PIPE, "|&": PIPE, ";": START, "&": START}


def parse_script(joined: Joined, start: int, end: int, heredocs: tuple[str, ...] | None) -> ShellScript | None:
    """The tree of `joined.text[start:end]`; None where the parser does not know it for certain.

    `heredocs` are the names of the bodies that were taken out of the text, all of which the script must use in this
    order; None says that bodies stand in the text, behind their line.
    """
    if _search_unknown(joined.text, start, end) or (heredocs and "\n" in joined.text[start:end]):
        return None
    try:
        return Parser(joined, start, end, heredocs).top()
    except (UnsureError, RecursionError):
        return None


class Parser(Commands):
    """Reads scripts, each a list of commands: the whole text, and those inside words.

    The classes below it are its layers, each in a module of its own: a layer calls those beneath it, and what is above
    it only through a method that it declares.
    """

    __slots__ = ()

    def top(self) -> ShellScript:
        """The whole text."""
        self.statements(("",), empty=True)
        if self.pending or self.heredocs:
            self.refuse()
        return self.finish()

    def substitution(self, pos: int) -> int:
        """Behind the `)` that ends the script from `pos` on, which is added to `scripts`."""
        if self.hides_parenthesis(pos):
            self.refuse()
        return self.nested(pos, self.end, ")") + 1

    def script(self, start: int, end: int) -> None:
        """Read a whole script and add it to `scripts`."""
        self.nested(start, end, "")

    def nested(self, start: int, end: int, closer: str) -> int:
        """Read the script inside a word and come back to the word; where the script ends."""
        self.deeper()
        outer = self.out, self.scripts, self.pos, self.last, self.first, self.end, self.pending, self.inner
        place = self.piece, self.turn, self.shift
        self.out, self.scripts, self.pending, self.inner = [], [], [], True
        self.pos = self.last = self.first = start
        self.end = end
        self.pass_turns(start)
        self.statements((closer,), empty=True)
        if self.pending:
            self.refuse()
        script, stop = self.finish(), self.pos
        self.out, self.scripts, self.pos, self.last, self.first, self.end, self.pending, self.inner = outer
        self.piece, self.turn, self.shift = place
        self.scripts.append(script)
        self.depth -= 1
        return stop

    def statements(self, closers: tuple[str, ...], *, empty: bool = False) -> str:
        """Emit commands up to one of the closers, which is left to the caller; `""` is the end of the text.

        `empty` says that there need not be a command.
        """
        state = START
        while True:
            token = self.separator(state) if state >= COMMAND else self.head()
            if token in _LINE_ENDS and state != NOT:
                self.line_end()
                state = START if state > NOT and token == "\n" else state
            elif state >= COMMAND:
                if token in closers:
                    return token
                self.put(Operator, self.pos, self.pos + len(token))
                state = _STATE_AFTER[token] if token in _STATE_AFTER else self.refuse()
            elif token or self.pos == self.end:
                if token in closers and empty and state == START:
                    return token
                state = self.reserved(token, state)
                empty = True
            else:
                state = self.simple()
                empty = True

    def reserved(self, token: str, state: int) -> int:
        """Emit what the reserved word or parenthesis at `pos` begins."""
        if token == "!":
            if state not in (START, AND_OR) or self.at(self.pos + 1) == "(":
                self.refuse()
            self.put(Reserved, self.pos, self.pos + 1)
            return NOT
        return self.compound(token)
