"""The file tree of an image: its layers laid one over the other."""

import posixpath
from collections.abc import Iterator, Mapping
from functools import cached_property

from msgspec import Struct, field
from msgspec.structs import replace

from .archive import Image
from .layer import Entry, Layer

LINK_LIMIT = 40
"""Links that a path may lead through, as in Linux."""


class _Node(Struct):
    entry: Entry | None = None
    children: "dict[str, _Node]" = field(default_factory=dict)


class FileTree(Struct, frozen=True, dict=True):
    """All paths of an image. A folder that no layer lists is owned by root with mode 755."""

    entries: Mapping[str, Entry]

    @cached_property
    def links(self) -> Mapping[str, str]:
        """Symbolic links with their targets."""
        return {path: entry.link for path, entry in self.entries.items() if entry.kind == "link"}

    def resolve(self, path: str) -> Entry | None:
        """The entry that a path leads to through symbolic links; None where it leads nowhere."""
        rest = [part for part in path.split("/") if part]
        here = "/"
        followed = 0
        while rest:
            part = rest.pop(0)
            if part == "..":
                here = posixpath.dirname(here)
                continue
            step = posixpath.join(here, part)
            target = self.links.get(step)
            if target is None:
                here = step
                continue
            followed += 1
            if followed > LINK_LIMIT:
                return None
            rest = [piece for piece in target.split("/") if piece and piece != "."] + rest
            here = "/" if target.startswith("/") else here
        return self.entries.get(here)


def merge(image: Image) -> FileTree:
    """Lay the layers over each other, as the OCI image specification (layer.md) tells."""
    root = _Node()
    for layer in image.layers:
        _apply(root, layer)
    return FileTree(dict(_walk(root, "")))


def _apply(root: _Node, layer: Layer) -> None:
    for path in layer.emptied:
        if node := _find(root, path):
            node.children.clear()
    for path in layer.removed:
        folder, name = posixpath.split(path)
        if node := _find(root, folder):
            node.children.pop(name, None)
    for entry in layer.entries:
        _put(root, entry.path, entry)
    for path, target in layer.hard_links:
        node = _find(root, target)
        if node and node.entry:
            _put(root, path, replace(node.entry, path=path))


def _find(root: _Node, path: str) -> _Node | None:
    node: _Node | None = root
    for part in path.split("/"):
        if part and node:
            node = node.children.get(part)
    return node


def _put(root: _Node, path: str, entry: Entry) -> None:
    node = root
    for part in path.split("/"):
        if part:
            node = node.children.setdefault(part, _Node())
    node.entry = entry
    if entry.kind != "directory":
        node.children.clear()


def _walk(node: _Node, path: str) -> Iterator[tuple[str, Entry]]:
    if path:
        yield path, node.entry or Entry(path, "directory", 0o755, 0, 0)
    for name, child in node.children.items():
        yield from _walk(child, f"{path}/{name}")
