"""The nodes of the lossless tree: a node's fields stand in source order and their text is the file.

Every node is a value: it knows neither its parent nor its position (see `spans`), and the same node is the
same object. A field that is not source text but was read out of it is `Derived`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, TypeVar

from msgspec import Struct

from optimizer.syntax import quoting

Read = TypeVar("Read")
Derived = Annotated[Read, "derived"]
"""A field that is read out of the source text beside it, and never printed."""

_PRINTED: dict[type[Node], tuple[str, ...]] = {}


def printed_fields(kind: type[Node]) -> tuple[str, ...]:
    """The names of the fields that hold source text, in source order."""
    if kind not in _PRINTED:
        said = kind.__annotations__
        _PRINTED[kind] = tuple(name for name in kind.__struct_fields__ if not said[name].startswith("Derived["))
    return _PRINTED[kind]


class Node(Struct, frozen=True, eq=False):
    """A piece of the file. `eq=False`: two nodes are the same only if they are one object."""

    def pieces(self) -> Iterator[str | Node]:
        """What this node consists of, in source order: text and nodes."""
        for name in printed_fields(type(self)):
            value = getattr(self, name)
            if value.__class__ is tuple:
                yield from value
            elif value is not None:
                yield value

    def children(self) -> Iterator[Node]:
        """The nodes directly below this one."""
        return (piece for piece in self.pieces() if isinstance(piece, Node))

    def walk(self) -> Iterator[Node]:
        """This node and all below it, in source order."""
        yield self
        for child in self.children():
            yield from child.walk()


class Line(Node, frozen=True, eq=False):
    """A whole line above an instruction that is a comment or blank, with its line end."""

    raw: str

    @property
    def comment(self) -> str | None:
        """The text after `#`, without blanks around it; None for a blank line."""
        text = self.raw.strip()
        return text[1:].strip() if text.startswith("#") else None


class Directive(Node, frozen=True, eq=False):
    """A parser directive at the top of the file; `name` in lower case."""

    raw: str
    name: Derived[str]
    value: Derived[str]


class Gap(Node, frozen=True, eq=False):
    """Blanks, continuations, and the comment and blank lines inside them."""

    raw: str

    @property
    def comments(self) -> tuple[str, ...]:
        """The comment lines inside the gap, without blanks around them."""
        lines = (line.strip() for line in self.raw.split("\n")[1:])
        return tuple(line for line in lines if line.startswith("#"))


class Word(Node, frozen=True, eq=False):
    """One word. `text` is what is read when continuations inside it are joined."""

    raw: str
    text: Derived[str]
    scripts: Derived[tuple[ShellScript, ...]] = ()
    """The command substitutions inside the word, read for the facts; they are not printed."""

    @property
    def literal(self) -> str | None:
        """The one value that a shell gives this word, or None where only a shell could tell."""
        return quoting.literal(self.text)


class Flag(Node, frozen=True, eq=False):
    """A flag of an instruction (`--chown=app`). `text` is the flag without quotes, as BuildKit reads it."""

    raw: str
    text: Derived[str]

    @property
    def name(self) -> str:
        """The name without dashes; empty for the `--` that ends the flags."""
        return self.text[2:].partition("=")[0]

    @property
    def value(self) -> str | None:
        """What stands after `=`; None where there is no `=`."""
        _, equals, value = self.text.partition("=")
        return value if equals else None


class Operator(Node, frozen=True, eq=False):
    """A shell operator or a line end that separates commands: `&&`, `;`, `|`, `(`, `\\n` ..."""

    raw: str
    text: Derived[str]


class Reserved(Node, frozen=True, eq=False):
    """A reserved word of the shell where it is one: `if`, `then`, `{`, `!` ..."""

    raw: str
    text: Derived[str]


class Comment(Node, frozen=True, eq=False):
    """A comment of the shell, from `#` to the end of what the shell sees as the line."""

    raw: str
    text: Derived[str]


class Redirect(Node, frozen=True, eq=False):
    """`2> /dev/null`: the operator with its descriptor, the gap and the word that follows (None: `>&-` in one)."""

    operator: Operator
    gap: Gap | None
    target: Word

    @property
    def is_heredoc(self) -> bool:
        """Whether the lines after the command are read as its input."""
        text = self.operator.text
        return text.endswith(("<<", "<<-")) and not text.endswith("<<<")


class Command(Node, frozen=True, eq=False):
    """A simple command: assignments, words, redirects and the gaps between them."""

    parts: tuple[Word | Redirect | Gap, ...]

    @property
    def assignments(self) -> tuple[Word, ...]:
        """The `NAME=value` words in front of the command's name."""
        return self._split()[0]

    @property
    def words(self) -> tuple[Word, ...]:
        """The command's name and its arguments, redirects left out."""
        return self._split()[1]

    @property
    def redirects(self) -> tuple[Redirect, ...]:
        """The redirects, in source order."""
        return tuple(part for part in self.parts if isinstance(part, Redirect))

    def _split(self) -> tuple[tuple[Word, ...], tuple[Word, ...]]:
        words = [part for part in self.parts if isinstance(part, Word)]
        first = next((i for i, word in enumerate(words) if not quoting.is_assignment(word.text)), len(words))
        return tuple(words[:first]), tuple(words[first:])


