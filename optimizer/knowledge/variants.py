"""Variants of images, what they hold, how long they are kept: `base_variants.toml` and `end_of_life.toml`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import lru_cache

from msgspec import Struct, field

from optimizer.knowledge import KnowledgeError, load, row

_TABLES = {"measured", "family", "alone", "none", "runtime", "packages", "man-pages", "size"}


class Family(Struct, frozen=True):
    """An image that comes full and slim. `lines`: version lines of which both exist."""

    lines: tuple[str, ...]
    releases: tuple[str, ...]
    slim: str
    slim_release: str
    holds: tuple[str, ...]
    served: tuple[str, ...]
    """Lines and releases on a Debian from which packages can still be installed."""
    without: str
    source: str
    served_since: tuple[str, ...] = ()
    """The first release of a line that stands on such a Debian; of a line without one, all do."""

    def serves(self, version: str, release: str | None) -> bool:
        """Whether packages can be installed on the image of a version, whose tag may name a release of Debian."""
        if release is not None:
            return release in self.served
        line = next((one for one in sorted(self.lines, key=len, reverse=True) if _begins(version, one)), "")
        since = next((one for one in self.served_since if _begins(one, line)), line)
        return line in self.served and (version == line or _numbers(version) >= _numbers(since))


def _begins(version: str, line: str) -> bool:
    return version == line or version.startswith(f"{line}.")


def _numbers(version: str) -> list[int]:
    return [int(part) for part in version.split(".") if part.isdecimal()]


class Runtime(Struct, frozen=True):
    """An image that builds, and the one that only runs what it built. `tag`, `to`: a pattern and its replacement."""

    image: str
    tag: str
    to: str
    programs: tuple[str, ...]
    lacks: tuple[str, ...]
    kib: int
    source: str
    tags: tuple[str, ...] = ()
    """What the first group of the tag may be; empty: anything."""
    signs: tuple[str, ...] = ()
    """Words that show that the tools of the first image matter to what runs."""
    sets: tuple[str, ...] = ()
    """Variables that only the first image sets."""
    must_set: tuple[str, ...] = ()
    folder: str = ""
    """In which folder the first image starts, where that is not the root."""
    user: str = ""
    """A user that only the first image has."""
    adds: tuple[str, ...] = ()
    """Packages of the first image that a program it built may need."""
    entrypoint: bool = False
    """Whether the first image has an entrypoint of its own."""


class Package(Struct, frozen=True):
    """A package of the full image. `kib`: with what it brings on a slim image, per suite."""

    kib: tuple[int, ...]
    commands: tuple[str, ...] = ()
    brings: tuple[str, ...] = ()


class Size(Struct, frozen=True):
    """KiB of a variant of images, per suite. `variant`: `full`, or a part of the tag."""

    images: tuple[str, ...]
    variant: str
    kib: tuple[int, ...]


class Variants(Struct, frozen=True):
    """The whole table. `packages`: name -> package; `providers`: command -> name of the package."""

    date: str
    basis: str
    suites: tuple[str, ...]
    families: Mapping[str, Family]
    alone: Mapping[str, Family]
    none: frozenset[str]
    runtimes: tuple[Runtime, ...]
    packages: Mapping[str, Package]
    man_pages: tuple[str, ...]
    sizes: tuple[Size, ...]
    providers: Mapping[str, str] = field(default_factory=dict)

    def lost(self, family: str, command: str) -> str | None:
        """The package that brings a command of the full image which the slim one lacks; None where it lacks nothing."""
        package = self.providers.get(command)
        holds = self.families[family].holds
        return None if package is None or package in holds or "*" in holds else package


@lru_cache(maxsize=1)
def variants() -> Variants:
    """The table, read on the first call. Raises KnowledgeError for a table or a key that it does not know."""
    data = load("base_variants.toml")
    if unknown := sorted(data.keys() - _TABLES):
        raise KnowledgeError(f"base_variants.toml: unknown table `{unknown[0]}`")
    packages = {name: row(Package, one, f"base_variants.toml: {name}") for name, one in data["packages"].items()}
    return Variants(
        date=data["measured"]["date"],
        basis=data["measured"]["basis"],
        suites=tuple(data["measured"]["suites"]),
        families={name: row(Family, one, f"base_variants.toml: {name}") for name, one in data["family"].items()},
        alone={name: row(Family, one, f"base_variants.toml: {name}") for name, one in data["alone"].items()},
        none=frozenset(data["none"]["names"]),
        runtimes=tuple(
            row(Runtime, one, f"base_variants.toml: runtime {n}") for n, one in enumerate(data["runtime"], 1)
        ),
        packages=packages,
        man_pages=tuple(data["man-pages"]["patterns"]),
        sizes=tuple(row(Size, one, f"base_variants.toml: size {n}") for n, one in enumerate(data["size"], 1)),
        providers={command: name for name, one in packages.items() for command in one.commands},
    )


class Product(Struct, frozen=True):
    """What has an end. `cycles`: how a tag begins -> the last day; `same`: other names of cycles."""

    names: tuple[str, ...]
    called: str
    successor: str
    cycles: Mapping[str, str]
    same: Mapping[str, str] = field(default_factory=dict)
    every: str = ""
    """The last day of all of them, where there is one."""

    def end(self, tag: str) -> tuple[str, date] | None:
        """The cycle of a tag and its last day; None where the tag says no cycle of the table."""
        if self.every:
            return "", date.fromisoformat(self.every)
        version = tag.partition("-")[0]
        version = self.same.get(version, version).removeprefix("v")
        parts = version.split(".")
        for length in range(len(parts), 0, -1):
            if (cycle := ".".join(parts[:length])) in self.cycles:
                return cycle, date.fromisoformat(self.cycles[cycle])
        return None


@lru_cache(maxsize=1)
def products() -> Mapping[str, Product]:
    """The products by the names of their images."""
    rows = load("end_of_life.toml")["product"]
    found = [row(Product, one, f"end_of_life.toml: product {n}") for n, one in enumerate(rows, start=1)]
    return {name: one for one in found for name in one.names}
