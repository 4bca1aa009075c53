"""Which build context belongs to a Dockerfile on the disk."""

from __future__ import annotations

from pathlib import Path

from optimizer.cache.disk import Folder
from optimizer.cli.errors import UsageError
from optimizer.cli.names import shown
from optimizer.cli.prover import ignore_text


def context_folder(dockerfile: Path, wish: Path | None) -> Path:
    """The folder that is sent to the builder. Raises UsageError where there is none of that name."""
    if wish is not None and not wish.is_dir():
        raise UsageError(f"--context: there is no folder `{shown(wish)}`")
    return wish if wish is not None else dockerfile.absolute().parent


def context_in(dockerfile: Path, folder: Path) -> Folder:
    """What the folder holds, less what the Dockerfile's ignore file leaves out."""
    return Folder(folder, ignore_text(dockerfile, folder) or "")
