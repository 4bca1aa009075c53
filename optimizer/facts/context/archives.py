"""Whether ADD unpacks a file: it is a tar archive, compressed or not, by what is in it and not by its name.

Source: BuildKit's llbsolver/file/unpack.go; github.com/moby/go-archive/compression.
"""

from __future__ import annotations

from optimizer.facts.context import Context

_HEAD = 1_000_000
"""Bytes that are read; a block of bzip2 holds up to 900,000."""
_BLOCK = 512

_GZIP, _BZIP2, _XZ, _ZSTD = b"\x1f\x8b\x08", b"BZh", b"\xfd7zXZ\x00", b"\x28\xb5\x2f\xfd"


def is_archive(context: Context, path: str) -> bool | None:
    """Whether the first block of the file, decompressed, is a header of tar; None where that cannot be told."""
    head = context.head(path, _HEAD)
    if head is None:
        return None if path in context.files else False
    if head.startswith(_ZSTD) or (len(head) >= 8 and head[1:4] == b"\x2a\x4d\x18" and head[0] & 0xF0 == 0x50):
        return None
    block = _first_block(head)
    if block is None:
        return None if len(head) == _HEAD else False
    return _is_header(block)


def _first_block(head: bytes) -> bytes | None:
    """The first bytes of what is compressed; None where it is broken, or more of the file would be needed."""
    import bz2
    import lzma
    import zlib

    try:
        if head.startswith(_BZIP2):
            head = bz2.BZ2Decompressor().decompress(head, _BLOCK)
        elif head.startswith(_GZIP):
            head = zlib.decompressobj(31).decompress(head, _BLOCK)
        elif head.startswith(_XZ):
            head = lzma.LZMADecompressor(lzma.FORMAT_XZ).decompress(head, _BLOCK)
    except (OSError, EOFError, zlib.error, lzma.LZMAError):
        return None
    return head[:_BLOCK] if len(head) >= _BLOCK else None


def _is_header(block: bytes) -> bool:
    import tarfile

    try:
        tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
    except tarfile.HeaderError:
        return False
    return True
