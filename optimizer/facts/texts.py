"""What an instruction says without its layout: words, operators and arguments as they are read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType

from optimizer.syntax.nodes import (
    Command,
    Compound,
    ExecForm,
    Gap,
    Instruction,
    Item,
    Node,
    Opaque,
    Operator,
    Pair,
    Redirect,
    Reserved,
    Word,
    source,
)


def tokens(node: Node, reworded: Mapping[Node, str] = MappingProxyType({})) -> Iterator[str]:
    """The words and operators below a node as a shell reads them, without layout and comments.

    `reworded` gives words another text; an empty one leaves them out.
    """
    match node:
        case Word() | Item():
            yield from _read(node, reworded)
        case Operator() | Reserved() | Opaque():
            yield ";" if node.text == "\n" else node.text
        case Redirect():
            yield node.operator.text + node.target.text
        case Command() | Compound():
            for part in node.parts:
                yield from tokens(part, reworded)
        case ExecForm():
            yield "\0".join(text for item in node.items for text in _read(item, reworded))
        case Gap():
            return
        case _:
            for child in node.children():
                yield from tokens(child, reworded)


def _read(word: Word | Item, reworded: Mapping[Node, str]) -> Iterator[str]:
    text = reworded.get(word)
    if text != "":
        yield word.text if text is None else text


def begins(text: str, known: Iterable[str]) -> bool:
    """Whether a command begins with one of these, word by word."""
    return f"{text} ".startswith(tuple(f"{one} " for one in known))


def shortened(text: str, most: int = 60) -> str:
    """The text in at most so many characters; where some are left out, it ends in dots."""
    return text if len(text) <= most else text[: most - 3] + "..."


def flags_text(instruction: Instruction, reworded: Mapping[Node, str] = MappingProxyType({})) -> str:
    """The flags as BuildKit reads them; `reworded` gives flags another text."""
    return " ".join(filter(None, (reworded.get(flag, flag.text) for flag in instruction.all_flags)))


def argument_text(instruction: Instruction, reworded: Mapping[Node, str] = MappingProxyType({})) -> str:
    """Flags and arguments as BuildKit reads them, without layout; heredoc bodies as they stand."""
    parts = [flags] if (flags := flags_text(instruction, reworded)) else []
    body = instruction.body
    if isinstance(body, Instruction):
        parts += [body.name, argument_text(body, reworded)]
    elif body is not None:
        parts += _arguments(body, reworded)
    parts += [source(doc.body) for doc in instruction.heredocs]
    return " ".join(parts)


def _arguments(node: Node, reworded: Mapping[Node, str]) -> Iterator[str]:
    for child in node.children() if not isinstance(node, Opaque) else (node,):
        if isinstance(child, Pair):
            value = child.value.text if child.value else None
            yield child.name.text if value is None else f"{child.name.text}={value}"
        else:
            yield from tokens(child, reworded)


def comment_lines(instruction: Instruction) -> str:
    """The comment and blank lines above an instruction, as they stand."""
    return "".join(line.raw for line in instruction.leading)
