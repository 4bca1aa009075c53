"""Bytes to tree and back. Parsing never fails, and `render(parse(data)) == data` for any bytes."""

from __future__ import annotations

import re
from collections.abc import Callable

from optimizer.syntax import arguments
from optimizer.syntax.chars import SEPARATOR, SPACE, is_comment
from optimizer.syntax.heredocs import Opening, lone_opening, openings
from optimizer.syntax.joined import Joined
from optimizer.syntax.nodes import (
    Body,
    Directive,
    Dockerfile,
    ExecForm,
    Flag,
    Gap,
    Heredoc,
    Instruction,
    Line,
    Opaque,
    ShellScript,
    Stage,
    Word,
    Words,
    instruction_name,
    source,
)
from optimizer.syntax.shell import parse_script

_CONTINUATION = {"\\": re.compile(r"(?<!\\)\\[ \t]*\Z"), "`": re.compile(r"(?<!`)`[ \t]*\Z")}
_DIRECTIVE = re.compile(rf"\s*#[{SPACE}]*([a-zA-Z][a-zA-Z0-9]*)[\t\n\f\r ]*=[\t\n\f\r ]*(.+?)[\t\n\f\r ]*\Z")
_KEYWORD = re.compile(rf"[^{SEPARATOR}]*")
_WITH_HEREDOCS = {"RUN", "COPY", "ADD"}


def parse(data: bytes | str) -> Dockerfile:
    """The tree of a Dockerfile. Bytes that are not UTF-8 survive as surrogates."""
    text = data.decode("utf-8", "surrogateescape") if isinstance(data, bytes) else data
    return _Parser(text).dockerfile()


def render(tree: Dockerfile) -> bytes:
    """The file that the tree was read from, or was changed into."""
    return source(tree).encode("utf-8", "surrogateescape")


def split_lines(text: str) -> list[str]:
    """The physical lines with their line ends; only `\\n` ends a line."""
    lines = text.split("\n")
    last = lines.pop()
    return [line + "\n" for line in lines] + ([last] if last else [])


