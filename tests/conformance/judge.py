"""The judge: what a rewritten file does otherwise than it may, told from both texts and the case."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from tests.conformance.case import Case
from tests.conformance.judging.image import config, stages
from tests.conformance.judging.mounts import mounts
from tests.conformance.judging.packages import lists, packages
from tests.conformance.judging.steps import outcomes, steps
from tests.conformance.judging.text import accepted, comments, documents, layout, shells, texts

Check = Callable[[Case, str, str], Iterator[str]]


CHECKS: tuple[Check, ...] = (
    accepted,
    layout,
    comments,
    shells,
    documents,
    stages,
    config,
    steps,
    outcomes,
    packages,
    lists,
    mounts,
    texts,
)


def complaints(case: Case, before: str, after: str, mode: str = "") -> list[str]:
    """All that is wrong with the result."""
    if before == after:
        return []
    wrong = [f"{check.__name__}: {one}" for check in CHECKS for one in check(case, before, after)]
    if case.bytes is True or (case.bytes and mode in case.bytes):
        wrong.append("bytes: the file must come back as it is")
    return wrong
