"""Reads Dockerfiles and writes them in place: wholly or not at all, and never through a link out of the tree."""

from __future__ import annotations

import os
from collections.abc import Iterable
from errno import EACCES, ENOENT, EPERM
from pathlib import Path

from optimizer.cli.errors import FileError
from optimizer.cli.names import shown


def read(path: Path) -> bytes:
    """The file's bytes. Raises FileError."""
    try:
        return path.read_bytes()
    except OSError as error:
        if error.errno == ENOENT and not path.is_symlink():
            raise FileError(f"{shown(path)}: there is no such file or folder") from error
        raise FileError(f"{shown(path)}: cannot be read: {error.strerror}") from error


def write(path: Path, before: bytes, after: bytes, *trees: Path) -> None:
    """Replaces the file's content at once, keeping mode and owner.

    Raises FileError, with the file as it was: where the path is a link to a file outside of all the trees, where the
    file is no longer what was read, or where the system says no.
    """
    target = Path(os.path.realpath(path))
    if path.is_symlink() and not any(target.is_relative_to(os.path.realpath(tree)) for tree in trees):
        raise FileError(f"{shown(path)}: is a link to {target}, which lies elsewhere; name that file to write it")
    if read(target) != before:
        raise FileError(f"{shown(path)}: was changed by someone else meanwhile; not written, run dockopt again")
    try:
        _replace(target, after)
    except OSError as error:
        raise FileError(f"{shown(path)}: cannot be written: {error.strerror}") from error


def create(path: Path, content: bytes) -> None:
    """Makes a new file. Raises FileError where there is one by now, or where the system says no."""
    try:
        with path.open("xb") as file:
            try:
                file.write(content)
                file.flush()
            except BaseException:
                path.unlink()
                raise
    except FileExistsError as error:
        raise FileError(f"{shown(path)}: was made by someone else meanwhile; run dockopt again") from error
    except OSError as error:
        raise FileError(f"{shown(path)}: cannot be written: {error.strerror}") from error


def put(path: Path, pieces: Iterable[str]) -> None:
    """Writes a file of our own making, wholly or not at all, over one that may be there. Raises FileError."""
    from tempfile import mkstemp

    try:
        target = Path(os.path.realpath(path))
        if target.exists() and not target.is_file():
            with target.open("w", encoding="utf-8") as device:
                device.writelines(pieces)
            return
        handle, name = mkstemp(dir=target.parent, prefix=".dockopt-")
        try:
            with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
                file.writelines(pieces)
                os.fchmod(file.fileno(), _mode(target))
            Path(name).replace(target)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise FileError(f"{shown(path)}: cannot be written: {error.strerror}") from error


def _mode(target: Path) -> int:
    """The mode of a file that is there, or what a new one would have."""
    if target.exists():
        return target.stat().st_mode & 0o7777
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask


def _replace(target: Path, content: bytes) -> None:
    from tempfile import mkstemp

    status = target.stat()
    if not status.st_mode & 0o222 or not os.access(target, os.W_OK):
        raise PermissionError(EACCES, "the file is read-only")
    handle, name = mkstemp(dir=target.parent, prefix=".dockopt-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            _give(file.fileno(), status)
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


def _give(handle: int, status: os.stat_result) -> None:
    """Give the open file the owner and the mode; in this order, as a new owner takes away the setuid bit."""
    new = os.fstat(handle)
    if (new.st_uid, new.st_gid) != (status.st_uid, status.st_gid):
        try:
            os.fchown(handle, status.st_uid, status.st_gid)
        except PermissionError as error:
            raise PermissionError(EPERM, "the file would change its owner") from error
    os.fchmod(handle, status.st_mode & 0o7777)