class _Parser:
    """Reads physical lines one after the other; `_at` is the next one, `_offsets` where each begins."""

    def __init__(self, text: str) -> None:
        self._bom = "\ufeff" if text.startswith("\ufeff") else ""
        self._text = text[len(self._bom) :]
        self._lines = split_lines(self._text)
        self._offsets = [0]
        for line in self._lines:
            self._offsets.append(self._offsets[-1] + len(line))
        self._at = 0
        self._escape = "\\"

    def dockerfile(self) -> Dockerfile:
        directives = self._directives()
        prologue: list[Instruction] = []
        stages: list[list[Instruction]] = []
        leading: list[Line] = []
        texts: list[str] = []
        begin = self._offsets[self._at]
        while self._at < len(self._lines):
            line = self._lines[self._at]
            content = line.rstrip("\r\n").strip(SPACE)
            if not content or content.startswith("#"):
                leading.append(Line(line))
                self._at += 1
                continue
            instruction = self._instruction(tuple(leading))
            leading = []
            end = self._offsets[self._at]
            texts.append(self._text[begin:end])
            begin = end
            if instruction.name == "FROM":
                stages.append([instruction])
            else:
                (stages[-1] if stages else prologue).append(instruction)
        return Dockerfile(
            self._bom,
            directives,
            tuple(prologue),
            tuple(Stage(tuple(stage)) for stage in stages),
            tuple(leading),
            tuple(texts),
        )

    def _directives(self) -> tuple[Directive, ...]:
        """The block of directives at the top; it ends at the first line that is none, or that repeats one."""
        found: dict[str, Directive] = {}
        while self._at < len(self._lines):
            line = self._lines[self._at]
            match = _DIRECTIVE.match(line.rstrip("\r\n")) if is_comment(line) else None
            name = match[1].lower() if match else ""
            if match is None or name not in {"syntax", "escape", "check"} or name in found:
                break
            found[name] = Directive(line, name, match[2])
            if name == "escape" and match[2] in _CONTINUATION:
                self._escape = match[2]
            self._at += 1
        return tuple(found.values())

    def _instruction(self, leading: tuple[Line, ...]) -> Instruction:
        start = self._offsets[self._at]
        joined = self._joined()
        end = self._offsets[self._at]
        last = self._lines[self._at - 1]
        newline = last[len(last.rstrip("\r\n")) :]
        found = self._openings(joined)
        return _Reader(joined, start, end - len(newline), self._escape, newline, self._heredocs, found).read(leading)

    def _joined(self) -> Joined:
        """The logical line that begins here; leaves `_at` behind it."""
        pattern = _CONTINUATION[self._escape]
        pieces: list[str] = []
        starts: list[int] = []
        origins: list[int] = []
        length = 0
        goes_on = True
        while goes_on and self._at < len(self._lines):
            offset, line = self._offsets[self._at], self._lines[self._at].rstrip("\r\n")
            self._at += 1
            if pieces and (is_comment(line) or not line.strip(SPACE)):
                continue
            match = pattern.search(line)
            goes_on = match is not None
            piece = line[: match.start()] if match else line
            if not pieces:
                trimmed = piece.lstrip(SPACE)
                offset, piece = offset + len(piece) - len(trimmed), trimmed
            pieces.append(piece)
            if piece or not starts:
                starts.append(length)
                origins.append(offset)
            length += len(piece)
        return Joined("".join(pieces), self._text, tuple(starts), tuple(origins))

    def _openings(self, joined: Joined) -> tuple[Opening, ...]:
        """The heredocs of the line, none where the file ends before one of them does."""
        found = openings(joined.text)
        at = self._at
        for opening in found:
            while at < len(self._lines) and not _terminates(self._lines[at], opening):
                at += 1
            at += 1
        return found if at <= len(self._lines) else ()

    def _heredocs(self, found: tuple[Opening, ...], as_script: bool) -> tuple[Heredoc, ...]:
        """The bodies that follow the instruction; leaves `_at` behind them."""
        bodies = []
        for opening in found:
            first = self._at
            while not _terminates(self._lines[self._at], opening):
                self._at += 1
            body = self._body(first, self._at, opening, as_script)
            terminator = self._lines[self._at]
            self._at += 1
            bodies.append(
                Heredoc(body, terminator, opening.name, opening.descriptor, opening.strips_tabs, opening.expands)
            )
        return tuple(bodies)

    def _body(self, first: int, last: int, opening: Opening, as_script: bool) -> ShellScript | Opaque:
        raw = self._text[self._offsets[first] : self._offsets[last]]
        pieces, starts, origins = [], [], []
        length = 0
        for i in range(first, last):
            line = self._lines[i].lstrip("\t") if opening.strips_tabs else self._lines[i]
            starts.append(length)
            origins.append(self._offsets[i + 1] - len(line))
            pieces.append(line)
            length += len(line)
        text = "".join(pieces)
        if not as_script or not text or text.startswith("#!"):
            return Opaque(raw, text)
        if not opening.strips_tabs:
            starts, origins = starts[:1], origins[:1]
        script = parse_script(Joined(text, self._text, tuple(starts), tuple(origins)), 0, len(text), None)
        if script is None:
            return Opaque(raw, text)
        tabs = self._text[self._offsets[first] : origins[0]]
        return ShellScript((Gap(tabs), *script.parts) if tabs else script.parts, text)


def _terminates(line: str, opening: Opening) -> bool:
    content = line.rstrip("\r\n")
    return (content.lstrip("\t") if opening.strips_tabs else content) == opening.name


