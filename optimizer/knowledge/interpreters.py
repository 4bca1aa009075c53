"""Images whose programs are read by an interpreter: the rows of `interpreters.toml`."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from optimizer.knowledge import KnowledgeError, load, row
from optimizer.knowledge.variants import variants

_TABLES = {"interpreter", "prune", "fonts", "builds", "generates", "ignored", "inside", "unfollowed", "homes"}


@dataclass(frozen=True, slots=True)
class Interpreter:
    """What the head of the table says of its keys."""

    name: str
    images: tuple[str, ...]
    programs: tuple[str, ...]
    family: str
    source: str
    users: tuple[str, ...] = ()
    brings: tuple[str, ...] = ()
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
        family = variants().families[self.name]
        version, _, release = tag.removeprefix("latest").rpartition("-")
        if release not in family.releases:
            version, release = (f"{version}-{release}" if version else release), ""
        known = any(version == line or version.startswith(f"{line}.") for line in family.lines)
        if "-" in version or not (known or not version):
            return None
        written = family.slim_release if release else family.slim
        return f"{name}:{written.format(version=version, release=release).strip('-')}"


@dataclass(frozen=True, slots=True)
class Prune:
    """How a package manager takes development packages away again."""

    tool: str
    command: str
    source: str
    old: str = ""
    needs: str = ""
    without: str = ""
    runs_scripts: bool = False


@dataclass(frozen=True, slots=True)
class Interpreters:
    """The whole table."""

    by_image: dict[str, Interpreter]
    prunes: dict[str, Prune]
    fonts: tuple[str, ...]
    builds: dict[str, tuple[str, ...]]
    generates: tuple[str, ...]
    ignored: tuple[str, ...]
    inside: tuple[str, ...]
    unfollowed: tuple[str, ...]
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
        fonts=tuple(data["fonts"]["packages"]),
        builds={name: tuple(programs) for name, programs in data["builds"].items()},
        generates=tuple(data["generates"]["packages"]),
        ignored=tuple(data["ignored"]["places"]),
        inside=tuple(data["inside"]["commands"]),
        unfollowed=tuple(data["unfollowed"]["commands"]),
        homes=dict(data["homes"]),
    )
