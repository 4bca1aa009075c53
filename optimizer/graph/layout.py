"""Where the boxes of a drawing stand: columns by level, so that what is built at the same time stands in one column."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from optimizer.graph.model import Box, Edge, Graph

LINE, PAD = 16, 8
_CHAR, _GAP, _COLUMN_GAP = 6.7, 24, 90


class Placed(Struct, frozen=True):
    """A box and where it stands: its left upper corner, width and height."""

    box: Box
    x: float
    y: float
    width: float
    height: float
    is_image: bool

    def baseline(self, at: int) -> float:
        """The foot of a line of text: 0 is the title, then come the steps."""
        return self.y + PAD + LINE * (at + 0.75)

    def line(self, step: int | None) -> float:
        """The middle of a step's line, or of the title."""
        return self.y + PAD + LINE * (0.5 if step is None else step + 1.5)


class Way(Struct, frozen=True):
    """An edge: from the title of a box to a line of another one, to the left of it."""

    edge: Edge
    x1: float
    y1: float
    x2: float
    y2: float

    @property
    def path(self) -> str:
        """What SVG calls `d`."""
        bend = _COLUMN_GAP / 2
        ends = f"{self.x2 - bend:.1f},{self.y2:.1f} {self.x2 - 2:.1f},{self.y2:.1f}"
        return f"M{self.x1:.1f},{self.y1:.1f} C{self.x1 + bend:.1f},{self.y1:.1f} {ends}"


class Layout(Struct, frozen=True):
    """Boxes, images first, and ways."""

    boxes: tuple[Placed, ...]
    ways: tuple[Way, ...]
    width: int
    height: int


def layout(graph: Graph, spare: float = 0.0) -> Layout:
    """Places all. `spare`: room in each stage for what stands beside its steps."""
    boxes = {found.box.key: found for found in _placed(graph, spare)}
    ways = tuple(_way(edge, boxes[edge.source], boxes[edge.target]) for edge in graph.edges)
    width = max((p.x + p.width for p in boxes.values()), default=0.0) + _GAP
    height = max((p.y + p.height for p in boxes.values()), default=0.0) + _GAP
    return Layout(tuple(boxes.values()), ways, round(width), round(height))


def _placed(graph: Graph, spare: float) -> Iterator[Placed]:
    """The boxes, column by column: images, then the stages by their level."""
    images = set(graph.images)
    x = float(_GAP)
    for level in sorted({box.level for box in graph.boxes}):
        column = [box for box in graph.boxes if box.level == level]
        y = float(_GAP)
        widths = [_width(box) + (0 if box in images else spare) for box in column]
        for box, width in zip(column, widths, strict=True):
            height = LINE * (1 + len(box.steps)) + 2 * PAD
            yield Placed(box, x, y, width, height, box in images)
            y += height + _GAP
        x += max(widths) + _COLUMN_GAP


def _width(box: Box) -> float:
    return _CHAR * max(len(text) for text in (box.title, *box.steps)) + 2 * PAD


def _way(edge: Edge, source: Placed, target: Placed) -> Way:
    return Way(edge, source.x + source.width, source.line(None), target.x, target.line(edge.step))
