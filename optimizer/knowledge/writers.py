"""The table of what commands surely write, and of what they take away or write anew."""

from __future__ import annotations

from functools import lru_cache

from msgspec import Struct

from optimizer.knowledge import KnowledgeError, load, row


class Writer(Struct, frozen=True):
    """A command that writes files: what `writers.toml` says of its keys."""

    name: str
    source: str
    verb: str = ""
    output: tuple[str, ...] = ()
    folder: tuple[str, ...] = ()
    url_options: tuple[str, ...] = ()
    value_options: tuple[str, ...] = ()
    unpacks: bool = False
    last: bool = False
    all: bool = False
    into: str = ""


class Changer(Struct, frozen=True):
    """A command that deletes, moves or changes files that are there."""

    name: str
    does: str
    source: str
    skip: int = 0
    deep: tuple[str, ...] = ()
    keeps_last: bool = False


class Writers(Struct, frozen=True):
    """Both tables, by the command's name."""

    writers: dict[str, tuple[Writer, ...]]
    changers: dict[str, Changer]


@lru_cache(maxsize=1)
def writers() -> Writers:
    """The tables. Raises KnowledgeError for what its rows do not know."""
    data = load("writers.toml")
    if unknown := sorted(data.keys() - {"writer", "changer"}):
        raise KnowledgeError(f"writers.toml: unknown table `{unknown[0]}`")
    by_name: dict[str, tuple[Writer, ...]] = {}
    for number, table in enumerate(data["writer"], start=1):
        writer = row(Writer, table, f"writers.toml: writer {number}")
        by_name[writer.name] = (*by_name.get(writer.name, ()), writer)
    changers = [row(Changer, table, f"writers.toml: changer {n}") for n, table in enumerate(data["changer"], start=1)]
    return Writers(by_name, {changer.name: changer for changer in changers})
