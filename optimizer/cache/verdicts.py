"""Two builds compared: which steps of the second one the cache answers, and why it does not answer the others."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from difflib import SequenceMatcher
from enum import Enum

from msgspec import Struct

from optimizer.cache.plans import Plan, PlannedStage
from optimizer.cache.steps import Cause, Part, Step
from optimizer.facts.texts import argument_text

_VARIABLE = re.compile(r"\$\{?(\w+)")


class Outcome(Enum):
    """What becomes of a step."""

    HIT = "hit"
    MISS = "miss"
    UNUSED = "unused"
    """The target does not need its stage: it is not built."""
    FAILS = "fails"
    """The build stops here: a source is not in the context."""


class Reason(Struct, frozen=True):
    """Why a step runs again. `subject`: the variable, file, flag or stage; `before`: the step for `Cause.BEFORE`."""

    cause: Cause
    subject: str = ""
    more: int = 0
    """So many others of the kind changed too."""
    before: Step | None = None


class Verdict(Struct, frozen=True):
    """What becomes of one step. `certain` is False where it depends on what another stage makes: it may still hit."""

    step: Step
    outcome: Outcome
    reasons: tuple[Reason, ...] = ()
    certain: bool = True

    @property
    def runs(self) -> bool:
        """Whether it is built, as far as can be told."""
        return self.outcome is Outcome.MISS


def judge(after: Plan, before: Plan | None = None, *, cached: Collection[str] | None = None) -> tuple[Verdict, ...]:
    """The verdict on each step of a build, in source order.

    The cache holds what `before` built, or the keys in `cached`, where that is given; without both it is empty.
    """
    keys = cached if cached is not None else {step.key for step in before.steps} if before else set()
    twins = _twins(before, after) if before else {}
    found: dict[Step, Verdict] = {}
    for stage in after.stages:
        previous: Step | None = _last_of(after, stage)
        for step in stage.steps:
            found[step] = _verdict(step, stage, keys, twins.get(step), found.get(previous) if previous else None)
            previous = step
    return tuple(found[step] for stage in after.stages for step in stage.steps)


def _last_of(plan: Plan, stage: PlannedStage) -> Step | None:
    """The step that the first step of a stage builds on."""
    parent = stage.parent
    while parent is not None:
        if plan.stages[parent].steps:
            return plan.stages[parent].steps[-1]
        parent = plan.stages[parent].parent
    return None


def _verdict(
    step: Step, stage: PlannedStage, keys: Collection[str], twin: Step | None, previous: Verdict | None
) -> Verdict:
    if not stage.used:
        return Verdict(step, Outcome.UNUSED)
    if step.missing:
        return Verdict(step, Outcome.FAILS, tuple(Reason(Cause.FILES, text) for text in step.missing))
    if step.uncached:
        return Verdict(step, Outcome.MISS, (Reason(Cause.UNCACHED),))
    if step.key in keys:
        return Verdict(step, Outcome.HIT)
    own = tuple(_reasons(step, twin)) if twin else ()
    if own:
        unknown = all(reason.cause is Cause.STAGE for reason in own) and _unseen(step)
        follows = previous is not None and previous.outcome is Outcome.MISS and bool(step.above)
        certain = not unknown or (follows and previous is not None and previous.certain)
        return Verdict(step, Outcome.MISS, own, certain)
    if previous is not None and previous.outcome is not Outcome.HIT and step.above:
        return Verdict(step, Outcome.MISS, (Reason(Cause.BEFORE, before=previous.step),), previous.certain)
    if twin is None:
        return Verdict(step, Outcome.MISS, (Reason(Cause.NEW if keys else Cause.FIRST),))
    if previous is None or previous.step.stage != step.stage:
        return Verdict(step, Outcome.MISS, (Reason(Cause.BASE, stage.base),))
    return Verdict(step, Outcome.MISS, (Reason(Cause.MOVED),))


def _unseen(step: Step) -> bool:
    return any(part.cause is Cause.STAGE and not part.known for part in step.parts)


def _twins(before: Plan, after: Plan) -> dict[Step, Step]:
    """For each step of the second build the step of the first that it was, as an editor would see it."""
    by_title = {stage.title: stage for stage in before.stages}
    found: dict[Step, Step] = {}
    for stage in after.stages:
        old = by_title.get(stage.title)
        if old is None and stage.stage.number < len(before.stages):
            old = before.stages[stage.stage.number]
        if old is not None:
            found |= dict(_paired(old.steps, stage.steps))
    return found


def _paired(old: tuple[Step, ...], new: tuple[Step, ...]) -> Iterator[tuple[Step, Step]]:
    matcher = SequenceMatcher(None, [s.title for s in old], [s.title for s in new], autojunk=False)
    for kind, first, last, start, end in matcher.get_opcodes():
        if kind == "equal":
            yield from zip(new[start:end], old[first:last], strict=True)
        elif kind == "replace":
            left = list(old[first:last])
            for step in new[start:end]:
                match = next((other for other in left if other.name == step.name), None)
                if match is not None:
                    left.remove(match)
                    yield step, match


def _reasons(step: Step, twin: Step) -> Iterator[Reason]:
    """What in the step's own parts differs, each cause once."""
    old, new = list(twin.parts), list(step.parts)
    if [part.told for part in old] == [part.told for part in new]:
        return
    same_text = step.title == twin.title
    if not same_text:
        yield Reason(Cause.TEXT)
    values = {(part.told[0], part.subject): part for part in old}
    found: dict[Cause, list[str]] = {}
    for part in new:
        before = values.pop((part.told[0], part.subject), None)
        if before is None or before.value != part.value:
            for cause, subject in _differences(part, before, step, twin, same_text=same_text):
                found.setdefault(cause, []).append(subject)
    for part in values.values():
        if part.cause not in (Cause.TEXT, Cause.FLAG, Cause.FILES, Cause.STAGE, Cause.BASE) or same_text:
            found.setdefault(part.cause, []).append(part.subject)
    for cause, subjects in found.items():
        yield Reason(cause, subjects[0], len(subjects) - 1)
    if same_text and not found:
        # The same parts in another order: the environment.
        yield Reason(Cause.ENVIRONMENT, next((p.subject for p, q in zip(new, old, strict=False) if p != q), ""))


def _differences(
    part: Part, before: Part | None, step: Step, twin: Step, *, same_text: bool
) -> Iterator[tuple[Cause, str]]:
    """Which causes stand behind a part that is not as it was."""
    if part.cause in (Cause.TEXT, Cause.FLAG):
        if not same_text:
            return
        yield _behind(step, twin)
    elif part.cause is Cause.FILES and before is not None and part.taken and before.taken:
        changed = list(_changed(before.taken.prints(), part.taken.prints()))
        yield from ((Cause.FILES, path) for path in changed or [part.subject])
    elif same_text or part.cause not in (Cause.FILES, Cause.STAGE, Cause.BASE, Cause.REMOTE):
        yield part.cause, part.subject


def _behind(step: Step, twin: Step) -> tuple[Cause, str]:
    """Why the same text means something else: a variable, the shell, or the folder that it is relative to."""
    for name in _VARIABLE.findall(argument_text(step.instruction)):
        if step.name != "RUN" and step.environment.get(name) != twin.environment.get(name):
            return Cause.ENVIRONMENT, name
    return (Cause.SHELL, "") if step.name == "RUN" else (Cause.FOLDER, "")


def _changed(old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[str]:
    """The paths that differ, changed ones first."""
    yield from (path for path in new if path in old and old[path] != new[path])
    yield from (path for path in new if path not in old)
    yield from (path for path in old if path not in new)
