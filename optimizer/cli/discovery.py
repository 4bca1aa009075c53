"""Finds Dockerfiles below folders: by their names, without what git ignores."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

_NAMES = re.compile(r"[Dd]ockerfile(?:[.].+)?|Containerfile.*|.+[.](?:[Dd]ockerfile|[Cc]ontainerfile)", re.S)
_OTHERS = (".dockerignore", ".containerignore", ".md", ".orig", ".rej", ".bak", ".swp", "~")
_NEVER = frozenset({".git", "node_modules"})


class Found(NamedTuple):
    """A file to look at. `top`: the folder that was asked for, or the one in which the named file lies."""

    path: Path
    top: Path


def is_dockerfile(name: str) -> bool:
    """Whether a file of that name is taken for a Dockerfile."""
    return bool(_NAMES.fullmatch(name)) and not name.endswith(_OTHERS)


def find(paths: Iterable[Path]) -> Iterator[Found]:
    """The named files, and the Dockerfiles below the named folders: each file once, under its first name.

    What does not exist or cannot be listed comes too: reading it tells why.
    """
    seen: set[str] = set()
    for path in paths:
        for found in _below(path) if path.is_dir() else [Found(path, path.parent)]:
            target = os.path.realpath(found.path)
            if target not in seen:
                seen.add(target)
                yield found


def _below(top: Path) -> Iterator[Found]:
    ignores = _Ignores(Path(os.path.realpath(top)))
    closed: list[OSError] = []
    for folder, folders, files in os.walk(top, onerror=closed.append):
        here, real = Path(folder), Path(os.path.realpath(folder))
        folders[:] = sorted(
            name for name in folders if name not in _NEVER and not ignores.match(real / name, is_folder=True)
        )
        for name in filter(is_dockerfile, sorted(files)):
            path = here / name
            if (path.is_file() or path.is_symlink()) and not ignores.match(real / name, is_folder=False):
                yield Found(path, top)
    for error in closed:
        yield Found(Path(error.filename), top)


class _Ignores:
    """The `.gitignore` files that hold for a folder: its own, and those above it up to the repository's top.

    A folder that is ignored itself was asked for by name: then only its own hold.
    """

    def __init__(self, top: Path) -> None:
        self._specs: dict[Path, GitIgnoreSpec | None] = {}
        self._root = next((folder for folder in (top, *top.parents) if (folder / ".git").exists()), top)
        between = [folder for folder in (top, *top.parents) if folder != self._root and self._root in folder.parents]
        if any(self.match(folder, is_folder=True) for folder in between):
            self._root = top

    def match(self, path: Path, *, is_folder: bool) -> bool:
        """Whether git would ignore the path; the nearest file that speaks of it decides."""
        for folder in path.parents:
            if (spec := self._spec(folder)) is not None:
                relative = path.relative_to(folder).as_posix() + ("/" if is_folder else "")
                if (result := spec.check_file(relative).include) is not None:
                    return result
            if folder == self._root:
                break
        return False

    def _spec(self, folder: Path) -> GitIgnoreSpec | None:
        if folder not in self._specs:
            files = [folder / ".git/info/exclude"] if folder == self._root else []
            texts = [f.read_text("utf-8", "replace") for f in (*files, folder / ".gitignore") if f.is_file()]
            self._specs[folder] = _parsed(texts) if texts else None
        return self._specs[folder]


def _parsed(texts: Iterable[str]) -> GitIgnoreSpec:
    """The patterns of the texts; the last that fits decides."""
    from pathspec import GitIgnoreSpec

    return GitIgnoreSpec.from_lines(line.removesuffix("\r") for text in texts for line in text.split("\n"))
