"""Why a step runs again, in words."""

from __future__ import annotations

from optimizer.cache.steps import Cause
from optimizer.cache.verdicts import Outcome, Reason, Verdict

_WORDS = {
    Cause.TEXT: "its text changed",
    Cause.ARGUMENT: "`ARG {}` above it changed",
    Cause.ENVIRONMENT: "the variable `{}` changed above it",
    Cause.USER: "the user that it runs as changed",
    Cause.FOLDER: "the folder that it runs in changed",
    Cause.SHELL: "`SHELL` above it changed",
    Cause.FLAG: "its `{}` changed",
    Cause.FILES: "`{}` is in what it takes",
    Cause.STAGE: "stage `{}`, which it takes files from, made others",
    Cause.REMOTE: "what `{}` holds changed",
    Cause.BASE: "the image `{}` below it is another one",
    Cause.OPTION: "the build's `{}` changed",
    Cause.EPOCH: "`SOURCE_DATE_EPOCH` changed",
    Cause.NEW: "it is new",
    Cause.BEFORE: "the step before it ran again",
    Cause.MOVED: "another step stands before it",
    Cause.UNCACHED: "the build was told to use no cache",
    Cause.FIRST: "nothing was built before",
}


def told(reason: Reason) -> str:
    """One reason."""
    text = _WORDS[reason.cause].format(reason.subject)
    return f"{text}, and {reason.more} more" if reason.more else text


def explained(verdict: Verdict) -> str:
    """All reasons of a verdict, as one line; empty where it is a hit."""
    if verdict.outcome is Outcome.UNUSED:
        return "no stage that is built needs it"
    if verdict.outcome is Outcome.FAILS:
        return f"`{verdict.reasons[0].subject}` is not in the build context"
    if not verdict.certain and all(reason.cause is Cause.STAGE for reason in verdict.reasons):
        return f"stage `{verdict.reasons[0].subject}` ran again; a hit all the same if it makes the same files"
    return "; ".join(map(told, verdict.reasons))
