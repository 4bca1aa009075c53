"""One build after a change: the verdict on each step with its seconds, and what they sum up to."""

from __future__ import annotations

from msgspec import Struct

from optimizer.cache.estimates import seconds
from optimizer.cache.logs import Log, Logged, assigned
from optimizer.cache.plans import Plan
from optimizer.cache.verdicts import Outcome, Verdict, judge


class Line(Struct, frozen=True):
    """A step with its verdict. `seconds`: what it takes when it runs; `measured`: a log says so."""

    verdict: Verdict
    seconds: float
    measured: bool = False
    logged: Logged | None = None

    @property
    def word(self) -> str:
        """`hit`, `runs`, `maybe`, `fails` or `unused`."""
        if self.verdict.outcome is Outcome.MISS:
            return "runs" if self.verdict.certain else "maybe"
        return str(self.verdict.outcome.value)


class Report(Struct, frozen=True):
    """A whole build. `change`: what happened before it, in words."""

    plan: Plan
    change: str
    lines: tuple[Line, ...]

    @property
    def once(self) -> tuple[Line, ...]:
        """The steps that are built or taken from the cache, each key once: what two stages share is built once."""
        built = (line for line in self.lines if line.verdict.outcome is not Outcome.UNUSED)
        return tuple({line.verdict.step.key: line for line in built}.values())

    @property
    def again(self) -> tuple[Line, ...]:
        """Those of them that run."""
        return tuple(line for line in self.once if line.verdict.runs)

    @property
    def fails(self) -> Verdict | None:
        """The step at which the build fails, if one does."""
        return next((line.verdict for line in self.lines if line.verdict.outcome is Outcome.FAILS), None)


def report(after: Plan, before: Plan | None, change: str, log: Log | None = None) -> Report:
    """The report on a build after another one; a log of either tells how long the steps take."""
    told = assigned(log, after) if log else {}
    lines = []
    for verdict in judge(after, before):
        logged = told.get(verdict.step)
        known = logged.seconds if logged is not None else None
        guess = seconds(verdict.step, after.build.facts)
        lines.append(Line(verdict, guess if known is None else known, known is not None, logged))
    return Report(after, change, tuple(lines))
