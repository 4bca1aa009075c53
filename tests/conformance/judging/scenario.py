"""A case's build: how its commands end in the ordinary build, and when one of them ends otherwise."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase

from tests.conformance.build import Build, build
from tests.conformance.case import Case


def matches(text: str, globs: Iterable[str]) -> bool:
    """Whether one of the globs fits the text of a command."""
    return any(fnmatchcase(text, one) for one in globs)


def ordinary(case: Case, text: str) -> Build | None:
    """The build in which each command ends as the case says."""
    return built(case, text)


def built(case: Case, text: str, other: str | None = None) -> Build | None:
    """The build in which the commands end as the case says, but for one that ends otherwise."""
    return build(text, lambda one: int(matches(one, ("false", *case.fails))) ^ (one == other))
