"""Finds Dockerfiles below folders: by their names, without what git ignores."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from optimizer.cli.ignores import Ignores

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
    ignores = Ignores(Path(os.path.realpath(top)))
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
