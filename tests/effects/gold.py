"""The annotated stages, and how the computed dependencies compare with them: `python -m tests.effects.gold`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import tomli
from msgspec import Struct

from optimizer.facts import Facts
from optimizer.facts.effects import dependencies
from optimizer.syntax.parser import parse

Edge = tuple[int, int]


class Annotated(Struct, frozen=True):
    """A stage with the edges that are true, by lines."""

    name: str
    text: str
    edges: dict[Edge, str]


def annotated() -> Iterator[Annotated]:
    """All stages of `gold/*.toml`."""
    for path in sorted(Path(__file__).with_name("gold").glob("*.toml")):
        for stage in tomli.loads(path.read_text("utf-8"))["stage"]:
            yield Annotated(stage["name"], stage["text"], dict(_edge(text) for text in stage["edges"]))


def _edge(text: str) -> tuple[Edge, str]:
    lines, _, why = text.partition(" ")
    first, _, second = lines.partition("-")
    return (int(first), int(second)), why


def computed(text: str) -> dict[Edge, str]:
    """The edges that are found, with their reasons."""
    facts = Facts(parse(text))
    lines = {instruction: number for number, instruction in enumerate(facts.tree.instructions, start=1)}
    found = dependencies(facts, facts.stages[-1])
    return {(lines[one.first], lines[one.second]): str(one) for one in found}


def main() -> None:
    missed = wrong = right = 0
    for stage in annotated():
        found = computed(stage.text)
        lost = stage.edges.keys() - found.keys()
        more = found.keys() - stage.edges.keys()
        missed, wrong, right = missed + len(lost), wrong + len(more), right + len(stage.edges.keys() & found.keys())
        if lost or more:
            print(f"{stage.name}")
        for edge in sorted(lost):
            print(f"   MISSED {edge}: {stage.edges[edge]}")
        for edge in sorted(more):
            print(f"   extra  {edge}: {found[edge]}")
    print(f"{right} right, {missed} missed, {wrong} extra: precision {right / (right + wrong):.3f}")


if __name__ == "__main__":
    main()
