"""The effects of an instruction where symbolic links that earlier steps made are followed."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from optimizer.facts import Facts
from optimizer.facts.effects.actions import Action, Effects
from optimizer.facts.effects.places import EVERYWHERE, UNKNOWN, Place
from optimizer.facts.effects.steps import effects_of
from optimizer.facts.paths import within
from optimizer.syntax.nodes import Instruction


def effects(facts: Facts, instruction: Instruction) -> Effects:
    """The effects of an instruction; a place below a link counts where the link leads, too."""
    return facts.remembered(("effects", instruction), lambda: _followed(facts, instruction))


def raw_effects(facts: Facts, instruction: Instruction) -> Effects:
    """The effects as the paths are written."""
    return facts.remembered(("raw effects", instruction), lambda: effects_of(facts, instruction))


def earlier(facts: Facts, instruction: Instruction) -> Iterator[Instruction]:
    """The instructions that run before it: of its stage, and of the stages that it is built from."""
    stage = facts.stage_of[instruction]
    for one in stage.lineage:
        steps = one.instructions
        yield from steps[: steps.index(instruction)] if one is stage else steps


def links_before(facts: Facts, instruction: Instruction) -> tuple[tuple[str, str], ...]:
    """The links that earlier steps make: from, to."""
    return tuple(
        link for step in earlier(facts, instruction) if step.name == "RUN" for link in raw_effects(facts, step).links
    )


def _followed(facts: Facts, instruction: Instruction) -> Effects:
    found = raw_effects(facts, instruction)
    links = links_before(facts, instruction)
    if not links and not any(action.links for action in found.actions):
        return found
    actions = []
    for action in found.actions:
        actions.append(_action(action, links) if links else action)
        links = (*links, *action.links)
    return Effects(tuple(actions))


def _action(action: Action, links: tuple[tuple[str, str], ...]) -> Action:
    def followed(places: frozenset[Place]) -> frozenset[Place]:
        return places | {to for one in places for to in targets(one, links)}

    return replace(
        action,
        reads=followed(action.reads),
        needs=followed(action.needs),
        writes=followed(action.writes),
        deletes=action.deletes | {to for one in action.deletes if not one.below for to in targets(one, links)},
    )


def targets(place: Place, links: tuple[tuple[str, str], ...]) -> Iterator[Place]:
    """Where a place leads that is a link, or lies below one; the link itself may be meant too."""
    if place.packaged or place.path == "/":
        return
    for start, end in links:
        if within(place.path, start):
            yield (
                EVERYWHERE
                if end == UNKNOWN
                else replace(place, path=(end.rstrip("/") + place.path[len(start) :]) or "/")
            )
