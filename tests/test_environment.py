"""Where ENV, ARG and LABEL may stand: lies that the check catches, and what keeps every value."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from optimizer.engine import optimize
from optimizer.facts import Facts
from optimizer.transform import Declined, Proposal, Safety, Transform, transform
from transforms import volatile_arguments_late

FILE = """\
FROM python:3.12-slim AS base
ARG VCS_REF
ARG VERSION=1
LABEL rev=$VCS_REF
ENV A=1 B=2
ENV C=$A
LABEL c=$C
RUN mkdir /data
WORKDIR /app/$A
RUN pip install flask==$VERSION
COPY $B /b
LABEL last=1
FROM base
RUN make
"""


def lying(old: str, new: str) -> Transform:
    """Takes one line away and puts it, or another, behind a second one."""

    def lie(facts: Facts) -> Iterator[Proposal | Declined]:
        """Lies. Safety: none. Sources: none."""
        gone, _, behind = old.partition(" > ")
        one = next((i for i, text in facts.sources.items() if text == gone + "\n"), None)
        two = next((i for i, text in facts.sources.items() if text == behind + "\n"), None)
        if one is not None and two is not None and facts.places.span(one) < facts.places.span(two):
            yield Proposal(one, "it says so", {one: "", two: f"{behind}\n{new}\n"})

    return transform(Safety.SAFE, may_change=set(), leeway={"environment"})(lie)


@pytest.mark.parametrize(
    ("move", "becomes"),
    [
        ("ARG VERSION=1 > RUN pip install flask==$VERSION", "ARG VERSION=1"),
        ("ARG VCS_REF > RUN mkdir /data", "ARG VCS_REF"),  # the label above would lose it
        ("ENV A=1 B=2 > ENV C=$A", "ENV A=1 B=2"),
        ("ENV A=1 B=2 > WORKDIR /app/$A", "ENV A=1 B=2"),
        ("ENV C=$A > COPY $B /b", "ENV C=3"),
        ("ENV A=1 B=2 > COPY $B /b", "ENV A=1 B=2"),
        ("LABEL rev=$VCS_REF > LABEL last=1", "LABEL rev=other"),
        ("LABEL last=1 > FROM base", "LABEL last=1"),
        ("LABEL c=$C > LABEL last=1", ""),
        ("ARG VCS_REF > RUN make", "ARG VCS_REF"),
    ],
)
def test_a_lie_about_values_is_caught(move: str, becomes: str) -> None:
    result = optimize(FILE, [lying(move, becomes)])
    assert (result.after, len(result.refusals)) == (FILE, 1)


@pytest.mark.parametrize(
    "move", ["LABEL rev=$VCS_REF > RUN mkdir /data", "ENV C=$A > RUN mkdir /data", "ARG VERSION=1 > RUN mkdir /data"]
)
def test_what_keeps_every_value_passes(move: str) -> None:
    text = FILE.replace("LABEL c=$C\n", "")
    result = optimize(text, [lying(move, move.partition(" > ")[0])])
    assert result.changed
    assert not result.refusals


def test_a_child_stage_has_it_still() -> None:
    result = optimize(FILE, [volatile_arguments_late])
    moved = "RUN mkdir /data\nWORKDIR /app/$A\nARG VERSION=1\nRUN pip install flask==$VERSION\n"
    assert moved in result.after
    assert result.after.index("ARG VCS_REF") > result.after.index("RUN pip")
    assert not result.refusals
    assert not optimize(result.after, [volatile_arguments_late]).changed
