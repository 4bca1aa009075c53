"""A build context on the disk: listed once, as BuildKit's client walks it. Source: fsutil's filter.go.

Links are never followed, so nothing outside of the context is looked at.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import file_digest, sha256
from io import FileIO
from pathlib import Path
from stat import S_IMODE, S_ISLNK, S_ISREG

from msgspec import Struct

from optimizer.facts.context import LARGEST, File, IgnoreFile, Missing, Start, folders_above
from optimizer.facts.context.globs import BadPattern
from optimizer.facts.context.history import History, history_of
from optimizer.facts.context.patterns import Matched, Patterns

MOST_FILES = 200_000
"""Of files and folders that are looked at; a context with more is not known."""

Progress = Callable[[int], None]
"""Is told how many files and folders were looked at, every few thousand."""


class Unlistable(Exception):
    """The message says why the context cannot be listed."""


class _Listing(Struct):
    """What was worked out of a listing, for all Dockerfiles that share it."""

    digest: str | None = None

    def fingerprint(self, context: OnDisk) -> str:
        if self.digest is None:
            ignore = context.ignore_file
            found = sha256(repr((ignore.path, ignore.patterns) if ignore else None).encode("utf-8", "surrogateescape"))
            for file in context.files.values():
                found.update(repr((file.path, file.size, file.mode, file.link)).encode("utf-8", "surrogateescape"))
            found.update(repr(sorted(context.folders)).encode("utf-8", "surrogateescape"))
            self.digest = found.hexdigest()
        return self.digest


@dataclass(frozen=True)
class OnDisk:
    """A folder as a build sees it: made by `listed`."""

    root: Path
    files: Mapping[str, File]
    folders: Collection[str]
    ignore_file: IgnoreFile | None = None
    starts: tuple[Start, ...] = ()
    _digests: dict[str, str | None] = field(default_factory=dict, repr=False)
    _listing: _Listing = field(default_factory=_Listing, repr=False, compare=False)

    @cached_property
    def ignored(self) -> Mapping[str, int] | None:
        """Bytes that are not sent, by the first part of their path; None where there are too many files to count."""
        sizes: Counter[str] = Counter()
        try:
            for path, entry in list(_walk(self.root, Patterns(()), None)):
                if path not in self.files and not entry.is_dir(follow_symlinks=False):
                    file = _file(path, entry)
                    sizes[path.partition("/")[0]] += file.size if file else 0
        except (Unlistable, OSError):
            return None
        return {name: size for name, size in sorted(sizes.items()) if size}

    @cached_property
    def history(self) -> History | None:
        """Which files the last commits of the repository changed."""
        return history_of(self.root)

    @property
    def fingerprint(self) -> str:
        """A digest of the listing: paths, sizes, modes, links, folders, and the ignore file with its patterns."""
        return self._listing.fingerprint(self)

    def content(self, path: str) -> bytes | None:
        """What a file holds; None where there is no such file, it is a link, or it is too large to be read."""
        found = self.head(path, LARGEST + 1)
        return found if found is not None and len(found) <= LARGEST else None

    def head(self, path: str, size: int) -> bytes | None:
        """The first bytes of a file, however large; None where there is no such file, or it is a link."""
        file = self._opened(path)
        if file is None:
            return None
        with file:
            return file.read(size)

    def digest(self, path: str) -> str | None:
        """The SHA-256 of what a file holds; None where there is no such file, or it is a link."""
        if path not in self._digests:
            file = self._opened(path)
            if file is None:
                return None
            with file:
                self._digests[path] = file_digest(file, "sha256").hexdigest()
        return self._digests[path]

    def _opened(self, path: str) -> FileIO | None:
        if path not in self.files or self.files[path].link is not None:
            return None
        try:
            handle = os.open(self.root / path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        except OSError:
            return None
        if S_ISREG(os.fstat(handle).st_mode):
            return FileIO(handle)
        os.close(handle)
        return None


def listed(root: Path, ignore: IgnoreFile | None = None, progress: Progress | None = None) -> OnDisk | Missing:
    """The context in a folder; Missing where a build could not read it, or it is too large."""
    try:
        patterns = Patterns(ignore.patterns if ignore else ())
    except BadPattern as error:
        return Missing(f"a pattern of `{Path(ignore.path).name if ignore else ''}` cannot be read: `{error}`")
    files: dict[str, File] = {}
    folders: set[str] = set()
    try:
        for path, entry in list(_walk(root, patterns, progress)):
            if entry.is_dir(follow_symlinks=False):
                folders.add(path)
            elif (file := _file(path, entry)) is not None:
                files[path] = file
    except Unlistable as error:
        return Missing(str(error))
    except OSError as error:
        return Missing(f"the build context cannot be listed: {error.strerror}")
    return OnDisk(root, dict(sorted(files.items())), folders | folders_above([*files, *folders]), ignore)


def _file(path: str, entry: os.DirEntry[str]) -> File | None:
    """None where it went away meanwhile."""
    try:
        status = entry.stat(follow_symlinks=False)
        link = str(Path(entry.path).readlink()) if S_ISLNK(status.st_mode) else None
    except FileNotFoundError:
        return None
    return File(path, status.st_size, S_IMODE(status.st_mode), link)


def _walk(root: Path, patterns: Patterns, progress: Progress | None) -> Iterator[tuple[str, os.DirEntry[str]]]:
    """All that is sent. Raises Unlistable; so take all of it before you look at one closely."""
    seen = 0
    waiting: list[tuple[str, bool, Matched]] = [("", True, patterns.nothing)]
    while waiting:
        folder, sent, above = waiting.pop()
        for entry in _entries(root, folder, sent=sent):
            seen += 1
            if seen > MOST_FILES:
                raise Unlistable(f"the build context `{root}` holds more than {MOST_FILES:,} files")
            if progress is not None and seen % 5000 == 0:
                progress(seen)
            path = f"{folder}/{entry.name}" if folder else entry.name
            matched, groups = patterns.match(path, above)
            is_folder = entry.is_dir(follow_symlinks=False)
            if is_folder and (not matched or patterns.enters(path)):
                waiting.append((path, not matched, groups))
            if not matched:
                yield path, entry


def _entries(root: Path, folder: str, *, sent: bool) -> Iterator[os.DirEntry[str]]:
    """What is in a folder. One that is not sent itself may be closed, as to BuildKit."""
    try:
        entries = os.scandir(root / folder)
    except FileNotFoundError:
        return
    except OSError as error:
        if not sent and isinstance(error, PermissionError):
            return
        why = f"`{folder}` in the build context" if folder else f"the build context `{root}`"
        raise Unlistable(f"{why} cannot be read: {error.strerror}") from error
    with entries:
        yield from entries
