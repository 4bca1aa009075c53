"""Whether a step may read or write something at a path; where that cannot be told, it may."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Sequence
from itertools import pairwise

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
    words = [*call.words[1:], *(redirect.target for redirect in call.node.redirects)]
    if any(word.literal is None for word in words):
        return True
    if posixpath.basename(path) in source(call.node):
        return True
    return any(_near(word.literal or "", path) for word in words if "/" in (word.literal or ""))


def within(path: str, folder: str) -> bool:
    """Whether the path is the folder or lies in it; both are absolute."""
    return path == folder or path.startswith(folder.rstrip("/") + "/")


def covering(paths: Sequence[str]) -> Iterator[str]:
    """The paths that do not lie below another one of them, in order."""
    for path in paths:
        if not any(path != other and within(path, other) for other in paths):
            yield path


def _near(place: str, path: str) -> bool:
    """Whether one of two paths lies in the other; a relative or variable place may be anywhere."""
    if not place.startswith("/") or "$" in place:
        return not place.startswith(("http:", "https:", "-"))
    place, path = posixpath.normpath(place), posixpath.dirname(path) if "*" in path else path
    return place == path or place.startswith(path + "/") or path.startswith(place.rstrip("/") + "/")


_FETCHERS = frozenset("wget curl tar bsdtar git unzip cp mv gpg mkdir touch tee dd svn hg aria2c".split())


def makes(calls: Sequence[Call], path: str, folder: str | None) -> bool:
    """Whether the commands of a RUN are seen to write the path: one of them writes files and one names it."""
    if not any(call.name in _FETCHERS for call in calls):
        return any(_redirected(call) == path for call in calls)
    plain = path.rstrip("*").rstrip("/")
    names = {plain}
    if folder is not None and plain.startswith(folder.rstrip("/") + "/"):
        names.add(plain[len(folder.rstrip("/")) + 1 :])
    for call in calls:
        for word in _written(call):
            if any(word == name or word.startswith(name + "/") for name in names):
                return True
            if call.name in ("wget", "curl", "git") and "://" in word and _downloaded(word) in names:
                return True
    return False


def _written(call: Call) -> list[str]:
    """The words of a command that may name what it writes; an archive that is unpacked is only read."""
    words = [word.literal or "" for word in call.words[1:]]
    match call.name:
        case "tar" | "bsdtar" if words and "c" not in words[0]:
            return [value for option, value in pairwise(words) if option in ("-C", "--directory")]
        case "unzip":
            return [value for option, value in pairwise(words) if option == "-d"]
        case "cp" | "mv":
            return words[-1:]
    return words


def _redirected(call: Call) -> str | None:
    redirects = call.node.redirects if isinstance(call.node, Command) else ()
    return next((r.target.literal for r in redirects if ">" in r.operator.text), None)


def _downloaded(url: str) -> str:
    """The file or folder that wget, `curl -O` and git clone make of a URL."""
    return posixpath.basename(url.partition("?")[0].rstrip("/")).removesuffix(".git")
