"""What is read from a file's content while it passes by, since an archive cannot be rewound."""

import re
from collections.abc import Callable
from typing import BinaryIO

from msgspec import Struct

from .databases import Package, compress_paths, read_apk, read_apk_paths, read_dist_info, read_dpkg, read_node, read_rpm
from .elf import MAGIC, Elf, read_elf


class Owned(Struct, frozen=True):
    """The paths that dpkg or apk says belong to a package, compressed."""

    manager: str
    package: str
    compressed: bytes


class Packages(Struct, frozen=True):
    """Packages that a database, or a package's own file, names as installed; apk's database knows their paths too."""

    packages: tuple[Package, ...]
    owned: tuple[Owned, ...] = ()


class Lines(Struct, frozen=True):
    """A small text that the dynamic loader reads."""

    lines: tuple[str, ...]


Note = Packages | Owned | Lines | Elf

LIMIT = 256 << 20
"""Bytes; a database larger than this is left alone."""


def _packages(read: Callable[[str, bytes], tuple[Package, ...]]) -> Callable[[str, BinaryIO], Note]:
    return lambda path, stream: Packages(read(path, stream.read()))


def _owned(path: str, stream: BinaryIO) -> Note:
    name = path.rpartition("/")[2].removesuffix(".list").partition(":")[0]
    return Owned("dpkg", name, compress_paths(stream.read()))


def _apk(path: str, stream: BinaryIO) -> Note:
    content = stream.read()
    owned = (Owned("apk", name, compress_paths("\n".join(paths).encode())) for name, paths in read_apk_paths(content))
    return Packages(read_apk(path, content), tuple(owned))


def _lines(_path: str, stream: BinaryIO) -> Note:
    return Lines(tuple(stream.read().decode(errors="replace").splitlines()))


READERS: tuple[tuple[re.Pattern[str], Callable[[str, BinaryIO], Note]], ...] = (
    (re.compile(r"/var/lib/dpkg/(status|status\.d/[^/]+(?<!\.md5sums))"), _packages(read_dpkg)),
    (re.compile(r"/var/lib/dpkg/info/[^/]+\.list"), _owned),
    (re.compile(r"/(usr/)?lib/apk/db/installed"), _apk),
    (re.compile(r"/(var/lib|usr/lib/sysimage)/rpm/rpmdb\.sqlite"), _packages(read_rpm)),
    (re.compile(r".*/[^/]+\.(dist-info/METADATA|egg-info/PKG-INFO|egg-info)"), _packages(read_dist_info)),
    (re.compile(r".*/node_modules/(@[^/]+/)?[^/]+/package\.json"), _packages(read_node)),
    (re.compile(r"/etc/(ld\.so\.conf(\.d/[^/]+\.conf)?|ld-musl-[^/]+\.path)"), _lines),
)


def is_noted(path: str, size: int, head: bytes) -> bool:
    """Whether the content of a file tells something that is wanted."""
    if size > LIMIT:
        return False
    return head.startswith(MAGIC) or any(pattern.fullmatch(path) for pattern, _ in READERS)


def take_note(path: str, stream: BinaryIO) -> Note | None:
    """What the content tells; None where it cannot be read: it is compared by its hash all the same."""
    for pattern, read in READERS:
        if pattern.fullmatch(path):
            return read(path, stream)
    return read_elf(stream)