class _Reader:
    """Splits one logical line into an instruction. `start` and `end` bound it in the file, without the line end."""

    def __init__(
        self,
        joined: Joined,
        start: int,
        end: int,
        escape: str,
        newline: str,
        take: Callable[[tuple[Opening, ...], bool], tuple[Heredoc, ...]],
        found: tuple[Opening, ...],
    ) -> None:
        self._joined = joined
        self._start, self._end = start, end
        self._escape = escape
        self._newline = newline
        self._take = take
        self._found = found
        self._stop = len(joined.text.rstrip(SPACE))

    def read(self, leading: tuple[Line, ...]) -> Instruction:
        at = len(self._joined.text) - len(self._joined.text.lstrip(SPACE))
        return self._instruction(leading, at, self._start, depth=0)

    def _instruction(
        self, leading: tuple[Line, ...], at: int, reached: int, depth: int, *, of_health: bool = False
    ) -> Instruction:
        """The instruction whose word begins at `at`; `reached` is how far the file is spoken for."""
        joined = self._joined
        match = _KEYWORD.match(joined.text, at, max(at, self._stop))
        assert match is not None
        first, last = joined.span(*match.span()) if match[0] else (reached, reached)
        keyword = Word(joined.file[first:last], match[0])
        indent = joined.file[reached:first]
        begin = match.end()
        while begin < self._stop and joined.text[begin] in SEPARATOR:
            begin += 1
        parts, begin_arguments = ((), begin) if of_health else arguments.flags(joined, begin, self._stop, self._escape)
        while begin_arguments < self._stop and joined.text[begin_arguments] in SPACE:
            begin_arguments += 1
        name = instruction_name(match[0])
        gap = None
        if begin < self._stop:
            # White space that is no separator, such as a no-break space, may stand before the arguments too.
            end = begin if parts else min(begin_arguments, self._stop)
            gap_end = joined.origin(end) if end < self._stop else joined.span(begin, self._stop)[1]
            gap = self._gap(last, gap_end)
            last = gap_end + sum(len(part.raw) for part in parts)
        if begin_arguments >= self._stop:
            return self._closed(leading, indent, keyword, gap, parts, None, last, name)
        last = joined.span(begin_arguments, self._stop)[1]
        if (inner := self._inner(name, begin_arguments, depth)) is not None:
            return Instruction(leading, indent, keyword, gap, parts, inner, None, "", (), name)
        body = self._body(name, begin_arguments)
        return self._closed(leading, indent, keyword, gap, parts, body, last, name)

    def _closed(
        self,
        leading: tuple[Line, ...],
        indent: str,
        keyword: Word,
        gap: Gap | None,
        parts: tuple[Flag | Gap, ...],
        body: Body,
        reached: int,
        name: str,
    ) -> Instruction:
        """The instruction with what follows its arguments: blanks, the line end, heredocs."""
        if body is None and not keyword.raw:
            reached = self._start + len(indent)
        tail = self._gap(reached, self._end)
        heredocs: tuple[Heredoc, ...] = ()
        if self._found and name in _WITH_HEREDOCS and not isinstance(body, ExecForm):
            lone = name == "RUN" and isinstance(body, Words)
            heredocs = self._take(self._found, lone)
        return Instruction(leading, indent, keyword, gap, parts, body, tail, self._newline, heredocs, name)

    def _gap(self, first: int, last: int) -> Gap | None:
        return Gap(self._joined.file[first:last]) if last > first else None

    def _inner(self, name: str, at: int, depth: int) -> Instruction | None:
        """The instruction inside ONBUILD, or the CMD inside HEALTHCHECK."""
        reached = self._joined.origin(at)
        if depth > 8:
            return None
        if name == "ONBUILD":
            return self._instruction((), at, reached, depth + 1)
        match = _KEYWORD.match(self._joined.text, at, self._stop)
        if name == "HEALTHCHECK" and match and match[0].upper() == "CMD":
            return self._instruction((), at, reached, depth + 1, of_health=True)
        return None

    def _body(self, name: str, at: int) -> Body:
        joined, stop = self._joined, self._stop
        opaque = Opaque(joined.raw(at, stop), joined.text[at:stop])
        if name in {"RUN", "CMD", "ENTRYPOINT", "SHELL", "COPY", "ADD", "VOLUME"}:
            try:
                form = arguments.exec_form(joined, at, stop)
            except arguments.NotStrings:
                return opaque
            if form is not None:
                return form
        match name:
            case "RUN" | "CMD" | "ENTRYPOINT":
                return self._script(name, at) or opaque
            case "FROM" | "EXPOSE" | "COPY" | "ADD" | "VOLUME":
                return arguments.separated(joined, at, stop)
            case "HEALTHCHECK":
                return arguments.typed(joined, at, stop)
            case "USER" | "WORKDIR" | "STOPSIGNAL" | "MAINTAINER":
                return arguments.whole(joined, at, stop)
            case "ENV" | "LABEL" | "ARG":
                return arguments.pairs(joined, at, stop, self._escape, names_alone=name == "ARG") or opaque
        return opaque

    def _script(self, name: str, at: int) -> ShellScript | Words | None:
        """The shell's text; a RUN that is one heredoc and nothing else keeps the word, its script is the heredoc's."""
        found = self._found if name == "RUN" else ()
        if len(found) == 1 and lone_opening(self._joined.text[at : self._stop]) is not None:
            return arguments.whole(self._joined, at, self._stop)
        script = parse_script(self._joined, at, self._stop, tuple(opening.name for opening in found))
        return script and ShellScript(script.parts, self._joined.text[at : self._stop])
