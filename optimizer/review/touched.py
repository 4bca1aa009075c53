"""Which files a change touches, from where it left its base on; read from git, with the diffs as a forge makes them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from msgspec import Struct

from optimizer.cache.git import GitError, Repository
from optimizer.review.patches import Patch, hunks

_IGNORE_FILES = (".dockerignore", ".containerignore")


class Touched(Struct, frozen=True):
    """A change. Paths from the top of the repository; what is gone is not among them."""

    base: str
    """The commit in which the change left its base."""
    head: str
    top: Path
    paths: dict[str, str]
    """Each path with the one that it had before."""

    @property
    def ignored(self) -> Iterator[PurePosixPath]:
        """Files that say what of a context is not sent, `Dockerfile.dockerignore` too."""
        for path in map(PurePosixPath, self.paths):
            if path.name.endswith(_IGNORE_FILES):
                yield path


def touched(repository: Repository, base: str, head: str) -> Touched:
    """What lies between the base and the head. Raises GitError, which says what to fetch."""
    ends = repository.commit(base), repository.commit(head)
    try:
        fork = repository.merge_base(*ends)
    except GitError as error:
        raise GitError(
            f"`{base}` and `{head}` have no commit in common that is there; fetch the whole history "
            "(`git fetch --unshallow`; `fetch-depth: 0` of actions/checkout)"
        ) from error
    return Touched(fork, ends[1], repository.toplevel(), repository.renamed(fork, ends[1]))


def patch_of(repository: Repository, change: Touched, path: str) -> Patch:
    """The hunks of one of the paths."""
    old = change.paths[path]
    return Patch(path, old, hunks(repository.diff(change.base, change.head, {old, path})))
