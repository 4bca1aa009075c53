"""What differs between two images: the file tree, the configuration, the packages, the libraries that are missing."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from msgspec import Struct

from .archive import Image
from .databases import Package, owned_paths
from .filesystem import FileTree, merge
from .layer import Entry
from .libraries import missing_libraries
from .notes import Owned, Packages

SETTINGS = (
    *("Env", "Cmd", "Entrypoint", "User", "WorkingDir", "ExposedPorts", "Volumes", "Labels"),
    *("Healthcheck", "StopSignal", "OnBuild", "Shell"),
)
"""What a container, or an image built from this one, inherits (OCI image specification, config.md)."""

MERGED = {
    "mode": ("mode",),
    "owner": ("uid", "gid"),
    "content": ("size", "sha256"),
    "link": ("link",),
    "xattrs": ("xattrs",),
}
"""Aspects of a path with the fields they stand for; dates are none, since two builds never agree on them."""


@dataclass(frozen=True, slots=True, order=True)
class Change:
    """One path that differs. `aspects` is empty where it is in one image only."""

    path: str
    aspects: tuple[str, ...] = ()
    before: str = field(default="", compare=False)
    after: str = field(default="", compare=False)

    def __str__(self) -> str:
        return f"{self.path} ({', '.join(self.aspects)}: {self.before} -> {self.after})" if self.aspects else self.path


class SettingChange(Struct, frozen=True):
    """A field of the configuration that differs, both values as the image has them."""

    name: str
    before: Any
    after: Any

    def __str__(self) -> str:
        return f"{self.name}: {self.before!r} -> {self.after!r}"


class Snapshot(Struct, frozen=True):
    """An image made ready for comparison."""

    image: Image
    tree: FileTree
    packages: frozenset[Package]
    missing: frozenset[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Difference:
    """All that differs between two images.

    `owned` are the paths of dropped packages, as dpkg and apk know them, and the links to these that are gone too.
    """

    added: tuple[Change, ...] = ()
    removed: tuple[Change, ...] = ()
    changed: tuple[Change, ...] = ()
    settings: tuple[SettingChange, ...] = ()
    dropped: tuple[Package, ...] = ()
    gained: tuple[Package, ...] = ()
    missing: tuple[tuple[str, str], ...] = ()
    owned: frozenset[str] = field(default=frozenset(), repr=False)

    def __bool__(self) -> bool:
        return bool(
            self.added or self.removed or self.changed or self.settings or self.dropped or self.gained or self.missing
        )


def snapshot(image: Image) -> Snapshot:
    """Merge the layers, list the packages, look for missing libraries."""
    tree = merge(image)
    notes = (entry.note for entry in tree.entries.values())
    packages = frozenset(package for note in notes if isinstance(note, Packages) for package in note.packages)
    return Snapshot(image, tree, packages, missing_libraries(tree, image.settings))


def compare(before: Snapshot, after: Snapshot) -> Difference:
    """What is otherwise in `after`."""
    one, two = before.tree.entries, after.tree.entries
    changed = (_changed(one[path], two[path]) for path in one.keys() & two.keys())
    dropped = tuple(sorted(before.packages - after.packages))
    return Difference(
        added=tuple(sorted(Change(path) for path in two.keys() - one.keys())),
        removed=tuple(sorted(Change(path) for path in one.keys() - two.keys())),
        changed=tuple(sorted(change for change in changed if change)),
        settings=_settings(before.image.settings, after.image.settings),
        dropped=dropped,
        gained=tuple(sorted(after.packages - before.packages)),
        missing=tuple(sorted(_newly_missing(before, after))),
        owned=_owned(before.tree, after.tree, dropped),
    )


def _newly_missing(before: Snapshot, after: Snapshot) -> Iterator[tuple[str, str]]:
    """A program that only moved may lack what it lacked: libraries of a wheel are found by what loads them."""
    lacked = {(before.tree.entries[path].sha256, library) for path, library in before.missing}
    for path, library in after.missing - before.missing:
        if (after.tree.entries[path].sha256, library) not in lacked:
            yield path, library


def _changed(before: Entry, after: Entry) -> Change | None:
    if before.kind != after.kind:
        return Change(before.path, ("type",), before.kind, after.kind)
    aspects = tuple(name for name, fields in MERGED.items() if _values(before, fields) != _values(after, fields))
    if not aspects:
        return None
    return Change(before.path, aspects, _show(before, aspects), _show(after, aspects))


def _values(entry: Entry, fields: tuple[str, ...]) -> tuple[object, ...]:
    return tuple(getattr(entry, name) for name in fields)


def _show(entry: Entry, aspects: tuple[str, ...]) -> str:
    shown = {
        "mode": f"{entry.mode:04o}",
        "owner": f"{entry.uid}:{entry.gid}",
        "content": f"{entry.size} bytes {entry.sha256[:8]}",
        "link": entry.link,
        "xattrs": " ".join(name for name, _ in entry.xattrs) or "none",
    }
    return " ".join(shown[aspect] for aspect in aspects)


def _settings(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[SettingChange, ...]:
    found = []
    for name in SETTINGS:
        one, two = _setting(name, before), _setting(name, after)
        if one != two:
            found.append(SettingChange(name, one, two))
    return tuple(found)


def _setting(name: str, settings: Mapping[str, Any]) -> Any:
    """A field with its empty forms made one; variables have no order."""
    value = settings.get(name) or None
    if name == "Env" and value:
        return dict(variable.partition("=")[::2] for variable in value)
    if name == "WorkingDir" and value in (None, "/"):
        return None
    return value


def _owned(tree: FileTree, after: FileTree, dropped: tuple[Package, ...]) -> frozenset[str]:
    """The paths of the packages, and the links to them that are gone too: alternatives, enabled services."""
    names = {(package.manager, package.name) for package in dropped}
    owned: set[str] = set()
    for entry in tree.entries.values() if names else ():
        note = entry.note
        rows = (note,) if isinstance(note, Owned) else note.owned if isinstance(note, Packages) else ()
        for row in rows:
            if (row.manager, row.package) in names:
                owned |= owned_paths(row.compressed)
    real = frozenset(_real(tree, path) for path in owned)
    gone = (path for path in tree.links.keys() - after.entries.keys() if owned)
    return real.union(path for path in gone if (target := tree.resolve(path)) and target.path in real)


def _real(tree: FileTree, path: str) -> str:
    """A database's `/lib/x` where `/lib` is a link to `usr/lib` is the image's `/usr/lib/x`."""
    top, _, rest = path[1:].partition("/")
    target = tree.links.get(f"/{top}") if rest else None
    return f"/{target.strip('/')}/{rest}" if target else path
