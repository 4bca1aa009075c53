"""What an image needs when it runs, as far as its Dockerfile, its context and Compose files tell.

A need has a reason for people; what cannot be told is an `Unknown` of its kind: then the kind is not known as a whole.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from msgspec import Struct

from optimizer.facts import BuildStage, Facts

__all__ = ["Kind", "Need", "Needs", "Unknown", "runtime_needs"]


class Kind(StrEnum):
    """What can be needed; each says what the names of its needs are."""

    PROGRAM = "program"
    """A program that is looked up, or its absolute path. A shell is one: `sh`."""
    PACKAGE = "package"
    """A package of the system that the stage installs, or that a dependency asks for."""
    LIBRARY = "library"
    """A package of a shared library."""
    CERTIFICATES = "certificates"
    """Certificates of authorities: `system`, or `own` where steps add some."""
    ZONES = "zones"
    """The data of time zones: the name of one, or `all`."""
    LOCALE = "locale"
    """A locale beside C and POSIX."""
    FONTS = "fonts"
    """Fonts: `any`."""
    FILE = "file"
    """A file or folder of the context that the program reads: its path there."""


class Need(Struct, frozen=True):
    """One thing that is needed. `why`: a clause for people, without a full stop."""

    kind: Kind
    name: str
    why: str


class Unknown(Struct, frozen=True):
    """Something of a kind may be needed, and what it is cannot be told: why, as a clause for people."""

    kind: Kind
    why: str


class Needs(Struct, frozen=True):
    """All that is known."""

    needs: tuple[Need, ...]
    unknown: tuple[Unknown, ...]

    def of(self, kind: Kind) -> tuple[Need, ...]:
        """The needs of a kind; more may be needed where `doubt` says so."""
        return tuple(need for need in self.needs if need.kind is kind)

    def names(self, kind: Kind) -> frozenset[str]:
        """The names of the needs of a kind."""
        return frozenset(need.name for need in self.of(kind))

    def doubt(self, kind: Kind) -> str | None:
        """Why not all needs of a kind are known; None where they are."""
        return next((one.why for one in self.unknown if one.kind is kind), None)

    def why(self, kind: Kind, name: str) -> str | None:
        """Who needs it first; None where nobody is seen."""
        return next((need.why for need in self.of(kind) if need.name == name), None)

    @property
    def shell(self) -> Need | None:
        """The first that needs a shell."""
        from optimizer.knowledge.runtime_needs import runtime_needs_table

        shells = runtime_needs_table().shells
        return next((n for n in self.of(Kind.PROGRAM) if n.name.rpartition("/")[2] in shells), None)


def runtime_needs(facts: Facts, stage: BuildStage) -> Needs:
    """What a container of the stage needs."""
    return facts.remembered(("runtime needs", stage.number), lambda: _needs(facts, stage))


def _needs(facts: Facts, stage: BuildStage) -> Needs:
    from optimizer.facts.runtime_needs.dependencies import of_dependencies
    from optimizer.facts.runtime_needs.packages import of_packages
    from optimizer.facts.runtime_needs.settings import of_settings
    from optimizer.facts.runtime_needs.sources import of_sources
    from optimizer.facts.runtime_needs.started import of_starts

    found = [*of_starts(facts, stage), *of_settings(facts, stage), *of_sources(facts, stage)]
    found += of_dependencies(facts, stage)
    found += of_packages(facts, stage, _told(found))
    return _told(found)


def _told(found: Iterable[Need | Unknown]) -> Needs:
    once: dict[tuple[Kind, str], Need] = {}
    unknown: dict[Unknown, None] = {}
    for one in found:
        if isinstance(one, Need):
            once.setdefault((one.kind, one.name), one)
        else:
            unknown[one] = None
    return Needs(tuple(once.values()), tuple(unknown))
