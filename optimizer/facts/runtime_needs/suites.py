"""Runtime libraries by the release of the system that a stage stands on."""

from __future__ import annotations

from optimizer.facts import BuildStage, Facts
from optimizer.knowledge.build_packages import SUITES, build_packages


def suites(stage: BuildStage) -> tuple[str, ...]:
    """The tables that hold for the stage: all of Debian where its tag moves, none where the system has no table."""
    system = stage.system
    if system is None:
        return ()
    if system.name == "alpine":
        return ("alpine",)
    if system.name != "debian":
        return ()
    if system.release is None:
        return SUITES
    return (system.release,) if system.release in SUITES else ()


def libraries(facts: Facts, stage: BuildStage, package: str) -> tuple[str, ...] | None:
    """The runtime libraries of a development package; None where they are not known, or differ between releases."""
    tables = suites(stage)
    found = {build_packages().libraries(suite, package) for suite in tables}
    return found.pop() if len(found) == 1 else None
