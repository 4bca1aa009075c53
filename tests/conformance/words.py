"""Variables and quotes in the arguments of instructions, read by rules of our own: a second opinion on BuildKit's."""

from __future__ import annotations

import re
from collections.abc import Mapping

_NAME = re.compile(r"[A-Za-z_]\w*|[0-9]+|[@*#?$!-]")


def expanded(text: str, variables: Mapping[str, str], escape: str = "\\") -> str:
    """The value of one argument; what is not understood (`${x#y}` and the like) stays as it is written."""
    out, at, quote = [], 0, ""
    while at < len(text):
        char = text[at]
        if quote == "'" and char != "'":
            out.append(char)
        elif char in "'\"" and quote in ("", char):
            quote = "" if quote else char
        elif char == escape:
            kept = quote and text[at + 1 : at + 2] not in ('"', "$", escape)
            out.append(text[at : at + 2] if kept else text[at + 1 : at + 2])
            at += 1
        elif char == "$":
            value, at = _variable(text, at, variables, escape)
            out.append(value)
            continue
        else:
            out.append(char)
        at += 1
    return "".join(out)


def _variable(text: str, at: int, variables: Mapping[str, str], escape: str) -> tuple[str, int]:
    """The value of the variable whose `$` stands at `at`, and where the text goes on behind it."""
    if text[at + 1 : at + 2] != "{":
        name = _NAME.match(text, at + 1)
        return (variables.get(name[0], ""), name.end()) if name else ("$", at + 1)
    end = _closing(text, at + 2, escape)
    inner = re.fullmatch(r"(\w+)(?:(:?[-+])(.*))?", text[at + 2 : end], re.S)
    if inner is None:
        return text[at : end + 1], end + 1
    name_, operator, word = inner.groups()
    value, word = variables.get(name_), expanded(word or "", variables, escape)
    there = bool(value) if operator and operator[0] == ":" else value is not None
    if operator and operator[-1] == "+":
        return (word if there else ""), end + 1
    return (value or "") if there or not operator else word, end + 1


def _closing(text: str, at: int, escape: str) -> int:
    """Where the `}` stands that closes the variable which is open at `at`."""
    depth = 1
    while at < len(text):
        if text[at] == escape:
            at += 2
            continue
        depth += text.startswith("${", at) - (text[at] == "}")
        if not depth:
            return at
        at += 1
    return at
