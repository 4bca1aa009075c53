"""Which files of a build context the last commits of its repository changed: one call of git, when a fact asks.

None where there is no git, no repository, or no commit with a parent (a shallow clone of one commit).
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable, Mapping
from functools import lru_cache, reduce
from operator import or_
from pathlib import Path

from msgspec import Struct

COMMITS = 200
"""Commits of the main line that are looked at; a merge counts as one."""
SECONDS = 1.0
"""After which git is stopped, and the history is not known."""

QUIET = {"GIT_OPTIONAL_LOCKS": "0", "GIT_NO_LAZY_FETCH": "1", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
"""The environment in which git only reads, and asks nobody."""
_LOG = ("log", "--first-parent", "-m", "--name-only", "--no-renames", "--no-show-signature", "--no-ext-diff", "-z")


class History(Struct, frozen=True):
    """`touched`: for each path that changed, the commits that changed it, as a bit mask of `commits` bits."""

    commits: int
    touched: Mapping[str, int]

    def of(self, paths: Iterable[str]) -> int:
        """The commits that changed at least one of the files, as a bit mask."""
        return reduce(or_, (self.touched[path] for path in paths if path in self.touched), 0)

    def below(self, folder: str) -> History:
        """The same for the files in a folder, with paths from there."""
        prefix = f"{folder}/" if folder else ""
        found = {path[len(prefix) :]: mask for path, mask in self.touched.items() if path.startswith(prefix)}
        return History(self.commits, found)


def history_of(root: Path) -> History | None:
    """The history of the repository that a folder lies in, with paths from the folder."""
    top = next((one for one in (root, *root.parents) if (one / ".git").exists()), None)
    if top is None:
        return None
    found = _remembered(top, _state(top))
    return found.below(root.relative_to(top).as_posix() if root != top else "") if found is not None else None


def _state(top: Path) -> int:
    """Something that differs when commits came."""
    try:
        return (top / ".git" / "logs" / "HEAD").stat().st_mtime_ns
    except OSError:
        return 0


def change_counts(root: Path) -> Mapping[str, int]:
    """How many of the last commits changed each file below a folder; empty where no history is known."""
    found = history_of(root)
    return {path: mask.bit_count() for path, mask in found.touched.items()} if found is not None else {}


@lru_cache(maxsize=8)
def _remembered(top: Path, state: int) -> History | None:
    return read(top)


def read(repository: Path, revision: str = "HEAD") -> History | None:
    """The history of a repository up to a commit, with paths from its top."""
    command = ["git", "-C", str(repository), *_LOG, f"--max-count={COMMITS}", "--format=%x01%P", revision, "--"]
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=SECONDS,
            env={**os.environ, **QUIET},
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return _parsed(done.stdout) if done.returncode == 0 else None


def _parsed(out: bytes) -> History | None:
    """The first commit of all brought every file: it says nothing."""
    touched: dict[str, int] = {}
    number = 0
    for record in out.split(b"\x01")[1:]:
        parents, _, paths = record.partition(b"\0")
        if not parents.strip():
            continue
        for path in paths.split(b"\0"):
            if name := path.lstrip(b"\n"):
                text = os.fsdecode(name)
                touched[text] = touched.get(text, 0) | 1 << number
        number += 1
    return History(number, touched) if number else None
