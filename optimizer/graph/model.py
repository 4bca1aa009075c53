"""What is drawn: a box for each stage with its steps, an image for each base, and what goes from one to another."""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct

from optimizer.cache.plans import Plan, PlannedStage
from optimizer.facts.mounts import mounts

_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_LONGEST = 60


class Box(Struct, frozen=True):
    """A stage. `level`: 0 where it needs no other one; stages of one level are built at the same time."""

    key: str
    title: str
    steps: tuple[str, ...]
    level: int
    used: bool


class Edge(Struct, frozen=True):
    """What one box needs of another. `step`: which of its steps does, counted from 0; None: the stage stands on it."""

    source: str
    target: str
    label: str
    step: int | None = None


class Graph(Struct, frozen=True):
    """Stages in source order; images by the names that the file gives them."""

    stages: tuple[Box, ...]
    images: tuple[Box, ...]
    edges: tuple[Edge, ...]

    @property
    def boxes(self) -> tuple[Box, ...]:
        """Images, then stages."""
        return (*self.images, *self.stages)


def graph(plan: Plan) -> Graph:
    """The graph of a build. Texts in it are on one line and short, but not yet escaped for any form."""
    images: dict[str, str] = {}
    edges: list[Edge] = []
    for stage in plan.stages:
        edges += _edges(plan, stage, images)
    levels = _levels(plan)
    stages = tuple(
        Box(_key(s.stage.number), _title(s), tuple(_steps(s)), levels[s.stage.number], s.used) for s in plan.stages
    )
    used = {edge.source for edge in edges if any(box.key == edge.target and box.used for box in stages)}
    found = tuple(Box(key, shortened(name), (), 0, key in used) for name, key in images.items())
    return Graph(stages, found, tuple(edges))


def _key(number: int) -> str:
    return f"stage{number}"


def _title(stage: PlannedStage) -> str:
    return shortened(f"{stage.stage.number} {stage.stage.name}" if stage.stage.name else str(stage.stage.number))


def _steps(stage: PlannedStage) -> Iterator[str]:
    return (shortened(step.title) for step in stage.steps)


def _edges(plan: Plan, stage: PlannedStage, images: dict[str, str]) -> Iterator[Edge]:
    def source(name: str) -> str:
        origin = plan.build.facts.stage_named(name)
        return _key(origin.number) if origin is not None else images.setdefault(name, f"image{len(images)}")

    key = _key(stage.stage.number)
    if stage.parent is not None:
        yield Edge(_key(stage.parent), key, "FROM")
    elif stage.base != "scratch":
        yield Edge(images.setdefault(stage.base, f"image{len(images)}"), key, "FROM")
    for at, step in enumerate(stage.steps):
        inner = step.instruction.inner
        origin = inner.flag("from") if inner.name in ("COPY", "ADD") else None
        if origin:
            yield Edge(source(origin), key, "COPY", at)
        for mount in mounts(inner):
            if mount.source_stage:
                yield Edge(source(mount.source_stage), key, "mount", at)


def _levels(plan: Plan) -> dict[int, int]:
    """How many stages must be built one after the other before a stage can be finished."""
    levels: dict[int, int] = {}
    for stage in plan.stages:
        needs = [*stage.origins, *([stage.parent] if stage.parent is not None else [])]
        levels[stage.stage.number] = 1 + max((levels.get(number, 0) for number in needs), default=0)
    return levels


def shortened(text: str) -> str:
    """A text on one line, without characters that no form can show."""
    line = _CONTROL.sub("\ufffd", " ".join(text.split()))
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1] + "…"
