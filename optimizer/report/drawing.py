"""The stage graph of a build with what becomes of each step, and the lines of a trend: numbers for the template."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from msgspec import Struct

from optimizer.graph.layout import PAD, Layout, Placed, layout
from optimizer.report.model import Totals
from optimizer.report.rebuilds import Side, StepNote
from optimizer.report.record import Earlier

_GLYPH, _SECONDS = 16, 56
MARKS = {"hit": "✓", "runs": "↻", "maybe": "?", "fails": "✕", "unused": "–"}
WORDS = {
    "hit": "from the cache",
    "runs": "runs again",
    "maybe": "may run again",
    "fails": "the build fails here",
    "unused": "not built",
}


class DrawnStep(Struct, frozen=True):
    """A line of a box. `note` is None where nobody can know."""

    text: str
    y: float
    note: StepNote | None


class DrawnBox(Struct, frozen=True):
    """A box with its lines."""

    placed: Placed
    steps: tuple[DrawnStep, ...]
    indent: float

    @property
    def text_x(self) -> float:
        """Where the text of its steps begins."""
        return self.placed.x + PAD + self.indent

    @property
    def end_x(self) -> float:
        """Where the seconds end."""
        return self.placed.x + self.placed.width - PAD


class Drawing(Struct, frozen=True):
    """All of one graph."""

    layout: Layout
    boxes: tuple[DrawnBox, ...]


def drawing(side: Side) -> Drawing:
    """Places the boxes; with room for marks and seconds where they are known."""
    found = layout(side.graph, _GLYPH + _SECONDS if side.notes else 0.0)
    keys = [box.key for box in side.graph.stages]
    notes = dict(zip(keys, side.notes, strict=True)) if side.notes else {}
    return Drawing(found, tuple(_box(placed, notes.get(placed.box.key)) for placed in found.boxes))


def _box(placed: Placed, notes: Sequence[StepNote] | None) -> DrawnBox:
    steps = tuple(
        DrawnStep(text, placed.baseline(at + 1), notes[at] if notes else None)
        for at, text in enumerate(placed.box.steps)
    )
    return DrawnBox(placed, steps, _GLYPH if notes else 0.0)


WIDTH, HEIGHT, _EDGE = 240, 56, 4


class Trend(Struct, frozen=True):
    """One figure over time. `points`: places in a drawing of WIDTH x HEIGHT; the last is this report."""

    title: str
    values: tuple[float, ...]
    points: tuple[tuple[float, float], ...]
    unit: str = ""

    @property
    def line(self) -> str:
        """What SVG calls `points`."""
        return " ".join(f"{x:.1f},{y:.1f}" for x, y in self.points)

    @property
    def area(self) -> str:
        """The same down to the ground."""
        return f"{self.points[0][0]:.1f},{HEIGHT} {self.line} {self.points[-1][0]:.1f},{HEIGHT}"


_FIGURES: tuple[tuple[str, Callable[[Totals], float], str], ...] = (
    ("Changes found", lambda totals: totals.changes, ""),
    ("Files that would change", lambda totals: totals.changed, ""),
    ("Waiting for a decision", lambda totals: totals.waiting, ""),
    ("One rebuild of each file", lambda totals: totals.seconds_before, "seconds"),
)


def trends(points: Sequence[Earlier]) -> tuple[Trend, ...]:
    """The figures that say something; `points` by time, two or more."""
    found = (_trend(title, tuple(figure(point.totals) for point in points), unit) for title, figure, unit in _FIGURES)
    return tuple(trend for trend in found if any(trend.values))


def _trend(title: str, values: tuple[float, ...], unit: str) -> Trend:
    highest = max(values) or 1.0
    wide, high = WIDTH - 2 * _EDGE, HEIGHT - 2 * _EDGE
    places = ((_EDGE + wide * at / max(len(values) - 1, 1), value) for at, value in enumerate(values))
    return Trend(title, values, tuple((x, _EDGE + high * (1 - value / highest)) for x, value in places), unit)
