"""The rows of `folders.toml`: which folders a base image has, and where it has nothing."""

from __future__ import annotations

from functools import lru_cache

from msgspec import Struct

from optimizer.knowledge import KnowledgeError, load


class Folders(Struct, frozen=True):
    """The table. `holds`: image name -> globs of what it has where a name would be free."""

    exists: dict[str, tuple[str, ...]]
    free_below: frozenset[str]
    taken: frozenset[str]
    file_folders: frozenset[str]
    file_endings: tuple[str, ...]
    holds: dict[str, tuple[str, ...]]


@lru_cache(maxsize=1)
def folders() -> Folders:
    """The table, read once. Raises KnowledgeError for a table that it does not know."""
    data = load("folders.toml")
    if unknown := sorted(data.keys() - {"exists", "free", "files", "image"}):
        raise KnowledgeError(f"folders.toml: unknown table `{unknown[0]}`")
    return Folders(
        exists={system: tuple(paths) for system, paths in data["exists"].items()},
        free_below=frozenset(data["free"]["below"]),
        taken=frozenset(data["free"]["taken"]),
        file_folders=frozenset(data["files"]["folders"]),
        file_endings=tuple(data["files"]["endings"]),
        holds={name: tuple(image["holds"]) for image in data["image"] for name in image["names"]},
    )
