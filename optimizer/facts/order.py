"""The order of a stage's instructions that makes rebuilds take the least time, where nothing tells it from theirs."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import takewhile

from optimizer.facts import BuildStage, Facts
from optimizer.facts.comments import has_pragma
from optimizer.facts.copies import is_remote
from optimizer.facts.durations import copy_seconds, run_seconds
from optimizer.facts.effects import commutes
from optimizer.facts.lists import (
    copies_lists,
    copy_may_change_sources,
    families_named,
    may_change_sources,
    may_use_lists,
)
from optimizer.facts.odds import Odds, below, exposure
from optimizer.facts.schedule import Order, Work, best, moved, settled
from optimizer.facts.texts import argument_text
from optimizer.knowledge import families
from optimizer.knowledge.costs import costs
from optimizer.syntax.nodes import Instruction

LEAST_SECONDS = 1.0
"""Seconds a build on average that a stage must gain. Below, over 60 real projects, moves only passed a `chmod`."""
LEAST_OF_A_MOVE = 0.3
"""Seconds of the same for each instruction that moves."""
LEAST_SHARE = 0.1
"""Of what the stage takes again on average."""

_MOVABLE = frozenset({"RUN", "COPY", "ADD"})
_STATE = frozenset({"ENV", "ARG", "USER", "WORKDIR", "SHELL", "VOLUME", "ONBUILD"})


@dataclass(frozen=True, slots=True)
class Reordered:
    """A better order. `moved`: the fewest instructions that leave their place, in the new order.

    `seconds`, `before`: what a build takes again on average, in the new order and in the old one.
    """

    stage: BuildStage
    work: Work
    order: Order
    moved: tuple[Instruction, ...]
    seconds: float
    before: float

    @property
    def instructions(self) -> tuple[Instruction, ...]:
        """The stage's instructions in the new order."""
        return tuple(self.stage.instructions[number] for number in self.order)


def reordered(facts: Facts, stage: BuildStage) -> Reordered | None:
    """The order in which the stage rebuilds the fastest; None where no other one is worth it."""
    steps = stage.instructions
    if sum(one.name in _MOVABLE for one in steps) < 2:
        return None
    seconds = tuple(_seconds(facts, one) for one in steps)
    if sum(seconds) < LEAST_SECONDS:
        return None
    history = facts.context.history if facts.context is not None else None
    odds = Odds([exposure(facts, one) for one in steps], below(facts, stage), history.commits if history else 0)
    as_it_is = tuple(range(len(steps)))
    free = Work(seconds, [0] * len(steps), odds)
    before = free.cost(as_it_is)
    least = max(LEAST_SECONDS, LEAST_SHARE * before)
    if before - free.least() < least:
        return None
    work = Work(seconds, _above(facts, steps), odds)
    if before - work.least() < least:
        return None
    order = settled(work, best(work), LEAST_OF_A_MOVE)
    after = work.cost(order)
    if before - after < least:
        return None
    return Reordered(stage, work, order, tuple(steps[number] for number in moved(order)), after, before)


def _seconds(facts: Facts, instruction: Instruction) -> float:
    """What it takes: measured, else estimated."""
    if instruction in facts.measured:
        return facts.measured[instruction]
    match instruction.name:
        case "RUN":
            return run_seconds(facts, instruction)
        case "COPY" | "ADD":
            copy = facts.copies.get(instruction)
            fetched = sum(source is not None and is_remote(source) for source in copy.sources) if copy else 0
            places = facts.placed(copy) if copy is not None and facts.context is not None else None
            files = facts.context.files if facts.context is not None else {}
            return copy_seconds(sum(files[path].size for path in (places or {}).values()), fetched)
        case "WORKDIR":
            return costs().step.workdir
    return 0.0


def _above(facts: Facts, steps: tuple[Instruction, ...]) -> list[int]:
    """For each step those that must stay above it, as a bit mask; what is above one of them is not asked about."""
    found: list[int] = []
    for number, step in enumerate(steps):
        mask = 0
        for at in reversed(range(number)):
            if not mask >> at & 1 and _bound(facts, steps[at], step):
                mask |= found[at] | 1 << at
        found.append(mask)
    return found


def _bound(facts: Facts, first: Instruction, second: Instruction) -> bool:
    """Whether two instructions must keep their order."""
    if not (_moves(first) or _moves(second)) or any(_keeps_place(facts, one) for one in (first, second)):
        return True
    return _by_state(first, second) or _by_lists(facts, first, second) or commutes(facts, first, second) is not None


def _moves(instruction: Instruction) -> bool:
    return instruction.name in _MOVABLE and not has_pragma(instruction)


def _keeps_place(facts: Facts, instruction: Instruction) -> bool:
    """Whether nothing passes it: a comment with a blank line below heads a section; a RUN of `true` is there for that.

    (A step between two COPYs was the cure for an error of old builders.)
    """
    lines = [line.comment is not None for line in instruction.leading]
    if lines != sorted(lines):
        return True
    calls = facts.calls(instruction) if instruction.name == "RUN" else ()
    return bool(calls) and all(call.name in ("true", ":") for call in calls)


def blank_lines(instruction: Instruction) -> str:
    """The blank lines above an instruction and its comments."""
    return "".join(line.raw for line in takewhile(lambda line: line.comment is None, instruction.leading))


def _by_state(first: Instruction, second: Instruction) -> bool:
    """Whether one would be run, or filled in, by other variables, in another folder, by another user."""
    for state, other in ((first, second), (second, first)):
        if state.name not in _STATE:
            continue
        if other.name == "RUN" or state.name in ("VOLUME", "ONBUILD") or "$" in argument_text(other):
            return True
        if state.name == "WORKDIR" and not argument_text(other).rpartition(" ")[2].startswith("/"):
            return True
    return False


def _by_lists(facts: Facts, first: Instruction, second: Instruction) -> bool:
    """Whether the lists of packages that one reads are what the other leaves."""
    one, other = _lists(facts, first), _lists(facts, second)
    return bool(one[1] & (other[0] | other[1]) or one[0] & other[1])


def _lists(facts: Facts, instruction: Instruction) -> tuple[frozenset[str], frozenset[str]]:
    """The families whose lists it may read, and those whose lists or sources it may change."""
    return facts.remembered(("families", instruction), lambda: _families(facts, instruction))


def _listed(facts: Facts) -> frozenset[str]:
    """The families with lists that the file names a manager of."""
    return facts.remembered("listed families", lambda: frozenset(families_named(facts.text)))


def _list_places() -> frozenset[str]:
    return frozenset(place for rows in families().values() for manager in rows for place in manager.lists)


def _families(facts: Facts, instruction: Instruction) -> tuple[frozenset[str], frozenset[str]]:
    everything = _listed(facts)
    if instruction.name in ("COPY", "ADD"):
        copy = facts.copies.get(instruction)
        paths = [word.text for word in copy.words[:-1]] if copy is not None and copy.origin is not None else []
        read = frozenset(family for family in everything if any(copies_lists(path, family) for path in paths))
        return read, everything if copy_may_change_sources(argument_text(instruction)) else frozenset()
    if instruction.name != "RUN":
        return frozenset(), frozenset()
    if facts.opaque(instruction) or any(place in facts.sources[instruction] for place in _list_places()):
        return everything, everything
    calls, variables = facts.calls(instruction), facts.scopes[instruction].variables
    read = frozenset(family for family in everything if may_use_lists(calls, family, variables))
    changed = {family for family in everything if may_change_sources(calls, family, variables)}
    changed |= {call.manager.family for call in facts.package_calls(instruction) if call.updates or call.only_cleans}
    return read, frozenset(changed)
