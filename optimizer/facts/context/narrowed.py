"""A build context with more patterns in its ignore file: what a proposal would make of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import cached_property

from msgspec import Struct

from optimizer.facts.context import Context, File, IgnoreFile, Start, folders_above
from optimizer.facts.context.history import History
from optimizer.facts.context.patterns import Patterns


class Narrowed(Struct, frozen=True, dict=True):
    """The context less what the patterns match; they come last, so nothing before them takes a file back."""

    context: Context
    patterns: tuple[str, ...]

    @cached_property
    def files(self) -> Mapping[str, File]:
        """All files that are still sent."""
        patterns = Patterns(self.patterns)
        return {path: file for path, file in self.context.files.items() if not patterns.matches(path)}

    @cached_property
    def folders(self) -> Collection[str]:
        """The folders that hold files, and those that are empty and not matched."""
        patterns = Patterns(self.patterns)
        return folders_above(self.files) | {path for path in self.context.folders if not patterns.matches(path)}

    @property
    def ignored(self) -> Mapping[str, int] | None:
        """Not counted."""
        return None

    @property
    def ignore_file(self) -> IgnoreFile:
        """The ignore file with the patterns behind its own."""
        old = self.context.ignore_file
        return IgnoreFile(old.path if old else ".dockerignore", (*(old.patterns if old else ()), *self.patterns))

    @property
    def starts(self) -> tuple[Start, ...]:
        """What Compose files start of the image."""
        return self.context.starts

    @property
    def history(self) -> History | None:
        """Which files the last commits changed, those that are no longer sent too."""
        return self.context.history

    def content(self, path: str) -> bytes | None:
        """What a file holds; None where there is no such file."""
        return self.context.content(path) if path in self.files else None

    def head(self, path: str, size: int) -> bytes | None:
        """The first bytes of a file; None where there is no such file."""
        return self.context.head(path, size) if path in self.files else None

    def digest(self, path: str) -> str | None:
        """The SHA-256 of what a file holds; None where there is no such file."""
        return self.context.digest(path) if path in self.files else None


def narrowed(context: Context, patterns: Sequence[str]) -> Context:
    """The context with patterns put behind those of its ignore file."""
    return Narrowed(context, tuple(patterns)) if patterns else context
