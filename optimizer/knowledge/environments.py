"""Where tools of Python put packages: the rows of `environments.toml`."""

from __future__ import annotations

from functools import lru_cache

from msgspec import Struct

from optimizer.knowledge import KnowledgeError, load, row

_TABLES = {"tool", "tools", "quiet", "makers"}


class Tool(Struct, frozen=True):
    """What the head of the table says of its keys."""

    commands: tuple[str, ...]
    verbs: tuple[str, ...]
    source: str
    folder: str = ""
    always: bool = False
    in_project: tuple[str, ...] = ()
    elsewhere: str = ""
    beside: tuple[str, ...] = ()
    always_beside: bool = False
    active: bool = False
    searched: bool = False
    strange: tuple[str, ...] = ()
    manifest: str = ""
    file: str = ""
    fetches: tuple[str, ...] = ()


class Environments(Struct, frozen=True):
    """The whole table. `by_verb`: `command verb` -> row."""

    by_verb: dict[str, Tool]
    packages: frozenset[str]
    upkeep: frozenset[str]
    quiet: frozenset[str]
    makers: frozenset[str]


@lru_cache(maxsize=1)
def environments() -> Environments:
    """The table, read on the first call. Raises KnowledgeError for a table or a key that it does not know."""
    data = load("environments.toml")
    if unknown := sorted(data.keys() - _TABLES):
        raise KnowledgeError(f"environments.toml: unknown table `{unknown[0]}`")
    rows = [row(Tool, one, f"environments.toml: tool {n}") for n, one in enumerate(data["tool"], 1)]
    return Environments(
        by_verb={f"{command} {verb}": one for one in rows for command in one.commands for verb in one.verbs},
        packages=frozenset(data["tools"]["packages"]),
        upkeep=frozenset(data["tools"]["upkeep"]),
        quiet=frozenset(data["quiet"]["commands"]),
        makers=frozenset(data["makers"]["commands"]),
    )
