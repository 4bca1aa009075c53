"""The commands that an instruction runs, wherever they stand: chains, compounds, substitutions, JSON form."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Sequence

from msgspec import Struct
from msgspec.structs import replace

from optimizer.knowledge import commands
from optimizer.syntax.nodes import (
    Command,
    Compound,
    ExecForm,
    Instruction,
    Item,
    Node,
    Operator,
    Redirect,
    ShellScript,
    Word,
)


class Call(Struct, frozen=True, eq=False):
    """One command that runs. `words`: its name and arguments, without `sudo`, `env` and other wrappers.

    `fed`: whether something is piped or redirected into it. `wrapped_by`: the wrappers in front of it.
    """

    instruction: Instruction
    node: Command | ExecForm
    words: tuple[Word | Item, ...]
    fed: bool = False
    substituted: bool = False
    """Whether it stands in a `$(...)`: then its nodes are no part of the tree."""
    wrapped_by: tuple[str, ...] = ()

    @property
    def name(self) -> str | None:
        """The name without folders; None where only the shell knows it. Empty for an assignment alone."""
        if not self.words:
            return ""
        literal = self.words[0].literal
        return None if literal is None else posixpath.basename(literal)

    @property
    def said(self) -> str:
        """Its text, the name without folders."""
        return " ".join([self.name or "", *(word.text for word in self.words[1:])])


def calls(instruction: Instruction, script: ShellScript | None) -> tuple[Call, ...]:
    """All commands of a RUN in source order: of its script, or of its JSON form."""
    body = instruction.inner.body
    if isinstance(body, ExecForm):
        return (_unwrapped(instruction, body, body.items, False),)
    return calls_in(instruction, script.parts) if script else ()


def calls_in(instruction: Instruction, parts: Sequence[Node]) -> tuple[Call, ...]:
    """All commands below some parts of an instruction's script."""
    return tuple(_calls(instruction, parts, False))


def _calls(instruction: Instruction, parts: Sequence[Node], fed: bool) -> Iterator[Call]:
    piped = False
    for part in parts:
        match part:
            case Command():
                for word in part.parts:
                    yield from _substituted(instruction, word)
                yield _unwrapped(instruction, part, part.words, fed or piped or _reads(part.redirects))
            case Compound():
                redirects = [piece for piece in part.parts if isinstance(piece, Redirect)]
                yield from _calls(instruction, part.parts, fed or piped or _reads(redirects))
            case Word() | Redirect():
                yield from _substituted(instruction, part)
            case Operator():
                piped = part.text in ("|", "|&")


def _substituted(instruction: Instruction, part: Node) -> Iterator[Call]:
    word = part.target if isinstance(part, Redirect) else part
    if isinstance(word, Word):
        for script in word.scripts:
            yield from (replace(call, substituted=True) for call in _calls(instruction, script.parts, False))


def _reads(redirects: Sequence[Redirect]) -> bool:
    return any(redirect.operator.text.lstrip("0").startswith("<") for redirect in redirects)


def _unwrapped(instruction: Instruction, node: Command | ExecForm, words: Sequence[Word | Item], fed: bool) -> Call:
    """The call behind `sudo -E`, `env A=b` ...; a wrapper with an option that is not known stays the command."""
    wrappers = commands().wrappers
    seen: list[str] = []
    rest = list(words)
    while rest and (name := _basename(rest[0])) in wrappers:
        inner = _behind_options(rest[1:], wrappers[name])
        if not inner:
            break
        seen.append(name)
        rest = inner
    return Call(instruction, node, tuple(rest), fed, wrapped_by=tuple(seen))


def _basename(word: Word | Item) -> str:
    return posixpath.basename(word.literal or "")


def _behind_options(words: list[Word | Item], value_options: tuple[str, ...]) -> list[Word | Item]:
    """The words behind a wrapper's options and assignments; empty where there is no command to be seen."""
    at = 0
    while at < len(words):
        literal = words[at].literal
        if literal is None:
            return []
        if literal == "--":
            return words[at + 1 :]
        if literal in value_options:
            at += 2
        elif literal.startswith("-") or "=" in literal.partition("/")[0]:
            at += 1
        else:
            return words[at:]
    return []
