"""The graph in Graphviz's language."""

from __future__ import annotations

from collections.abc import Iterator

from optimizer.graph.model import Box, Graph


def dot(graph: Graph) -> str:
    """Stages are boxes that list their steps, stages of one level beside each other; dashed: not built."""
    return "\n".join(_lines(graph)) + "\n"


def _lines(graph: Graph) -> Iterator[str]:
    yield "digraph build {"
    yield "    rankdir=LR;"
    yield '    node [shape=box, fontname="monospace", fontsize=10];'
    for image in graph.images:
        yield f"    {image.key} [label={quoted(image.title)}, shape=ellipse{_style(image)}];"
    for stage in graph.stages:
        text = "\\l".join(_escaped(line) for line in (stage.title, *stage.steps)) + "\\l"
        yield f'    {stage.key} [label="{text}"{_style(stage)}];'
    for level in sorted({stage.level for stage in graph.stages}):
        yield f"    {{ rank=same; {' '.join(f'{s.key};' for s in graph.stages if s.level == level)} }}"
    for edge in graph.edges:
        told = edge.label if edge.step is None else f"{edge.label} (step {edge.step + 1})"
        yield f"    {edge.source} -> {edge.target} [label={quoted(told)}];"
    yield "}"


def _style(box: Box) -> str:
    return "" if box.used else ", style=dashed"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


def quoted(text: str) -> str:
    """A string of Graphviz; a backslash is itself, not one of its escapes."""
    return f'"{_escaped(text)}"'
