"""Where things stand in the text: spans of nodes, the instruction and the line at an offset."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from functools import cached_property

from optimizer.syntax.nodes import Dockerfile, Instruction, Node, spans


@dataclass
class Places:
    """The places of one tree; nodes are looked up instruction by instruction, as far as anybody asks."""

    tree: Dockerfile
    _spans: dict[Node, tuple[int, int]] = field(default_factory=dict, repr=False)
    _indexed: int = 0

    @cached_property
    def text(self) -> str:
        """The whole file."""
        head = self.tree.bom + "".join(directive.raw for directive in self.tree.directives)
        return head + "".join(self.tree.texts) + "".join(line.raw for line in self.tree.footer)

    @cached_property
    def _instructions(self) -> list[Instruction]:
        return list(self.tree.instructions)

    @cached_property
    def starts(self) -> list[int]:
        """Where each instruction begins, with the lines above it."""
        at = len(self.tree.bom) + sum(len(directive.raw) for directive in self.tree.directives)
        found = []
        for text in self.tree.texts:
            found.append(at)
            at += len(text)
        return found

    def span(self, node: Node) -> tuple[int, int]:
        """Start and end of a node of the tree, in characters. Raises KeyError for any other node."""
        while node not in self._spans:
            if self._indexed == len(self._instructions):
                raise KeyError(node)
            instruction, start = self._instructions[self._indexed], self.starts[self._indexed]
            found = spans(instruction)
            self._spans.update({inner: (start + first, start + last) for inner, (first, last) in found.items()})
            self._indexed += 1
        return self._spans[node]

    def instruction_at(self, offset: int) -> Instruction | None:
        """The instruction that holds the character; None above the first, the last one for all behind it."""
        at = bisect_right(self.starts, offset)
        return self._instructions[at - 1] if at else None

    @cached_property
    def _line_ends(self) -> list[int]:
        return [match.start() for match in re.finditer("\n", self.text)]

    def line(self, node: Node) -> int:
        """The line at which a node begins, counted from 0; an instruction begins behind its comments."""
        start = self.span(node)[0]
        if isinstance(node, Instruction):
            start += sum(len(line.raw) for line in node.leading)
        return bisect_left(self._line_ends, start)
