"""`dockopt lock`: keeps the lock file that says to which digest loosely named base images are pinned."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from optimizer.cli import files
from optimizer.cli.discovery import find
from optimizer.cli.errors import FileError, InputError, UsageError
from optimizer.cli.names import shown
from optimizer.cli.output import Output
from optimizer.cli.settings import SETTINGS_FILES
from optimizer.facts import Facts
from optimizer.facts.pinning import loose
from optimizer.lock import NAME, Entry, LockError, read, written
from optimizer.syntax.parser import parse

STALE = 1
"""The exit code of `--check` where a base has no entry."""


class Wishes(Struct, frozen=True):
    """`update`: ask again for what is known; `check`: ask nobody, write nothing, say what is missing."""

    update: bool = False
    check: bool = False


def lock(paths: Sequence[str], wishes: Wishes) -> int:
    """Look for loosely named bases, ask the registry, write the lock file. The exit code."""
    if wishes.update and wishes.check:
        raise UsageError("--update and --check exclude each other")
    folders = [Path(path) for path in paths]
    place = lock_beside(folders[0] if folders else Path())
    known = {entry.name: entry for entry in _entries(place)}
    wanted = sorted(set(_loose_bases(folders)))
    note = Output().note
    if wishes.check:
        missing = [name for name in wanted if name not in known or known[name].pinned is None]
        for name in missing:
            note(f"{shown(place)}: `{name}` has no entry; `dockopt lock` asks its registry")
        return STALE if missing else 0
    asked = [name for name in {*known, *wanted} if wishes.update or name not in known or known[name].pinned is None]
    found, failed = _asked(sorted(asked), known)
    after = {**known, **found}
    text = written(after.values())
    if after != known:
        _write(place, text)
    note(f"{shown(place)}: {len(after)} images, {sum(known.get(name) != one for name, one in after.items())} changed")
    return InputError.exit_code if failed else 0


def lock_beside(path: Path) -> Path:
    """The lock file in force: beside the nearest settings, or where one lies already; else in this folder."""
    start = path.absolute() if path.is_dir() else path.absolute().parent
    for folder in (start, *start.parents):
        if any((folder / name).is_file() for name in (NAME, *SETTINGS_FILES)):
            return folder / NAME
    return start / NAME


def _entries(place: Path) -> tuple[Entry, ...]:
    if not place.is_file():
        return ()
    try:
        return read(place.read_text("utf-8"))
    except (LockError, UnicodeDecodeError, OSError) as error:
        raise FileError(f"{shown(place)}: {error}") from error


def _loose_bases(paths: Sequence[Path]) -> Iterable[str]:
    for one in find(paths or [Path()]):
        yield from loose(Facts(parse(files.read(one.path))))


def _asked(names: Sequence[str], known: dict[str, Entry]) -> tuple[dict[str, Entry], bool]:
    """What registries say; a failure is told, and the entry stays as it was."""
    if not names:
        return {}, False
    try:
        import httpx
    except ImportError as error:
        raise UsageError("`dockopt lock` needs httpx: install `dockopt[lock]`") from error
    from optimizer.lock.registry import Registry, RegistryError

    note = Output().note
    found: dict[str, Entry] = {}
    failed = False
    with httpx.Client(timeout=30, follow_redirects=True) as client:
        registry = Registry(client)
        for name in names:
            entry = known.get(name, Entry(name))
            try:
                found[name] = replace(entry, digest=registry.digest(entry.asked))
            except RegistryError as error:
                failed = True
                note(str(error))
    return found, failed


def _write(place: Path, text: str) -> None:
    if place.exists():
        files.write(place, place.read_bytes(), text.encode(), Path())
    else:
        files.create(place, text.encode())
