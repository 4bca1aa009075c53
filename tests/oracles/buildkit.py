"""What BuildKit's own parser sees in a file, and what we see, in one notation that can be compared.

The truth is `tests/syntax/cases.json` (BuildKit at 73ed6825c, recorded); the PyPI package `dockerfile` binds
BuildKit 0.12 and is asked about any other file.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

import dockerfile

from optimizer.syntax.nodes import Body, Dockerfile, ExecForm, Instruction, Opaque, Pairs, ShellScript, Words, source
from optimizer.syntax.problems import INSTRUCTIONS

_HEADER = re.compile(r"(\d+)-(\d+):")


@dataclass(frozen=True)
class Seen:
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
    """What the binding of BuildKit 0.12 sees; None where it rejects the file."""
    try:
        commands = dockerfile.parse_string(text)
    except (dockerfile.GoParseError, UnicodeDecodeError):
        return None
    return [Seen(c.start_line, c.end_line, (c.cmd or "").upper()) for c in commands]
