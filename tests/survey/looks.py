"""What became of one application: optimized in its context, parsed by BuildKit's parser, optimized once more."""

from __future__ import annotations

import traceback
from dataclasses import dataclass, field

from optimizer.engine import Result, optimize
from optimizer.facts.context import Missing, once
from optimizer.facts.context.finder import Finder
from optimizer.facts.context.narrowed import narrowed
from optimizer.patch import unified
from tests.oracles.buildkit import by_binding
from tests.survey.applications import Application

PARTS = "multi-stage"


@dataclass
class Look:
    """What became of one application. `wrong` says what must not be, with the details to print."""

    application: Application
    result: Result | None = None
    wrong: dict[str, str] = field(default_factory=dict)

    @property
    def converted(self) -> bool:
        """Whether its stage is parted."""
        return self.result is not None and any(one.transform == PARTS for one in self.result.changes)

    @property
    def saves(self) -> int:
        """Bytes that the parted image is smaller by, estimated."""
        changes = self.result.changes if self.result else ()
        return sum(one.saves or 0 for one in changes if one.transform == PARTS)

    @property
    def refused(self) -> str | None:
        """Why it was not parted; None where it was, or where nothing of a build would have stayed behind."""
        if self.result is None or self.converted:
            return None
        told = [one.why for one in self.result.refusals if one.transform == PARTS]
        told += [one.why for one in self.result.stood_back if one.transform == PARTS]
        return told[0] if told else None


def look(application: Application) -> Look:
    """One application, optimized and read again."""
    seen, data = Look(application), application.path.read_bytes()
    supply = once(Finder().supply(application.path, application.top, data))
    try:
        result = seen.result = optimize(data, unsafe=True, context=supply)
        context = supply()
        then = context if isinstance(context, Missing) else narrowed(context, result.ignores)
        again = optimize(result.after, unsafe=True, context=lambda: then)
    except Exception:
        seen.wrong["raises"] = traceback.format_exc(limit=-3)
        return seen
    seen.wrong |= faults(result, again)
    return seen


def faults(result: Result, again: Result) -> dict[str, str]:
    """What must not be in a result, and in that of a second run over it."""
    found = {}
    if again.changed or again.ignores:
        found["is changed by a second run"] = unified(again.before, again.after, "Dockerfile")
    if by_binding(result.after) is None:
        found["is no longer accepted"] = unified(result.before, result.after, "Dockerfile")
    return found
