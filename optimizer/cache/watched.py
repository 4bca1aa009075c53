"""A context that notes what is asked of it, so that an answer can be used again where nothing of that has changed."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from hashlib import blake2b

from msgspec import Struct, field

from optimizer.cache.taken import fingerprint
from optimizer.facts.context import Context, File, IgnoreFile, Start
from optimizer.facts.context.history import History


class Watched(Struct):
    """A context that notes what is asked of it. `closed`: something was asked that cannot be noted."""

    context: Context
    listed: str | None = None
    """Stands for all names, modes and links, if they were asked for."""
    read: dict[str, str | None] = field(default_factory=dict)
    closed: bool = False
    asked: bool = False
    """Whether the ignore file was asked for."""
    ignore: IgnoreFile | None = None

    @property
    def files(self) -> Mapping[str, File]:
        """All files by their paths, sorted."""
        if self.listed is None:
            self.listed = _listing(self.context)
        return self.context.files

    @property
    def folders(self) -> Collection[str]:
        """The folders: they follow from the files, but for empty ones, which no history has."""
        return self.context.folders if self.files else ()

    @property
    def ignored(self) -> Mapping[str, int] | None:
        """Bytes that are not sent; they may change with each commit."""
        self.closed = self.closed or self.context.ignored is not None
        return self.context.ignored

    @property
    def ignore_file(self) -> IgnoreFile | None:
        """What says which files are not sent; with it the list of files may change."""
        self.ignore = self.context.ignore_file
        self.asked = True
        return self.ignore

    @property
    def starts(self) -> tuple[Start, ...]:
        """What Compose files start of the image."""
        return self.context.starts

    @property
    def history(self) -> History | None:
        """Which files earlier commits changed: the same for all commits of a row."""
        return self.context.history

    def content(self, path: str) -> bytes | None:
        """What a file holds."""
        self.read[path] = _print(self.context, path)
        return self.context.content(path)

    def head(self, path: str, size: int) -> bytes | None:
        """The first bytes of a file."""
        self.read[path] = _print(self.context, path)
        return self.context.head(path, size)

    def digest(self, path: str) -> str | None:
        """What stands for a file's content."""
        self.read[path] = _print(self.context, path)
        return self.context.digest(path)

    def holds_for(self, context: Context) -> bool:
        """Whether all answers would be the same in another context."""
        if self.closed or any(_print(context, path) != told for path, told in self.read.items()):
            return False
        if self.asked and self.ignore != context.ignore_file:
            return False
        return self.listed is None or self.listed == _listing(context)


def _print(context: Context, path: str) -> str | None:
    file = context.files.get(path)
    return None if file is None else fingerprint(context, file)


def _listing(context: Context) -> str:
    """A digest of all that a list of files tells, sizes aside: with them each change of a content would count."""
    found = blake2b(digest_size=16)
    for path, file in context.files.items():
        found.update(f"{path}\0{file.mode}\0{file.link}\n".encode("utf-8", "surrogateescape"))
    return found.hexdigest()
