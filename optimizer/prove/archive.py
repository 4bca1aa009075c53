"""Image archives, read as a stream: docker-archive or OCI layout, as a tar file, a pipe or a folder.

No layer is ever held in memory: of each file only its name, its attributes and its hash are kept, and what `notes`
takes from it.
"""

import json
import lzma
import posixpath
import tarfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, BinaryIO, cast

from msgspec import Struct, field

from .blob import Checked, read_layer_blob
from .errors import ArchiveError
from .layer import BLOCK, Layer

JSON_LIMIT = 16 << 20
"""Bytes; a manifest or configuration is far smaller, and anything larger is no JSON of an image."""

BROKEN = (tarfile.TarError, EOFError, OSError, zlib.error, lzma.LZMAError, ValueError, KeyError, TypeError, IndexError)
"""What Python's readers raise on damaged data."""

TEXTS = ("oci-layout", "repositories", "VERSION")
"""Files of an archive that are neither layer nor needed."""

ATTESTATION = "vnd.docker.reference.type"


class Image(Struct, frozen=True):
    """An image: its configuration as the OCI image specification has it, and its layers from the base up."""

    configuration: Mapping[str, Any]
    layers: tuple[Layer, ...]

    @property
    def settings(self) -> Mapping[str, Any]:
        """What a container inherits: Env, Cmd, User, ..."""
        return self.configuration.get("config") or {}

    @property
    def history(self) -> tuple[Mapping[str, Any], ...]:
        """One row an instruction; those with `empty_layer` have no layer."""
        return tuple(self.configuration.get("history") or ())


class Blobs(Struct):
    """What has been read of an archive so far. `known` holds layers by digest, which are not read again."""

    known: dict[str, Layer]
    documents: dict[str, bytes] = field(default_factory=dict)
    layers: dict[str, Layer] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)

    def take(self, name: str, size: int, stream: BinaryIO) -> None:
        """Read one file of the archive: a JSON document, or a layer."""
        digest = _digest_in(name)
        if digest and digest in self.known:
            self.layers[name] = self.known[digest]
            return
        blob = Checked(stream)
        if size <= JSON_LIMIT and (blob.peek(1) in (b"{", b"[") or posixpath.basename(name) in TEXTS):
            self.documents[name] = blob.read(JSON_LIMIT)
        elif size:
            self.layers[name] = read_layer_blob(blob)
        blob.drain()
        if blob.count != size:
            raise ArchiveError(f"the image archive is cut short in `{name}`: {blob.count} of {size} bytes")
        if digest and blob.digest != digest:
            raise ArchiveError(f"the image archive is damaged: `{name}` does not have the digest that its name says")
        if digest and name in self.layers:
            self.known[digest] = self.layers[name]

    def document(self, name: str) -> Any:
        """A JSON document of the archive."""
        name = self._follow(name)
        if name not in self.documents:
            raise ArchiveError(f"the image archive is incomplete: `{name}` is missing")
        return json.loads(self.documents[name])

    def layer(self, name: str) -> Layer:
        name = self._follow(name)
        if name not in self.layers:
            raise ArchiveError(f"the image archive is incomplete: the layer `{name}` is missing")
        return self.layers[name]

    def _follow(self, name: str) -> str:
        for _ in range(8):
            if name not in self.links:
                break
            name = self.links[name]
        return name


def read_image(source: Path | BinaryIO, *, known: dict[str, Layer] | None = None, platform: str | None = None) -> Image:
    """Read an image; `ArchiveError` where that cannot be done.

    `known` is filled with its layers, and spares reading those that it holds; `platform` chooses among several.
    """
    blobs = Blobs({} if known is None else known)
    with _explained():
        if not isinstance(source, Path):
            _read_tar(blobs, source)
        elif source.is_dir():
            _read_folder(blobs, source)
        elif source.is_file():
            with source.open("rb") as file:
                _read_tar(blobs, file)
        else:
            raise ArchiveError(f"there is no image archive `{source}`")
        return _assemble(blobs, platform)


@contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except ArchiveError:
        raise
    except BROKEN as problem:
        raise ArchiveError(f"the image archive cannot be read: {problem or type(problem).__name__}") from problem


def _read_tar(blobs: Blobs, stream: IO[bytes]) -> None:
    with tarfile.open(fileobj=stream, mode="r|*", bufsize=BLOCK) as archive:
        while (member := archive.next()) is not None:
            archive.members.clear()  # type: ignore[attr-defined]  # tarfile keeps every member it has seen
            name = posixpath.normpath(member.name)
            if member.issym():
                blobs.links[name] = posixpath.normpath(posixpath.join(posixpath.dirname(name), member.linkname))
            elif member.islnk():
                blobs.links[name] = posixpath.normpath(member.linkname)
            elif member.isfile() and (content := archive.extractfile(member)):
                blobs.take(name, member.size, cast(BinaryIO, content))


def _read_folder(blobs: Blobs, folder: Path) -> None:
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            with path.open("rb") as file:
                blobs.take(path.relative_to(folder).as_posix(), path.stat().st_size, file)


def _digest_in(name: str) -> str | None:
    folder, _, digest = name.rpartition("/")
    return digest if folder == "blobs/sha256" and len(digest) == 64 else None


def _assemble(blobs: Blobs, platform: str | None) -> Image:
    if "manifest.json" in blobs.documents:
        rows = blobs.document("manifest.json")
        if len(rows) != 1:
            raise ArchiveError(f"the archive holds {len(rows)} images; one is expected")
        configuration, names = (
            blobs.document(rows[0]["Config"]),
            [posixpath.normpath(name) for name in rows[0]["Layers"]],
        )
    elif "index.json" in blobs.documents:
        manifest = _choose(blobs, blobs.document("index.json"), platform)
        configuration = blobs.document(_blob(manifest["config"]))
        names = [_blob(row) for row in manifest["layers"]]
    else:
        raise ArchiveError(
            "this is no image archive: it has neither `manifest.json` nor `index.json`; `docker save` writes one"
        )
    layers = tuple(blobs.layer(name) for name in names)
    _check(configuration, layers)
    return Image(configuration, layers)


def _check(configuration: Mapping[str, Any], layers: tuple[Layer, ...]) -> None:
    """A damaged tar may look like one that ends early; the configuration knows better."""
    named = tuple((configuration.get("rootfs") or {}).get("diff_ids") or ())
    if named and named != tuple(layer.digest for layer in layers):
        raise ArchiveError("the image archive is damaged: its layers are not those that its configuration names")


def _blob(row: Mapping[str, Any]) -> str:
    return "blobs/" + str(row["digest"]).replace(":", "/", 1)


def _choose(blobs: Blobs, index: Mapping[str, Any], platform: str | None) -> Mapping[str, Any]:
    rows = [row for row in index["manifests"] if ATTESTATION not in (row.get("annotations") or {})]
    if platform:
        rows = [row for row in rows if _platform(row) in (platform, "")]
    if len(rows) != 1:
        raise ArchiveError(f"the archive holds {len(rows)} images; choose one by its platform")
    document: Mapping[str, Any] = blobs.document(_blob(rows[0]))
    return _choose(blobs, document, platform) if "manifests" in document else document


def _platform(row: Mapping[str, Any]) -> str:
    found = row.get("platform") or {}
    return "/".join(found[name] for name in ("os", "architecture", "variant") if found.get(name))
