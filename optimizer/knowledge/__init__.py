"""The knowledge tables: TOML rows beside this file, each with its source, read once into frozen structs."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

import tomli
from msgspec import Struct

Row = TypeVar("Row", bound=Struct)


class KnowledgeError(Exception):
    """A table holds something that its rows do not know; the message names file and table."""


def load(name: str) -> dict[str, Any]:
    """One table as plain data. Raises KnowledgeError where it is no TOML."""
    try:
        return tomli.loads(Path(__file__).with_name(name).read_text("utf-8"))
    except tomli.TOMLDecodeError as error:
        raise KnowledgeError(f"{name}: {error}") from error


def row(kind: type[Row], data: dict[str, Any], where: str) -> Row:
    """A struct from a table with the same keys (dashes for underscores); lists become tuples.

    Raises KnowledgeError for a key that the struct does not have or that is missing.
    """
    known = [name.replace("_", "-") for name in kind.__struct_fields__]
    if unknown := sorted(data.keys() - set(known)):
        raise KnowledgeError(f"{where}: unknown key `{unknown[0]}`")
    required = known[: len(known) - len(kind.__struct_defaults__)]
    if missing := sorted(set(required) - data.keys()):
        raise KnowledgeError(f"{where}: the key `{missing[0]}` is missing")
    values = {name.replace("-", "_"): tuple(v) if isinstance(v, list) else v for name, v in data.items()}
    return kind(**values)


class Manager(Struct, frozen=True):
    """A package manager: what `package_managers.toml` says of its keys."""

    name: str
    commands: tuple[str, ...]
    family: str
    source: str
    value_options: tuple[str, ...]
    flag_options: tuple[str, ...]
    install: tuple[str, ...]
    update: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()
    upgrade: tuple[str, ...] = ()
    other: tuple[str, ...] = ()
    reads: tuple[str, ...] = ()
    confirms: tuple[str, ...] = ()
    cleans: tuple[str, ...] = ()
    keeps_lists: tuple[str, ...] = ()
    prefixes: tuple[str, ...] = ()
    module: str = ""
    short_verbs: bool = False
    yes: str = ""
    yes_any: tuple[str, ...] = ()
    only_tries: tuple[str, ...] = ()
    yes_before_verb: bool = False
    lean: str = ""
    lean_any: tuple[str, ...] = ()
    no_cache: str = ""
    no_cache_any: tuple[str, ...] = ()
    no_cache_verbs: tuple[str, ...] = ()
    no_cache_replaces_update: bool = False
    no_cache_instead_of: tuple[str, ...] = ()
    no_cache_environment: tuple[str, ...] = ()
    needs_update: bool = False
    offline_options: tuple[str, ...] = ()
    lists: tuple[str, ...] = ()
    caches: tuple[str, ...] = ()
    clean: str = ""
    same_verbs: tuple[str, ...] = ()

    @property
    def cleans_lists(self) -> bool:
        """Whether its clean-up removes package lists, which its installs need; else it removes caches."""
        return any(place in self.clean for place in self.lists)

    @property
    def cleaned(self) -> tuple[str, ...]:
        """The places that its clean-up empties."""
        return self.lists if self.cleans_lists else (*self.lists, *self.caches)

    @property
    def free_flags(self) -> frozenset[str]:
        """The options that a transform may add to its calls, or replace by such a one."""
        return frozenset(flag for flag in (self.yes, self.lean, self.no_cache, *self.no_cache_instead_of) if flag)


@lru_cache(maxsize=1)
def managers() -> dict[str, Manager]:
    """The package managers by the names under which they are called."""
    found: dict[str, Manager] = {}
    for number, data in enumerate(load("package_managers.toml")["manager"], start=1):
        manager = row(Manager, data, f"package_managers.toml: manager {number}")
        found |= dict.fromkeys(manager.commands, manager)
    return found


@lru_cache(maxsize=1)
def families() -> dict[str, tuple[Manager, ...]]:
    """The managers by the family whose lists and databases they share."""
    found: dict[str, dict[str, Manager]] = {}
    for manager in managers().values():
        found.setdefault(manager.family, {})[manager.name] = manager
    return {family: tuple(rows.values()) for family, rows in found.items()}


@lru_cache(maxsize=1)
def profiles() -> dict[str, tuple[str, ...]]:
    """The ids that each profile selects; `default` stands for all that run where nobody chooses."""
    return {name: tuple(ids) for name, ids in load("profiles.toml").items()}


_PLAIN = ("coreutils", "shell", "text", "archives", "network", "users", "system")


class Commands(Struct, frozen=True):
    """What commands are known for. `leaves`: builtin -> the kind of thing it leaves in the shell."""

    leaves: dict[str, str]
    wrappers: dict[str, tuple[str, ...]]
    neutral: frozenset[str]
    plain: frozenset[str]
    """Those of the neutral ones that run nothing of a project: no interpreters, compilers, task runners."""
    places: tuple[str, ...]
    writes_operands: frozenset[str]
    sandbox: tuple[str, ...]
    """Places that each RUN has for itself."""
    builtins: frozenset[str]
    programs: frozenset[str]
    quiet_environment: frozenset[str]
    reads_files: frozenset[str]
    """Programs that only read the files that they are given."""
    reads_no_files: frozenset[str]
    """Programs that touch no file but the ones that their words name."""


@lru_cache(maxsize=1)
def commands() -> Commands:
    """The table of commands."""
    data = load("commands.toml")
    tables = {
        "leaves",
        "builtins",
        "programs",
        "quiet-environment",
        "files",
        "sandbox",
        "wrappers",
        "neutral",
        "reads-sources",
    }
    if unknown := sorted(data.keys() - tables):
        raise KnowledgeError(f"commands.toml: unknown table `{unknown[0]}`")
    return Commands(
        leaves={name: kind for kind, names in data["leaves"].items() for name in names},
        wrappers={name: tuple(options) for name, options in data["wrappers"].items()},
        neutral=frozenset(name for names in data["neutral"].values() for name in names),
        plain=frozenset(name for kind in _PLAIN for name in data["neutral"][kind]),
        places=tuple(data["reads-sources"]["places"]),
        writes_operands=frozenset(data["reads-sources"]["writes-operands"]),
        sandbox=tuple(data["sandbox"]["places"]),
        builtins=frozenset(data["builtins"]["names"]),
        programs=frozenset(data["programs"]["names"]),
        quiet_environment=frozenset(data["quiet-environment"]["names"]),
        reads_files=frozenset(data["files"]["reads"]),
        reads_no_files=frozenset(data["files"]["none"]),
    )
