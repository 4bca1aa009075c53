"""The dynamic section of an ELF file: which libraries it needs, and where it looks for them. Format: elf(5)."""

import struct
from typing import BinaryIO

from msgspec import Struct

MAGIC = b"\x7fELF"
LOAD, DYNAMIC, INTERP = 1, 2, 3
NEEDED, STRTAB, STRSZ, SONAME, RPATH, RUNPATH = 1, 5, 10, 14, 15, 29
STRING_LIMIT = 64 << 20
"""Bytes; a string table larger than this is damaged."""


class Elf(Struct, frozen=True):
    """What the dynamic loader reads of a file. `bits` and `machine` tell apart libraries of the same name."""

    bits: int
    machine: int
    needed: tuple[str, ...]
    run_path: tuple[str, ...]
    interpreter: str


class _Segment(Struct, frozen=True):
    kind: int
    offset: int
    address: int
    size: int


def read_elf(stream: BinaryIO) -> Elf | None:
    """The dynamic section; None for a file that is no ELF, is static, or is damaged."""
    try:
        return _read(stream)
    except (struct.error, ValueError, LookupError, OverflowError):
        return None


def _read(stream: BinaryIO) -> Elf | None:
    head = stream.read(64)
    if not head.startswith(MAGIC):
        return None
    wide, order = head[4] == 2, "<" if head[5] == 1 else ">"
    (machine,) = struct.unpack_from(f"{order}H", head, 18)
    segments = list(_segments(stream, head, wide, order))
    interpreter = next(
        (_bytes(stream, each.offset, each.size).rstrip(b"\0").decode() for each in segments if each.kind == INTERP), ""
    )
    dynamic = next((each for each in segments if each.kind == DYNAMIC), None)
    if dynamic is None:
        return None
    rows = list(struct.iter_unpack(f"{order}{'qQ' if wide else 'iI'}", _whole(stream, dynamic, 16 if wide else 8)))
    values = dict(rows)
    strings = (
        _bytes(stream, _offset(segments, values[STRTAB]), min(values[STRSZ], STRING_LIMIT)) if STRTAB in values else b""
    )

    def text(position: int) -> str:
        return strings[position : strings.index(b"\0", position)].decode(errors="replace")

    needed = tuple(text(value) for tag, value in rows if tag == NEEDED)
    path = next((text(values[tag]) for tag in (RUNPATH, RPATH) if tag in values), "")
    return Elf(64 if wide else 32, machine, needed, tuple(part for part in path.split(":") if part), interpreter)


def _segments(stream: BinaryIO, head: bytes, wide: bool, order: str) -> "list[_Segment]":
    (table,) = struct.unpack_from(f"{order}{'Q' if wide else 'I'}", head, 32 if wide else 28)
    size, count = struct.unpack_from(f"{order}HH", head, 54 if wide else 42)
    data = _bytes(stream, table, size * count)
    found = []
    for index in range(count):
        if wide:
            kind, _flags, offset, address, _, length, *_ = struct.unpack_from(f"{order}IIQQQQQQ", data, index * size)
        else:
            kind, offset, address, _, length, *_ = struct.unpack_from(f"{order}IIIIIIII", data, index * size)
        found.append(_Segment(kind, offset, address, length))
    return found


def _offset(segments: "list[_Segment]", address: int) -> int:
    for segment in segments:
        if segment.kind == LOAD and segment.address <= address < segment.address + segment.size:
            return address - segment.address + segment.offset
    raise ValueError("an address outside all segments")


def _whole(stream: BinaryIO, segment: _Segment, row: int) -> bytes:
    data = _bytes(stream, segment.offset, segment.size)
    return data[: len(data) - len(data) % row]


def _bytes(stream: BinaryIO, offset: int, size: int) -> bytes:
    if size > STRING_LIMIT:
        raise ValueError("a size beyond reason")
    stream.seek(offset)
    return stream.read(size)
