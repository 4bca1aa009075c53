"""Seconds of a step where no log tells them."""

from __future__ import annotations

from optimizer.cache.steps import Cause, Step
from optimizer.facts import Facts
from optimizer.facts.durations import copy_seconds, run_seconds
from optimizer.knowledge.costs import costs


def seconds(step: Step, facts: Facts) -> float:
    """A rough guess, the same for the same text."""
    table = costs().step
    match step.name:
        case "RUN":
            return table.run + table.opaque if step.trigger else run_seconds(facts, step.instruction)
        case "COPY" | "ADD":
            fetched = sum(part.cause is Cause.REMOTE for part in step.parts)
            return copy_seconds(sum(part.taken.size for part in step.parts if part.taken is not None), fetched)
        case "WORKDIR":
            return table.workdir
    return 0.0
