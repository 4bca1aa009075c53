"""What Compose and bake files say of Dockerfiles: with which context each is built. Variables are not known.

Sources: the Compose specification (build.md); Docker's bake file reference. Only what they say of contexts is read.
"""

from __future__ import annotations

import json
import os
import re
import shlex
from collections.abc import Callable, Iterator, Mapping
from itertools import accumulate
from pathlib import Path
from typing import Any

from msgspec import Struct

from optimizer.facts.context import LARGEST, Start
from optimizer.facts.context.bake import targets_of

_COMPOSE = re.compile(r".*compose.*\.ya?ml")
_COMPLETE = re.compile(r"(docker-)?compose\.ya?ml")
"""Compose files that stand for themselves: other ones may be laid over these, and leave out what these say."""
_BAKE = re.compile(r"docker-bake(\.override)?\.(json|hcl)")
_DEEPEST = 100
_LARGEST_TABLE = 10_000
_REMOTE = re.compile(r"[a-z+]+://|git@|github\.com/|target:|docker-image:")


class Claim(Struct, frozen=True):
    """One build that a file tells of."""

    by: str
    """The file, and the service or target in it, for people."""
    context: str | None
    """Absolute; None where variables hide it, or the file cannot be read."""
    dockerfile: str | None
    """As written; None where variables hide it, or the file cannot be read."""
    starts: tuple[Start, ...] = ()
    """What containers of the image start beside, or instead of, what the image says."""

    @property
    def path(self) -> str | None:
        """Where the Dockerfile lies, links followed; None where that is not known."""
        if self.context is None or self.dockerfile is None:
            return None
        return os.path.realpath(os.path.join(self.context, self.dockerfile))  # noqa: PTH118

    def may_mean(self, dockerfile: Path) -> bool:
        """Whether it could be about that Dockerfile, for all that is known."""
        if self.path is not None:
            return self.path == os.path.realpath(dockerfile)
        return self.dockerfile is None or os.path.basename(self.dockerfile) == dockerfile.name  # noqa: PTH119


def tells_builds(name: str) -> bool:
    """Whether a file of that name may tell of builds: a Compose or bake file."""
    return bool(_COMPOSE.fullmatch(name) or _BAKE.fullmatch(name))


def claims_of(path: Path) -> tuple[Claim, ...]:
    """What a file says; nothing for one whose name says that it is no Compose or bake file."""
    reader: Callable[[Path, str], Iterator[Claim]]
    if _COMPOSE.fullmatch(path.name):
        reader = _of_compose
    elif _BAKE.fullmatch(path.name):
        reader = _of_bake
    else:
        return ()
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST)
        return tuple(reader(path, content.decode()))
    except (OSError, ValueError, RecursionError):
        return (Claim(f"`{path.name}`", None, None),)


def _of_compose(path: Path, text: str) -> Iterator[Claim]:
    """Raises ValueError for what is no YAML, or another one than it should be."""
    if "build" not in text:
        return
    complete = _COMPLETE.fullmatch(path.name) is not None
    for name, service in _table(_table(_yaml(text)).get("services")).items():
        build = _table(service).get("build")
        build = {"context": build} if isinstance(build, str) else _table(build)
        if "context" in build or (build and complete):
            by = f"service `{name}` of `{path.name}`"
            yield from _claim(by, path.parent, build, tuple(_starts(by, _table(service))))


def _starts(by: str, service: Mapping[str, Any]) -> Iterator[Start]:
    """What a service starts: a text of `command` is split into words, one of a health check is read by a shell."""
    for key in ("entrypoint", "command"):
        value = service.get(key)
        if isinstance(value, str):
            yield Start(f"`{key}` of {by}", tuple(_split(value)))
        elif isinstance(value, list):
            yield Start(f"`{key}` of {by}", tuple(map(str, value)))
    check = service.get("healthcheck")
    test = check.get("test") if isinstance(check, dict) else None
    words = ["CMD-SHELL", test] if isinstance(test, str) else list(map(str, test)) if isinstance(test, list) else []
    if words[:1] in (["CMD-SHELL"], ["CMD"]):
        yield Start(f"the health check of {by}", tuple(words[1:]), shell=words[0] == "CMD-SHELL")


def _split(text: str) -> list[str]:
    try:
        return shlex.split(text.replace("$$", "$"))
    except ValueError:
        return [text]


def _of_bake(path: Path, text: str) -> Iterator[Claim]:
    targets = _table(_table(json.loads(text)).get("target")) if path.suffix == ".json" else targets_of(text)
    for name in targets:
        target = _with_inherited(name, targets, frozenset())
        if "context" in target or "dockerfile" in target:
            yield from _claim(f"target `{name}` of `{path.name}`", path.parent, target)


def _with_inherited(name: str, targets: Mapping[str, Any], below: frozenset[str]) -> dict[str, Any]:
    target = _table(targets.get(name))
    parents = target.get("inherits") or []
    found: dict[str, Any] = {}
    for parent in parents if isinstance(parents, list) else [None]:
        if isinstance(parent, str) and parent in targets and parent not in below:
            found |= _with_inherited(parent, targets, below | {name})
        else:
            found |= {"context": "$", "dockerfile": "$"}
    return found | target


def _claim(by: str, folder: Path, build: Mapping[str, Any], starts: tuple[Start, ...] = ()) -> Iterator[Claim]:
    """The claim of a build whose context is a folder and whose Dockerfile is a file."""
    inline = "dockerfile_inline" in build or "dockerfile-inline" in build
    context, dockerfile = _literal(build.get("context", ".")), _literal(build.get("dockerfile", "Dockerfile"))
    if inline or (context is not None and _REMOTE.match(context)):
        return
    yield Claim(by, None if context is None else os.path.normpath(folder / context), dockerfile, starts)


def _literal(value: object) -> str | None:
    return value if isinstance(value, str) and "$" not in value else None


def _table(value: object) -> dict[str, Any]:
    """The value as a table; empty for nothing. Raises ValueError for what is neither."""
    if value is not None and not isinstance(value, dict):
        raise ValueError("not a table")
    return value or {}


def _yaml(text: str) -> object:
    """Raises ValueError and RecursionError. Tags such as Compose's `!reset` are passed over."""
    from ruamel.yaml import YAML
    from ruamel.yaml.constructor import SafeConstructor
    from ruamel.yaml.error import YAMLError

    class Constructor(SafeConstructor):
        """Stops where merges of merges grow without end."""

        def flatten_mapping(self, node: Any) -> Any:
            found = super().flatten_mapping(node)
            if len(node.value) > _LARGEST_TABLE:
                raise ValueError("too many keys")
            return found

    if _deep(text):
        raise ValueError("nested too deeply")
    Constructor.add_multi_constructor("!", _untagged)
    reader = YAML(typ="safe", pure=True)
    reader.allow_duplicate_keys = True
    reader.Constructor = Constructor
    try:
        return reader.load(text)
    except YAMLError as error:
        raise ValueError(str(error)) from error


def _deep(text: str) -> bool:
    """Whether it is nested as no one writes: the reader would take minutes."""
    steps = (1 if bracket in "[{" else -1 for bracket in re.findall(r"[\[\]{}]", text))
    return max(accumulate(steps, initial=0)) > _DEEPEST or "- " * _DEEPEST in text


def _untagged(loader: Any, _tag: str, node: Any) -> object:
    build = {"MappingNode": loader.construct_mapping, "SequenceNode": loader.construct_sequence}.get(
        type(node).__name__
    )
    return build(node, deep=True) if build else loader.construct_scalar(node)
