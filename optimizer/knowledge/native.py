"""The rows of `native_packages.toml`: packages of languages that come built, and what compiles the others."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from msgspec import Struct

from optimizer.knowledge import KnowledgeError, load, row


class Build(Struct, frozen=True):
    """Packages of Debian that the installation of a package of a language needs."""

    ecosystem: str
    names: tuple[str, ...]
    packages: tuple[str, ...]
    source: str


class Python(Struct, frozen=True):
    """`wheels`: name -> version of Python -> the first version that comes built for it."""

    compilers: tuple[str, ...]
    plain: tuple[str, ...]
    wheels: Mapping[str, Mapping[str, str]]
    source: str


class JavaScript(Struct, frozen=True):
    """`marks`: stand in a lock file where something is compiled; `idle`: install scripts that need nothing."""

    marks: tuple[str, ...]
    idle: tuple[str, ...]
    needs_openssl: tuple[str, ...]
    programs: tuple[str, ...]
    """Programs that are installed by name and compile nothing."""
    source: str


class Ruby(Struct, frozen=True):
    """`plain`: gems without an extension."""

    plain: tuple[str, ...]
    source: str


class Native(Struct, frozen=True):
    """The whole table. `builds`: ecosystem -> name -> packages of Debian."""

    python: Python
    javascript: JavaScript
    ruby: Ruby
    builds: Mapping[str, Mapping[str, tuple[str, ...]]]


@lru_cache(maxsize=1)
def native() -> Native:
    """The table, read on the first call. Raises KnowledgeError for a table or a key that it does not know."""
    name = "native_packages.toml"
    data = load(name)
    if unknown := sorted(data.keys() - {"python", "javascript", "ruby", "build"}):
        raise KnowledgeError(f"{name}: unknown table `{unknown[0]}`")
    builds: dict[str, dict[str, tuple[str, ...]]] = {}
    for number, item in enumerate(data["build"], start=1):
        one = row(Build, item, f"{name}: build {number}")
        builds.setdefault(one.ecosystem, {}).update(dict.fromkeys(one.names, one.packages))
    return Native(
        python=row(Python, data["python"], f"{name}: python"),
        javascript=row(JavaScript, data["javascript"], f"{name}: javascript"),
        ruby=row(Ruby, data["ruby"], f"{name}: ruby"),
        builds=builds,
    )
