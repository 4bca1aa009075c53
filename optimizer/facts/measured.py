"""Seconds of instructions that somebody measured, kept while the file is edited: `Facts.measured`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from optimizer.facts import Facts
from optimizer.syntax.nodes import LAYERS, Instruction


def at_lines(facts: Facts, seconds: Mapping[int, float]) -> Mapping[Instruction, float]:
    """The instructions that begin at lines, counted from 1, with the seconds given for these."""
    lines = {facts.places.line(one) + 1: one for one in facts.tree.instructions}
    return {lines[line]: value for line, value in seconds.items() if line in lines}


def carried(before: Facts, after: Facts) -> Mapping[Instruction, float]:
    """What is known of the instructions of an edited file.

    One that moved keeps its seconds; one that came into the place of others, all measured, takes theirs together.
    """
    new = [one for stage in after.tree.stages for one in stage.instructions]
    there = set(new)
    found = {one: value for one, value in before.measured.items() if one in there}
    gone = _moved(before, [one for one in new if one not in before.stage_of], there, found)
    for were, are in _gaps(before, new, there):
        rest = [one for one in were if one in gone]
        come = [one for one in are if one not in found]
        names = {one.name for one in (*rest, *come)}
        if rest and len(come) == len(names) == 1 and all(one in before.measured for one in rest):
            found[come[0]] = sum(before.measured[one] for one in rest)
    return found


def _moved(
    before: Facts, come: Sequence[Instruction], there: set[Instruction], found: dict[Instruction, float]
) -> set[Instruction]:
    """The instructions that are gone for good; those that stand elsewhere in the same words are put into `found`."""
    gone = {one for one in before.stage_of if one not in there and one.name in LAYERS}
    by_text: dict[str, list[Instruction]] = {}
    for one in before.tree.instructions:
        if one in gone:
            by_text.setdefault(_text(one), []).append(one)
    for one in come:
        same = by_text.get(_text(one))
        if not same:
            continue
        was = same.pop(0)
        gone.discard(was)
        if was in before.measured:
            found[one] = before.measured[was]
    return gone


def _text(instruction: Instruction) -> str:
    from optimizer.facts.texts import argument_text

    return " ".join(f"{instruction.name} {argument_text(instruction)}".split())


def _gaps(
    before: Facts, new: Sequence[Instruction], there: set[Instruction]
) -> Iterator[tuple[list[Instruction], list[Instruction]]]:
    """The instructions between those that both files share, in pairs: as they were, and as they are."""
    old = [one for stage in before.tree.stages for one in stage.instructions]
    were, are = _runs(old, there), _runs(new, set(old))
    for last in were.keys() & are.keys():
        yield were[last], are[last]


def _runs(instructions: Sequence[Instruction], shared: set[Instruction]) -> dict[Instruction | None, list[Instruction]]:
    """The layers that are not shared, by the shared instruction above them."""
    found: dict[Instruction | None, list[Instruction]] = {None: []}
    last: Instruction | None = None
    for one in instructions:
        if one in shared:
            last = one
            found[last] = []
        elif one.name in LAYERS:
            found[last].append(one)
    return found
