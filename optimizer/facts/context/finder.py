"""Finds and lists the contexts of the Dockerfiles of one run; nothing is looked at before a fact asks."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property, lru_cache
from pathlib import Path

from msgspec import Struct

from optimizer.facts import analyze
from optimizer.facts.context import IgnoreFile, Missing
from optimizer.facts.context.choice import Chosen, Told, choose, sources_of, starts_of
from optimizer.facts.context.disk import OnDisk, Progress, listed
from optimizer.facts.context.ignore import ignore_file
from optimizer.syntax.parser import parse


class Finder:
    """Remembers what it read, for Dockerfiles that share a context or a Compose file."""

    def __init__(self, root: Path | None = None, progress: Progress | None = None) -> None:
        """`root`: the context of all Dockerfiles, where the user names one."""
        self.root = root
        self._progress = progress
        self.told = Told()
        self.listed = lru_cache(maxsize=4)(self._listed)

    def _listed(self, root: Path, ignore: IgnoreFile | None) -> OnDisk | Missing:
        return listed(root, ignore, self._progress)

    def supply(self, dockerfile: Path, top: Path, text: bytes) -> FoundContext:
        """What finds the context of a Dockerfile when it is asked."""
        return FoundContext(self, dockerfile, top, text)

    def again(self, dockerfile: Path, top: Path, sources: tuple[str, ...]) -> FoundContext:
        """The same for a Dockerfile whose sources are known, so that its text need not be read."""
        found = FoundContext(self, dockerfile, top, b"")
        found.sources = sources
        return found


class FoundContext(Struct, dict=True):
    """The context of one Dockerfile: chosen, then listed, each when it is first asked for."""

    finder: Finder
    dockerfile: Path
    top: Path
    text: bytes

    @cached_property
    def sources(self) -> tuple[str, ...]:
        """What the Dockerfile names of its context."""
        return sources_of(analyze(parse(self.text)))

    @cached_property
    def chosen(self) -> Chosen | Missing:
        """Which folder it is."""
        if self.finder.root is not None:
            return Chosen(self.finder.root, "as `--context` says")
        try:
            return choose(self.dockerfile, self.top, self.sources, self.finder.told)
        except OSError as error:
            return Missing(f"the build context cannot be looked for: {error.strerror}")

    def __call__(self) -> OnDisk | Missing:
        """The context, listed."""
        chosen = self.chosen
        if isinstance(chosen, Missing):
            return chosen
        ignore = ignore_file(self.dockerfile, chosen.root)
        found = ignore if isinstance(ignore, Missing) else self.finder.listed(chosen.root, ignore)
        starts = starts_of(self.dockerfile, self.top, self.finder.told)
        return replace(found, starts=starts) if isinstance(found, OnDisk) and starts else found


def context_in(folder: Path) -> FoundContext | Missing:
    """What finds the context that a folder is, for the `Dockerfile` in it."""
    if "\0" in str(folder):
        return Missing("no folder has a name with a NUL in it")
    return Finder(folder).supply(folder / "Dockerfile", folder, b"")