class Compound(Node, frozen=True, eq=False):
    """A compound command (`{ }`, `( )`, `if`, `for`, `case`, `[[ ]]`, `(( ))`, a function ...) with its redirects."""

    parts: tuple[ShellPart, ...]

    @property
    def kind(self) -> str:
        """The word that opens it: `{`, `(`, `if`, `for`, `while`, `case`, `[[`, `((` ...; else `function`."""
        first = self.parts[0]
        return first.text if isinstance(first, Reserved | Operator) else "function"


class ShellScript(Node, frozen=True, eq=False):
    """What a shell runs: commands, the operators between them, gaps and comments, flat and in source order."""

    parts: tuple[ShellPart, ...]
    text: Derived[str] = ""


class Opaque(Node, frozen=True, eq=False):
    """Text that is not modelled. No transform may look inside. `text` is what is read when continuations are joined."""

    raw: str
    text: Derived[str]


class Item(Node, frozen=True, eq=False):
    """A string of a JSON array, with its quotes; `text` is its value."""

    raw: str
    text: Derived[str]

    @property
    def literal(self) -> str:
        """The value: nothing expands it here."""
        return self.text


class ExecForm(Node, frozen=True, eq=False):
    """The JSON form of RUN, CMD, ENTRYPOINT, SHELL, COPY, ADD, VOLUME, HEALTHCHECK CMD."""

    parts: tuple[Item | Operator | Gap, ...]

    @property
    def items(self) -> tuple[Item, ...]:
        """The strings of the array."""
        return tuple(part for part in self.parts if isinstance(part, Item))


class Words(Node, frozen=True, eq=False):
    """Words that no shell reads: the arguments of FROM, COPY, EXPOSE, USER, WORKDIR ..."""

    parts: tuple[Word | Gap, ...]

    @property
    def words(self) -> tuple[Word, ...]:
        """The words without the gaps."""
        return tuple(part for part in self.parts if isinstance(part, Word))


class Pair(Node, frozen=True, eq=False):
    """A name and its value in ENV, LABEL or ARG; `separator` is `=`, or a gap in the legacy form `ENV NAME value`."""

    name: Word
    separator: Operator | Gap | None
    value: Word | None


class Pairs(Node, frozen=True, eq=False):
    """The arguments of ENV, LABEL and ARG."""

    parts: tuple[Pair | Gap, ...]

    @property
    def pairs(self) -> tuple[Pair, ...]:
        """The pairs without the gaps."""
        return tuple(part for part in self.parts if isinstance(part, Pair))

    @property
    def legacy(self) -> bool:
        """Whether this is the legacy form with one name and the rest of the line as its value."""
        return any(isinstance(pair.separator, Gap) for pair in self.pairs)


class Heredoc(Node, frozen=True, eq=False):
    """The lines of a heredoc and its terminator line. `body` is a script where it alone is what RUN runs."""

    body: ShellScript | Opaque
    terminator: str
    name: Derived[str]
    descriptor: Derived[int]
    strips_tabs: Derived[bool]
    expands: Derived[bool]


