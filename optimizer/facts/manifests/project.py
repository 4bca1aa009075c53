"""A project as an install finds it in the image: the files that COPYs took there from the build context."""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Iterator, Mapping
from typing import Any

import tomli
from msgspec import Struct

from optimizer.facts.context import Context


class UnreadableError(Exception):
    """A manifest that cannot be read for certain; the message says which and why, as a clause after `because`."""


class NamedError(UnreadableError):
    """It installs only what its words name, out of no manifest: a command like any other."""


class Project(Struct, frozen=True):
    """The folder of the image in which an install runs, with the files that COPYs put there and around it.

    `places` tells for each absolute path of the image the file of the context that lies there. Methods take paths
    relative to the folder, or absolute ones, and give absolute ones.
    """

    context: Context
    places: Mapping[str, str]
    folder: str = "/"

    def at(self, path: str) -> str:
        """A path as an absolute one."""
        return posixpath.normpath(posixpath.join(self.folder, path))

    def has(self, path: str) -> bool:
        """Whether a file was copied to the path."""
        return self.at(path) in self.places

    def below(self, folder: str) -> tuple[str, ...]:
        """All files in a folder, at any depth."""
        prefix = self.at(folder).rstrip("/") + "/"
        return tuple(path for path in self.places if path.startswith(prefix))

    def matching(self, pattern: str) -> Iterator[str]:
        """The files of the project that match a glob; `*` stays in one folder, `**` goes through any number."""
        wanted = _pattern(self.at(pattern))
        yield from (path for path in self.below(".") if wanted.fullmatch(path))

    def text(self, path: str) -> str:
        """What a file says. Raises UnreadableError."""
        content = self.context.content(self.places.get(self.at(path), ""))
        if content is None:
            raise UnreadableError(f"`{path}` cannot be read")
        try:
            return content.decode("utf-8-sig")
        except UnicodeDecodeError:
            raise UnreadableError(f"`{path}` is not UTF-8") from None

    def json(self, path: str) -> dict[str, Any]:
        """A JSON object. Raises UnreadableError."""
        try:
            data = json.loads(self.text(path))
        except (ValueError, RecursionError):
            raise UnreadableError(f"`{path}` is not JSON") from None
        return _table(data, path)

    def toml(self, path: str) -> dict[str, Any]:
        """A TOML table. Raises UnreadableError."""
        try:
            return tomli.loads(self.text(path))
        except (tomli.TOMLDecodeError, RecursionError):
            raise UnreadableError(f"`{path}` is not TOML") from None


def _table(data: object, path: str) -> dict[str, Any]:
    if not isinstance(data, dict):
        raise UnreadableError(f"`{path}` holds no object")
    return data


def table(data: dict[str, Any], *keys: str) -> dict[str, Any]:
    """The table at nested keys; an empty one where there is none."""
    for key in keys:
        found = data.get(key)
        data = found if isinstance(found, dict) else {}
    return data


def _pattern(glob: str) -> re.Pattern[str]:
    """Raises UnreadableError for what is more than `*`, `**` and `?`."""
    if set(glob) & set("[]{}()!"):
        raise UnreadableError(f"`{glob}` is a pattern that dockopt does not read")
    text = ""
    for piece in re.split(r"(\*\*/|\*\*|\*|\?)", glob):
        text += {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}.get(piece, re.escape(piece))
    return re.compile(text, re.S)
