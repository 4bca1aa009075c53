"""One file of an image archive as it passes by: counted, hashed, and unpacked where it is a compressed layer."""

import bz2
import gzip
import hashlib
import lzma
from collections.abc import Callable, Mapping
from typing import BinaryIO, cast

from msgspec.structs import replace

from .errors import ArchiveError
from .layer import CHUNK, Layer, read_layer

COMPRESSED: Mapping[bytes, Callable[[BinaryIO], object]] = {
    b"\x1f\x8b": gzip.open,
    b"BZh": bz2.open,
    b"\xfd7zXZ\x00": lzma.open,
}

ZSTD = b"\x28\xb5\x2f\xfd"
UNCOMPRESSED = "export the image with `docker save`, which does not compress"


class Checked:
    """A stream that counts and hashes what passes, and can look ahead a few bytes."""

    def __init__(self, stream: BinaryIO) -> None:
        self.count = 0
        self._stream = stream
        self._ahead = b""
        self._hash = hashlib.sha256()

    @property
    def digest(self) -> str:
        return self._hash.hexdigest()

    def peek(self, count: int) -> bytes:
        """The next bytes, which stay."""
        self._ahead += self._stream.read(count - len(self._ahead)) if len(self._ahead) < count else b""
        return self._ahead[:count]

    def read(self, count: int = CHUNK) -> bytes:
        """At most `count` bytes."""
        data, self._ahead = self._ahead[:count], self._ahead[count:]
        if len(data) < count:
            data += self._stream.read(count - len(data))
        self.count += len(data)
        self._hash.update(data)
        return data

    def drain(self) -> None:
        """Let the rest pass."""
        while self.read():
            pass


def read_layer_blob(blob: Checked) -> Layer:
    """A layer, plain or compressed with gzip, bzip2 or xz."""
    head = blob.peek(6)
    if head.startswith(ZSTD):
        raise ArchiveError(f"a layer is compressed with zstd, which this Python cannot read; {UNCOMPRESSED}")
    for magic, opener in COMPRESSED.items():
        if head.startswith(magic):
            plain = Checked(cast(BinaryIO, opener(cast(BinaryIO, blob))))
            layer = read_layer(cast(BinaryIO, plain))
            plain.drain()
            return replace(layer, digest=f"sha256:{plain.digest}")
    layer = read_layer(cast(BinaryIO, blob))
    blob.drain()
    return replace(layer, digest=f"sha256:{blob.digest}")
