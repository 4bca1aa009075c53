"""The build context of a commit: a folder of the repository, less what its `.dockerignore` leaves out.

Blob ids stand for contents. The folder `.git` is part of a context that is the top of a repository: what it holds
changes with each commit.
"""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from hashlib import sha1

from optimizer.cache.git import Entry, Repository
from optimizer.cache.ignores import left_out
from optimizer.facts import Facts
from optimizer.facts.context import File, IgnoreFile, Start, folders_above
from optimizer.facts.context.history import History
from optimizer.facts.context.ignore import patterns_in
from optimizer.facts.copies import normalised
from optimizer.syntax.parser import parse

GIT = ".git/HEAD"
"""Stands for the folder `.git` and all that is in it."""
_MODES = {"100755": 0o755, "120000": 0o777}


@dataclass(frozen=True)
class Snapshot:
    """A context as it is at one commit. `given`: files that are put in place of those of the commit."""

    repository: Repository = field(repr=False)
    entries: Mapping[str, Entry] = field(repr=False)
    """By paths from the context's root, before anything is left out."""
    commit: str
    dockerfile: str = "Dockerfile"
    """Its path from the context's root; it may lie outside."""
    git_folder: bool = False
    given: Mapping[str, bytes] = field(default_factory=dict)
    history: History | None = None
    """Which files earlier commits changed."""

    def with_files(self, files: Mapping[str, bytes]) -> Snapshot:
        """The same with some files changed or added."""
        return replace(self, given={**self.given, **files})

    @cached_property
    def files(self) -> Mapping[str, File]:
        """All files by their paths, sorted. Raises BadPattern where a build fails on the ignore file."""
        out = left_out(self.ignore_file.patterns if self.ignore_file else ())
        found = {path: self._file(path, entry) for path, entry in self.entries.items() if not out(path)}
        for path, content in self.given.items():
            if not out(path):
                found[path] = File(path, len(content), found[path].mode if path in found else 0o644)
        if self.git_folder and not out(GIT):
            found[GIT] = File(GIT, 0)
        return dict(sorted(found.items()))

    @cached_property
    def folders(self) -> Collection[str]:
        """The folders that hold files: git knows no others."""
        return folders_above(self.files)

    @property
    def ignored(self) -> Mapping[str, int] | None:
        """Not counted."""
        return None

    @property
    def starts(self) -> tuple[Start, ...]:
        """Compose files of a past commit are not looked for."""
        return ()

    @cached_property
    def ignore_file(self) -> IgnoreFile | None:
        """What says which files are not sent; None where nothing does."""
        for path in (f"{self.dockerfile}.dockerignore", ".dockerignore"):
            content = self._raw(path)
            if content is not None:
                return IgnoreFile(path, patterns_in(content) or ())
        return None

    def _raw(self, path: str) -> bytes | None:
        if path in self.given:
            return self.given[path]
        return self.repository.blob(self.entries[path].blob) if path in self.entries else None

    def _file(self, path: str, entry: Entry) -> File:
        """The same object commit after commit, as long as the file is the same."""
        known = self.repository.files
        if (path, entry) not in known:
            mode = _MODES.get(entry.mode, 0o644)
            known[path, entry] = File(path, self.repository.size(entry.blob), mode, self._link(entry))
        return known[path, entry]

    def _link(self, entry: Entry) -> str | None:
        if entry.mode != "120000":
            return None
        return (self.repository.blob(entry.blob) or b"").decode("utf-8", "surrogateescape")

    def content(self, path: str) -> bytes | None:
        """What a file holds; None where there is no such file."""
        return self._raw(path) if path in self.files else None

    def head(self, path: str, size: int) -> bytes | None:
        """The first bytes of a file; None where there is no such file."""
        content = self.content(path)
        return None if content is None else content[:size]

    def digest(self, path: str) -> str | None:
        """What stands for a file's content."""
        if path in self.given:
            return sha1(b"blob %d\0" % len(self.given[path]) + self.given[path]).hexdigest()
        if path == GIT:
            return self.commit
        return self.entries[path].blob if path in self.entries else None


def snapshot(
    repository: Repository,
    tree: Mapping[str, Entry],
    commit: str,
    dockerfile: str,
    root: str,
    *,
    git_folder: bool = True,
    past: History | None = None,
) -> Snapshot:
    """The context in a folder of a commit's tree, for a Dockerfile; both are paths from the repository's top."""
    prefix = f"{root}/" if root else ""
    inside = {path[len(prefix) :]: e for path, e in tree.items() if path.startswith(prefix)} if root else dict(tree)
    name = posixpath.relpath(dockerfile, root or ".")
    below = past.below(root) if past is not None else None
    return Snapshot(repository, inside, commit, name, git_folder and not root, history=below)


def context_of(content: bytes, dockerfile: str, tree: Mapping[str, Entry]) -> str:
    """The folder that a Dockerfile is most likely built in: its own, or one above it that holds what it copies."""
    facts = Facts(parse(content))
    sources = [
        normalised(source)
        for copy in facts.copies.values()
        if copy.from_context and copy.instruction.name == "COPY"
        for source in copy.sources
        if source and source != "." and not any(char in source for char in "*?[$")
    ]
    folders = {""}
    for path in tree:
        folders.add(path)
        while path := posixpath.dirname(path):
            if path in folders:
                break
            folders.add(path)
    candidates = []
    folder = posixpath.dirname(dockerfile)
    while True:
        candidates.append(folder)
        if not folder:
            break
        folder = posixpath.dirname(folder)
    return max(candidates, key=lambda root: sum(posixpath.join(root, source) in folders for source in sources))
