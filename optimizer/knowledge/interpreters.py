"""Images whose programs are read by an interpreter: the rows of `interpreters.toml`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from optimizer.knowledge import KnowledgeError, load, row

_TABLES = {"interpreter", "prune", "full", "fonts", "builds", "ignored", "inside", "homes"}
_OTHERS = ("slim", "alpine", "windows", "nanoserver", "onbuild", "wheezy-")
_VERSION = re.compile(r"[\w.]*")
_RELEASES = ("jessie", "stretch", "buster", "bullseye", "bookworm", "trixie", "forky")


@dataclass(frozen=True, slots=True)
class Interpreter:
    """What the head of the table says of its keys."""

    name: str
    images: tuple[str, ...]
    release_last: bool
    programs: tuple[str, ...]
    family: str
    size: int
    slim_size: int
    source: str
    users: tuple[str, ...] = ()
    certificates: bool = False
    carried: tuple[str, ...] = ()
    environment: str = ""
    step: str = ""
    own: tuple[str, ...] = ()

    def slim(self, reference: str) -> str | None:
        """The slim variant of a full image, as FROM would name it; None for one that is none, or is not known."""
        if "@" in reference:
            return None
        name, _, tag = reference.partition(":") if "/" not in reference.rpartition(":")[2] else (reference, "", "")
        if any(word in tag for word in _OTHERS):
            return None
        version, _, release = tag.removeprefix("latest").rpartition("-")
        if release not in _RELEASES:
            version, release = (f"{version}-{release}" if version else release), ""
        if not _VERSION.fullmatch(version):
            return None
        parts = [version, "slim", release] if self.release_last else [version, release, "slim"]
        return f"{name}:{'-'.join(part for part in parts if part)}"


@dataclass(frozen=True, slots=True)
class Prune:
    """How a package manager takes development packages away again."""

    tool: str
    command: str
    source: str
    old: str = ""
    needs: str = ""


@dataclass(frozen=True, slots=True)
class Interpreters:
    """The whole table. `programs`: program -> package of the full variants that brings it."""

    by_image: dict[str, Interpreter]
    prunes: dict[str, Prune]
    programs: dict[str, str]
    fonts: tuple[str, ...]
    builds: frozenset[str]
    ignored: tuple[str, ...]
    inside: tuple[str, ...]
    homes: dict[str, str]


@lru_cache(maxsize=1)
def interpreters() -> Interpreters:
    """The table, read on the first call. Raises KnowledgeError for a table or a key that it does not know."""
    data = load("interpreters.toml")
    if unknown := sorted(data.keys() - _TABLES):
        raise KnowledgeError(f"interpreters.toml: unknown table `{unknown[0]}`")
    rows = [
        row(Interpreter, one, f"interpreters.toml: interpreter {n}") for n, one in enumerate(data["interpreter"], 1)
    ]
    prunes = [row(Prune, one, f"interpreters.toml: prune {n}") for n, one in enumerate(data["prune"], 1)]
    return Interpreters(
        by_image={image: one for one in rows for image in one.images},
        prunes={one.tool: one for one in prunes},
        programs={program: package for package, programs in data["full"].items() for program in programs},
        fonts=tuple(data["fonts"]["packages"]),
        builds=frozenset(data["builds"]["packages"]),
        ignored=tuple(data["ignored"]["places"]),
        inside=tuple(data["inside"]["commands"]),
        homes=dict(data["homes"]),
    )
