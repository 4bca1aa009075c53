"""Which transform would mend the bytes that an image ships in vain; told by what each declares that it removes."""

from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct

from optimizer.transform import Transform

from .archive import Image
from .globs import matches
from .layers import DELETED, Analysis, instructions

LEFT = "can be fetched again, and nothing in the image needs it"
"""How a file that is still there is wasted: a transform declares that it removes the like."""


class Group(Struct, frozen=True):
    """Wasted files that one instruction wrote, with the instruction that undid them, or None for what is still there.

    `transform` is the id of the one that would mend it; None where none is known to.
    """

    bytes: int
    files: int
    wrote: str
    undid: str | None
    how: str
    transform: str | None


class Remedies(Struct, frozen=True):
    """The transforms that can be named: one moves deletions, the others remove what they declare."""

    moves_deletions: Transform
    removes: tuple[Transform, ...]

    def of(self, path: str, how: str, wrote: str, undid: str | None) -> str | None:
        """The transform for one file. What a RUN left and a later one deleted only has to be deleted sooner."""
        if how == DELETED:
            runs = wrote.startswith("RUN ") and (undid or "").startswith("RUN ")
            return self.moves_deletions.id if runs else None
        return self.of_leftover(path) if wrote.startswith("RUN ") else None

    def of_leftover(self, path: str) -> str | None:
        """The transform that removes such a file where it was made."""
        return next((each.id for each in self.removes if matches(path, each.may_remove)), None)


def groups(image: Image, analysis: Analysis, remedies: Remedies) -> tuple[Group, ...]:
    """The wasted files of an image, the largest group first."""
    names = instructions(image)
    rows = [*_undone(analysis, names, remedies), *_left(image, analysis, names, remedies)]
    sums: dict[tuple[int, int | None, str, str | None], tuple[int, int]] = {}
    for layer, undone_in, how, transform, size in rows:
        count, files = sums.get((layer, undone_in, how, transform), (0, 0))
        sums[layer, undone_in, how, transform] = (count + size, files + 1)
    found = (
        Group(count, files, names[layer], None if undone_in is None else names[undone_in], how, transform)
        for (layer, undone_in, how, transform), (count, files) in sums.items()
    )
    return tuple(sorted(found, key=lambda group: (-group.bytes, group.wrote)))


Row = tuple[int, int | None, str, str | None, int]
"""Layer, layer that undid it, how, transform, bytes."""


def _undone(analysis: Analysis, names: Sequence[str], remedies: Remedies) -> Iterator[Row]:
    for each in analysis.waste:
        transform = remedies.of(each.path, each.how, names[each.layer], names[each.undone_in])
        yield each.layer, each.undone_in, each.how, transform, each.bytes


def _left(image: Image, analysis: Analysis, names: Sequence[str], remedies: Remedies) -> Iterable[Row]:
    undone = {(each.path, each.layer) for each in analysis.waste}
    for number, layer in enumerate(image.layers):
        if not names[number].startswith("RUN "):
            continue
        for entry in layer.entries:
            if not entry.size or (entry.path, number) in undone:
                continue
            if transform := remedies.of_leftover(entry.path):
                yield number, None, LEFT, transform, entry.size
