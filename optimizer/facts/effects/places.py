"""Places in the file system of an image: one path, or a path and everything below it; whether two of them meet."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable
from fnmatch import fnmatchcase
from functools import lru_cache

from msgspec import Struct

from optimizer.knowledge.effects import effects_table

UNKNOWN = "\ufffd"
"""Stands in a text for what only the build can tell."""


class Place(Struct, frozen=True):
    """A path, absolute and normal; its components may be globs. `below`: and everything below it.

    `spares`: paths below it that are not meant. `packaged`: what packages bring or need, not what a command names.
    """

    path: str
    below: bool = False
    packaged: bool = False
    spares: tuple[str, ...] = ()

    def __str__(self) -> str:
        return "everything" if self.path == "/" and self.below else self.path


EVERYWHERE = Place("/", below=True)


def place(text: str, folder: str | None, *, below: bool = False) -> Place:
    """The place that a text names from a folder; what is not known in it is any text. An unknown folder: everywhere."""
    if text.startswith(UNKNOWN) or (not text.startswith("/") and folder is None):
        return EVERYWHERE
    if not text.startswith("/"):
        if text.startswith("../"):
            text = posixpath.normpath(posixpath.join(folder or "/", text))
        text = posixpath.join(folder or "/", text)
    if (back := _goes_back(text)) is not None:
        return Place(canonical(back), below=True)
    known, unknown, _ = text.partition(UNKNOWN)
    if not unknown:
        return Place(canonical(text), below)
    parent, _, start = known.rpartition("/")
    return Place(canonical(f"{parent}/{start}*"), below=True) if start else Place(canonical(parent or "/"), below=True)


def _goes_back(text: str) -> str | None:
    """What stands before a folder that is entered and left again: `/a` of `/a/link/../b`; a link leads elsewhere."""
    parts = text.split("/")
    at = next((i for i, part in enumerate(parts) if part == ".." and parts[i - 1] not in ("", ".", "..")), None)
    return None if at is None else "/".join(parts[: at - 1]) or "/"


@lru_cache(maxsize=8192)
def canonical(path: str) -> str:
    """The path without dots and double slashes; a link that every system has is followed (`/var/run` to `/run`)."""
    path = posixpath.normpath("/" + path.lstrip("/"))
    for link, target in effects_table().aliases.items():
        if path == link or path.startswith(link + "/"):
            return target + path[len(link) :]
    return path


@lru_cache(maxsize=65536)
def meet(one: Place, other: Place) -> bool:
    """Whether what is done at one place may be felt at the other: equal, below, or a folder that it makes or needs."""
    ours, theirs = _parts(one.path), _parts(other.path)
    if not all(_same(a, b) for a, b in zip(ours, theirs, strict=False)):
        return False
    if len(ours) == len(theirs):
        return one.below or other.below or one.path != "/"
    outer, inner = (one, other) if len(ours) < len(theirs) else (other, one)
    if not outer.below:
        return outer.path not in effects_table().standing
    return not any(_covers(path, inner.path) for path in outer.spares)


@lru_cache(maxsize=65536)
def _covers(folder: str, path: str) -> bool:
    """Whether the path is the folder, whose last part may be a glob, or lies in it."""
    ours, theirs = _parts(folder), _parts(path)
    return len(ours) <= len(theirs) and all(fnmatchcase(b, a) for a, b in zip(ours, theirs, strict=False))


def first_meeting(ours: Iterable[Place], theirs: Iterable[Place]) -> tuple[Place, Place] | None:
    """Two places that meet, the longest; what packages bring and what programs need of them is not compared."""
    found = [
        (one, other) for one in ours for other in theirs if not (one.packaged and other.packaged) and meet(one, other)
    ]
    return min(found, key=lambda pair: [(-len(place.path), place.path, place.below) for place in pair], default=None)


@lru_cache(maxsize=65536)
def _parts(path: str) -> tuple[str, ...]:
    return tuple(part for part in path.split("/") if part)


def _same(one: str, other: str) -> bool:
    if one == other:
        return True
    if _is_glob(one):
        return (_is_glob(other) and _may_agree(one, other)) or fnmatchcase(other, one)
    return _is_glob(other) and fnmatchcase(one, other)


def _may_agree(one: str, other: str) -> bool:
    """Whether two globs may match one name: what stands before their first star, and behind their last, decides."""
    heads = [_head(text) for text in (one, other)]
    tails = [_head(text[::-1].replace("]", "[")) for text in (one, other)]
    return all(a.startswith(b) or b.startswith(a) for a, b in (heads, tails))


def _head(text: str) -> str:
    return text[: next((i for i, char in enumerate(text) if char in "*?["), len(text))]


def _is_glob(text: str) -> bool:
    return any(char in text for char in "*?[")
