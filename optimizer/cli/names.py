"""What a path is called: in messages as the user would type it, in a diff as `git apply` looks for it."""

from __future__ import annotations

import os
from pathlib import Path


def shown(path: Path) -> str:
    """The path for a message: without this folder, where it lies below it."""
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)


def in_diff(path: Path) -> str:
    """The file behind all links, for `patch -p1` in this folder; from the root where it lies elsewhere."""
    target, here = Path(os.path.realpath(path)), Path.cwd()
    return (target.relative_to(here) if target.is_relative_to(here) else target.relative_to("/")).as_posix()


def reported(path: Path) -> str:
    """The file behind all links, as other programs look for it: from this folder, or from the root. With slashes."""
    target, here = Path(os.path.realpath(path)), Path.cwd()
    return (target.relative_to(here) if target.is_relative_to(here) else target).as_posix()
