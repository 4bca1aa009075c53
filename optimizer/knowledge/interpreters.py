"""Images whose programs are read by an interpreter: the rows of `interpreters.toml`."""

from __future__ import annotations

import re
from functools import lru_cache

from msgspec import Struct

from optimizer.knowledge import KnowledgeError, load, row
from optimizer.knowledge.variants import variants

_TABLES = {
    "interpreter",
    "prune",
    "fonts",
    "builds",
    "generates",
    "ignored",
    "inside",
    "unfollowed",
    "fetchers",
    "unseen",
    "people",
    "builders",
    "homes",
}


class Interpreter(Struct, frozen=True):
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
    same: bool = False
    starts: bool = False
    repeated: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()
    tools: tuple[str, ...] = ()
    worth: tuple[str, ...] = ()

    def slim(self, reference: str) -> str | None:
        """The slim variant of a full image, as FROM would name it; None for one that is none, or is not known."""
        if "@" in reference or self.same:
            return None
        name, version, release = self._parts(reference)
        family = variants().families[self.name]
        known = any(version == line or version.startswith(f"{line}.") for line in family.lines)
        if "-" in version or not (known or not version):
            return None
        written = family.slim_release if release else family.slim
        return f"{name}:{written.format(version=version, release=release).strip('-')}"

    def _parts(self, reference: str) -> tuple[str, str, str]:
        """The image, the version of the language, and the release of Debian where the tag names one."""
        name, _, tag = reference.partition(":") if "/" not in reference.rpartition(":")[2] else (reference, "", "")
        version, _, release = tag.removeprefix("latest").rpartition("-")
        if release not in variants().families[self.name].releases:
            version, release = (f"{version}-{release}" if version else release), ""
        return name, version, release

    def serves(self, reference: str) -> bool:
        """Whether packages can be installed on an image of these, and have the names that our tables know."""
        tag = reference.partition("@")[0].rpartition("/")[2].partition(":")[2]
        parts = [part for part in tag.split("-") if part not in ("slim", "latest")]
        family = (variants().alone if self.same else variants().families)[self.name]
        release = next((part for part in parts if part in family.releases), None)
        version = next((part for part in parts if part[:1].isdigit() or part in family.lines), "")
        return "alpine" in tag or not (version or release) or family.serves(version, release)


class Prune(Struct, frozen=True):
    """How a package manager takes development packages away again."""

    tool: str
    command: str
    source: str
    old: str = ""
    needs: str = ""
    without: str = ""
    runs_scripts: bool = False


class Fetcher(Struct, frozen=True):
    """How a tool is fetched that no package manager brings."""

    commands: tuple[str, ...]
    script: str
    source: str

    def is_fetched(self, text: str, script: str) -> bool:
        """Whether a command of a RUN of that text does it."""
        known = any(re.fullmatch(sign, text, re.S) for sign in self.commands)
        return known and re.search(self.script, script) is not None


class Interpreters(Struct, frozen=True):
    """The whole table."""

    by_image: dict[str, Interpreter]
    prunes: dict[str, Prune]
    fonts: tuple[str, ...]
    builds: dict[str, tuple[str, ...]]
    generates: tuple[str, ...]
    ignored: tuple[str, ...]
    inside: tuple[str, ...]
    unfollowed: tuple[str, ...]
    fetchers: dict[str, Fetcher]
    unseen: tuple[str, ...]
    people: tuple[str, ...]
    builders: tuple[str, ...]
    homes: dict[str, str]

    def fetched(self, text: str, script: str) -> str | None:
        """The tool that a command of a RUN fetches and leaves for those behind it; None for another command."""
        return next((tool for tool, one in self.fetchers.items() if one.is_fetched(text, script)), None)


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
        fetchers={tool: row(Fetcher, one, f"interpreters.toml: {tool}") for tool, one in data["fetchers"].items()},
        unseen=tuple(data["unseen"]["commands"]),
        people=tuple(data["people"]["packages"]),
        builders=tuple(data["builders"]["files"]),
        homes=dict(data["homes"]),
    )
