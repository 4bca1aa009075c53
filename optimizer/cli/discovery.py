"""Finds Dockerfiles below folders, and where it is asked for the CI files: by name, without what git ignores."""

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


def is_ci_file(path: Path) -> bool:
    """Whether a file is taken for one of CI: no Dockerfile by its name, and YAML."""
    return path.suffix in (".yml", ".yaml") and not is_dockerfile(path.name)


def is_known_ci_file(real: Path) -> bool:
    """Whether GitHub or GitLab would read the file with this resolved path."""
    if real.name == ".gitlab-ci.yml":
        return True
    return is_ci_file(real) and (real.parent.name, real.parent.parent.name) == ("workflows", ".github")


def find(paths: Iterable[Path], *, ci: bool = False) -> Iterator[Found]:
    """The named files, and the Dockerfiles below the named folders: each file once, under its first name.

    `ci`: also the workflows of GitHub and `.gitlab-ci.yml`.

    What does not exist or cannot be listed comes too: reading it tells why.
    """
    seen: set[str] = set()
    for path in paths:
        for found in _below(path, ci=ci) if path.is_dir() else [Found(path, path.parent)]:
            target = os.path.realpath(found.path)
            if target not in seen:
                seen.add(target)
                yield found


def _below(top: Path, *, ci: bool) -> Iterator[Found]:
    ignores = Ignores(Path(os.path.realpath(top)))
    closed: list[OSError] = []
    for folder, folders, files in os.walk(top, onerror=closed.append):
        here, real = Path(folder), Path(os.path.realpath(folder))
        folders[:] = sorted(
            name for name in folders if name not in _NEVER and not ignores.match(real / name, is_folder=True)
        )
        for name in sorted(files):
            if not is_dockerfile(name) and not (ci and is_known_ci_file(real / name)):
                continue
            path = here / name
            if (path.is_file() or path.is_symlink()) and not ignores.match(real / name, is_folder=False):
                yield Found(path, top)
    for error in closed:
        yield Found(Path(error.filename), top)
