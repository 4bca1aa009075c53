"""`end-of-life-base`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from optimizer.facts import Facts
from optimizer.facts.bases import image_of, system_of
from optimizer.facts.today import today
from optimizer.knowledge.variants import Product, products
from optimizer.transform import Declined, Proposal, Safety, transform, unchanged


@transform(Safety.SUGGESTION, may_change=set())
@unchanged(
    "a base that gets no more updates is shown, never changed",
    """
    FROM python:3.8
    RUN python --version
    """,
    unsafe=True,
)
@unchanged(
    "a tag that moves, or one that the table does not know",
    """
    FROM python:3
    FROM node:lts
    FROM example.org/python:3.8
    """,
    unsafe=True,
)
@unchanged(
    "a base that is kept up",
    """
    FROM python:3.13-slim-trixie
    """,
    unsafe=True,
)
def end_of_life_base(facts: Facts) -> Iterator[Proposal | Declined]:
    """Tells of a base that gets no more security updates: since when, and what follows it.

    The dates are those of a table, whose own date is told too. A new version can break a program, so a person decides.
    One line for a stage: the language before the system below it.

    Safety: nothing is changed.

    Sources: endoflife.date, snapshot of 2026-08-22; the support policies of each project.
    """
    for stage in facts.stages:
        if stage.parent is not None or stage.base is None:
            continue
        if (ended := _ended(stage.base)) is not None:
            yield Proposal(stage.node.instructions[0], ended, {})


def _ended(reference: str) -> str | None:
    """What has ended in an image, as a sentence; None where nothing has, or it is not known."""
    name, tag = image_of(reference)
    product = products().get(name)
    if product is not None and (found := product.end(tag)) is not None and found[1] < today():
        return _told(product, *found)
    system = system_of(reference)
    below = products().get(system.name) if system is not None and system.release is not None else None
    if below is None or below is product or system is None or system.release is None:
        return None
    found = below.end(system.release)
    return _told(below, *found) if found is not None and found[1] < today() else None


def _told(product: Product, cycle: str, end: date) -> str:
    version = f" {cycle}" if cycle else ""
    follows = f"what follows it is {product.successor}"
    return f"{product.called}{version} gets no more updates since {end.isoformat()}; {follows}"
