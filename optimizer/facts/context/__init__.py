"""The build context: the files that COPY and ADD can see. Facts and transforms ask it, and never the disk."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Collection, Iterable, Mapping
from functools import cache, cached_property
from hashlib import sha256
from typing import Protocol

from msgspec import Struct, field

from optimizer.facts.context.history import History

LARGEST = 2_000_000
"""Bytes. What is larger is no file that a transform reads."""


class File(Struct, frozen=True):
    """A file or link of the context. `path`: relative to its root, with slashes; `size`: bytes; `mode`: permissions."""

    path: str
    size: int
    mode: int = 0o644
    link: str | None = None
    """What a symbolic link points to."""


class IgnoreFile(Struct, frozen=True):
    """The file that says what is not sent: where it lies on the disk, and its patterns in order, cleaned."""

    path: str
    patterns: tuple[str, ...] = ()


class Start(Struct, frozen=True):
    """What a container of the image is started with by somebody else than its Dockerfile.

    `by`: who says so, for people; `words`: program and arguments, or one text that a shell reads.
    """

    by: str
    words: tuple[str, ...]
    shell: bool = False


class Context(Protocol):
    """What a build is given, after `.dockerignore`."""

    @property
    def starts(self) -> tuple[Start, ...]:
        """What Compose files beside and above the Dockerfile start of its image."""

    @property
    def files(self) -> Mapping[str, File]:
        """All files by their paths, sorted; folders are not among them."""

    @property
    def folders(self) -> Collection[str]:
        """The folders by their paths, those that are empty too; without the root."""

    @property
    def ignored(self) -> Mapping[str, int] | None:
        """Bytes that are not sent, by the first part of their path; None where there are too many files to count."""

    @property
    def ignore_file(self) -> IgnoreFile | None:
        """What says which files are not sent; None where nothing does."""

    @property
    def history(self) -> History | None:
        """Which files the last commits changed; None where nobody knows."""

    def content(self, path: str) -> bytes | None:
        """What a file holds; None where there is no such file, it is a link, or it is too large to be read."""

    def head(self, path: str, size: int) -> bytes | None:
        """The first bytes of a file, however large; None where there is no such file, or it is a link."""

    def digest(self, path: str) -> str | None:
        """The SHA-256 of what a file holds; None where there is no such file, or it is a link."""


class Missing(Struct, frozen=True):
    """There is no context, or it is not known which, or what is in it: why, for people."""

    why: str


Supply = Context | Missing | Callable[[], Context | Missing]
"""A context, or what finds it when a fact asks for the first time: until then nothing is listed."""


def text_of(context: Context | None, path: str | None) -> str:
    """What a file of the context holds; empty where it cannot be read, or no context is given."""
    content = context.content(path) if context is not None and path is not None else None
    return (content or b"").decode("utf-8", "replace")


def once(find: Callable[[], Context | Missing]) -> Callable[[], Context | Missing]:
    """The same search, made at most once."""
    return cache(find)


class Given(Struct, frozen=True, dict=True):
    """A context out of texts, as tests and library users have it: path -> content."""

    contents: Mapping[str, bytes] = field(default_factory=dict)
    links: Mapping[str, str] = field(default_factory=dict)
    """Symbolic links: path -> what they point to."""
    ignored: Mapping[str, int] | None = field(default_factory=dict)
    ignore_file: IgnoreFile | None = None
    starts: tuple[Start, ...] = ()
    history: History | None = None

    @cached_property
    def files(self) -> Mapping[str, File]:
        """All files by their paths, sorted."""
        found = {path: File(path, len(content)) for path, content in self.contents.items()}
        found |= {path: File(path, len(target), 0o777, target) for path, target in self.links.items()}
        return dict(sorted(found.items()))

    @cached_property
    def folders(self) -> Collection[str]:
        """The folders that hold files."""
        return folders_above(self.files)

    def content(self, path: str) -> bytes | None:
        """What a file holds; None where there is no such file."""
        return self.contents.get(path)

    def head(self, path: str, size: int) -> bytes | None:
        """The first bytes of a file; None where there is no such file."""
        content = self.contents.get(path)
        return None if content is None else content[:size]

    def digest(self, path: str) -> str | None:
        """The SHA-256 of what a file holds; None where there is no such file."""
        content = self.contents.get(path)
        return None if content is None else sha256(content).hexdigest()


def folders_above(paths: Iterable[str]) -> frozenset[str]:
    """All folders in which the paths lie, without the root."""
    found: set[str] = set()
    for path in paths:
        folder = posixpath.dirname(path)
        while folder and folder not in found:
            found.add(folder)
            folder = posixpath.dirname(folder)
    return frozenset(found)
