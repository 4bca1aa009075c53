"""The drawing of the stages: each step has the mark that the model gives it, wherever its box stands."""

from __future__ import annotations

from pathlib import Path

from optimizer.cli.contexts import context_of
from optimizer.engine import optimize
from optimizer.report import rebuild
from optimizer.report.drawing import HEIGHT, WIDTH, drawing, trends
from optimizer.report.model import Totals
from optimizer.report.record import Earlier, read
from tests.report import hostile

LEVELS = """\
FROM a AS first
FROM first AS second
COPY src /src
RUN x
RUN y
FROM b AS third
RUN z
FROM scratch
COPY --from=second /src /src
COPY --from=third /z /z
"""


def test_marks_stand_at_their_steps_where_columns_are_not_in_source_order(tmp_path: Path) -> None:
    hostile.write(tmp_path, {"Dockerfile": LEVELS, "src/a.js": "1"})
    _, context = context_of(tmp_path / "Dockerfile", LEVELS.encode(), None)
    found = rebuild(optimize(LEVELS, [], context=context), context)
    assert found is not None
    drawn = drawing(found.before)
    titles = [box.placed.box.title for box in drawn.boxes if not box.placed.is_image]
    assert titles == ["0 first", "2 third", "1 second", "3"]
    steps = {step.text: step.note and step.note.word for box in drawn.boxes for step in box.steps}
    assert steps == {
        "RUN z": "hit",
        "COPY src /src": "runs",
        "RUN x": "runs",
        "RUN y": "runs",
        "COPY --from=second /src /src": "maybe",
        "COPY --from=third /z /z": "maybe",
    }


def test_an_image_and_stages_without_figures_have_no_marks() -> None:
    found = rebuild(optimize(hostile.STAGES))
    assert found is not None
    assert {step.note for box in drawing(found.before).boxes for step in box.steps} == {None}


def point(day: int, totals: Totals) -> Earlier:
    return Earlier(
        read(f'{{"schema": "dockopt-report/1", "made": "2026-01-0{day}", "totals": {{}}}}').made, "0", totals
    )


def test_a_trend_goes_from_the_left_to_the_right_and_stays_inside() -> None:
    found = trends([point(1, Totals(changes=10)), point(2, Totals(changes=5)), point(3, Totals())])
    (changes,) = found
    assert changes.title == "Changes found"
    xs, ys = zip(*changes.points, strict=True)
    assert list(xs) == sorted(xs)
    assert list(ys) == sorted(ys)
    assert all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for x, y in changes.points)
