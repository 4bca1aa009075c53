"""The graph as a Mermaid flowchart, which GitHub shows in Markdown."""

from __future__ import annotations

from collections.abc import Iterator

from optimizer.graph.model import Graph

_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 .,/:-_=+")


def mermaid(graph: Graph) -> str:
    """Stages are boxes that hold their steps in order; dashed: not built."""
    return "\n".join(_lines(graph)) + "\n"


def _lines(graph: Graph) -> Iterator[str]:
    yield "flowchart LR"
    for image in graph.images:
        yield f'    {image.key}(["{escaped(image.title)}"])'
    for stage in graph.stages:
        yield f'    subgraph {stage.key} ["{escaped(stage.title)}"]'
        steps = stage.steps or ("(no steps)",)
        yield from (f'        {stage.key}s{at}["{escaped(text)}"]' for at, text in enumerate(steps))
        if len(steps) > 1:
            yield "        " + " --> ".join(f"{stage.key}s{at}" for at in range(len(steps)))
        yield "    end"
    for edge in graph.edges:
        target = edge.target if edge.step is None else f"{edge.target}s{edge.step}"
        yield f"    {edge.source} -->|{edge.label}| {target}"
    unused = [box.key for box in graph.boxes if not box.used]
    if unused:
        yield "    classDef unused stroke-dasharray: 5 5,opacity: 0.6"
        yield f"    class {','.join(unused)} unused"


def escaped(text: str) -> str:
    """The text as Mermaid shows it: anything that its grammar or HTML could read is a character's number."""
    return "".join(char if char in _PLAIN else f"#{ord(char)};" for char in text)
