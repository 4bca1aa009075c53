"""What programs need of their image when they run: the rows of `runtime_needs.toml`."""

from __future__ import annotations

import re
from functools import cached_property, lru_cache
from typing import Any

from msgspec import Struct

from optimizer.knowledge import KnowledgeError, load, row

_TABLES = {"language", "dependency", "starters", "shells", "installers", "tools", "runners"}


class Language(Struct, frozen=True, dict=True):
    """How the sources of a language show what a program needs: what the head of the table says of its keys."""

    name: str
    suffixes: tuple[str, ...]
    tests: tuple[str, ...] = ()
    requires: str = ""
    starts: tuple[str, ...] = ()
    shells: tuple[str, ...] = ()
    own: tuple[str, ...] = ()
    certificates: tuple[str, ...] = ()
    zones: tuple[str, ...] = ()
    locales: tuple[str, ...] = ()
    reads: tuple[str, ...] = ()
    dependencies: tuple[str, ...] = ()
    readers: tuple[str, ...] = ()

    @cached_property
    def started(self) -> re.Pattern[str] | None:
        """In front of the names of programs."""
        return _any(self.starts)

    @cached_property
    def shell(self) -> re.Pattern[str] | None:
        """In front of what a shell reads."""
        return _any(self.shells)

    @cached_property
    def certificate(self) -> re.Pattern[str] | None:
        """A sign of TLS."""
        return _any(self.certificates)

    @cached_property
    def zone(self) -> re.Pattern[str] | None:
        """A sign of time zones."""
        return _any(self.zones)

    @cached_property
    def locale(self) -> re.Pattern[str] | None:
        """In front of the names of locales."""
        return _any(self.locales)

    @cached_property
    def read(self) -> re.Pattern[str] | None:
        """In front of the paths of files."""
        return _any(self.reads)

    def is_source(self, path: str) -> bool:
        """Whether a file of the context may become part of a program: tests do not."""
        return path.endswith(self.suffixes) and not any(_is_test(path, sign) for sign in self.tests)


def _any(patterns: tuple[str, ...]) -> re.Pattern[str] | None:
    return re.compile("|".join(f"(?:{one})" for one in patterns)) if patterns else None


def _is_test(path: str, sign: str) -> bool:
    if sign.endswith("/"):
        return f"/{sign}" in f"/{path}"
    name = path.rpartition("/")[2]
    return name.startswith(sign) if sign.endswith("_") else name.endswith(sign)


class Dependency(Struct, frozen=True):
    """A package of a project that needs more of the image than its installer brings."""

    ecosystem: str
    names: tuple[str, ...]
    source: str
    libraries_of: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()
    programs: tuple[str, ...] = ()
    fonts: bool = False
    refused: str = ""


class RuntimeNeeds(Struct, frozen=True):
    """The whole table. `dependencies`: ecosystem -> name -> row."""

    languages: tuple[Language, ...]
    dependencies: dict[str, dict[str, Dependency]]
    starters: dict[str, tuple[str, ...]]
    shells: frozenset[str]
    installers: dict[str, tuple[str, ...]]
    runners: dict[str, tuple[str, ...]]
    tools: dict[str, tuple[str, ...]]


@lru_cache(maxsize=1)
def runtime_needs_table() -> RuntimeNeeds:
    """The table, read on the first call. Raises KnowledgeError for a table or a key that it does not know."""
    data: dict[str, Any] = load("runtime_needs.toml")
    if unknown := sorted(data.keys() - _TABLES):
        raise KnowledgeError(f"runtime_needs.toml: unknown table `{unknown[0]}`")
    found: dict[str, dict[str, Dependency]] = {}
    for number, item in enumerate(data["dependency"], start=1):
        one = row(Dependency, item, f"runtime_needs.toml: dependency {number}")
        found.setdefault(one.ecosystem, {}).update(dict.fromkeys(one.names, one))
    return RuntimeNeeds(
        languages=tuple(
            row(Language, item, f"runtime_needs.toml: language {n}") for n, item in enumerate(data["language"], start=1)
        ),
        dependencies=found,
        starters={name: tuple(options) for name, options in data["starters"].items()},
        runners={name: tuple(options) for name, options in data["runners"].items()},
        installers={name: tuple(verbs) for name, verbs in data["installers"].items()},
        shells=frozenset(data["shells"]["names"]),
        tools={name: tuple(programs) for name, programs in data["tools"].items()},
    )
