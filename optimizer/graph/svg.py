"""The graph as an SVG of its own, which needs no font, script or file beside it."""

from __future__ import annotations

from collections.abc import Iterator
from xml.sax.saxutils import escape, quoteattr

from optimizer.graph.layout import PAD, Placed, Way, layout
from optimizer.graph.model import Graph

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


def svg(graph: Graph) -> str:
    """One XML document."""
    placed = layout(graph)
    size = f'width="{placed.width}" height="{placed.height}" viewBox="0 0 {placed.width} {placed.height}"'
    lines = [f'<svg xmlns="http://www.w3.org/2000/svg" {size}>', f"<style>{_STYLE}</style>", _TIP]
    for way in placed.ways:
        lines += _way(way)
    for found in placed.boxes:
        lines += _box(found)
    return "\n".join([*lines, "</svg>"]) + "\n"


def _box(found: Placed) -> Iterator[str]:
    box = found.box
    kinds = " ".join(kind for kind, holds in (("image", found.is_image), ("unused", not box.used)) if holds)
    note = "" if box.used else "<title>not built: nothing needs it</title>"
    yield f"<g id={quoteattr(box.key)} class={quoteattr(kinds or 'stage')}>{note}"
    place = f'x="{found.x:.1f}" y="{found.y:.1f}" width="{found.width:.1f}" height="{found.height:.1f}"'
    yield f'<rect {place} rx="{12 if found.is_image else 3}"/>'
    for at, text in enumerate((box.title, *box.steps)):
        kind = ' class="title"' if at == 0 else ""
        where = f'x="{found.x + PAD:.1f}" y="{found.baseline(at):.1f}"'
        yield f'<text {where}{kind} xml:space="preserve">{escape(text)}</text>'
    yield "</g>"


def _way(way: Way) -> Iterator[str]:
    label = way.edge.label
    yield f'<path class="{label.lower()}" d="{way.path}" marker-end="url(#tip)"/>'
    yield f'<text class="edge" x="{way.x2 - 44:.1f}" y="{way.y2 - 4:.1f}">{escape(label)}</text>'
