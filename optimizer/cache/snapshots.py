"""The build context of a commit: a folder of the repository, less what its `.dockerignore` leaves out.

Blob ids stand for contents. The folder `.git` is part of a context that is the top of a repository: what it holds
changes with each commit.
"""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from hashlib import sha1

from optimizer.cache.git import Entry, Repository
from optimizer.cache.ignores import ignores
from optimizer.facts.context import File


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

    def with_files(self, files: Mapping[str, bytes]) -> Snapshot:
        """The same with some files changed or added."""
        return replace(self, given={**self.given, **files})

    @cached_property
    def files(self) -> Mapping[str, File]:
        """All files by their paths, sorted."""
        out = ignores(self._ignore_text)
        known = self.repository.size
        found = {
            path: File(path, known(entry.blob), _mode(entry), self._link(entry))
            for path, entry in self.entries.items()
            if not out(path)
        }
        for path, content in self.given.items():
            if not out(path):
                found[path] = File(path, len(content), found[path].mode if path in found else 0o644)
        if self.git_folder and not out(".git") and not out(".git/HEAD"):
            found[".git/HEAD"] = File(".git/HEAD", 0)
        return dict(sorted(found.items()))

    @property
    def _ignore_text(self) -> str:
        for path in (f"{self.dockerfile}.dockerignore", ".dockerignore"):
            content = self._raw(path)
            if content is not None:
                return content.decode("utf-8", "surrogateescape")
        return ""

    def _raw(self, path: str) -> bytes | None:
        if path in self.given:
            return self.given[path]
        return self.repository.blob(self.entries[path].blob) if path in self.entries else None

    def _link(self, entry: Entry) -> str | None:
        if entry.mode != "120000":
            return None
        return (self.repository.blob(entry.blob) or b"").decode("utf-8", "surrogateescape")

    def content(self, path: str) -> bytes | None:
        """What a file holds; None where there is no such file."""
        return self._raw(path) if path in self.files else None

    def digest(self, path: str) -> str | None:
        """What stands for a file's content."""
        if path in self.given:
            return sha1(b"blob %d\0" % len(self.given[path]) + self.given[path]).hexdigest()
        if path == ".git/HEAD":
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
) -> Snapshot:
    """The context in a folder of a commit's tree, for a Dockerfile; both are paths from the repository's top."""
    prefix = f"{root}/" if root else ""
    inside = {path[len(prefix) :]: e for path, e in tree.items() if path.startswith(prefix)} if root else dict(tree)
    name = posixpath.relpath(dockerfile, root or ".")
    return Snapshot(repository, inside, commit, name, git_folder and not root)


def _mode(entry: Entry) -> int:
    return 0o755 if entry.mode == "100755" else 0o644
