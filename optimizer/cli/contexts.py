"""Which build context belongs to a Dockerfile on the disk."""

from __future__ import annotations

from pathlib import Path

from optimizer.cli.errors import FileError, UsageError
from optimizer.cli.names import shown
from optimizer.facts.context import Context, Missing
from optimizer.facts.context.disk import listed
from optimizer.facts.context.ignore import ignore_file


def context_folder(dockerfile: Path, wish: Path | None) -> Path:
    """The folder that is sent to the builder. Raises UsageError where there is none of that name."""
    if wish is not None and not wish.is_dir():
        raise UsageError(f"--context: there is no folder `{shown(wish)}`")
    return wish if wish is not None else dockerfile.absolute().parent


def context_in(dockerfile: Path, folder: Path) -> Context:
    """What the folder holds, less what the Dockerfile's ignore file leaves out. Raises FileError."""
    ignore = ignore_file(dockerfile.absolute(), folder)
    found = ignore if isinstance(ignore, Missing) else listed(folder, ignore)
    if isinstance(found, Missing):
        raise FileError(f"{shown(dockerfile)}: {found.why}")
    return found
