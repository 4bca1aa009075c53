"""Projections of a tree that a reader or a build would miss, each computed by code that knows no transform."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from optimizer.checks.configuration import configuration
from optimizer.checks.wording import named, owners_told
from optimizer.facts import Facts
from optimizer.facts.comments import is_pragma
from optimizer.facts.texts import argument_text, flags_text, shortened
from optimizer.syntax.nodes import LAYERS, Comment, Gap, Instruction, Line
from optimizer.transform import Leeway


def comments(facts: Facts, leeway: frozenset[Leeway] = frozenset()) -> Counter[tuple[str, str, int, bool]]:
    """Each comment with the kind of instruction and the stage that it belongs to, and whether it stands above it."""
    found: Counter[tuple[str, str, int, bool]] = Counter()
    for number, instruction in _numbered(facts):
        if "#" not in facts.sources[instruction]:
            continue
        for text, above in _comments_of(instruction):
            pragma = above and is_pragma(text)
            found[text, _kind(instruction, leeway, pragma=pragma), number, pragma] += 1
    found.update((line.comment, "", -1, False) for line in facts.tree.footer if line.comment is not None)
    return found


def _kind(instruction: Instruction, leeway: frozenset[Leeway], *, pragma: bool) -> str:
    """The kind of instruction to which a comment belongs, where a leeway lets it be another one."""
    if instruction.name == "MAINTAINER" and Leeway.AUTHOR in leeway:
        return "LABEL"
    if instruction.name == "ADD" and Leeway.ADD in leeway:
        return "COPY"
    # A comment of a RUN that only sets an owner goes to the COPY, unless it speaks to a tool.
    return "COPY" if instruction.name == "RUN" and Leeway.OWNERSHIP in leeway and not pragma else instruction.name


def _comments_of(instruction: Instruction) -> Iterator[tuple[str, bool]]:
    for node in instruction.walk():
        match node:
            case Line() if node.comment is not None:
                yield node.comment, True
            case Gap():
                yield from ((text[1:].strip(), False) for text in node.comments)
            case Comment():
                yield node.text[1:].strip(), False
    in_indent = (line.strip() for line in instruction.indent.split("\n"))
    yield from ((line[1:].strip(), False) for line in in_indent if line.startswith("#"))


def stages(facts: Facts, leeway: frozenset[Leeway] = frozenset()) -> tuple[tuple[str | None, str], ...]:
    """The name of each stage and what it is built from, as FROM says it."""
    heads = [(stage, stage.node.instructions[0]) for stage in facts.stages]
    return tuple((stage.name, argument_text(head, named(facts, head, leeway))) for stage, head in heads)


def config(facts: Facts, leeway: frozenset[Leeway] = frozenset()) -> object:
    """What the instructions that make no layer say."""
    return configuration(facts, leeway)


def layers(facts: Facts, leeway: frozenset[Leeway] = frozenset()) -> tuple[tuple[int, str], ...]:
    """What makes the layers of each stage, in order."""
    copies = {"ADD": "COPY"} if Leeway.ADD in leeway else {}
    return tuple((n, copies.get(i.name, i.name)) for n, i in _numbered(facts) if i.name in LAYERS)


def copied(facts: Facts, leeway: frozenset[Leeway] = frozenset()) -> tuple[tuple[int, str], ...]:
    """Which files reach each stage from outside, and what of another stage RUN looks into."""
    found: list[tuple[int, str]] = []
    before: Instruction | None = None
    for n, i in _numbered(facts):
        names = {**named(facts, i, leeway), **owners_told(i, leeway)}
        text = argument_text(i, names) if i.name != "RUN" else flags_text(i, names)
        if i.name == "RUN" and before is not None and before.name == "RUN" and found[-1:] == [(n, text)]:
            continue  # RUNs that look into the same are as one RUN; what they run is in the trace
        if i.name in ("COPY", "ADD") or (i.name == "RUN" and i.flag("mount") is not None):
            found.append((n, text))
            before = i
    return tuple(found)


def _numbered(facts: Facts) -> Iterator[tuple[int, Instruction]]:
    """Every instruction with its stage's number; -1 above the first FROM."""
    yield from ((-1, instruction) for instruction in facts.tree.prologue)
    for stage in facts.stages:
        yield from ((stage.number, instruction) for instruction in stage.node.instructions)


def comments_astray(before: Facts, after: Facts, most: int) -> Iterator[str]:
    """Where stages part, each comment stays with its kind of instruction; so many may come, each above a FROM."""
    old = Counter((text, kind, pragma) for text, kind, _, pragma in comments(before).elements())
    new = Counter((text, kind, pragma) for text, kind, _, pragma in comments(after).elements())
    if lost := old - new:
        yield f"the comment `{shortened(min(lost)[0])}` would go"
    come = list((new - old).elements())
    if len(come) > most or any(kind != "FROM" or pragma or is_pragma(text) for text, kind, pragma in come):
        yield "another comment would come"
