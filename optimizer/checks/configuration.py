"""What a file writes into the image's configuration, as values, less what a leeway lets differ.

Independent of the transforms, and of the shell's parser: what a shell-form command says is read with `shlex` here.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Hashable, Iterator

from optimizer.checks.environment import config_by_values
from optimizer.facts import BuildStage, Facts
from optimizer.facts.bases import defaults_of
from optimizer.facts.starting import known_users
from optimizer.facts.texts import argument_text
from optimizer.facts.values import Value, constant
from optimizer.knowledge import commands
from optimizer.syntax.nodes import ExecForm, Instruction, Opaque, ShellScript
from optimizer.transform import Leeway

Item = tuple[Hashable, ...]
"""Stage, kind of instruction, what it says."""

AUTHORS = "org.opencontainers.image.authors"
"""The label that took MAINTAINER's place (OCI image specification, annotations.md; BuildKit's MaintainerDeprecated)."""
_MAKE_LAYERS = frozenset({"RUN", "COPY", "ADD", "WORKDIR", "FROM"})
_LAST_COUNTS = frozenset({"CMD", "ENTRYPOINT", "HEALTHCHECK"})
_PLAIN = re.compile(r"""(?:[]\w@%+:,./=-]|\\[^\n]|'[^']*'|"(?:[^"$`\\]|\\[^$`\n])*"|[ \t])+""")
"""A command in which no shell expands, splits or redirects anything."""
_SAME_WORDS = re.compile(r"-[eu]*c|-[eu]+|pipefail|-[eu]*o")
"""Options of a shell with which it reads and runs a simple command as it does without them."""


def configuration(facts: Facts, leeway: frozenset[Leeway]) -> tuple[Item, ...]:
    """The directives, and in order what all instructions say that make no layer, triggers of ONBUILD RUN aside."""
    if Leeway.ENVIRONMENT in leeway:
        return config_by_values(facts)
    head = tuple((-2, directive.name, directive.value) for directive in facts.tree.directives)
    above = tuple((-1, instruction.name, argument_text(instruction)) for instruction in facts.tree.prologue)
    return head + above + tuple(item for stage in facts.stages for item in _written(facts, stage, leeway))


def _written(facts: Facts, stage: BuildStage, leeway: frozenset[Leeway]) -> Iterator[Item]:
    """What one stage writes."""
    last = {instruction.name: instruction for instruction in stage.instructions}
    known = known_users(facts, stage) if Leeway.HARDENING in leeway else frozenset()
    for instruction in stage.instructions:
        name = instruction.name
        if name in _MAKE_LAYERS or (name == "ONBUILD" and instruction.inner.name == "RUN"):
            continue
        if name == "USER" and argument_text(instruction) in known:
            continue  # that none of these goes is told by the trace
        if Leeway.DEAD in leeway and name in _LAST_COUNTS and last[name] is not instruction:
            continue
        if name in ("ENV", "LABEL") and instruction in facts.pairs:
            yield from ((stage.number, name, *pair) for pair in facts.pairs[instruction])
        elif Leeway.AUTHOR in leeway and name == "MAINTAINER" and not labels_authors(facts, stage):
            yield stage.number, "LABEL", constant(AUTHORS), constant(argument_text(instruction))
        elif Leeway.EXEC in leeway and name in ("CMD", "ENTRYPOINT"):
            yield stage.number, name, _started(facts, stage, instruction)
        else:
            yield stage.number, name, argument_text(instruction)


def labels_authors(facts: Facts, stage: BuildStage) -> bool:
    """Whether the stage, or one that it is built from, may set the authors' label itself."""
    names = (
        name
        for one in stage.lineage
        for instruction in one.instructions
        if instruction.name == "LABEL"
        for name, _ in facts.pairs.get(instruction, ((Value(("", "")), None),))
    )
    return any(name.constant in (None, AUTHORS) for name in names)


def _started(facts: Facts, stage: BuildStage, instruction: Instruction) -> Hashable:
    """What a container runs: the words, where the form makes no difference to them and nothing else sees the form."""
    body = instruction.body
    if isinstance(body, ExecForm):
        return tuple(item.text for item in body.items)
    words = _plain_words(body) if isinstance(body, ShellScript | Opaque) else ()
    if not words or "BASH_ENV" in facts.text or not _shell_is_plain(facts.scopes[instruction].shell):
        return argument_text(instruction)
    alone = _is_started_alone if instruction.name == "CMD" else _starts_alone
    return tuple(words) if alone(facts, stage, words[0]) else argument_text(instruction)


def _plain_words(body: ShellScript | Opaque) -> list[str]:
    """The words of a simple command; empty where only a shell can tell them."""
    if not _PLAIN.fullmatch(body.text):
        return []
    words = shlex.split(body.text)
    if not words or not words[0] or "=" in words[0] or words[0].startswith("-") or words[0] in commands().builtins:
        return []
    return words


def _shell_is_plain(shell: tuple[str, ...]) -> bool:
    program, options = shell[0].rpartition("/")[2], shell[1:]
    known = program in ("sh", "bash", "dash", "ash") and all(_SAME_WORDS.fullmatch(option) for option in options)
    return known and bool(options) and options[-1].endswith("c")


def _is_started_alone(facts: Facts, stage: BuildStage, program: str) -> bool:
    """Whether CMD is what runs: no ENTRYPOINT is in force that sees how it is written."""
    root = list(stage.lineage)[-1]
    defaults = defaults_of(root.base)
    if defaults.entrypoint is None or program in defaults.special:
        return False
    return not any(i.inner.name == "ENTRYPOINT" for one in stage.lineage for i in one.instructions)


def _starts_alone(facts: Facts, stage: BuildStage, program: str) -> bool:
    """Whether ENTRYPOINT gets no words from a CMD: it takes the base's away, so only those from here on count."""
    return not any(i.inner.name == "CMD" for one in (stage, *facts.children(stage)) for i in one.instructions)
