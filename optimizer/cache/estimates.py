"""Seconds of a step where no log tells them: rows of `costs.toml`, summed over the commands that it runs."""

from __future__ import annotations

import posixpath
import re

from optimizer.cache.steps import Cause, Step
from optimizer.facts import Call, Facts
from optimizer.knowledge.costs import Cost, costs

_INTERPRETER = re.compile(r"(?:python|pypy)[0-9.]*")


def seconds(step: Step, facts: Facts) -> float:
    """A rough guess, the same for the same text."""
    table = costs().step
    match step.name:
        case "RUN":
            return facts.remembered(("seconds", step.instruction), lambda: _run(step, facts))
        case "COPY" | "ADD":
            fetched = sum(table.fetch for part in step.parts if part.cause is Cause.REMOTE)
            taken = (part.taken for part in step.parts if part.taken is not None)
            return table.copy + fetched + table.megabyte * sum(files.size for files in taken) / 1e6
        case "WORKDIR":
            return table.workdir
    return 0.0


def _run(step: Step, facts: Facts) -> float:
    table = costs().step
    if step.trigger or facts.opaque(step.instruction):
        return table.run + table.opaque
    return table.run + sum(_of_call(call) for call in facts.calls(step.instruction) if not call.substituted)


def _of_call(call: Call) -> float:
    words = [word.literal or "" for word in call.words]
    if len(words) > 2 and words[1] == "-m" and _INTERPRETER.fullmatch(call.name or ""):
        words = words[2:]
    if not words:
        return 0.0
    name = posixpath.basename(words[0])
    for cost in costs().by_command.get(name, ()):
        found = next((at for at, word in enumerate(words) if at and word in cost.words), None)
        if found is not None or not cost.words:
            return _of_row(cost, words[(found or 0) + 1 :])
    is_of_project = name.endswith((".sh", ".py")) or words[0].startswith("./")
    return costs().step.script if is_of_project else costs().step.command


def _of_row(cost: Cost, rest: list[str]) -> float:
    options = ("-r", "--requirement", "-e", "--editable")
    from_manifest = any(word.startswith(options) for word in rest)
    operands = [word for word in rest if not word.startswith("-")]
    if cost.whole and (from_manifest or not operands or operands == ["."]):
        return cost.whole
    return cost.seconds + cost.each * len(operands)
