"""Projections of a tree that a reader or a build would miss, each computed by code that knows no transform."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator

from optimizer.facts import Facts
from optimizer.facts.comments import is_pragma
from optimizer.facts.starting import known_users
from optimizer.facts.texts import argument_text
from optimizer.syntax.nodes import Comment, Gap, Instruction, Line

_LAYER_MAKERS = frozenset({"RUN", "COPY", "ADD", "WORKDIR"})


def comments(facts: Facts) -> Counter[tuple[str, str, int, bool]]:
    """Each comment with the kind of instruction and the stage that it belongs to, and whether it stands above it."""
    found: Counter[tuple[str, str, int, bool]] = Counter()
    for number, instruction in _numbered(facts):
        if "#" not in facts.sources[instruction]:
            continue
        for text, above in _comments_of(instruction):
            found[text, instruction.name, number, above and is_pragma(text)] += 1
    found.update((line.comment, "", -1, False) for line in facts.tree.footer if line.comment is not None)
    return found


def comments_of(names: Collection[str]) -> Callable[[Facts], Counter[tuple[str, str, int, bool]]]:
    """The comments, where one of one of these instructions may as well belong to another of them, in the same stage.

    A comment of a RUN that speaks to a tool stays.
    """

    def project(facts: Facts) -> Counter[tuple[str, str, int, bool]]:
        found: Counter[tuple[str, str, int, bool]] = Counter()
        for (text, name, number, pragma), count in comments(facts).items():
            alike = name in names and not (pragma and name == "RUN")
            found[text, "COPY" if alike else name, number, pragma] += count
        return found

    return project


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


def stages(facts: Facts) -> tuple[tuple[str | None, str], ...]:
    """The name of each stage and what it is built from, as FROM says it."""
    return tuple((stage.name, argument_text(stage.node.instructions[0])) for stage in facts.stages)


def config(facts: Facts) -> tuple[tuple[int, str, str], ...]:
    """The directives, and in order all instructions that make no layer, triggers of ONBUILD RUN aside."""
    head = tuple((-2, directive.name, directive.value) for directive in facts.tree.directives)
    return head + tuple(
        (number, instruction.name, argument_text(instruction))
        for number, instruction in _numbered(facts)
        if instruction.name not in _LAYER_MAKERS | {"FROM"}
        and not (instruction.name == "ONBUILD" and instruction.inner.name == "RUN")
    )


def config_without_known_users(facts: Facts) -> tuple[tuple[int, str, str], ...]:
    """The same without each USER that the image surely has; that none of them goes is told by the trace."""
    known = {stage.number: known_users(facts, stage) for stage in facts.stages}
    return tuple(row for row in config(facts) if not (row[1] == "USER" and row[2] in known.get(row[0], ())))


def layers_of_copies(facts: Facts) -> tuple[tuple[int, str], ...]:
    """The same, where ADD counts as COPY."""
    return tuple((number, "COPY" if name == "ADD" else name) for number, name in layers(facts))


def layers(facts: Facts) -> tuple[tuple[int, str], ...]:
    """What makes the layers of each stage, in order."""
    return tuple((n, i.name) for n, i in _numbered(facts) if i.name in _LAYER_MAKERS)


def copied(facts: Facts) -> tuple[tuple[int, str], ...]:
    """Which files reach each stage from outside, and what of another stage RUN looks into."""
    return _copied(facts, frozenset())


def copied_by_anyone(facts: Facts) -> tuple[tuple[int, str], ...]:
    """The same, whatever COPY says of owner and mode."""
    return _copied(facts, frozenset({"chown", "chmod"}))


def _copied(facts: Facts, without: frozenset[str]) -> tuple[tuple[int, str], ...]:
    found: list[tuple[int, str]] = []
    before: Instruction | None = None
    for n, i in _numbered(facts):
        flags = " ".join(flag.text for flag in i.all_flags)
        text = argument_text(i, without if i.name == "COPY" else ()) if i.name != "RUN" else flags
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
