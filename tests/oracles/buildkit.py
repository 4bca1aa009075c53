"""What BuildKit's own parser sees in a file, and what we see, in one notation that can be compared.

The truth is `tests/syntax/cases.json` (BuildKit at 73ed6825c, recorded); the PyPI package `dockerfile` binds
BuildKit 0.12 and is asked about any other file.
"""

from __future__ import annotations

import json
import re
from typing import Any

import dockerfile
from msgspec import Struct

from optimizer.syntax.nodes import (
    Body,
    Dockerfile,
    ExecForm,
    Instruction,
    Opaque,
    Pairs,
    ShellScript,
    Word,
    Words,
    source,
)
from optimizer.syntax.problems import INSTRUCTIONS

_HEADER = re.compile(r"(\d+)-(\d+):")


class Seen(Struct, frozen=True):
    """One instruction: first and last line, the rest in the notation of the recorded answers."""

    first: int
    last: int
    text: str


def recorded(answer: str) -> list[Seen] | None:
    """The instructions of a recorded answer; None where BuildKit's parser rejects the file."""
    if "ERR " in answer.replace("INSTR-ERR ", ""):
        return None
    answer = re.sub(r"  (INSTR-ERR|SYNTAX=|CHECK=|ESC=|WARN\().*", "", answer, flags=re.S)
    found = []
    for piece in re.split(r" \| (?=\d+-\d+:)", answer):
        match = _HEADER.match(piece)
        assert match, piece
        text = re.sub(r' CMT\[(?:"(?:[^"\\]|\\.)*"(?:, )?)*\]', "", piece[match.end() :], flags=re.S)
        found.append(Seen(int(match[1]), int(match[2]), text))
    return found


def ours(tree: Dockerfile) -> list[Seen]:
    """The same of our tree."""
    found = []
    line = 1 + sum(directive.raw.count("\n") for directive in tree.directives)
    for instruction in tree.instructions:
        line += sum(above.raw.count("\n") for above in instruction.leading)
        text = source(instruction)
        text = text[sum(len(above.raw) for above in instruction.leading) :]
        lines = text.count("\n") + (not text.endswith("\n"))
        found.append(Seen(line, line + lines - 1, _described(instruction)))
        line += text.count("\n")
    return found


def _described(instruction: Instruction) -> str:
    inner = _inner(instruction)
    documents = [
        [doc.name, doc.descriptor, "x" if doc.expands else "noexp", "-" if doc.strips_tabs else "", source(doc.body)]
        for doc in instruction.inner.heredocs
    ]
    return inner + (f" HD{_json(documents)}" if documents else "")


def _inner(instruction: Instruction) -> str:
    known = instruction.name in INSTRUCTIONS
    flags = [flag.text for flag in instruction.all_flags if flag.text not in ("--", "")]
    body = instruction.body
    out = _replaced(instruction.keyword.text) + (f" F{_json(flags)}" if flags else "")
    if not known:
        return out + ' [""]'
    if instruction.name == "ONBUILD" and isinstance(body, Instruction):
        return f"{out} {{{_inner(body)}}}"
    values, is_json = _values(instruction.name, body)
    return f"{out} {_json(values)}" + (" JSON" if is_json else "")


def _values(name: str, body: Body) -> tuple[list[str], bool]:
    match body:
        case None:
            return [], False
        case ExecForm():
            return [item.text for item in body.items], True
        case Words():
            return [word.text for word in body.words], False
        case Pairs():
            out = []
            for pair in body.pairs:
                if pair.value is None:
                    out.append(pair.name.text)
                elif name == "ARG":
                    out.append(f"{pair.name.text}={pair.value.text}")
                else:
                    out += [pair.name.text, pair.value.text, "" if body.legacy else "="]
            return out, False
        case Instruction():
            values, is_json = _values(body.name, body.body)
            return [body.keyword.text, *values], is_json
        case Opaque():
            return [body.text], False
        case ShellScript():
            return [body.text], False


def _json(values: object) -> str:
    return _replaced(json.dumps(values, ensure_ascii=False))


def _replaced(text: str) -> str:
    return re.sub("[\ud800-\udfff]", "\ufffd", text)


def by_binding(text: str) -> list[Seen] | None:
    """What the binding of BuildKit 0.12 sees, in the notation of `as_binding`; None where it rejects the file."""
    try:
        commands = dockerfile.parse_string(text)
    except (dockerfile.GoParseError, UnicodeDecodeError):
        return None
    return [Seen(c.start_line, c.end_line, _of_binding(c)) for c in commands]


def _of_binding(command: Any) -> str:
    name = (command.cmd or "").upper()
    if name not in INSTRUCTIONS:
        return name
    documents = [[doc.name, doc.file_descriptor, doc.content] for doc in command.heredocs]
    return f"{name} {_json(list(command.flags))} {_json(list(command.value))} {command.json} {_json(documents)}"


def agree(tree: Dockerfile, seen: list[Seen]) -> bool:
    """Whether the binding sees what we see.

    Left out: `["a"] # x`, which 0.12 took for JSON form, and a HEALTHCHECK of an unknown type, which no build takes.
    """
    mine = as_binding(tree)
    if len(mine) != len(seen):
        return False
    pairs = zip(mine, seen, tree.instructions, strict=True)
    return all(one == other or (" True [" in other.text and _read_otherwise(i)) for one, other, i in pairs)


def _read_otherwise(instruction: Instruction) -> bool:
    inner = instruction.inner.body
    if instruction.name == "HEALTHCHECK" and isinstance(inner, Words):
        return True
    text = inner.text if isinstance(inner, ShellScript | Opaque) else " ".join(w.text for w in _words(inner))
    return text.startswith("[")


def _words(body: Body) -> tuple[Word, ...]:
    return body.words if isinstance(body, Words) else ()


def as_binding(tree: Dockerfile) -> list[Seen]:
    """Our tree in the notation of `by_binding`: what BuildKit 0.12 tells of it."""
    return [
        Seen(seen.first, seen.last, _as_binding(instruction))
        for seen, instruction in zip(ours(tree), tree.instructions, strict=True)
    ]


def _as_binding(instruction: Instruction) -> str:
    name = instruction.name
    if name not in INSTRUCTIONS:
        return _replaced(instruction.keyword.text.upper())
    body = instruction.body
    flags = [flag.text for flag in instruction.all_flags if flag.text not in ("--", "")]
    documents = [[doc.name, doc.descriptor, source(doc.body)] for doc in instruction.inner.heredocs]
    if name == "ONBUILD" and isinstance(body, Instruction):
        # The binding tells of the inner instruction only its values; flags and heredocs of it are not told.
        flags, body, name, documents = [], body.body, body.name, []
    values, is_json = _values(name, body)
    if name in ("ENV", "LABEL") and isinstance(body, Pairs):
        values = [text for i, text in enumerate(values) if i % 3 != 2]
    return f"{instruction.name} {_json(flags)} {_json(values)} {is_json} {_json(documents)}"
