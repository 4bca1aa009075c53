"""Files of the build context that only pass through: copied in, read by the next RUN, and deleted by it.

Such a file can be mounted for that RUN instead, read-only: no command may write there, or take its folder as a whole.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from msgspec import Struct

from optimizer.facts import BuildStage, Chain, Copy, Facts
from optimizer.facts.calls import Call
from optimizer.facts.chains import Step
from optimizer.facts.copies import normalised
from optimizer.facts.neighbours import UNSEEN
from optimizer.facts.packages import package_call
from optimizer.facts.writes import Changed, Made, changed_by, placed
from optimizer.knowledge import commands
from optimizer.knowledge.writers import writers
from optimizer.syntax.nodes import Command, Instruction

_FILES = (".zip", ".deb", ".rpm", ".whl", ".jar", ".7z")
_UNPACKED_BY_ADD = (".tar", ".gz", ".tgz", ".xz", ".txz", ".bz2", ".tbz", ".tbz2", ".zst")
"""Endings of files; a source without such a one may be a folder, of which COPY takes what it holds."""


class Passing(Struct, frozen=True, eq=False):
    """A COPY or ADD of one file and the RUN behind it, which deletes the file in the step with that number.

    `source`: its path in the context; `path`: where it lies. `why`: what speaks against a mount; None for nothing.
    """

    copy: Instruction
    run: Instruction
    chain: Chain
    at: int
    source: str
    path: str
    why: str | None


def passing(facts: Facts) -> tuple[Passing, ...]:
    """All such files, those that cannot be mounted too."""
    return facts.remembered("passing", lambda: tuple(f for stage in facts.stages for f in _in_stage(facts, stage)))


def _in_stage(facts: Facts, stage: BuildStage) -> Iterator[Passing]:
    for number, instruction in enumerate(stage.instructions):
        copy = facts.copies.get(instruction)
        if copy is None or copy.instruction is not instruction or instruction.all_flags or instruction.heredocs:
            continue
        run = next((i for i in stage.instructions[number + 1 :] if i.name not in UNSEEN), None)
        chain = facts.chain(run) if run is not None and run.name == "RUN" else None
        if run is not None and chain is not None and (found := _deleted(facts, copy, run, chain)) is not None:
            yield found


def _deleted(facts: Facts, copy: Copy, run: Instruction, chain: Chain) -> Passing | None:
    source = copy.sources[0] if len(copy.sources) == 1 else None
    if source is None or copy.destination is None or not copy.from_context or any(char in source for char in "*?["):
        return None
    if not source.endswith(_FILES if copy.instruction.name == "ADD" else _FILES + _UNPACKED_BY_ADD):
        return None
    inside = posixpath.join(copy.destination, posixpath.basename(source))
    names = (inside,) if copy.into_folder else (inside, copy.destination)
    folders = dict(placed(facts, run))
    for at, step in enumerate(chain.steps):
        path = next((name for name in names if _only_deletes(step, folders, name)), None)
        if path is not None:
            others = [call for other in chain.steps if other is not step for call in other.calls]
            why = next((why for call in others if (why := _touches(call, folders[call], path)) is not None), None)
            return Passing(copy.instruction, run, chain, at, normalised(source), path, why)
    return None


def _only_deletes(step: Step, folders: dict[Call, str | None], path: str) -> bool:
    """Whether a step is an `rm` of exactly that path."""
    command = step.command
    if command is None or command.redirects or command.assignments or len(step.calls) != 1:
        return False
    call = step.calls[0]
    operands = [word for word in call.words[1:] if not (word.literal or "").startswith("-")]
    found = list(changed_by(call, folders[call])) if call.name == "rm" and len(operands) == 1 else []
    return [change.path for change in found] == [path]


def _touches(call: Call, folder: str | None, path: str) -> str | None:
    """Why the command may do other than read the file at the path; None where it cannot."""
    name = call.name
    why = f"`{name or 'a command'}` may write to the file, or to its folder as a whole"
    changer = writers().changers.get(name or "")
    if changer is not None:
        operands = [word for word in call.words[1:] if not (word.literal or "").startswith("-")][changer.skip :]
        found = list(changed_by(call, folder))
        known = len(found) == len(operands) - changer.keeps_last
        return why if not known or any(change.meets(Made(path)) for change in found) else None
    if not isinstance(call.node, Command) or any(_is_at(r.target.text, path) for r in call.node.redirects):
        return why
    package = package_call(call)
    if (package is not None and package.installs) or name in commands().reads_files:
        return None
    if name in commands().reads_no_files:
        above = Changed(path, "", deep=False)
        return why if any(_is_at(word.text, above.path) for word in call.words[1:]) else None
    return why


def _is_at(text: str, path: str) -> bool:
    """Whether a word may name the path."""
    return posixpath.basename(path) in text or "$" in text
