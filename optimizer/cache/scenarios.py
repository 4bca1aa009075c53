"""What might change in a build context, and which steps take it: the questions that `dockopt cache` asks the model."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from msgspec import Struct
from msgspec.structs import replace

from optimizer.cache.builds import Build
from optimizer.cache.plans import Plan
from optimizer.cache.steps import Step
from optimizer.facts import Facts
from optimizer.facts.context import Context, File, IgnoreFile, Start
from optimizer.facts.context.history import History
from optimizer.knowledge.costs import changes

_ASIDE = (".dockerignore", ".gitignore", ".md")


class Edited(Struct, frozen=True):
    """A context in which some files have another content."""

    context: Context
    paths: Collection[str]

    @property
    def files(self) -> Mapping[str, File]:
        """All files by their paths, sorted."""
        return self.context.files

    def content(self, path: str) -> bytes | None:
        """What a file held before the change."""
        return self.context.content(path)

    def head(self, path: str, size: int) -> bytes | None:
        """The first bytes of a file before the change."""
        return self.context.head(path, size)

    def digest(self, path: str) -> str | None:
        """What stands for a file's content."""
        told = self.context.digest(path)
        return f"{told} edited" if path in self.paths else told

    @property
    def folders(self) -> Collection[str]:
        """The folders by their paths."""
        return self.context.folders

    @property
    def ignored(self) -> Mapping[str, int] | None:
        """Bytes that are not sent."""
        return self.context.ignored

    @property
    def ignore_file(self) -> IgnoreFile | None:
        """What says which files are not sent."""
        return self.context.ignore_file

    @property
    def starts(self) -> tuple[Start, ...]:
        """What Compose files start of the image."""
        return self.context.starts

    @property
    def history(self) -> History | None:
        """Which files the last commits changed."""
        return self.context.history


def edited(build: Build, paths: Collection[str]) -> Build:
    """The same build after a change of some files of its context, which it must have."""
    facts = build.facts
    if facts.context is None:
        return build
    after = Facts(facts.tree, Edited(facts.context, frozenset(paths)))
    after.inherit(facts)
    return replace(build, facts=after)


class Group(Struct, frozen=True):
    """Files of the context that the same steps take: a change of any of them does the same."""

    files: tuple[str, ...]
    steps: tuple[Step, ...]


def source_groups(plan: Plan) -> tuple[Group, ...]:
    """The files that steps take and that are no manifests, Dockerfiles or ignore files; the largest group first."""
    takers: dict[str, dict[Step, None]] = {}
    for step in plan.steps:
        for part in step.parts:
            for _, path in part.taken.files if part.taken else ():
                takers.setdefault(path, {})[step] = None
    found: dict[tuple[Step, ...], list[str]] = {}
    for path, steps in takers.items():
        if is_source(path):
            found.setdefault(tuple(steps), []).append(path)
    groups = [Group(tuple(sorted(files)), steps) for steps, files in found.items()]
    return tuple(sorted(groups, key=lambda group: (-len(group.files), group.files)))


def is_source(path: str) -> bool:
    """Whether a change of it is everyday work on the program: no manifest, no document, nothing about the build."""
    name = path.rpartition("/")[2].lower()
    if path.startswith(".git/") or "dockerfile" in name or name.startswith("license") or name.endswith(_ASIDE):
        return False
    return not changes().is_manifest(path)


def typical(groups: Collection[Group], counts: Mapping[str, int]) -> tuple[str, Group] | None:
    """The file that is changed most often, and its group; without counts the first of the largest group."""
    known = {path: group for group in groups for path in group.files}
    if not known:
        return None
    often = max(known, key=lambda path: counts.get(path, 0))
    if counts.get(often, 0):
        return often, known[often]
    largest = next(iter(groups))
    return largest.files[0], largest
