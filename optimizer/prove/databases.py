"""Readers of package databases: dpkg, apk, rpm, and what pip and npm leave beside each package."""

import json
import re
import struct
import zlib
from collections.abc import Iterator

from msgspec import Struct

RPM_NAME, RPM_VERSION, RPM_RELEASE = 1000, 1001, 1002
"""Tags of an rpm header (rpmtag.h)."""

RPM_STRING = 6
"""Type of a string in an rpm header (rpmtag.h)."""


class Package(Struct, frozen=True, order=True):
    """An installed package. `manager` is dpkg, apk, rpm, pip or npm."""

    manager: str
    name: str
    version: str

    def __str__(self) -> str:
        return f"{self.name} {self.version} ({self.manager})"


def read_dpkg(path: str, content: bytes) -> tuple[Package, ...]:
    """The installed packages of a dpkg status file; those of distroless' `status.d` have no Status line."""
    return tuple(
        Package("dpkg", fields["Package"], fields.get("Version", ""))
        for fields in _paragraphs(content.decode(errors="replace"))
        if "Package" in fields and fields.get("Status", "install ok installed").endswith(" installed")
    )


def _paragraphs(text: str) -> Iterator[dict[str, str]]:
    for paragraph in re.split(r"\n[ \t]*\n", text):
        rows = (line.partition(":") for line in paragraph.splitlines() if not line.startswith((" ", "\t")))
        yield {name: value.strip() for name, _, value in rows}


def compress_paths(content: bytes) -> bytes:
    """A list of paths, compressed: one image has some megabytes of them, and few are ever looked into."""
    return zlib.compress(content, 6)


def owned_paths(compressed: bytes) -> frozenset[str]:
    """The paths of a list."""
    return frozenset(zlib.decompress(compressed).decode(errors="replace").splitlines())


def read_apk(path: str, content: bytes) -> tuple[Package, ...]:
    """Packages of apk's `installed` database: `P:` is the name, `V:` the version, a blank line the end."""
    found = []
    for paragraph in content.decode(errors="replace").split("\n\n"):
        fields = {line[:1]: line[2:] for line in reversed(paragraph.splitlines()) if line[1:2] == ":"}
        if "P" in fields:
            found.append(Package("apk", fields["P"], fields.get("V", "")))
    return tuple(found)


def read_apk_paths(content: bytes) -> Iterator[tuple[str, list[str]]]:
    """Each package of apk's database with its paths: `F:` is a folder, `R:` a file in the folder named last."""
    for paragraph in content.decode(errors="replace").split("\n\n"):
        name, folder, paths = "", "", []
        for line in paragraph.splitlines():
            key, value = line[:2], line[2:]
            if key == "P:":
                name = value
            elif key == "F:":
                folder = f"/{value}".rstrip("/")
                paths.append(folder)
            elif key == "R:":
                paths.append(f"{folder}/{value}")
        if name:
            yield name, paths


def read_rpm(path: str, content: bytes) -> tuple[Package, ...]:
    """Packages of rpm's SQLite database; the older Berkeley and ndb formats are not read."""
    import sqlite3

    connection = sqlite3.connect(":memory:")
    try:
        connection.deserialize(_without_wal(content))
        rows = connection.execute("SELECT blob FROM Packages").fetchall()
        return tuple(package for (blob,) in rows if (package := _rpm_package(blob)))
    except (sqlite3.Error, struct.error):
        return ()
    finally:
        connection.close()


def _without_wal(content: bytes) -> bytes:
    """SQLite refuses a database in memory whose bytes 18 and 19 tell of a write-ahead log (SQLite file format, 1.3)."""
    return content[:18] + b"\x01\x01" + content[20:] if content[18:20] == b"\x02\x02" else content


def _rpm_package(blob: bytes) -> Package | None:
    """Name and version of an rpm header: a count of index rows, a length, the rows, the data (rpm's header format)."""
    count, _length = struct.unpack_from(">II", blob)
    data = 8 + 16 * count
    found = {}
    for index in range(count):
        tag, kind, offset, _items = struct.unpack_from(">IIiI", blob, 8 + 16 * index)
        if tag in (RPM_NAME, RPM_VERSION, RPM_RELEASE) and kind == RPM_STRING:
            begin = data + offset
            found[tag] = blob[begin : blob.index(b"\0", begin)].decode(errors="replace")
    if RPM_NAME not in found:
        return None
    return Package("rpm", found[RPM_NAME], f"{found.get(RPM_VERSION, '')}-{found.get(RPM_RELEASE, '')}")


def read_dist_info(path: str, content: bytes) -> tuple[Package, ...]:
    """The Python package that a METADATA or PKG-INFO file describes."""
    head = content.decode(errors="replace").partition("\n\n")[0]
    fields = next(_paragraphs(head), {})
    if "Name" not in fields:
        return ()
    return (Package("pip", re.sub(r"[-_.]+", "-", fields["Name"]).lower(), fields.get("Version", "")),)


def read_node(path: str, content: bytes) -> tuple[Package, ...]:
    """The package that a `package.json` right below `node_modules` describes."""
    try:
        document = json.loads(content)
    except ValueError:
        return ()
    if not isinstance(document, dict) or not isinstance(document.get("name"), str):
        return ()
    return (Package("npm", document["name"], str(document.get("version", ""))),)
