"""Finds Dockerfiles below folders: by their names, without what git ignores."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from pathspec import GitIgnoreSpec

from optimizer.cli.errors import UsageError

_NAMES = re.compile(r"(?:Dockerfile|Containerfile)(?:[.].+)?|.+[.](?:[Dd]ockerfile|[Cc]ontainerfile)")
_NEVER = frozenset({".git", "node_modules"})


def is_dockerfile(name: str) -> bool:
    """Whether a file of that name is taken for a Dockerfile."""
    return bool(_NAMES.fullmatch(name)) and not name.endswith((".dockerignore", ".md"))


def find(paths: Sequence[Path]) -> list[Path]:
    """The named files, and the Dockerfiles below the named folders, each once, in order. Raises UsageError."""
    found: dict[Path, None] = {}
    for path in paths:
        if path.is_dir():
            found |= dict.fromkeys(_below(path))
        elif path.exists() or path.is_symlink():
            found[path] = None
        else:
            raise UsageError(f"{path}: there is no such file or folder")
    return list(found)


def _below(top: Path) -> Iterator[Path]:
    ignores = _Ignores(top.resolve())
    for folder, folders, files in os.walk(top):
        here = Path(folder)
        resolved = here.resolve()
        folders[:] = sorted(
            name for name in folders if name not in _NEVER and not ignores.match(resolved / name, is_folder=True)
        )
        for name in sorted(files):
            if is_dockerfile(name) and not ignores.match(resolved / name, is_folder=False):
                yield here / name


class _Ignores:
    """The `.gitignore` files that hold for a folder: its own, and those above it up to the repository's top."""

    def __init__(self, top: Path) -> None:
        self._specs: dict[Path, GitIgnoreSpec | None] = {}
        self._root = next((folder for folder in (top, *top.parents) if (folder / ".git").exists()), top)

    def match(self, path: Path, *, is_folder: bool) -> bool:
        """Whether git would ignore the path; the nearest file that speaks of it decides."""
        for folder in path.parents:
            spec = self._spec(folder)
            if spec is not None:
                relative = path.relative_to(folder).as_posix() + ("/" if is_folder else "")
                result = spec.check_file(relative)
                if result.include is not None:
                    return result.include
            if folder == self._root:
                break
        return False

    def _spec(self, folder: Path) -> GitIgnoreSpec | None:
        if folder not in self._specs:
            files = [folder / ".gitignore", *([folder / ".git/info/exclude"] if folder == self._root else [])]
            texts = [file.read_text("utf-8", "replace") for file in files if file.is_file()]
            lines = [line for text in texts for line in text.split("\n")]
            self._specs[folder] = GitIgnoreSpec.from_lines(lines) if lines else None
        return self._specs[folder]
