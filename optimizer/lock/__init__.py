"""The lock file `dockopt.lock`: to which tag and digest a base image is pinned that a Dockerfile names loosely.

    version = 1

    [[image]]
    name = "python"          # as FROM names it
    tag = "3.12"             # optional, written by a person: the tag that stands for it
    digest = "sha256:..."    # what `dockopt lock` found under that tag, or under the name

An entry without a digest pins to the tag alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from msgspec import Struct

NAME = "dockopt.lock"
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_TAG = re.compile(r"\w[\w.-]{0,127}")
_KEYS = frozenset({"name", "tag", "digest"})


class LockError(ValueError):
    """The text is no lock file; the message says what is off."""


class Entry(Struct, frozen=True):
    """One image. `name`: as FROM names it, with its tag if it has one."""

    name: str
    tag: str | None = None
    digest: str | None = None

    @property
    def asked(self) -> str:
        """The reference of which a registry is asked."""
        return f"{untagged(self.name)}:{self.tag}" if self.tag else self.name

    @property
    def pinned(self) -> str | None:
        """What FROM should name; None where the entry says neither tag nor digest."""
        if self.tag is None and self.digest is None:
            return None
        return self.asked + (f"@{self.digest}" if self.digest else "")


def untagged(reference: str) -> str:
    """The reference without its tag."""
    head, colon, tag = reference.rpartition(":")
    return head if colon and "/" not in tag else reference


def read(text: str) -> tuple[Entry, ...]:
    """The entries. Raises LockError."""
    import tomli

    try:
        data = tomli.loads(text)
    except tomli.TOMLDecodeError as error:
        raise LockError(f"cannot be read: {error}") from error
    if data.get("version") != 1:
        raise LockError(f"`version` is 1, not `{data.get('version')}`; a newer dockopt may have written it")
    images = data.get("image", [])
    if unknown := sorted(data.keys() - {"version", "image"}):
        raise LockError(f"unknown key `{unknown[0]}`")
    if not isinstance(images, list):
        raise LockError("`image` is a list of tables")
    return tuple(_entry(item, number) for number, item in enumerate(images, start=1))


def _entry(item: object, number: int) -> Entry:
    where = f"image {number}"
    if not isinstance(item, dict) or not all(isinstance(value, str) for value in item.values()):
        raise LockError(f"{where}: its keys hold texts")
    if unknown := sorted(item.keys() - _KEYS):
        raise LockError(f"{where}: unknown key `{unknown[0]}`")
    name, tag, digest = item.get("name", ""), item.get("tag"), item.get("digest")
    if not re.fullmatch(r"[\w.:/-]+", name):
        raise LockError(f"{where}: `name` is an image, not `{name}`")
    if tag is not None and not _TAG.fullmatch(tag):
        raise LockError(f"{where}: `{tag}` is no tag")
    if digest is not None and not _DIGEST.fullmatch(digest):
        raise LockError(f"{where}: `{digest}` is no digest")
    return Entry(name, tag, digest)


def written(entries: Iterable[Entry]) -> str:
    """The text of a lock file with these entries, by name."""
    parts = ["# Kept by `dockopt lock`; a `tag` is yours to write.\nversion = 1\n"]
    for entry in sorted(entries, key=lambda entry: entry.name):
        lines = [f'{key} = "{value}"' for key in ("name", "tag", "digest") if (value := getattr(entry, key))]
        parts.append("\n[[image]]\n" + "\n".join(lines) + "\n")
    return "".join(parts)
