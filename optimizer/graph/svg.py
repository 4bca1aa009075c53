"""The graph as an SVG of its own: columns by level, so that what is built at the same time stands in one column."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

from optimizer.graph.model import Box, Edge, Graph

_CHAR, _LINE, _PAD, _GAP, _COLUMN_GAP = 6.7, 16, 8, 24, 90
_STYLE = (
    "text{font:11px monospace;fill:#222}.title{font-weight:bold}rect{fill:#f6f8fa;stroke:#57606a}"
    ".image rect{fill:#ddf4ff}.unused{opacity:.55}.unused rect{stroke-dasharray:5 4}"
    "path{fill:none;stroke:#0969da;stroke-width:1.4}path.copy{stroke:#1a7f37}path.mount{stroke:#9a6700}"
    "text.edge{fill:#57606a;font-size:10px}"
)
_TIP = (
    '<defs><marker id="tip" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
    '<polygon points="0,0 8,4 0,8" fill="#57606a"/></marker></defs>'
)


@dataclass(frozen=True, slots=True)
class _Placed:
    """A box and where it stands: its left upper corner, width and height."""

    box: Box
    x: float
    y: float
    width: float
    height: float

    def line(self, step: int | None) -> float:
        """The height of a step's line, or of the title."""
        return self.y + _PAD + _LINE * (0.5 if step is None else step + 1.5)


def svg(graph: Graph) -> str:
    """One XML document that needs no font, script or file beside it."""
    placed = {found.box.key: found for found in _placed(graph)}
    width = max((p.x + p.width for p in placed.values()), default=0.0) + _GAP
    height = max((p.y + p.height for p in placed.values()), default=0.0) + _GAP
    head = f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}"'
    lines = [
        f'{head} viewBox="0 0 {width:.0f} {height:.0f}">',
        f"<style>{_STYLE}</style>",
        _TIP,
    ]
    for edge in graph.edges:
        lines += _edge(edge, placed[edge.source], placed[edge.target])
    for found in placed.values():
        lines += _box(found, is_image=found.box in graph.images)
    return "\n".join([*lines, "</svg>"]) + "\n"


def _placed(graph: Graph) -> Iterator[_Placed]:
    """The boxes, column by column: images, then the stages by their level."""
    x = float(_GAP)
    for level in sorted({box.level for box in graph.boxes}):
        column = [box for box in graph.boxes if box.level == level]
        y = float(_GAP)
        width = max(_width(box) for box in column)
        for box in column:
            height = _LINE * (1 + len(box.steps)) + 2 * _PAD
            yield _Placed(box, x, y, _width(box), height)
            y += height + _GAP
        x += width + _COLUMN_GAP


def _width(box: Box) -> float:
    return _CHAR * max(len(text) for text in (box.title, *box.steps)) + 2 * _PAD


def _box(found: _Placed, *, is_image: bool) -> Iterator[str]:
    box = found.box
    kinds = " ".join(kind for kind, holds in (("image", is_image), ("unused", not box.used)) if holds)
    note = "" if box.used else "<title>not built: nothing needs it</title>"
    yield f"<g id={quoteattr(box.key)} class={quoteattr(kinds or 'stage')}>{note}"
    place = f'x="{found.x:.1f}" y="{found.y:.1f}" width="{found.width:.1f}" height="{found.height:.1f}"'
    yield f'<rect {place} rx="{12 if is_image else 3}"/>'
    for at, text in enumerate((box.title, *box.steps)):
        kind = ' class="title"' if at == 0 else ""
        y = found.y + _PAD + _LINE * (at + 0.75)
        yield f'<text x="{found.x + _PAD:.1f}" y="{y:.1f}"{kind} xml:space="preserve">{escape(text)}</text>'
    yield "</g>"


def _edge(edge: Edge, source: _Placed, target: _Placed) -> Iterator[str]:
    x1, y1 = source.x + source.width, source.line(None)
    x2, y2 = target.x, target.line(edge.step)
    bend = _COLUMN_GAP / 2
    way = f"M{x1:.1f},{y1:.1f} C{x1 + bend:.1f},{y1:.1f} {x2 - bend:.1f},{y2:.1f} {x2 - 2:.1f},{y2:.1f}"
    yield f'<path class="{edge.label.lower()}" d="{way}" marker-end="url(#tip)"/>'
    yield f'<text class="edge" x="{x2 - 44:.1f}" y="{y2 - 4:.1f}">{escape(edge.label)}</text>'
