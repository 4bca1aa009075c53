"""How a script is built: the steps that each stop it when they fail, and what a step leaves in the shell.

`a && b`, and `set -e; a; b`, are chains: more can be put before, between and behind their steps.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import pairwise

from msgspec import Struct

from optimizer.facts.calls import Call, calls_in
from optimizer.knowledge import commands
from optimizer.syntax.nodes import (
    Command,
    Comment,
    Compound,
    Gap,
    Instruction,
    Node,
    Opaque,
    Operator,
    Redirect,
    Reserved,
    ShellScript,
    Word,
)

_HARMLESS_OPTIONS = frozenset("eux")


class Step(Struct, frozen=True, eq=False):
    """One link of a chain: a command, a pipeline or a compound, without the gaps around it."""

    parts: tuple[Node, ...]
    calls: tuple[Call, ...]

    @property
    def command(self) -> Command | None:
        """The simple command that the step is; None for a pipeline, a compound, a negation."""
        return self.parts[0] if len(self.parts) == 1 and isinstance(self.parts[0], Command) else None


class Chain(Struct, frozen=True, eq=False):
    """Steps and the separators between them (gap, operator, gap): one fewer than steps.

    `separator`: `&&`, or `;` where `set -e` stops the script at the first failure.
    """

    steps: tuple[Step, ...]
    separators: tuple[tuple[Node, ...], ...]
    separator: str
    comment: Comment | None
    errexit: bool
    """Whether the shell may stop at errors by itself (`set -e`), at the last step at the latest."""


def chain(instruction: Instruction, script: ShellScript, *, stops_at_errors: bool = False) -> Chain | None:
    """The script of a RUN as a chain; None where something fails and the script goes on."""
    comment = _trailing_comment(script)
    parts = without_end(part for part in script.parts if part is not comment)
    operators = {part.text for part in parts if isinstance(part, Operator)}
    if any(isinstance(part, Opaque | Comment) for part in parts):
        return None
    if operators <= {"&&", "|", "|&"}:
        return _split(instruction, parts, {"&&"}, "&&", comment, stops_at_errors)
    if operators & {"&", ";;"} or not operators <= {"&&", "||", "|", "|&", ";", "\n"}:
        return None
    found = _split(instruction, parts, {";", "\n"}, ";", comment, stops_at_errors)
    return found if found.steps and (stops_at_errors or _sets_errexit(found.steps[0])) else None


def without_end(parts: Iterable[Node]) -> list[Node]:
    """The parts of a script without gaps, `;` and line ends behind the last command."""
    found = list(parts)
    while found and (isinstance(found[-1], Gap) or (isinstance(found[-1], Operator) and found[-1].text in (";", "\n"))):
        found.pop()
    return found


def _trailing_comment(script: ShellScript) -> Comment | None:
    last = next((part for part in reversed(script.parts) if not isinstance(part, Gap)), None)
    return last if isinstance(last, Comment) else None


def _split(
    instruction: Instruction,
    parts: Sequence[Node],
    separators: set[str],
    name: str,
    comment: Comment | None,
    stops_at_errors: bool,
) -> Chain:
    steps: list[tuple[Node, ...]] = []
    between: list[tuple[Node, ...]] = []
    current: list[Node] = []
    gap: list[Node] = []
    for part in parts:
        if isinstance(part, Operator) and part.text in separators:
            steps.extend([tuple(current)] if current else [])
            if current:
                between.append((*gap, part))
            elif between:
                between[-1] = (*between[-1], *gap, part)
            current, gap = [], []
        elif isinstance(part, Gap):
            gap.append(part)
        else:
            if current:
                current += gap
            elif between:
                between[-1] = (*between[-1], *gap)
            gap = []
            current.append(part)
    if current:
        steps.append(tuple(current))
    found = tuple(Step(parts, calls_in(instruction, parts)) for parts in steps)
    errexit = stops_at_errors or any(may_set_errexit(step.parts) for step in found)
    return Chain(found, tuple(between[: len(steps) - 1]), name, comment, errexit)


def _sets_errexit(step: Step) -> bool:
    command = step.command
    if command is None or not command.words or command.words[0].literal != "set":
        return False
    words = [word.literal or "" for word in command.words[1:]]
    return any(word.startswith("-") and "e" in word for word in words) or ("-o", "errexit") in pairwise(words)


@lru_cache(maxsize=4096)
def may_set_errexit(parts: tuple[Node, ...]) -> bool:
    """Whether a command below some parts may make the shell stop at errors: `set -e`, or one that may do anything."""
    return any(
        isinstance(node, Command) and ("control" in set(_left_by(node)) or _names_errexit(node))
        for part in parts
        for node in part.walk()
    )


def _names_errexit(command: Command) -> bool:
    words = [word.literal for word in command.words]
    return words[:1] == ["set"] and any(word is None or "e" in word for word in words[1:])


@lru_cache(maxsize=4096)
def heeds_errexit(parts: tuple[Node, ...]) -> bool:
    """Whether `set -e` could stop some parts midway: they are more than one command or pipeline.

    It does not where they stand left of `&&` (POSIX sh, `set -e`), also in a subshell there.
    """
    for part in parts:
        if isinstance(part, Compound) or (isinstance(part, Operator) and part.text not in ("|", "|&")):
            return True
        words = [node for node in part.walk() if isinstance(node, Word)]
        if any(heeds_errexit(script.parts) for word in words for script in word.scripts):
            return True
    return False


def subshell(step: Step) -> ShellScript | None:
    """What runs in a shell of its own where the step is `( ... )` without redirects; None where it is anything else."""
    part = step.parts[0]
    if len(step.parts) != 1 or not isinstance(part, Compound) or part.kind != "(":
        return None
    _, *inside, last = part.parts
    if not isinstance(last, Operator) or last.text != ")":
        return None
    return ShellScript(tuple(inside))


@lru_cache(maxsize=4096)
def leaves(step: Step) -> frozenset[str]:
    """What a step leaves in the shell for the steps behind it; empty: nothing.

    `directory`, `environment`, `options` (`set -eux`, `umask`), `sandbox` (what ends with its RUN: a process that goes
    on, `/etc/hosts`), and `control` for all that may change anything: functions, traps, `exec`, `exit`, `eval`, a
    command that cannot be told.
    """
    return frozenset(_leaves(step.parts))


def _leaves(parts: Sequence[Node]) -> Iterator[str]:
    for part in _in_this_shell(parts):
        match part:
            case Command():
                yield from _left_by(part)
            case Compound() if part.kind == "(":
                yield from (kind for kind in _leaves(part.parts) if kind == "sandbox")
            case Compound() if part.kind in ("[[", "(("):
                continue
            case Compound() if part.kind == "function":
                yield "control"
            case Compound():
                yield from _leaves(part.parts)
                if part.kind in ("for", "select"):
                    yield "environment"
            case Operator() if part.text == "&":
                yield "sandbox"
            case Reserved() | Operator() | Gap() | Comment() | Word() | Redirect():
                continue
            case _:
                yield "control"


def _in_this_shell(parts: Sequence[Node]) -> list[Node]:
    """The parts that are no members of a pipeline: each member runs in a shell of its own."""
    kept: list[Node] = []
    for i, part in enumerate(parts):
        around = [p for p in (*_near(parts, i, -1), *_near(parts, i, 1)) if isinstance(p, Operator)]
        if not any(operator.text in ("|", "|&") for operator in around):
            kept.append(part)
    return kept


def _near(parts: Sequence[Node], at: int, by: int) -> Iterator[Node]:
    at += by
    while 0 <= at < len(parts) and isinstance(parts[at], Gap):
        at += by
    if 0 <= at < len(parts):
        yield parts[at]


def _left_by(command: Command) -> Iterator[str]:
    words = command.words
    if not words:
        yield "environment" if command.assignments else "control"
        return
    name = words[0].literal
    if name is None:
        yield "control"
        return
    while name in ("command", "builtin") and len(words) > 1:
        words = words[1:]
        name = words[0].literal or ""
    base = posixpath.basename(name)
    kind = commands().leaves.get(name) or commands().leaves.get(base)
    if name.startswith("/etc/init.d/") or _writes_sandbox(command, base):
        yield "sandbox"
    if kind is None:
        return
    if kind == "options" and not _harmless(name, [word.literal for word in words[1:]]):
        kind = "control"
    if kind == "environment" and any("PATH" in word.text or "LD_" in word.text for word in words[1:]):
        kind = "control"
    yield kind


def _writes_sandbox(command: Command, name: str) -> bool:
    """Whether a command may write where each RUN has a mount of its own."""
    targets = [r.target.text for r in command.redirects if ">" in r.operator.text and not r.is_heredoc]
    if name in commands().writes_operands:
        targets += [word.text for word in command.words[1:]]
    return any(target.strip("\"'").startswith(commands().sandbox) for target in targets)


def _harmless(name: str, arguments: list[str | None]) -> bool:
    """`set -eux`, `set -o pipefail`, `umask 022`: what does not change how a plain command with plain words runs."""
    if name == "umask":
        return True
    if name != "set":
        return False
    return all(word in ("pipefail", "errexit") or _harmless_options(word or "?") for word in arguments)


def _harmless_options(word: str) -> bool:
    return word[0] in "-+" and set(word[1:]) <= _HARMLESS_OPTIONS | {"o"}
