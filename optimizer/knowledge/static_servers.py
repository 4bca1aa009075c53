"""Programs that hand out the files of a folder: the rows of `static_servers.toml`."""

from __future__ import annotations

from functools import lru_cache

from msgspec import Struct

from optimizer.knowledge import KnowledgeError, load, row


class Server(Struct, frozen=True):
    """What the head of the table says of its keys."""

    commands: tuple[str, ...]
    packages: tuple[str, ...]
    source: str
    value_options: tuple[str, ...] = ()
    flag_options: tuple[str, ...] = ()


class Servers(Struct, frozen=True):
    """The whole table. `by_command`: command -> row."""

    by_command: dict[str, Server]
    folders: dict[str, str]
    settings: tuple[str, ...]
    words: tuple[str, ...]


@lru_cache(maxsize=1)
def static_servers() -> Servers:
    """The table, read on the first call. Raises KnowledgeError for a table or a key that it does not know."""
    data = load("static_servers.toml")
    if unknown := sorted(data.keys() - {"server", "makes"}):
        raise KnowledgeError(f"static_servers.toml: unknown table `{unknown[0]}`")
    rows = [row(Server, one, f"static_servers.toml: server {n}") for n, one in enumerate(data["server"], 1)]
    made = data["makes"]
    return Servers(
        by_command={command: one for one in rows for command in one.commands},
        folders=dict(made["folders"]),
        settings=tuple(made["settings"]),
        words=tuple(made["words"]),
    )
