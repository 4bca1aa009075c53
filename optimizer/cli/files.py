"""Reads Dockerfiles and writes them in place: wholly or not at all, and never through a link out of the tree."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path

from optimizer.cli.errors import FileError


def read(path: Path) -> bytes:
    """The file's bytes. Raises FileError."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise FileError(f"{path}: cannot be read: {error.strerror}") from error


def write(path: Path, before: bytes, after: bytes, root: Path) -> None:
    """Replaces the file's content at once, keeping mode and owner.

    Raises FileError, with the file as it was: where the path is a link to a file outside of `root`, where the file
    is no longer what was read, or where the system says no.
    """
    target = path.resolve()
    if path.is_symlink() and not target.is_relative_to(root.resolve()):
        raise FileError(f"{path}: is a link to {target}, outside of {root.resolve()}; not written")
    if read(target) != before:
        raise FileError(f"{path}: was changed while it was read; not written")
    try:
        _replace(target, after)
    except OSError as error:
        raise FileError(f"{path}: cannot be written: {error.strerror}") from error


def _replace(target: Path, content: bytes) -> None:
    status = target.stat()
    if not os.access(target, os.W_OK):
        raise PermissionError(13, "the file is read-only")
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fchmod(file.fileno(), status.st_mode & 0o7777)
            with suppress(PermissionError):
                os.fchown(file.fileno(), status.st_uid, status.st_gid)
            os.fsync(file.fileno())
        Path(name).replace(target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
