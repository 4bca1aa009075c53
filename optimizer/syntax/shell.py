"""The shell parser: POSIX sh and the bash seen in Dockerfiles, read into a flat tree that covers its source.

It knows or it refuses: whatever is not certain makes the whole script `None`.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable
from typing import Final, TypeVar, cast

from optimizer.syntax import quoting
from optimizer.syntax.joined import Joined
from optimizer.syntax.nodes import (
    Command,
    Comment,
    Compound,
    Gap,
    Opaque,
    Operator,
    Redirect,
    Reserved,
    ShellPart,
    ShellScript,
    Word,
)
from optimizer.syntax.words import DELIMITED, NAME, WORD, Scanner, UnsureError

_BLANKS: Final = r"(?:[ \t]++|\\\n)*+"
_REDIRECT: Final = rf"(?:[0-9]++|\{{{NAME}\}})?(?:<<<|<<-|<<|<&|<>|<(?!\()|>>|>&|>\||>(?!\())|&>>|&>"
_RESERVED: Final = (
    r"if|then|else|elif|fi|do|done|case|esac|while|until|for|select|function|time|coproc|in|\{|\}|!|\[\[|\]\]"
)


def _always(pattern: re.Pattern[str]) -> Callable[[str, int, int], re.Match[str]]:
    """The `match` of a pattern that matches nothing at the least, so that it never fails."""
    return cast("Callable[[str, int, int], re.Match[str]]", pattern.match)


_match_blanks: Final = _always(re.compile(_BLANKS))
_match_token: Final = _always(re.compile(rf"{_BLANKS}(?:({WORD})(?=[ \t\n;&|)]|\Z)|({_REDIRECT}))?", re.DOTALL))
_WORD_IN_RUN: Final = rf"([ \t]*+)({WORD})(?=[ \t\n;&|)]"
_match_run: Final = re.compile(rf"(?:{_WORD_IN_RUN}))++", re.DOTALL).match
_find_words: Final = re.compile(rf"{_WORD_IN_RUN}|\Z)", re.DOTALL).findall
_match_head: Final = _always(re.compile(rf"{_BLANKS}((?:{_RESERVED}){DELIMITED}|\(\(?|\)|;;&|;;|;&|\n|\#)?"))
_match_separator: Final = _always(re.compile(rf"{_BLANKS}(&&|\|\||\|&|\||;;&|;;|;&|;|&|\)|\n|\#)?"))
_match_comment: Final = _always(re.compile(r"#?[^\n]*+"))
_match_in: Final = re.compile(rf"in{DELIMITED}").match
_match_name: Final = re.compile(rf"{NAME}(?=[ \t\n;)]|\Z)").match
_match_function_name: Final = re.compile(r"[A-Za-z0-9_./:@%,+-]+\Z").match
_match_array: Final = re.compile(rf"{NAME}(?:\[[^]\"'\\` \t\n]+\])?\+?=\Z").match
_match_open_element: Final = re.compile(r"\[(?![^][ \t\n]*\]=)").match
_match_open_subscript: Final = re.compile(rf"{NAME}\[[^]]*\Z").match
_match_delimiter: Final = re.compile(r"(?:[^\\'\"$`]|'[^']*'|\"[^\"\\$`]*\"|\\[^\n])+", re.DOTALL).fullmatch
_match_unary: Final = re.compile(rf"-[abcdefghknoprstuvwxzGLNORS]{DELIMITED}").match
_match_binary: Final = re.compile(rf"(?:==?|!=|=~|-(?:eq|ne|lt|le|gt|ge|nt|ot|ef)){DELIMITED}|[<>](?![(<>&|])").match
_match_closing_brackets: Final = re.compile(rf"\]\]{DELIMITED}").match
_search_neighbours: Final = re.compile(r"[A-Za-z0-9_)}\"][ \t\n]+[A-Za-z0-9_(${\"`]").search
_search_unknown: Final = re.compile(r"[\0\r]").search

_RESERVED_WORDS: Final = frozenset(_RESERVED.replace("\\", "").split("|"))
_DECLARES: Final = frozenset({"declare", "typeset", "local", "export", "readonly"})
_BEHIND_ARRAY: Final = frozenset({"", " ", "\t", "\n", ";", "&", "|", ")", "\\"})
_LINE_ENDS: Final = frozenset({"\n", "#"})
_CASE_ENDS: Final = frozenset({";;", ";&", ";;&", "esac"})

# Where `statements` stands: what may come next.
_START: Final = 0  # a command, `!`, a newline, the end
_AND_OR: Final = 1  # a command, `!`, a newline
_PIPE: Final = 2  # a command, a newline
_NOT: Final = 3  # a command
_COMMAND: Final = 4  # an operator, a newline, the end
_COMPOUND: Final = 5  # the same, and a reserved word

_STATE_AFTER: Final = {"&&": _AND_OR, "||": _AND_OR, "|": _PIPE, "|&": _PIPE, ";": _START, "&": _START}

_Token = TypeVar("_Token", Operator, Reserved, Comment, Opaque)


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


class Parser(Scanner):
    """Reads one script. `out` gathers the parts of the construct that is open; `last` is where they end in the text.

    The text is made of pieces: `turns` are the offsets where the next one begins and the source drops something,
    `shifts` the distances from text to source. `turn` and `shift` are those of the piece where the last token ends.
    """

    __slots__ = (
        "file", "first", "heredocs", "inner", "last", "out", "pending",
        "piece", "pos", "shift", "shifts", "turn", "turns",
    )  # fmt: skip

    def __init__(self, joined: Joined, start: int, end: int, heredocs: tuple[str, ...] | None) -> None:
        super().__init__(joined.text, end)
        self.file = joined.file
        first, last = bisect_right(joined.starts, start), bisect_left(joined.starts, end)
        self.turns = [*joined.starts[first:last], end + 1]
        self.shifts = [joined.origins[i] - joined.starts[i] for i in range(first - 1, max(first, last))]
        self.piece, self.turn, self.shift = 0, self.turns[0], self.shifts[0]
        self.heredocs = None if heredocs is None else list(heredocs)
        self.pending: list[tuple[str, str]] = []
        self.inner = False
        self.out: list[ShellPart] = []
        self.pos = self.last = self.first = start

    def gap(self, pos: int) -> list[Gap]:
        """What the source holds between the last token and `pos`, as no gap or one."""
        last = self.last
        if pos < self.turn:
            return [Gap(self.text[last:pos])] if last < pos else []
        start = last + self.shift
        self.pass_turns(pos)
        raw = self.file[start : pos + self.shift]
        return [Gap(raw)] if raw else []

    def pass_turns(self, pos: int) -> None:
        """Go to the piece that holds the character at `pos`."""
        while self.turn <= pos:
            self.piece += 1
            self.turn = self.turns[self.piece]
        self.shift = self.shifts[self.piece]

    def raw(self, start: int, end: int) -> str:
        """The source of the token; what comes next is emitted from its end on."""
        self.last = end
        if end <= self.turn:
            return self.text[start:end]
        start += self.shift
        self.pass_turns(end - 1)
        return self.file[start : end + self.shift]

    def put(self, kind: type[_Token], start: int, end: int) -> None:
        """Emit the gap before a token and the token."""
        self.out += self.gap(start)
        self.out.append(kind(self.raw(start, end), self.text[start:end]))
        self.pos = end

    def make_word(self, start: int, end: int) -> Word:
        """The word, with the scripts met in it. Its newlines may not part a heredoc from its body."""
        text = self.text[start:end]
        if self.pending and "\n" in text:
            self.refuse()
        scripts, self.scripts = tuple(self.scripts), []
        return Word(self.raw(start, end), text, scripts)

    def put_word(self, start: int, end: int) -> None:
        """Emit the gap before a word and the word, which may not be empty."""
        if start == end:
            self.refuse()
        self.out += self.gap(start)
        self.out.append(self.make_word(start, end))
        self.pos = end

    def top(self) -> ShellScript:
        """The whole text."""
        self.statements(frozenset({""}), empty=True)
        if self.pending or self.heredocs:
            self.refuse()
        return self.finish()

    def finish(self) -> ShellScript:
        """The script that ends at `pos`."""
        last, end = self.last, self.pos
        if last < end:
            self.out.append(Gap(self.raw(last, end)))
        return ShellScript(tuple(self.out), self.text[self.first : end])

    def substitution(self, pos: int) -> int:
        """Behind the `)` that ends the script from `pos` on, which is added to `scripts`."""
        if self.hides_parenthesis(pos):
            self.refuse()
        return self.nested(pos, self.end, ")") + 1

    def hides_parenthesis(self, pos: int) -> bool:
        """Whether a continuation stands between the parenthesis before `pos` and one more."""
        return self.at(pos) == "\\" and self.at(_match_blanks(self.text, pos, self.end).end()) == "("

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
        self.statements(frozenset({closer}), empty=True)
        if self.pending:
            self.refuse()
        script, stop = self.finish(), self.pos
        self.out, self.scripts, self.pos, self.last, self.first, self.end, self.pending, self.inner = outer
        self.piece, self.turn, self.shift = place
        self.scripts.append(script)
        self.depth -= 1
        return stop

    def statements(self, closers: frozenset[str], *, empty: bool = False) -> str:
        """Emit commands up to one of the closers, which is left to the caller; `""` is the end of the text.

        `empty` says that there need not be a command.
        """
        state = _START
        while True:
            token = self.separator(state) if state >= _COMMAND else self.head()
            if token in _LINE_ENDS and state != _NOT:
                self.line_end()
                state = _START if state > _NOT and token == "\n" else state
            elif state >= _COMMAND:
                if token in closers:
                    return token
                self.put(Operator, self.pos, self.pos + len(token))
                state = _STATE_AFTER[token] if token in _STATE_AFTER else self.refuse()
            elif token or self.pos == self.end:
                if token in closers and empty and state == _START:
                    return token
                state = self.reserved(token, state)
                empty = True
            else:
                state = self.simple()
                empty = True

    def head(self) -> str:
        """What is no simple command behind blanks: a reserved word, a parenthesis, a line end; empty if none is."""
        match = _match_head(self.text, self.pos, self.end)
        token = match[1] or ""
        self.pos = match.end() - len(token)
        return token

    def skip(self) -> str:
        """Go behind blanks; the character that follows, empty at the end."""
        self.pos = pos = _match_blanks(self.text, self.pos, self.end).end()
        return self.text[pos] if pos < self.end else ""

    def separator(self, state: int) -> str:
        """What ends a command behind blanks: an operator, a line end, or behind a compound one a reserved word."""
        match = _match_separator(self.text, self.pos, self.end)
        token = match[1] or (self.head() if state == _COMPOUND else "")
        self.pos = pos = match.end() - len(match[1] or "")
        if token == "&" and self.text.startswith("&\\\n", pos):
            self.refuse()
        return token if token or pos == self.end else self.refuse()

    def line_end(self) -> None:
        """Emit a comment, or a newline and the heredocs that begin behind it."""
        if self.at(self.pos) == "#":
            self.put(Comment, self.pos, _match_comment(self.text, self.pos, self.end).end())
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

    def simple(self) -> int:
        """Emit the simple command, or the function definition, that begins at `pos`."""
        text, end, pos = self.text, self.end, self.pos
        self.out += self.gap(pos)
        self.last = pos
        parts: list[Word | Redirect | Gap] = []
        while True:
            pos = self.run(parts, pos)
            match = _match_token(text, pos, end)
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
        return _COMMAND

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
        if redirects or (command and token in _RESERVED_WORDS):
            self.refuse()

    def array(self, pos: int) -> int:
        """Behind the `)` of the array whose first word is behind `pos`."""
        while True:
            pos = _match_blanks(self.text, pos, self.end).end()
            char = self.at(pos)
            if char == ")":
                return pos + 1 if self.at(pos + 1) in _BEHIND_ARRAY else self.refuse()
            if char == "#":
                pos = _match_comment(self.text, pos, self.end).end()
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

    def redirect(self, parts: list[Word | Redirect | Gap], start: int, end: int) -> int:
        """Emit the redirect with the operator at `start`; its end."""
        parts += self.gap(start)
        text = self.text[start:end]
        operator = Operator(self.raw(start, end), text)
        match = _match_token(self.text, end, self.end)
        if match.lastindex == 2 or self.text.startswith("\\\n", end):
            self.refuse()
        first, stop = match.span(1) if match.lastindex else (match.end(), self.word(match.end()))
        # Bash reads `>&-a` as `>&-` and the word `a`, others as one target.
        if first == stop or (text[-1] == "&" and self.text[first] == "-" and stop > first + 1):
            self.refuse()
        gap = self.gap(first)
        target = self.make_word(first, stop)
        parts.append(Redirect(operator, gap[0] if gap else None, target))
        if text.endswith(("<<", "<<-")) and not text.endswith("<<<"):
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

    def reserved(self, token: str, state: int) -> int:
        """Emit what the reserved word or parenthesis at `pos` begins."""
        if token == "!":
            if state not in (_START, _AND_OR) or self.at(self.pos + 1) == "(":
                self.refuse()
            self.put(Reserved, self.pos, self.pos + 1)
            return _NOT
        return self.compound(token)

    def compound(self, token: str) -> int:
        """Emit the compound command that the token at `pos` begins, with its redirects."""
        if token not in _COMPOUNDS:
            self.refuse()
        self.deeper()
        self.out += self.gap(self.pos)
        self.last = self.pos
        outer, self.out = self.out, []
        _COMPOUNDS[token](self)
        state = self.redirects() if token != "function" else _COMPOUND
        outer.append(Compound(tuple(self.out)))
        self.out = outer
        self.depth -= 1
        return state

    def redirects(self) -> int:
        """Emit the redirects behind a compound command."""
        state = _COMPOUND
        while (match := _match_token(self.text, self.pos, self.end)).lastindex == 2:
            parts: list[Word | Redirect | Gap] = []
            self.pos = self.redirect(parts, *match.span(2))
            self.out += parts
            state = _COMMAND
        return state

    def keyword(self, token: str) -> None:
        """Emit the reserved word that must come next, behind blanks."""
        if self.head() != token:
            self.refuse()
        self.put(Reserved, self.pos, self.pos + len(token))

    def block(self, *closers: str) -> str:
        """Emit commands and the reserved word that ends them, which is one of the closers."""
        closer = self.statements(frozenset(closers))
        self.put(Reserved, self.pos, self.pos + len(closer))
        return closer

    def symbol(self, text: str) -> None:
        """Emit the operator that must come next, behind blanks."""
        self.skip()
        if not self.text.startswith(text, self.pos, self.end):
            self.refuse()
        self.put(Operator, self.pos, self.pos + len(text))

    def braces(self) -> None:
        """`{ list; }`"""
        self.keyword("{")
        self.block("}")

    def parentheses(self) -> None:
        """`( list )`"""
        if self.hides_parenthesis(self.pos + 1):
            self.refuse()
        self.symbol("(")
        self.statements(frozenset({")"}))
        self.symbol(")")

    def double_parentheses(self) -> None:
        """`(( expression ))`, or two subshells that begin together."""
        end = self.arithmetic(self.pos + 2)
        if end is None:
            self.parentheses()
        else:
            self.expression(end)

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
        if self.skip() == "(" and self.at(_match_blanks(self.text, self.pos + 1, self.end).end()) == ")":
            self.symbol("(")
            self.symbol(")")
        self.function_body()

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


def _unquoted(delimiter: str) -> str:
    """A heredoc's word after quote removal, which is all a shell does to it."""
    return re.sub(
        r"'([^']*)'|\"([^\"]*)\"|\\(.)", lambda quoted: quoted[quoted.lastindex or 0], delimiter, flags=re.DOTALL
    )


def _may_assign(parts: list[Word | Redirect | Gap]) -> bool:
    """Whether an array may be the next word of the command."""
    words = (part.text for part in parts if isinstance(part, Word))
    first = next((word for word in words if not quoting.is_assignment(word)), None)
    return first is None or first in _DECLARES


_COMPOUNDS: Final[dict[str, Callable[[Parser], None]]] = {
    "{": Parser.braces,
    "(": Parser.parentheses,
    "((": Parser.double_parentheses,
    "if": Parser.if_,
    "while": Parser.loop,
    "until": Parser.loop,
    "for": Parser.for_,
    "select": Parser.for_,
    "case": Parser.case,
    "[[": Parser.brackets,
    "function": Parser.function_word,
}
