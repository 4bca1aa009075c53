"""The page of the survey: figures and names of repositories, nothing of what is theirs."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from statistics import mean
from typing import Protocol

from optimizer.prove.report import megabytes
from tests.survey.applications import Application

_MOST = 40
"""Reasons that are told; the rest is counted."""

LEGEND = """
*Converted*: `multi-stage` parts the one stage into two. *Refused*: it stands back, and says why. *Nothing to part*: the
image is a slim one already, or only takes what was built elsewhere: no compiler and no package of a build would stay
behind. *Smaller by*: bytes, from the dated tables of base images and packages; an estimate. All results were parsed by
BuildKit's parser, and optimized once more without a change.
"""


class Looked(Protocol):
    """What the page tells of one application."""

    @property
    def application(self) -> Application: ...
    @property
    def converted(self) -> bool: ...
    @property
    def refused(self) -> str | None: ...
    @property
    def saves(self) -> int: ...


def page(looks: Sequence[Looked]) -> str:
    """All of it, in Markdown."""
    names = sorted({one.application.repository for one in looks}, key=str.lower)
    head = (
        f"{len(looks)} applications of one stage in {len(names)} public repositories, optimized with `--unsafe`"
        f" in their build contexts: {_told(looks)}. {datetime.now(UTC):%Y-%m-%d}; `make survey`."
    )
    refused = _by_reason([one for one in looks if one.refused is not None])
    parts = [head, "", *_by_ecosystem(looks), LEGEND, "## Why it stands back", "", *refused]
    return "\n".join([*parts, "", "## The repositories", "", ", ".join(names) + ".", ""])


def _told(looks: Sequence[Looked]) -> str:
    converted, refused = _counts(looks)
    share = f" ({converted / (converted + refused):.0%} of those in which there is something to part)" if looks else ""
    return f"{converted} converted{share}, {refused} refused, {len(looks) - converted - refused} with nothing to part"


def _counts(looks: Iterable[Looked]) -> tuple[int, int]:
    states = [(one.converted, one.refused is not None) for one in looks]
    return sum(one for one, _ in states), sum(two for _, two in states)


def _by_ecosystem(looks: Sequence[Looked]) -> Iterator[str]:
    yield "| ecosystem | applications | converted | refused | nothing to part | smaller by, mean |"
    yield "|---|---:|---:|---:|---:|---:|"
    sizes = Counter(one.application.ecosystem for one in looks)
    for name, count in sizes.most_common():
        yield _row(name, count, [one for one in looks if one.application.ecosystem == name])
    yield _row("**all**", len(looks), looks)


def _row(name: str, count: int, looks: Sequence[Looked]) -> str:
    converted, refused = _counts(looks)
    saved = [one.saves for one in looks if one.converted and one.saves]
    size = f"{megabytes(round(mean(saved)))}" if saved else "-"
    return f"| {name} | {count} | {converted} | {refused} | {count - converted - refused} | {size} |"


def _by_reason(refused: Sequence[Looked]) -> Iterator[str]:
    yield "| reason | applications | of which |"
    yield "|---|---:|---|"
    reasons = Counter(reason(one.refused or "") for one in refused)
    for text, count in reasons.most_common(_MOST):
        of = Counter(one.application.ecosystem for one in refused if reason(one.refused or "") == text)
        yield f"| {text} | {count} | {', '.join(f'{name} {n}' for name, n in of.most_common())} |"
    if (rest := sum(count for _, count in reasons.most_common()[_MOST:])) > 0:
        yield f"| others | {rest} | |"


def reason(why: str) -> str:
    """The reason without the names of one case, and without the hint behind it."""
    plain = re.sub(r"; `\[tool\..*", "", why)
    plain = re.sub(r"`[^`]*`", "…", plain)
    return re.sub(r"\d+", "N", plain).replace("|", "\\|")
