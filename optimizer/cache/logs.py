"""What a build log says of the steps: how long they took, which were cached. Of BuildKit and of the classic builder.

LogError     no log of a build that is known here
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from msgspec import Struct

from optimizer.cache.plans import Plan, PlannedStage
from optimizer.cache.steps import Step
from optimizer.prove.steps import BuildLog
from optimizer.prove.steps import Step as Ran
from optimizer.syntax.nodes import LAYERS

_PLAIN = re.compile(r"^#(?P<number>\d+) (?P<said>.*)$")
_VERTEX = re.compile(r"^\[(?:(?P<stage>[^\]]*) )?(?P<at>\d+)/\d+\] (?P<name>[A-Za-z]+)\b(?P<text>.*)", re.S)
_DONE = re.compile(r"^DONE (?P<seconds>[0-9.]+)s")
_CLASSIC = re.compile(r"^Step (?P<at>\d+)/\d+ : (?P<name>[A-Za-z]+)(?P<text>.*)")
_STAMP = re.compile(r"^\ufeff?(?P<time>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?)\d*(?:Z|\+00:00) ")
"""What a CI service puts before each line: the time, in UTC."""

_Place = tuple[str | None, int]


class LogError(Exception):
    """The text is no log of a build that is known here."""


class Logged(Struct, frozen=True):
    """One step of a log. `stage`: its name; `at`: counted from 1; `seconds` None: not told, or cached."""

    stage: str | None
    at: int
    name: str
    cached: bool
    seconds: float | None
    text: str = ""
    """What stands behind the name, with variables filled in as the builder does."""


class Log(Struct, frozen=True):
    """A whole log. `classic`: its numbers count all instructions of the file, not the steps of a stage."""

    steps: tuple[Logged, ...]
    classic: bool = False


def read_log(data: bytes) -> Log:
    """Raises LogError where there is no step of a build in the text."""
    text = data.decode("utf-8", "replace")
    stamped = [(_STAMP.match(line), line) for line in text.splitlines()]
    lines = [line[stamp.end() :] if stamp else line for stamp, line in stamped]
    if text.lstrip().startswith("{"):
        log = log_of(_json(data))
    elif any(map(_CLASSIC.match, lines)):
        times = [datetime.fromisoformat(stamp["time"]) if stamp else None for stamp, _ in stamped]
        log = Log(tuple(_classic(lines, times)), classic=True)
    else:
        log = Log(tuple(_plain(lines)))
    if not log.steps:
        raise LogError(
            "no step of a build is in it; it takes what `docker build --progress=plain`, `--progress=rawjson`"
            " or the classic builder print"
        )
    return log


def log_of(steps: Iterable[Ran]) -> Log:
    """The log of a build that was just made."""
    numbered = ((_VERTEX.match(step.name), step) for step in steps)
    found = (_logged(v, cached=s.cached, seconds=None if s.cached else s.seconds) for v, s in numbered if v)
    return Log(tuple(found))


def _json(data: bytes) -> tuple[Ran, ...]:
    log = BuildLog(lambda line: None)
    try:
        log.read(data.splitlines())
        return log.steps
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise LogError(f"its JSON is not what a build prints: {error}") from error


def _plain(lines: Iterable[str]) -> Iterator[Logged]:
    names: dict[str, re.Match[str]] = {}
    for line in lines:
        found = _PLAIN.match(line.strip())
        if not found:
            continue
        number, said = found["number"], found["said"]
        if (vertex := _VERTEX.match(said)) is not None:
            names.setdefault(number, vertex)
        elif number in names and (done := _DONE.match(said)) is not None:
            yield _logged(names[number], cached=False, seconds=float(done["seconds"]))
        elif number in names and said == "CACHED":
            yield _logged(names[number], cached=True, seconds=None)


def _logged(vertex: re.Match[str], *, cached: bool, seconds: float | None) -> Logged:
    words = (vertex["stage"] or "").split()
    # A build for several platforms puts the platform before the stage; no name of a stage has a slash.
    stage = words[-1] if words and "/" not in words[-1] else None
    return Logged(stage, int(vertex["at"]), vertex["name"].upper(), cached, seconds, vertex["text"].strip())


def _classic(lines: Sequence[str], times: Sequence[datetime | None]) -> Iterator[Logged]:
    """The classic builder tells no times; a CI service may, line by line."""
    steps = [(at, step) for at, line in enumerate(lines) if (step := _CLASSIC.match(line)) is not None]
    ends = [*(at for at, _ in steps[1:]), len(lines) - 1]
    for (at, step), end in zip(steps, ends, strict=True):
        cached = " ---> Using cache" in lines[at : end + 1]
        start, stop = times[at], times[end]
        seconds = (stop - start).total_seconds() if start and stop and not cached else None
        yield Logged(None, int(step["at"]), step["name"].upper(), cached, seconds, step["text"].strip())


def assigned(log: Log, plan: Plan) -> dict[Step, Logged]:
    """The steps of a plan with what the log says of them; a step whose place holds another instruction has nothing."""
    places = places_of(log, plan)
    found: dict[Step, Logged] = {}
    for logged in log.steps:
        step = places.get((logged.stage, logged.at))
        if step is not None and step.name == logged.name:
            found[step] = logged
    # What two stages share is built, and told, once.
    by_key = {step.key: logged for step, logged in found.items()}
    return {step: by_key[step.key] for step in plan.steps if step.key in by_key}


def places_of(log: Log, plan: Plan) -> dict[_Place, Step]:
    """The steps of a plan by stage and number, as the log tells them."""
    return dict(_classic_places(plan) if log.classic else _places(plan))


def _places(plan: Plan) -> Iterator[tuple[_Place, Step]]:
    """How BuildKit numbers the steps of a stage: from 1 for FROM, where it fetches an image."""
    for stage in plan.stages:
        first = 2 if stage.parent is None and stage.base != "scratch" else 1
        steps = {step.instruction: step for step in stage.steps if not step.trigger}
        numbered = [i for i in stage.stage.instructions if i.name in LAYERS]
        for at, instruction in enumerate(numbered, start=first):
            if instruction in steps:
                for title in _titles(stage, plan.stages):
                    yield (title, at), steps[instruction]


def _titles(stage: PlannedStage, stages: Sequence[PlannedStage]) -> Iterator[str | None]:
    name = stage.stage.name or f"stage-{stage.stage.number}"
    yield name
    if len(stages) == 1:
        yield None


def _classic_places(plan: Plan) -> Iterator[tuple[_Place, Step]]:
    steps = {step.instruction: step for stage in plan.stages for step in stage.steps}
    for at, instruction in enumerate(plan.build.facts.tree.instructions, start=1):
        if instruction in steps:
            yield (None, at), steps[instruction]
