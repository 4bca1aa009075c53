"""Whether a step may read or write something at a path; where that cannot be told, it may."""

from __future__ import annotations

import posixpath
from collections.abc import Sequence

from optimizer.facts.calls import Call
from optimizer.facts.packages import package_call
from optimizer.knowledge import commands
from optimizer.syntax.nodes import Command, Instruction, Words, source

_KEEPS_TO_ARGUMENTS = frozenset(
    "echo printf export set true : mkdir useradd groupadd adduser addgroup usermod groupmod ln chmod chown touch "
    "ldconfig locale-gen update-ca-certificates test [ id getent curl wget rm".split()
)
"""Commands that touch no file but the ones that their words name and the system's own databases."""


def mentions(instruction: Instruction, calls: Sequence[Call], path: str) -> bool:
    """Whether the step may touch the path, anything below it, or a folder above it as a whole."""
    match instruction.name:
        case "WORKDIR" | "COPY" | "ADD" if isinstance(instruction.body, Words):
            return _near(instruction.body.words[-1].text, path)
        case "RUN":
            return instruction.flag("mount") is not None or any(_may_touch(call, path) for call in calls)
    return True


def _may_touch(call: Call, path: str) -> bool:
    name = call.name
    package = package_call(call)
    if package is None and (name is None or name not in _KEEPS_TO_ARGUMENTS or name not in commands().neutral):
        return True
    if package is not None and not (package.installs and package.understood):
        return True
    if not isinstance(call.node, Command):
        return True
    words = [word for word in call.words[1:]] + [redirect.target for redirect in call.node.redirects]
    if any(word.literal is None for word in words):
        return True
    if posixpath.basename(path) in source(call.node):
        return True
    return any(_near(word.literal or "", path) for word in words if "/" in (word.literal or ""))


def _near(place: str, path: str) -> bool:
    """Whether one of two paths lies in the other; a relative or variable place may be anywhere."""
    if not place.startswith("/") or "$" in place:
        return not place.startswith(("http:", "https:", "-"))
    place, path = posixpath.normpath(place), posixpath.dirname(path) if "*" in path else path
    return place == path or place.startswith(path + "/") or path.startswith(place.rstrip("/") + "/")


def makes(call: Call, path: str) -> bool:
    """Whether the command surely or most likely writes the path: it names it as what it writes."""
    name = call.name
    if not isinstance(call.node, Command) or name not in _WRITERS:
        return any(
            ">" in redirect.operator.text and redirect.target.literal == path
            for redirect in getattr(call.node, "redirects", ())
        )
    folder = path.rstrip("*").rstrip("/")
    words = [word.literal for word in call.words[1:]] + [redirect.target.literal for redirect in call.node.redirects]
    return any(word is not None and (word == folder or word.startswith(folder + "/")) for word in words)


_WRITERS = frozenset("wget curl tar git unzip mkdir cp mv touch gpg install npm pip dd tee make cmake".split())