class Instruction(Node, frozen=True, eq=False):
    """One instruction with the blank and comment lines above it, which are its own.

    ONBUILD and HEALTHCHECK CMD hold an instruction as their body; line end and heredocs then belong to the inner one.
    """

    leading: tuple[Line, ...]
    indent: str
    keyword: Word
    gap: Gap | None
    flags: tuple[Flag | Gap, ...]
    body: Body
    tail: Gap | None
    newline: str
    heredocs: tuple[Heredoc, ...]
    name: Derived[str]
    """The instruction's word in upper case."""

    @property
    def inner(self) -> Instruction:
        """What ONBUILD will run, or what HEALTHCHECK CMD runs; else the instruction itself."""
        return self.body.inner if isinstance(self.body, Instruction) else self

    def flag(self, name: str) -> str | None:
        """The value of the first flag of that name (empty for a bare flag); None where there is none."""
        return next((flag.value or "" for flag in self.all_flags if flag.name == name), None)

    @property
    def all_flags(self) -> tuple[Flag, ...]:
        """The flags without the gaps."""
        return tuple(part for part in self.flags if isinstance(part, Flag))


class Stage(Node, frozen=True, eq=False):
    """A build stage; the first instruction is its FROM."""

    instructions: tuple[Instruction, ...]


class Dockerfile(Node, frozen=True, eq=False):
    """The whole file. `prologue`: what stands before the first FROM; `footer`: the lines after the last instruction."""

    bom: str
    directives: tuple[Directive, ...]
    prologue: tuple[Instruction, ...]
    stages: tuple[Stage, ...]
    footer: tuple[Line, ...]
    texts: Derived[tuple[str, ...]]
    """The text of each instruction, in source order, with the lines above it."""

    @property
    def instructions(self) -> Iterator[Instruction]:
        """All instructions in source order."""
        yield from self.prologue
        for stage in self.stages:
            yield from stage.instructions

    @property
    def escape(self) -> str:
        """The escape character: `\\` unless a directive says otherwise."""
        return next((d.value for d in self.directives if d.name == "escape"), "\\")


ShellPart = Command | Compound | Operator | Reserved | Redirect | Word | Gap | Comment | Opaque
Body = ShellScript | ExecForm | Words | Pairs | Opaque | Instruction | None


FILLERS = ("RUN", "COPY", "ADD")
"""The instructions that bring files."""
LAYERS = (*FILLERS, "WORKDIR")
"""The instructions that make a layer."""


def instruction_name(keyword: str) -> str:
    """The word in upper case; Go takes the Kelvin sign for a K."""
    return keyword.upper() if keyword.isascii() else keyword.replace("\u212a", "k").upper()


def source(node: Node) -> str:
    """The text of a node, to the byte."""
    out: list[str] = []
    _write(node, out.append)
    return "".join(out)


def _write(node: Node, put: Callable[[str], None]) -> None:
    if (raw := getattr(node, "raw", None)) is not None:
        put(raw)
        return
    for piece in node.pieces():
        if isinstance(piece, str):
            put(piece)
        else:
            _write(piece, put)


def rewritten(node: Node, edits: Mapping[Node, str]) -> str:
    """The text of a node with some of the nodes below it given other texts."""
    out: list[str] = []
    stack: list[str | Node] = [node]
    while stack:
        piece = stack.pop()
        if isinstance(piece, str):
            out.append(piece)
        elif piece in edits:
            out.append(edits[piece])
        elif (raw := getattr(piece, "raw", None)) is not None:
            out.append(raw)
        else:
            stack.extend(reversed(list(piece.pieces())))
    return "".join(out)


def spans(root: Node) -> dict[Node, tuple[int, int]]:
    """Where every node below `root` stands in the text of `root`: start and end, in characters from 0."""
    found: dict[Node, tuple[int, int]] = {}

    def visit(node: Node, start: int) -> int:
        if (raw := getattr(node, "raw", None)) is not None:
            end = start + len(raw)
        else:
            end = start
            for piece in node.pieces():
                end = end + len(piece) if isinstance(piece, str) else visit(piece, end)
        found[node] = (start, end)
        return end

    visit(root, 0)
    return found
