"""One layer of an image, read as a stream: what it adds, and what it takes away."""

import hashlib
import posixpath
import tarfile
import tempfile
from typing import BinaryIO, cast

from msgspec import Struct

from .errors import ArchiveError
from .notes import Note, is_noted, take_note

CHUNK = 1 << 20
BLOCK = 1 << 16
"""Bytes that tarfile reads at once. It copies what is left of them at each header, so more is slower."""

SPOOL = 32 << 20
"""Bytes of one file that are kept in memory to be looked into; a larger one goes to a temporary file."""

WHITEOUT = ".wh."
OPAQUE = ".wh..wh..opq"
XATTR = "SCHILY.xattr."

KINDS = {
    tarfile.DIRTYPE: "directory",
    tarfile.SYMTYPE: "link",
    tarfile.CHRTYPE: "character device",
    tarfile.BLKTYPE: "block device",
    tarfile.FIFOTYPE: "pipe",
}


class Entry(Struct, frozen=True):
    """A path in an image. `link` is a symbolic link's target, or a device's numbers; `note` is from the content."""

    path: str
    kind: str
    mode: int
    uid: int
    gid: int
    link: str = ""
    size: int = 0
    sha256: str = ""
    xattrs: tuple[tuple[str, str], ...] = ()
    note: Note | None = None


class Layer(Struct, frozen=True):
    """What one layer does to the tree below it.

    `removed` paths and the former content of `emptied` folders go, `entries` come. `hard_links` are pairs of path and
    target. `digest` is that of the uncompressed tar, which is the layer's name.
    """

    digest: str
    entries: tuple[Entry, ...]
    hard_links: tuple[tuple[str, str], ...]
    removed: tuple[str, ...]
    emptied: tuple[str, ...]

    @property
    def bytes(self) -> int:
        return sum(entry.size for entry in self.entries)


def read_layer(stream: BinaryIO) -> Layer:
    """Read an uncompressed layer. The digest is left to the caller, who sees every byte that passes."""
    entries: dict[str, Entry] = {}
    hard_links: list[tuple[str, str]] = []
    removed: list[str] = []
    emptied: list[str] = []
    with tarfile.open(fileobj=stream, mode="r|", bufsize=BLOCK) as archive:
        while (member := archive.next()) is not None:
            archive.members.clear()  # type: ignore[attr-defined]  # tarfile keeps every member it has seen
            path = posixpath.normpath("/" + member.name.lstrip("/"))
            folder, name = posixpath.split(path)
            if name == OPAQUE:
                emptied.append(folder)
            elif name.startswith(WHITEOUT):
                removed.append(posixpath.join(folder, name.removeprefix(WHITEOUT)))
            elif member.islnk():
                hard_links.append((path, posixpath.normpath("/" + member.linkname.lstrip("/"))))
            else:
                entries[path] = _entry(archive, member, path)
    return Layer("", tuple(entries.values()), tuple(hard_links), tuple(removed), tuple(emptied))


def _entry(archive: tarfile.TarFile, member: tarfile.TarInfo, path: str) -> Entry:
    kind = "file" if member.isfile() else KINDS.get(member.type)
    if kind is None:
        raise ArchiveError(f"a layer holds an entry of an unknown type {member.type!r}: `{path}`")
    link = (
        f"{member.devmajor}:{member.devminor}"
        if member.isdev() and kind != "pipe"
        else member.linkname
        if member.issym()
        else ""
    )
    xattrs = tuple(
        sorted((key.removeprefix(XATTR), value) for key, value in member.pax_headers.items() if key.startswith(XATTR))
    )
    sha256, note = _content(archive, member, path) if kind == "file" else ("", None)
    size = member.size if kind == "file" else 0
    return Entry(path, kind, member.mode & 0o7777, member.uid, member.gid, link, size, sha256, xattrs, note)


def _content(archive: tarfile.TarFile, member: tarfile.TarInfo, path: str) -> tuple[str, Note | None]:
    stream = archive.extractfile(member)
    assert stream is not None
    digest = hashlib.sha256()
    chunk = stream.read(CHUNK)
    if not is_noted(path, member.size, chunk[:20]):
        while chunk:
            digest.update(chunk)
            chunk = stream.read(CHUNK)
        return digest.hexdigest(), None
    with tempfile.SpooledTemporaryFile(max_size=SPOOL) as spool:
        while chunk:
            digest.update(chunk)
            spool.write(chunk)
            chunk = stream.read(CHUNK)
        spool.seek(0)
        return digest.hexdigest(), take_note(path, cast(BinaryIO, spool))
