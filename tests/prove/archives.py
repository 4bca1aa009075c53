"""Image archives made for a test: small trees as layers, in the formats that builders write."""

import hashlib
import io
import json
import struct
import tarfile
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from msgspec import Struct, field

from optimizer.prove.archive import read_image
from optimizer.prove.compare import Snapshot, snapshot


class Member(Struct, frozen=True):
    """One path of a layer."""

    path: str
    content: bytes = b""
    mode: int = 0o644
    uid: int = 0
    gid: int = 0
    type: bytes = tarfile.REGTYPE
    link: str = ""
    xattrs: Mapping[str, str] = field(default_factory=dict)


def folder(path: str, mode: int = 0o755) -> Member:
    """A folder."""
    return Member(path, mode=mode, type=tarfile.DIRTYPE)


def link(path: str, target: str) -> Member:
    """A symbolic link."""
    return Member(path, type=tarfile.SYMTYPE, link=target, mode=0o777)


def hard_link(path: str, target: str) -> Member:
    """A hard link to a path of the same layer."""
    return Member(path, type=tarfile.LNKTYPE, link=target)


def layer(*members: Member) -> bytes:
    """A layer as a tar."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for member in members:
            info = tarfile.TarInfo(member.path.lstrip("/"))
            info.size, info.mode, info.uid, info.gid = len(member.content), member.mode, member.uid, member.gid
            info.type, info.linkname = member.type, member.link
            info.pax_headers = {f"SCHILY.xattr.{name}": value for name, value in member.xattrs.items()}
            tar.addfile(info, io.BytesIO(member.content))
    return buffer.getvalue()


def configuration(layers: Sequence[bytes], settings: Mapping[str, Any], history: Sequence[str]) -> bytes:
    """The configuration of an image; the history has one row a layer."""
    rows = [{"created_by": text} for text in history] or [
        {"created_by": f"RUN {number}"} for number in range(len(layers))
    ]
    names = [f"sha256:{digest(content)}" for content in layers]
    document = {"architecture": "amd64", "os": "linux", "config": settings, "history": rows}
    return json.dumps({**document, "rootfs": {"type": "layers", "diff_ids": names}}).encode()


def digest(content: bytes) -> str:
    """The hash that names a blob."""
    return hashlib.sha256(content).hexdigest()


def as_tar(files: Mapping[str, bytes]) -> bytes:
    """Files as a tar, in that order."""
    return layer(*(Member(path, content) for path, content in files.items()))


def docker_archive(
    layers: Sequence[bytes], settings: Mapping[str, Any] | None = None, history: Sequence[str] = ()
) -> bytes:
    """What `docker save` wrote before Docker 25: a folder a layer, the manifest last."""
    document = configuration(layers, settings or {}, history)
    files = {f"{number}/layer.tar": content for number, content in enumerate(layers)}
    manifest = [{"Config": "config.json", "RepoTags": None, "Layers": list(files)}]
    return as_tar({**files, "config.json": document, "manifest.json": json.dumps(manifest).encode()})


def oci_files(
    layers: Sequence[bytes],
    settings: Mapping[str, Any] | None = None,
    pack: Callable[[bytes], bytes] = bytes,
    history: Sequence[str] = (),
) -> dict[str, bytes]:
    """The files of an OCI image layout."""
    document = configuration(layers, settings or {}, history)
    blobs = [pack(content) for content in layers]
    rows = [{"digest": f"sha256:{digest(blob)}", "size": len(blob)} for blob in blobs]
    manifest = json.dumps({"config": {"digest": f"sha256:{digest(document)}"}, "layers": rows}).encode()
    index = json.dumps({"manifests": [{"digest": f"sha256:{digest(manifest)}"}]}).encode()
    named = {f"blobs/sha256/{digest(blob)}": blob for blob in (*blobs, document, manifest)}
    return {"oci-layout": b'{"imageLayoutVersion": "1.0.0"}', **named, "index.json": index}


def shot(*layers: bytes, settings: Mapping[str, Any] | None = None) -> Snapshot:
    """An image of these layers, ready for comparison."""
    return snapshot(read_image(io.BytesIO(docker_archive(layers, settings))))


def elf(needed: Sequence[str] = (), run_path: str = "", *, wide: bool = True) -> bytes:
    """A little-endian ELF file that has a dynamic section and nothing else."""
    strings = b"\0"
    rows: list[tuple[int, int]] = []
    for tag, text in [*((1, name) for name in needed), *(((29, run_path),) if run_path else ())]:
        rows.append((tag, len(strings)))
        strings += text.encode() + b"\0"
    word, header, segment = ("Q", 64, 56) if wide else ("I", 52, 32)
    at = header + 2 * segment
    rows += [(5, at), (10, len(strings)), (0, 0)]
    dynamic = b"".join(struct.pack(f"<{word}{word}", *row) for row in rows)
    total = at + len(strings) + len(dynamic)
    identity = b"\x7fELF" + bytes([2 if wide else 1, 1, 1]) + bytes(9)
    head = identity + struct.pack(
        f"<HHI{word * 3}IHHHHHH", 3, 62 if wide else 3, 1, 0, header, 0, 0, header, segment, 2, 0, 0, 0
    )
    segments = _segment(1, 0, 0, total, wide) + _segment(2, at + len(strings), at + len(strings), len(dynamic), wide)
    return head + segments + strings + dynamic


def _segment(kind: int, offset: int, address: int, size: int, wide: bool) -> bytes:
    if wide:
        return struct.pack("<IIQQQQQQ", kind, 4, offset, address, address, size, size, 8)
    return struct.pack("<IIIIIIII", kind, offset, address, address, size, size, 4, 8)
