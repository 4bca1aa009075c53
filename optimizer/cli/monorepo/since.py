"""`--changed-since`: the Dockerfiles that a change touches, itself or by the files that say how they are built."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from optimizer.cache.git import GitError
from optimizer.cli.discovery import Found
from optimizer.cli.errors import UsageError
from optimizer.cli.monorepo.repository import WorkTree
from optimizer.cli.settings import LOCK_FILE, SETTINGS_FILES

_OF_FOLDER = (".dockerignore", *SETTINGS_FILES, LOCK_FILE)
"""Files that speak of the Dockerfiles in and below their folder."""


def changed_since(founds: Iterable[Found], revision: str, folder: Path) -> Iterator[Found]:
    """Those that differ from where this branch left the revision, or are new; or whose ignore files or settings do.

    Raises UsageError without a work tree, without git, and for a revision that it does not know.
    """
    try:
        changed = WorkTree(folder).changed_since(revision)
    except GitError as error:
        raise UsageError(f"--changed-since: {error}") from error
    folders = {path.parent for path in changed if path.name in _OF_FOLDER}
    for found in founds:
        path = Path(os.path.realpath(found.path))
        if (
            path in changed
            or path.with_name(f"{path.name}.dockerignore") in changed
            or any(above in folders for above in path.parents)
        ):
            yield found
