"""The environment that a builder makes for packages which lay beside the interpreter, and where it begins.

Tools that only install stay in front of it, so that they are left behind: Poetry, Pipenv and the like.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from msgspec import Struct

from optimizer.facts.bases import image_of
from optimizer.facts.interpreted.environments import Spot
from optimizer.facts.interpreted.survey import Beside, Survey
from optimizer.facts.stacks.site import Unknown
from optimizer.knowledge.environments import environments
from optimizer.syntax.nodes import Instruction


class Opening(Struct, frozen=True):
    """What makes the environment. `at`: the instruction in front of which it stands; None: it is the first."""

    path: str = ""
    steps: tuple[tuple[str, str], ...] = ()
    at: Instruction | None = None
    tools: tuple[Beside, ...] = ()
    """Installs of tools that stay in front of it, or all of them where no environment is needed (no `path`)."""


def opening(survey: Survey) -> Opening:
    """The environment that a stage needs. Raises Unknown."""
    row = survey.row
    if not row.environment or not survey.beside:
        return Opening()
    kept = [one for one in survey.beside if not _is_spare(one, survey.beside)]
    if not kept:
        return Opening(tools=tuple(survey.beside))
    first = kept[0].run
    order = survey.stage.instructions.index
    tools = tuple(one for one in survey.beside if order(one.run) < order(first))
    _sure(survey, kept, [one for one in survey.beside if one not in tools and _is_tool(one)])
    words = f"PATH={row.environment}/bin:$PATH"
    if any(one.landing.activated for one in kept):
        words += f" VIRTUAL_ENV={row.environment}"
    behind = survey.stage.instructions[order(tools[-1].run) + 1] if tools else None
    return Opening(row.environment, (("RUN", row.step), ("ENV", words)), behind, tools)


def _sure(survey: Survey, kept: Sequence[Beside], together: Sequence[Beside]) -> None:
    """Raises Unknown where it is not certain that the environment gets what the interpreter got."""
    row = survey.row
    if re.match(r"2\b", image_of(survey.stage.base or "")[1]):
        raise Unknown("Python 2 has no environments of its own")
    for one in kept:
        scope = survey.scopes[one.run]
        if not scope.as_root and scope.user is not None:
            raise Unknown("another user than root installs packages, into his home", one.run)
        if one.landing.spot is Spot.HIDDEN and together:
            raise Unknown("a tool would share an environment with what it installs: a `RUN` of its own for it", one.run)
    if survey.environments or len({one.landing.spot for one in kept}) > 1:
        raise Unknown("packages lie in two places, one environment would hold what another one has", kept[0].run)
    if row.environment in survey.places or row.environment in survey.facts.text:
        raise Unknown(f"`{row.environment}` means something else")


def _is_tool(one: Beside) -> bool:
    return bool((one.names or frozenset()) & environments().packages)


def _is_spare(one: Beside, all_of_them: Sequence[Beside]) -> bool:
    """Whether nothing of it is needed but by installs; what keeps an environment in order is, where others follow."""
    known = environments()
    plain = [other for other in all_of_them if other.names is not None]
    others = any(not (other.names or frozenset()) <= known.packages | known.upkeep for other in plain)
    spare = known.packages if others else known.packages | known.upkeep
    return all(
        other.names is not None and other.names <= spare for other in all_of_them if other.run is one.run
    ) and any(map(_is_tool, plain))
