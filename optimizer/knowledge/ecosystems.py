"""The tools that fetch a project's dependencies or build it: `ecosystems.toml`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from optimizer.knowledge import KnowledgeError, load, row

_HOME = re.compile(r"^(/root|/home/[^/]+|\$HOME|\$\{HOME\})(?=/)")
_TABLES = {"tool", "user", "root-images", "lifecycle", "linking"}


@dataclass(frozen=True, slots=True)
class Tool:
    """One tool: what the head of `ecosystems.toml` says of its keys."""

    name: str
    commands: tuple[str, ...]
    source: str
    value_options: tuple[str, ...]
    flag_options: tuple[str, ...]
    caches: tuple[str, ...]
    cache_environment: tuple[str, ...]
    cache_options: tuple[str, ...]
    module: str = ""
    prefixes: tuple[str, ...] = ()
    idle_verbs: tuple[str, ...] = ()
    successor: str = ""
    successor_signs: tuple[str, ...] = ()
    manifest: str = ""
    locks: tuple[str, ...] = ()
    loose_verbs: tuple[str, ...] = ()
    frozen_verb: str = ""
    frozen_option: str = ""
    frozen_any: tuple[str, ...] = ()
    too_old: tuple[str, ...] = ()
    production_verbs: tuple[str, ...] = ()
    production_option: str = ""
    production_any: tuple[str, ...] = ()
    production_instead_of: tuple[str, ...] = ()
    production_since: tuple[str, ...] = ()
    production_needs: tuple[str, ...] = ()
    production_environment: tuple[str, ...] = ()
    production_step: str = ""
    production_not_in: tuple[str, ...] = ()
    production_unwatched: bool = False
    development_words: tuple[str, ...] = ()
    root_caches: tuple[str, ...] = ()
    image_caches: Mapping[str, list[str]] = field(default_factory=dict)
    cache_images: tuple[str, ...] = ()
    cache_verbs: tuple[str, ...] = ()
    cache_sharing: str = ""
    cache_id: bool = False
    cache_defeats: tuple[str, ...] = ()
    cache_clean: tuple[str, ...] = ()
    cache_option: str = ""
    cache_step: str = ""
    cache_needs_verb: str = ""
    cache_holds: bool = False
    cache_offline: tuple[str, ...] = ()

    @property
    def places(self) -> frozenset[str]:
        """All folders that the row gives for its cache, `~` as it is written."""
        moved = (place for places in self.image_caches.values() for place in places)
        return frozenset((*self.caches, *self.root_caches, *moved))

    def is_place(self, path: str) -> bool:
        """Whether the path is one of these folders, in whatever home, or lies in one; a final `/*` is all of it."""
        plain = _HOME.sub("~", path.removesuffix("/*").rstrip("/"))
        return any(plain == place or plain.startswith(f"{place}/") for place in self.places)


@dataclass(frozen=True, slots=True)
class User:
    """A user that some images bring."""

    name: str
    images: tuple[str, ...]
    uid: int
    gid: int
    home: str
    source: str


@dataclass(frozen=True, slots=True)
class Linking:
    """How builds leave symbols out: of C compilers, of go and of cargo."""

    commands: tuple[str, ...]
    option: str
    already: tuple[str, ...]
    stops: tuple[str, ...]
    debug: tuple[str, ...]
    go_verbs: tuple[str, ...]
    go_compiles: tuple[str, ...]
    go_paths: str
    go_flags: tuple[str, ...]
    go_debug: tuple[str, ...]
    go_without_paths: tuple[str, ...]
    cargo_verbs: tuple[str, ...]
    cargo_setting: str
    cargo_too_old: tuple[str, ...]
    debuggers: tuple[str, ...]
    source: str


@dataclass(frozen=True, slots=True)
class Ecosystems:
    """The whole table."""

    tools: dict[str, Tool]
    users: tuple[User, ...]
    root_images: tuple[str, ...]
    lifecycle: tuple[str, ...]
    by_command: dict[str, Tool]
    linking: Linking


@lru_cache(maxsize=1)
def ecosystems() -> Ecosystems:
    """The table, read on the first call."""
    data = load("ecosystems.toml")
    if unknown := sorted(data.keys() - _TABLES):
        raise KnowledgeError(f"ecosystems.toml: unknown table `{unknown[0]}`")
    tools = [row(Tool, item, f"ecosystems.toml: tool {number}") for number, item in enumerate(data["tool"], start=1)]
    return Ecosystems(
        tools={tool.name: tool for tool in tools},
        users=tuple(row(User, item, "ecosystems.toml: user") for item in data["user"]),
        root_images=tuple(data["root-images"]["names"]),
        lifecycle=tuple(data["lifecycle"]["scripts"]),
        by_command={command: tool for tool in tools for command in tool.commands},
        linking=row(Linking, data["linking"], "ecosystems.toml: linking"),
    )
