"""A context that notes what is asked of it, so that an answer can be used again where nothing of that has changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

from optimizer.cache.taken import fingerprint
from optimizer.facts.context import Context, File


@dataclass
class Watched:
    """A context that notes what is asked of it. `closed`: something was asked that cannot be noted."""

    context: Context
    listed: str | None = None
    """Stands for all names, modes and links, if they were asked for."""
    read: dict[str, str | None] = field(default_factory=dict)
    closed: bool = False

    @property
    def files(self) -> Mapping[str, File]:
        """All files by their paths, sorted."""
        if self.listed is None:
            self.listed = _listing(self.context)
        return self.context.files

    def content(self, path: str) -> bytes | None:
        """What a file holds."""
        self.read[path] = _print(self.context, path)
        return self.context.content(path)

    def __getattr__(self, name: str) -> Any:
        self.closed = True
        return getattr(self.context, name)

    def holds_for(self, context: Context) -> bool:
        """Whether all answers would be the same in another context."""
        if self.closed or any(_print(context, path) != told for path, told in self.read.items()):
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
