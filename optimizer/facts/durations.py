"""Seconds of an instruction where no log tells them: rows of `costs.toml`, summed over the commands that it runs."""

from __future__ import annotations

import posixpath
import re
from functools import lru_cache

from optimizer.facts import Call, Facts
from optimizer.facts.fetching import fetched_above, row_of
from optimizer.knowledge.costs import Cost, costs
from optimizer.syntax.nodes import Instruction
from optimizer.syntax.parser import parse

_INTERPRETER = re.compile(r"(?:python|pypy)[0-9.]*")


_TOLD = frozenset({"--version", "-version", "-V", "--help"})


def run_seconds(facts: Facts, instruction: Instruction) -> float:
    """What a RUN takes when it runs again: a rough guess, the same for the same text. Its cache mounts are filled."""
    return facts.remembered(("seconds", instruction), lambda: _run(facts, instruction))


def copy_seconds(size: int, fetched: int = 0) -> float:
    """What a COPY or ADD of so many bytes takes. `fetched`: how many of its sources come from elsewhere."""
    table = costs().step
    return table.copy + fetched * table.fetch + table.megabyte * size / 1e6


def _run(facts: Facts, instruction: Instruction) -> float:
    table = costs().step
    if facts.opaque(instruction):
        return table.run + table.opaque
    mounted = _mounted(facts, instruction)
    calls = [call for call in facts.calls(instruction) if not call.substituted]
    return table.run + sum(_alone(facts, instruction, call, mounted) for call in calls)


def _mounted(facts: Facts, instruction: Instruction) -> frozenset[str]:
    """The last names of the folders on which cache mounts lie."""
    targets = (one.target for one in facts.mounts(instruction) if one.kind == "cache")
    return frozenset(posixpath.basename(target) for target in targets if target)


@lru_cache(maxsize=256)
def text_seconds(text: str, mounted: frozenset[str] = frozenset()) -> float:
    """What a command takes that stands in no file, with cache mounts on folders of these names."""
    facts = Facts(parse(f"FROM scratch\nRUN {text}\n"))
    run = facts.stages[0].instructions[-1]
    return costs().step.run + sum(_alone(facts, run, call, mounted) for call in facts.calls(run))


def _alone(facts: Facts, run: Instruction, call: Call, mounted: frozenset[str]) -> float:
    """A call with what it fetches by itself, if nothing fetched that before; less what was installed before."""
    row = row_of(call)
    if row is None or row.never:
        return _of_call(call, mounted)
    above = fetched_above(facts, run, call, row)
    if row.adds:
        return _of_call(call, mounted) if above is None else costs().step.command
    return _of_call(call, mounted) + (text_seconds(row.step, mounted) if above is None else 0.0)


def _of_call(call: Call, mounted: frozenset[str]) -> float:
    words = [word.literal or "" for word in call.words]
    if len(words) > 2 and words[1] == "-m" and _INTERPRETER.fullmatch(call.name or ""):
        words = words[2:]
    if not words:
        return 0.0
    name = posixpath.basename(words[0])
    told = len(words) == 2 and words[1] in _TOLD
    for cost in costs().by_command.get(name, ()):
        if told and words[1] not in cost.words:
            continue
        found = next((at for at, word in enumerate(words) if at and word in cost.words), None)
        if found is not None or not cost.words:
            filled = not mounted.isdisjoint(cost.mounts)
            return cost.mounted if filled else _of_row(cost, words[(found or 0) + 1 :])
    is_of_project = name.endswith((".sh", ".py")) or words[0].startswith("./")
    return costs().step.script if is_of_project else costs().step.command


def _of_row(cost: Cost, rest: list[str]) -> float:
    options = ("-r", "--requirement", "-e", "--editable")
    from_manifest = any(word.startswith(options) for word in rest)
    operands = [word for word in rest if not word.startswith("-")]
    if cost.whole and (from_manifest or not operands or operands == ["."]):
        return cost.whole
    return cost.seconds + cost.each * len(operands)
