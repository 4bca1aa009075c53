"""A project in the build context: a folder that an install command looks at, with the files that a COPY takes of it."""

from __future__ import annotations

import json
import posixpath
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from optimizer.facts.context import Context


class UnreadableError(Exception):
    """A manifest that cannot be read for certain; the message says which and why, as a clause after `because`."""


@dataclass(frozen=True, slots=True)
class Project:
    """The folder `root` of the context (empty: the whole), which a COPY of the folder `top` puts at `image`.

    Paths are relative to `root`, with slashes, or absolute paths of the image.
    """

    context: Context
    root: str = ""
    image: str = "/"
    top: str = ""

    def place(self, path: str) -> str:
        """A path of the project as one of the context. Raises UnreadableError where it is not copied from there."""
        inside = posixpath.relpath(path, self.image) if path.startswith("/") else path
        found = posixpath.normpath(posixpath.join(self.root, inside))
        inside_top = found == self.top or found.startswith(self.top + "/" if self.top else "")
        if not inside_top or found.startswith(".."):
            raise UnreadableError(f"`{path}` lies outside of what is copied")
        return found

    def has(self, path: str) -> bool:
        """Whether there is a file at the path."""
        return self.place(path) in self.context.files

    def below(self, folder: str) -> tuple[str, ...]:
        """All files in a folder of the project, at any depth."""
        start = self.place(folder)
        prefix = "" if start == "." else start + "/"
        return tuple(self._relative(path) for path in self.context.files if path.startswith(prefix))

    def _relative(self, place: str) -> str:
        if not self.root:
            return place
        inside = place.startswith(self.root + "/")
        return place[len(self.root) + 1 :] if inside else posixpath.relpath(place, self.root)

    def matching(self, pattern: str) -> Iterator[str]:
        """The files of the project that match a glob; `*` stays in one folder, `**` goes through any number."""
        wanted = _pattern(posixpath.normpath(pattern))
        yield from (path for path in self.below(".") if wanted.fullmatch(path))

    def text(self, path: str) -> str:
        """What a file says. Raises UnreadableError."""
        content = self.context.content(self.place(path))
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
            return tomllib.loads(self.text(path))
        except tomllib.TOMLDecodeError:
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
