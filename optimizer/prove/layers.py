"""What each layer of an image holds and wastes: bytes that a later layer deletes or writes again are still shipped."""

import re
from collections.abc import Iterator

from msgspec import Struct

from .archive import Image
from .layer import Entry, Layer

DELETED, REPLACED, TOUCHED = "deleted", "written again", "copied for another mode, owner or date"
"""How a later layer makes an earlier one's file useless."""

SHELL = re.compile(r"^(?:\|\d+ (?:\S+=.*? )?)?/bin/(?:ba)?sh -(?:o pipefail -)?e?c ")


class Waste(Struct, frozen=True):
    """A file that is shipped in vain. Layers are counted from 0, the base's first."""

    path: str
    bytes: int
    layer: int
    undone_in: int
    how: str


class LayerRow(Struct, frozen=True):
    """One layer with the instruction that made it. `wasted` are bytes of this layer that later ones undo."""

    instruction: str
    bytes: int
    files: int
    wasted: int


class Analysis(Struct, frozen=True):
    """The layers of an image."""

    rows: tuple[LayerRow, ...]
    waste: tuple[Waste, ...]

    @property
    def bytes(self) -> int:
        """Content of all files in all layers."""
        return sum(row.bytes for row in self.rows)

    @property
    def wasted(self) -> int:
        return sum(each.bytes for each in self.waste)

    @property
    def efficiency(self) -> float:
        """The share of the bytes that is of use, from 0 to 1."""
        return 1 - self.wasted / self.bytes if self.bytes else 1.0


def analyze(image: Image) -> Analysis:
    """Follow every file through the layers."""
    waste = tuple(_waste(image.layers))
    names = instructions(image)
    wasted = [0] * len(image.layers)
    for each in waste:
        wasted[each.layer] += each.bytes
    rows = (
        LayerRow(name, layer.bytes, sum(entry.kind == "file" for entry in layer.entries), lost)
        for name, layer, lost in zip(names, image.layers, wasted, strict=True)
    )
    return Analysis(tuple(rows), waste)


def instructions(image: Image) -> tuple[str, ...]:
    """The instruction of each layer, from the history; `(unknown)` where the history does not fit."""
    made = [_instruction(str(row.get("created_by") or "")) for row in image.history if not row.get("empty_layer")]
    if len(made) != len(image.layers):
        return ("(unknown)",) * len(image.layers)
    return tuple(made)


def _instruction(created_by: str) -> str:
    """The instruction as it was written: without BuildKit's mark and the shell that it was given to."""
    text = created_by.removesuffix(" # buildkit").strip()
    if "#(nop) " in text:
        return text.partition("#(nop) ")[2].strip()
    body = text.removeprefix("RUN ")
    if SHELL.match(body):
        return "RUN " + SHELL.sub("", body)
    return text or "(imported)"


def _waste(layers: tuple[Layer, ...]) -> Iterator[Waste]:
    alive: dict[str, tuple[int, Entry]] = {}
    folders: set[str] = set()
    for number, layer in enumerate(layers):
        # A file may take the place of a folder; then what lay in the folder is gone.
        taken = folders.intersection(entry.path for entry in layer.entries if entry.kind != "directory")
        emptied = {*layer.removed, *layer.emptied, *taken}
        removed = set(layer.removed)
        gone = (
            [path for path in alive if path in removed or any(up in emptied for up in _parents(path))]
            if emptied
            else []
        )
        for path in gone:
            written, entry = alive.pop(path)
            yield Waste(path, entry.size, written, number, DELETED)
        for entry in layer.entries:
            if entry.path in alive:
                written, old = alive.pop(entry.path)
                how = TOUCHED if entry.sha256 == old.sha256 else REPLACED
                yield Waste(entry.path, old.size, written, number, how)
            if entry.kind == "file" and entry.size:
                alive[entry.path] = (number, entry)
                folders.update(_parents(entry.path))


def _parents(path: str) -> Iterator[str]:
    while path := path.rpartition("/")[0]:
        yield path
