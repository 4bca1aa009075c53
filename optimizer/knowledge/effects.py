"""What commands read, write and delete: `effects.toml`. A command that has no row is a barrier."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from msgspec import Struct, field

from optimizer.knowledge import KnowledgeError, load, row


class Deed(Struct, frozen=True):
    """What a command, with its verb if it has one, does; the keys are told at the head of `effects.toml`."""

    names: tuple[str, ...]
    source: str
    grammar: str = ""
    core: bool = False
    builtin: bool = False
    operands: str = "none"
    skip: int = 0
    recursive: tuple[str, ...] = ()
    trees: bool = False
    value_options: tuple[str, ...] = ()
    reading_options: tuple[str, ...] = ()
    writing_options: tuple[str, ...] = ()
    folder_options: tuple[str, ...] = ()
    user_options: tuple[str, ...] = ()
    switches: dict[str, str] = field(default_factory=dict)
    reads: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()
    deletes: tuple[str, ...] = ()
    manifests: tuple[str, ...] = ()
    makes: tuple[str, ...] = ()
    folder: str = ""
    variables: tuple[str, ...] = ()
    fetches: bool = False
    toolchain: bool = False
    runs: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()
    images: tuple[str, ...] = ()
    brought_by: tuple[str, ...] = ()
    installs: str = ""
    users: str = ""
    subject_to: str = ""
    global_options: tuple[str, ...] = ()


class Family(Struct, frozen=True):
    """What the installs of a family of package managers touch."""

    source: str
    system: bool = False
    reads: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()
    spares: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    lists: tuple[str, ...] = ()
    indexes: tuple[str, ...] = ()
    """What is made of the lists when they are fetched."""
    variables: tuple[str, ...] = ()
    toolchain: bool = False


class Table(Struct, frozen=True):
    """The whole table. `deeds`: `name`, or `name verb`, or `name verb verb` -> row."""

    deeds: dict[str, Deed]
    families: dict[str, Family]
    standing: frozenset[str]
    aliases: dict[str, str]
    constants_of_images: dict[str, dict[str, str]]
    fetching_variables: tuple[str, ...]
    core_variables: tuple[str, ...]
    runtime_variables: tuple[str, ...]
    toolchain_packages: tuple[str, ...]
    toolchain_programs: frozenset[str]
    toolchain_reads: tuple[str, ...]
    certificate_packages: tuple[str, ...]
    daemons: tuple[str, ...]
    daemon_users: frozenset[str]
    base_users: frozenset[str]
    users_files: tuple[str, ...]
    file_suffixes: frozenset[str]
    file_names: frozenset[str]
    every_run: tuple[str, ...]
    every_shell: tuple[str, ...]
    lookup: tuple[str, ...]
    lookup_of_images: dict[str, list[str]]
    full_images: frozenset[str]
    folders_of_images: dict[str, str]
    rarely_written: dict[str, list[str]]
    verbed: frozenset[str]
    """The commands of which some verb has a row."""


@lru_cache(maxsize=1)
def effects_table() -> Table:
    """The table, read on the first call."""
    data: dict[str, Any] = load("effects.toml")
    if unknown := sorted(data.keys() - {"command", "family", "paths", "variables", "packages", "users", "files"}):
        raise KnowledgeError(f"effects.toml: unknown table `{unknown[0]}`")
    deeds: dict[str, Deed] = {}
    for number, item in enumerate(data["command"], start=1):
        deed = row(Deed, item, f"effects.toml: command {number}")
        deeds |= dict.fromkeys(deed.names, deed)
    families = {name: row(Family, item, f"effects.toml: family.{name}") for name, item in data["family"].items()}
    flat: dict[str, Any] = {
        key.replace("-", "_"): value
        for table in ("paths", "variables", "packages", "users", "files")
        for key, value in data[table].items()
    }
    sets = {name for name, kind in Table.__annotations__.items() if kind == "frozenset[str]"}
    ready: dict[str, Any] = {
        key: frozenset(value) if key in sets else tuple(value) if isinstance(value, list) else value
        for key, value in flat.items()
    }
    verbed = frozenset(name.partition(" ")[0] for name in deeds if " " in name)
    return Table(deeds=deeds, families=families, verbed=verbed, **ready)
