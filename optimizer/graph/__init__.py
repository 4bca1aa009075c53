"""The stages and steps of a build as a graph, and the three forms in which it is drawn."""

from __future__ import annotations

from collections.abc import Callable

from optimizer.graph.dot import dot
from optimizer.graph.mermaid import mermaid
from optimizer.graph.model import Graph, graph
from optimizer.graph.svg import svg

FORMATS: dict[str, Callable[[Graph], str]] = {"mermaid": mermaid, "dot": dot, "svg": svg}

__all__ = ["FORMATS", "Graph", "dot", "graph", "mermaid", "svg"]
