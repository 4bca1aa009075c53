"""How one stage becomes two: `stacks.toml`. Builders, runtime images, stacks of tools, what a build leaves behind."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from functools import lru_cache
from types import MappingProxyType

from msgspec import Struct, field

from optimizer.knowledge import KnowledgeError, load, row

_TABLES = {"builder", "runtime", "stack", "left", "commands", "packages"}


class BuilderImage(Struct, frozen=True):
    """Images that hold a tool chain: what the head of the table says of its keys. Sizes are bytes."""

    names: tuple[str, ...]
    stack: str
    path: str
    size: int
    source: str
    values: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    environment: tuple[str, ...] = ()
    size_of_alpine: int = 0
    version: str = ""
    keeps: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()


class RuntimeImage(Struct, frozen=True):
    """An image that runs what was built."""

    image: str
    links: tuple[str, ...]
    rank: int
    path: str
    size: int
    source: str
    families: tuple[str, ...] = ()
    stacks: tuple[str, ...] = ()
    system: str = ""
    release: str = ""
    versions: tuple[str, ...] = ()
    releases: tuple[str, ...] = ()
    programs: tuple[str, ...] = ()
    libraries: tuple[str, ...] = ()
    values: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    shell: bool = False
    certificates: bool = False
    zones: bool = False
    temporary: bool = False
    users: tuple[str, ...] = ()
    environment: tuple[str, ...] = ()

    def is_named(self, reference: str) -> bool:
        """Whether an image reference is of this row."""
        pattern = re.sub(r"\\\{\w+\\\}", r"[\\w.]+", re.escape(self.image))
        return re.fullmatch(pattern, reference) is not None


class Stack(Struct, frozen=True):
    """A language and its tools. The signs are regular expressions."""

    name: str
    builds: tuple[str, ...]
    tools: tuple[str, ...]
    sources: tuple[str, ...]
    suffixes: tuple[str, ...]
    source: str
    idle: tuple[str, ...] = ()
    made: tuple[str, ...] = ()
    libraries: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    tests: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()
    static: tuple[str, ...] = ()
    linked: tuple[str, ...] = ()
    linked_of_alpine: tuple[str, ...] = ()
    building: tuple[str, ...] = ()
    shell: bool = False
    embeds: tuple[str, ...] = ()
    unseen: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    loads: tuple[str, ...] = ()
    certificates: tuple[str, ...] = ()
    zones: tuple[str, ...] = ()
    temporary: tuple[str, ...] = ()

    def is_source(self, path: str) -> bool:
        """Whether a program of the stack does not read the file of that path when it runs."""
        return matches(path, self.sources) or is_left(path)

    def is_beside(self, path: str, folder: str, origin: str) -> bool:
        """Whether a file of the image is read because it lies below the folder that the program starts in."""
        return matches(origin, self.beside) and path.startswith(folder.rstrip("/") + "/")

    def is_read(self, path: str) -> bool:
        """Whether the file of that path is a source of the program itself."""
        return path.endswith(self.suffixes) and not matches(path, self.tests)


class Left(Struct, frozen=True):
    """Files of any stack that no program reads when it runs."""

    files: tuple[str, ...]
    folders: tuple[str, ...]
    source: str


class StepCommands(Struct, frozen=True):
    """Commands of RUN by what they leave."""

    system: tuple[str, ...]
    idle: tuple[str, ...]
    users: tuple[str, ...]
    owners: tuple[str, ...]
    source: str


class SystemPackages(Struct, frozen=True):
    """Packages by who needs them. `weak`: only where something names their program."""

    present: tuple[str, ...]
    build: tuple[str, ...]
    weak: tuple[str, ...]
    programs: Mapping[str, str]
    source: str


class Stacks(Struct, frozen=True):
    """The whole table. `builders`: image name -> row."""

    builders: Mapping[str, BuilderImage]
    runtimes: tuple[RuntimeImage, ...]
    stacks: Mapping[str, Stack]
    left: Left
    commands: StepCommands
    packages: SystemPackages

    def runtime(self, reference: str | None) -> RuntimeImage | None:
        """The row of a runtime image; None where it is none."""
        return next((one for one in self.runtimes if reference and one.is_named(reference)), None)


@lru_cache(maxsize=1)
def stacks() -> Stacks:
    """The table, read on the first call."""
    data = load("stacks.toml")
    if unknown := sorted(data.keys() - _TABLES):
        raise KnowledgeError(f"stacks.toml: unknown table `{unknown[0]}`")
    builders = [row(BuilderImage, item, f"stacks.toml: builder {n}") for n, item in enumerate(data["builder"], start=1)]
    runtimes = [row(RuntimeImage, item, f"stacks.toml: runtime {n}") for n, item in enumerate(data["runtime"], start=1)]
    found = [row(Stack, item, f"stacks.toml: stack {n}") for n, item in enumerate(data["stack"], start=1)]
    return Stacks(
        builders={name: builder for builder in builders for name in builder.names},
        runtimes=tuple(sorted(runtimes, key=lambda one: one.rank)),
        stacks={stack.name: stack for stack in found},
        left=row(Left, data["left"], "stacks.toml: left"),
        commands=row(StepCommands, data["commands"], "stacks.toml: commands"),
        packages=row(SystemPackages, data["packages"], "stacks.toml: packages"),
    )


def is_left(path: str) -> bool:
    """Whether no program of any stack reads the file of that path of a context when it runs."""
    left = stacks().left
    parts = path.split("/")
    return matches(path, left.files) or any(part in left.folders for part in parts[:-1])


@lru_cache(maxsize=65536)
def matches(path: str, patterns: tuple[str, ...]) -> bool:
    """Whether the last part of a path fits a pattern, or, for one that ends in `/**`, one of its folders does."""
    parts = path.split("/")
    for pattern in patterns:
        if pattern.endswith("/**"):
            if any(fnmatchcase(part, pattern[:-3]) for part in parts[:-1]):
                return True
        elif fnmatchcase(parts[-1], pattern):
            return True
    return False


def signs(patterns: Iterable[str]) -> re.Pattern[str]:
    """One expression for several signs; it matches nothing where there are none."""
    return _signs(tuple(patterns))


@lru_cache(maxsize=64)
def _signs(patterns: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns) or "(?!)", re.M)
