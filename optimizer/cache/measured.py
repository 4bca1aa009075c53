"""Seconds of a Dockerfile's instructions, out of the log of one of its builds; the log of another file is refused."""

from __future__ import annotations

import re
from collections.abc import Mapping

from optimizer.cache.builds import Build
from optimizer.cache.logs import Log, LogError, Logged, places_of
from optimizer.cache.plans import plan
from optimizer.cache.steps import Step
from optimizer.facts import Facts
from optimizer.facts.texts import shortened
from optimizer.syntax.nodes import LAYERS

_LAYOUT = re.compile(r"[\s\"'\\\[\],\0]+")


def seconds_by_line(log: Log, facts: Facts) -> Mapping[int, float]:
    """What steps took, by the line at which their instruction begins, counted from 1; of several platforms the longest.

    A step that was edited since has none, nor one that was cached. Raises LogError where most steps of the log are not
    in the file, or none of them was timed.
    """
    found: dict[int, float] = {}
    strange: list[Logged] = []
    logged = [one for one in log.steps if one.name in LAYERS]
    places = places_of(log, plan(Build(facts)))
    for one in logged:
        step = _step(one, places)
        if step is None:
            strange.append(one)
        elif one.seconds is not None:
            line = facts.places.line(step.instruction) + 1
            found[line] = max(one.seconds, found.get(line, 0.0))
    if strange and 2 * len(strange) >= len(logged):
        said = shortened(f"{strange[0].name} {strange[0].text}")
        raise LogError(f"it is the log of another Dockerfile: it has `{said}`, which is not in this one")
    if not found:
        why = "the classic builder tells no times" if log.classic else "all steps were cached"
        why = why if logged else "no step makes a layer"
        raise LogError(f"it tells no seconds: {why}; `docker build --progress=plain --no-cache` does")
    return found


def _step(logged: Logged, places: Mapping[tuple[str | None, int], Step]) -> Step | None:
    """The step that the log means: the one at its place, else the only one of its stage that says the same."""
    here = places.get((logged.stage, logged.at))
    if here is not None and _alike(logged, here):
        return here
    others = {step for (stage, _), step in places.items() if stage == logged.stage}
    same = [step for step in others if step.name == logged.name and _told(step) == _LAYOUT.sub("", logged.text)]
    return same[0] if len(same) == 1 else None


def _alike(logged: Logged, step: Step) -> bool:
    """Whether the log's text is that of the step; of one with variables or a heredoc only the beginning is compared."""
    if step.name != logged.name:
        return False
    ours, theirs = _told(step), _LAYOUT.sub("", logged.text)
    cut = min((ours.find(sign) for sign in ("$", "<<") if sign in ours), default=None)
    return ours == theirs if cut is None else theirs.startswith(ours[:cut])


def _told(step: Step) -> str:
    """The step as it is written, without layout, comments and quotes."""
    return _LAYOUT.sub("", step.title.removeprefix(step.name))
