"""RUNs with nothing between them that a RUN could see, and whether they can become one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import Struct

from optimizer.facts import BuildStage, Chain, Facts
from optimizer.facts.chains import heeds_errexit, leaves, may_set_errexit, without_end
from optimizer.facts.comments import has_pragma, is_pragma
from optimizer.syntax.nodes import Comment, ExecForm, Gap, Instruction, Node, Operator, Redirect, ShellScript

UNSEEN = frozenset({"LABEL", "EXPOSE", "CMD", "ENTRYPOINT", "MAINTAINER", "STOPSIGNAL", "HEALTHCHECK"})
"""Instructions that no RUN can see."""


def neighbours(stage: BuildStage) -> Iterator[tuple[Instruction, ...]]:
    """The RUNs of a stage, two or more at a time, that run in the same state: variables, user, folder, shell, files."""
    group: list[Instruction] = []
    for instruction in (*stage.instructions, None):
        if instruction is not None and instruction.name == "RUN":
            group.append(instruction)
        elif instruction is None or instruction.name not in UNSEEN:
            if len(group) > 1:
                yield tuple(group)
            group = []


class Member(Struct, frozen=True):
    """A RUN that can be a part of a larger one. `chain`: None for a script that goes on after a failure.

    `wrapped`: the node from which on it must be put into a subshell, as it would leave something for the next one or is
    no chain of `&&`; None for nowhere.
    """

    run: Instruction
    chain: Chain | None
    wrapped: Node | None
    parts: tuple[Node, ...]
    """What it runs, from its first word to its last, without a comment at the end."""

    @property
    def comment(self) -> Comment | None:
        """The comment behind its last command."""
        return self.chain.comment if self.chain else None


def member(facts: Facts, run: Instruction, *, last: bool) -> Member | str:
    """The RUN as a part of a larger one, as its last part or before that; else why it cannot be one."""
    script = facts.script(run)
    if script is None:
        return "a RUN in JSON form runs in no shell" if isinstance(run.body, ExecForm) else "its shell cannot be read"
    if run.heredocs or any(isinstance(node, Redirect) and node.is_heredoc for node in script.walk()):
        return "it holds a heredoc"
    chain = facts.chain(run)
    parts = _trimmed(script, chain)
    if not parts or (chain is None and isinstance(parts[-1], Operator)):
        return "it runs nothing, or ends with an operator"
    if any(isinstance(part, Comment) for node in parts for part in node.walk()):
        return "a comment of the shell would swallow what follows"
    if chain is not None and chain.comment is not None and is_pragma(chain.comment.text):
        return "a comment in it speaks to a tool"
    left = frozenset(kind for step in chain.steps for kind in leaves(step)) if chain else frozenset()
    if not last and ("sandbox" in left or (chain is None and _goes_on(script))):
        return "the next RUN would see a process, or a file, that ends with this RUN"
    if not last and _stops_midway(facts, run, chain, script):
        return "an error may stop it midway, which `set -e` does not do left of `&&`"
    if chain is None or chain.separator != "&&":
        return Member(run, chain, parts[0], parts)
    leaving = next((step.parts[0] for step in chain.steps if leaves(step)), None)
    return Member(run, chain, None if last else leaving, parts)


def _trimmed(script: ShellScript, chain: Chain | None) -> tuple[Node, ...]:
    if chain is not None and chain.steps:
        first, last = chain.steps[0].parts[0], chain.steps[-1].parts[-1]
    else:
        solid = [part for part in without_end(script.parts) if not isinstance(part, Gap)]
        if not solid:
            return ()
        first, last = solid[0], solid[-1]
    return tuple(script.parts[script.parts.index(first) : script.parts.index(last) + 1])


def _goes_on(script: ShellScript) -> bool:
    """Whether something runs in the background, or may."""
    return any(isinstance(node, Operator) and node.text == "&" for node in script.walk())


def _stops_midway(facts: Facts, run: Instruction, chain: Chain | None, script: ShellScript) -> bool:
    """Whether `set -e` stops the script at another place than an `&&`: it is ignored left of an `&&`."""
    if not (facts.scopes[run].stops_at_errors or may_set_errexit(script.parts)):
        return False
    if chain is None or chain.separator != "&&":
        return True
    return any(heeds_errexit(step.parts) for step in chain.steps)


def apart(facts: Facts, one: Instruction, other: Instruction) -> str | None:
    """Why two neighbouring RUNs must stay apart, whatever they run; None where nothing speaks against it."""
    if has_pragma(other):
        return "a comment above it speaks to a tool"
    if sorted(flag.text for flag in one.all_flags) != sorted(flag.text for flag in other.all_flags):
        return "the RUNs have other mounts or flags"
    if any(mount.ends_with_its_run for mount in facts.mounts(one)):
        return "what one RUN writes into its mount is gone for the next one"
    return None


def joinable(facts: Facts, runs: Sequence[Instruction]) -> tuple[Member, ...] | str:
    """Neighbouring RUNs as the parts of one; else why they cannot become one."""
    found: list[Member] = []
    for number, run in enumerate(runs):
        if number and (why := apart(facts, runs[number - 1], run)) is not None:
            return why
        one = member(facts, run, last=number == len(runs) - 1)
        if isinstance(one, str):
            return one
        found.append(one)
    return tuple(found)
