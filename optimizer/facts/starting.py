"""What a container of the last stage starts, and as whom."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from optimizer.facts import BuildStage, Facts
from optimizer.facts.bases import image_of
from optimizer.facts.context import text_of
from optimizer.facts.texts import argument_text
from optimizer.knowledge.hardening import hardening
from optimizer.syntax.nodes import Instruction


def started(stage: BuildStage) -> tuple[Instruction, ...]:
    """What says what a container starts, in the stage and in those that it is built from."""
    return tuple(i for one in stage.lineage for i in one.instructions if i.name in ("CMD", "ENTRYPOINT", "HEALTHCHECK"))


def names_in(facts: Facts, instructions: tuple[Instruction, ...]) -> frozenset[str]:
    """The words of instructions, and of the files of the context that they name, without their folders."""
    words = {word for one in instructions for word in re.split(r"[^\w./+-]+", argument_text(one))}
    names = {posixpath.basename(word) for word in words}
    return frozenset(names.union(*(_words_of(facts, name) for name in names)))


def _words_of(facts: Facts, name: str) -> Iterator[str]:
    """The words of the files of that name in the context: a script may start something else."""
    for path in facts.context.files if facts.context is not None and name else ():
        if posixpath.basename(path) == name:
            yield from map(posixpath.basename, re.split(r"[^\w./+-]+", text_of(facts.context, path)))


def root_image(stage: BuildStage) -> str:
    """The short name of the image that the stage stands on; empty where it is not known."""
    return image_of(list(stage.lineage)[-1].base or "")[0]


def known_users(facts: Facts, stage: BuildStage) -> frozenset[str]:
    """Users that the base image has, or that a step of the rows of `hardening.toml` makes in the stage or its bases."""
    table = hardening()
    found = {table.base_users[root_image(stage)]} if root_image(stage) in table.base_users else set()
    for instruction in (i for one in stage.lineage for i in one.instructions if i.name == "RUN"):
        chain = facts.chain(instruction)
        for step in chain.steps if chain is not None else ():
            text = " ".join(word.text for word in step.command.words) if step.command is not None else ""
            made = table.user_made(text)
            found |= {made} if made is not None else set()
    return frozenset(found)
