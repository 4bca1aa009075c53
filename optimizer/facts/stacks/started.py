"""The programs that a container of a stage starts: by CMD, ENTRYPOINT and HEALTHCHECK, in whatever form."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from msgspec import Struct

from optimizer.facts import BuildStage, Facts
from optimizer.facts.calls import calls_in
from optimizer.facts.scope import Scope
from optimizer.syntax.nodes import ExecForm, Instruction, ShellScript


class Start(Struct, frozen=True):
    """One program. `name`: as written, with variables replaced; None where it is not known.

    `shell`: whether a shell finds it; else the kernel starts it.
    """

    instruction: Instruction
    name: str | None
    words: tuple[str, ...]
    shell: bool


def last(stage: BuildStage, name: str) -> Instruction | None:
    """The instruction of a kind that is in force at the end of a stage."""
    return next((one for one in reversed(stage.instructions) if one.name == name), None)


def starts(facts: Facts, stage: BuildStage, scope: Scope) -> tuple[Start, ...]:
    """What is started. `scope`: what is in force at the end of the stage."""
    entry, command = last(stage, "ENTRYPOINT"), last(stage, "CMD")
    found: list[Start] = []
    first = entry if entry is not None and not _is_empty(entry) else command
    for one in (first, last(stage, "HEALTHCHECK")):
        if one is not None:
            found += _of(one, scope)
    return tuple(found)


def argument_of(stage: BuildStage) -> str | None:
    """The first word of a CMD in JSON form that an ENTRYPOINT is given; None where CMD is what is started."""
    entry, command = last(stage, "ENTRYPOINT"), last(stage, "CMD")
    if entry is None or _is_empty(entry) or command is None or not isinstance(command.body, ExecForm):
        return None
    return next((item.text for item in command.body.items), None)


def _is_empty(entry: Instruction) -> bool:
    return isinstance(entry.body, ExecForm) and not entry.body.items


def _of(instruction: Instruction, scope: Scope) -> Iterator[Start]:
    inner = instruction.inner
    body = inner.body
    if instruction.name == "HEALTHCHECK" and inner is instruction:
        return  # NONE
    if isinstance(body, ExecForm):
        items = tuple(item.text for item in body.items)
        yield Start(instruction, items[0] if items else None, items, shell=False)
        return
    if not isinstance(body, ShellScript):
        yield Start(instruction, None, (), shell=True)
        return
    for call in calls_in(instruction, body.parts):
        words = [word.literal if word.literal is not None else word.text for word in call.words]
        if words[:1] == ["exec"]:
            words = words[1:]
        if words:
            yield Start(instruction, scope.expand(words[0], "\\"), tuple(words), shell=True)


def candidates(name: str, scope: Scope) -> tuple[str, ...]:
    """The paths under which a program is looked for, in order; empty where the folder or PATH is not known."""
    if name.startswith("/"):
        return (posixpath.normpath(name),)
    if "/" in name:
        return (posixpath.normpath(posixpath.join(scope.folder, name)),) if scope.folder else ()
    folders = (scope.variables.get("PATH") or "").split(":")
    return tuple(posixpath.join(folder, name) for folder in folders if folder.startswith("/"))
