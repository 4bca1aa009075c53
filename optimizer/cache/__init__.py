"""What a build takes from its cache, and why not: keys for each step, two builds compared, histories replayed."""

from __future__ import annotations

from optimizer.cache.builds import Base, Build, Builder
from optimizer.cache.plans import Plan, PlannedStage, plan
from optimizer.cache.steps import Cause, Step
from optimizer.cache.verdicts import Outcome, Reason, Verdict, judge

__all__ = [
    "Base",
    "Build",
    "Builder",
    "Cause",
    "Outcome",
    "Plan",
    "PlannedStage",
    "Reason",
    "Step",
    "Verdict",
    "judge",
    "plan",
]
