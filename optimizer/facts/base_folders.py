"""Which folders a base image has, and where it surely has nothing: read with the rows of `folders.toml`."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase

from optimizer.facts.bases import System, image_of
from optimizer.facts.paths import within
from optimizer.knowledge.folders import folders


def existing(system: System | None) -> frozenset[str]:
    """The folders that surely exist in an image of the system, or in any in which a shell runs."""
    rows = folders().exists
    return frozenset({*rows["any"], *((*rows["all"], *rows.get(system.name, ())) if system else ())})


def held_by_base(reference: str | None) -> tuple[str, ...] | None:
    """What an image has where a name would be free, as globs; None where that is not known."""
    name, tag = image_of(reference or "")
    return None if "onbuild" in tag else folders().holds.get(name)


def is_free(path: str, holds: Sequence[str]) -> bool:
    """Whether a system image has nothing at the path."""
    parents = [parent for parent in ancestry(path) if parent != path and parent in folders().free_below]
    if path == "/" or not parents:
        return False
    top = max(parents, key=len)
    name = path.removeprefix(top).lstrip("/").partition("/")[0]
    if top == "/" and name in folders().taken:
        return False
    free = posixpath.join(top, name)
    return not any(fnmatchcase(free, glob) or near(free, glob) for glob in holds)


def is_file_name(path: str) -> bool:
    """Whether the path says by its name or its folder that it is a file."""
    name = posixpath.basename(path)
    return posixpath.dirname(path) in folders().file_folders or name.endswith(folders().file_endings)


def ancestry(path: str) -> Iterator[str]:
    """The folders from below the root down to the path."""
    parts = path.strip("/").split("/")
    yield "/"
    for number in range(1, len(parts) + 1):
        if parts[0]:
            yield "/" + "/".join(parts[:number])


def near(one: str, other: str) -> bool:
    """Whether one of two paths lies in the other."""
    return within(one, other) or within(other, one)
