"""As much of `docker-bake.hcl` as tells contexts: the targets with their plain strings and lists of them.

A value of any other kind (variables, functions, conditions) is `$`: not known.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_TOKEN = re.compile(
    r"(?P<skip>[ \t\r]+|(?:#|//)[^\n]*|/\*.*?\*/)"
    r"|(?P<heredoc><<-?(?P<mark>\w+)\n.*?\n[ \t]*(?P=mark)(?=\n|\Z))"
    r'|(?P<string>"(?:\\.|\$\{[^}"]*\}|[^"\\])*")'
    r"|(?P<word>[\w-]+)|(?P<other>.)",
    re.S,
)
_HEAD = re.compile(r'target (?:"([^"]+)"|([\w-]+)) \{')
_WANTED = ("context", "dockerfile", "dockerfile-inline", "inherits", "matrix")

Value = str | list[str]


def targets_of(text: str) -> dict[str, dict[str, Value]]:
    """The targets of a bake file by their names. Raises ValueError where its brackets do not match."""
    found: dict[str, dict[str, Value]] = {}
    for line, inner in _blocks(text):
        head = _HEAD.fullmatch(line)
        if head is None:
            continue
        target = found.setdefault(head[1] or head[2], {})
        for attribute in inner:
            name, _, value = attribute.partition(" = ")
            if name in _WANTED:
                target[name] = _value(value)
        if "matrix" in target:
            target |= {"context": "$", "dockerfile": "$"}
    return found


def _value(text: str) -> Value:
    strings = re.findall(r'"((?:\\.|[^"\\])*)"', text)
    if re.fullmatch(r'\[ ?(?:"[^"\\$]*" ?(?:, )?)*\]', text):
        return strings
    return strings[0] if re.fullmatch(r'"[^"\\$%]*"', text) else "$"


def _blocks(text: str) -> Iterator[tuple[str, list[str]]]:
    """Each block at the top: its first line up to `{`, and the lines of its own inside, tokens apart by one blank."""
    head: list[str] = []
    inner: list[str] = []
    line: list[str] = []
    depth = 0
    for token in _TOKEN.finditer(text):
        piece = token.group()
        if token["skip"] is not None:
            continue
        opens, closes = piece in "{[(", piece in "}])"
        depth += opens - closes
        if depth < 0:
            raise ValueError("a bracket too many")
        if depth == 0 and closes and piece == "}":
            yield " ".join(head), [*inner, " ".join(line)]
            head, inner, line = [], [], []
        elif depth == 1 and opens and piece == "{":
            head, line = [*line, "{"], []
        elif piece == "\n":
            if depth < 2 and line:
                inner, line = ([*inner, " ".join(line)] if depth else []), []
        else:
            line.append(piece)
    if depth:
        raise ValueError("a bracket is not closed")
