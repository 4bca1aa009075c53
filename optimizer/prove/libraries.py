"""Shared libraries that the programs of an image ask for and the image does not have."""

import posixpath
from collections.abc import Iterator, Mapping
from typing import Any

from .elf import Elf
from .filesystem import FileTree
from .layer import Entry
from .notes import Lines

ALWAYS = ("/lib", "/usr/lib", "/lib64", "/usr/lib64", "/usr/local/lib")
"""Where glibc's loader (ld.so(8)) or musl's look without being told, beside Debian's multiarch folders."""

TRIPLETS = {
    (64, 62): "x86_64-linux-gnu",
    (32, 3): "i386-linux-gnu",
    (64, 183): "aarch64-linux-gnu",
    (32, 40): "arm-linux-gnueabihf",
}
"""Debian's multiarch folders by ELF class and machine (elf.h)."""


def missing_libraries(tree: FileTree, settings: Mapping[str, Any]) -> frozenset[tuple[str, str]]:
    """Pairs of a program or library and a library it needs that is nowhere its loader looks."""
    configured = tuple(_configured(tree, settings))
    known: dict[tuple[str, str, int, int], bool] = {}
    missing = set()
    for path, entry in tree.entries.items():
        if not isinstance(entry.note, Elf):
            continue
        elf = entry.note
        own = tuple(_own_folders(path, elf))
        for name in elf.needed:
            if any(_has(tree, folder, name, elf, known) for folder in (*own, *configured, *_standard(elf))):
                continue
            missing.add((path, name))
    return frozenset(missing)


def _standard(elf: Elf) -> Iterator[str]:
    triplet = TRIPLETS.get((elf.bits, elf.machine))
    if triplet:
        yield from (f"{folder}/{triplet}" for folder in ("/lib", "/usr/lib", "/usr/local/lib"))
    yield from ALWAYS


def _configured(tree: FileTree, settings: Mapping[str, Any]) -> Iterator[str]:
    for variable in settings.get("Env") or ():
        if variable.startswith("LD_LIBRARY_PATH="):
            yield from variable.partition("=")[2].split(":")
    for entry in tree.entries.values():
        if isinstance(entry.note, Lines):
            lines = (part.strip() for line in entry.note.lines for part in line.partition("#")[0].split(":"))
            yield from (line for line in lines if line.startswith("/"))


def _own_folders(path: str, elf: Elf) -> Iterator[str]:
    origin = posixpath.dirname(path)
    for folder in elf.run_path:
        yield posixpath.normpath(folder.replace("${ORIGIN}", origin).replace("$ORIGIN", origin))


def _has(tree: FileTree, folder: str, name: str, elf: Elf, known: dict[tuple[str, str, int, int], bool]) -> bool:
    if "/" in name:
        return _fits(tree.resolve(name), elf)
    key = (folder, name, elf.bits, elf.machine)
    if key not in known:
        known[key] = _fits(tree.resolve(f"{folder}/{name}"), elf)
    return known[key]


def _fits(entry: Entry | None, elf: Elf) -> bool:
    """Whether the program can load it. A library without a dynamic section (musl's own) has no note, and fits."""
    if entry is None or entry.kind != "file":
        return False
    return not isinstance(entry.note, Elf) or (entry.note.bits, entry.note.machine) == (elf.bits, elf.machine)
