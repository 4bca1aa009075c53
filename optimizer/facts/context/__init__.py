"""The build context: the files that COPY and ADD can see. Facts and transforms ask it, and never the disk."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class File:
    """A file or link of the context. `path`: relative to its root, with slashes; `size`: bytes; `mode`: as in stat."""

    path: str
    size: int
    mode: int = 0o644
    link: str | None = None
    """What a symbolic link points to."""


class Context(Protocol):
    """What a build is given, after `.dockerignore`."""

    @property
    def files(self) -> Mapping[str, File]:
        """All files by their paths, sorted; folders are not among them."""

    def content(self, path: str) -> bytes | None:
        """What a file holds; None where there is no such file, or it is too large to be read."""


@dataclass(frozen=True, slots=True)
class Given:
    """A context out of texts, as tests and library users have it: path -> content."""

    contents: Mapping[str, bytes] = field(default_factory=dict)

    @property
    def files(self) -> Mapping[str, File]:
        """All files by their paths, sorted."""
        return {path: File(path, len(self.contents[path])) for path in sorted(self.contents)}

    def content(self, path: str) -> bytes | None:
        """What a file holds; None where there is no such file."""
        return self.contents.get(path)
