"""`empty-continuation`."""

import re
from collections.abc import Iterator

from optimizer.facts import Facts
from optimizer.syntax.nodes import Heredoc, Line, Node
from optimizer.transform import Declined, Proposal, Safety, example, transform, unchanged

_BLANK_LINES = re.compile(r"(?<=\n)[ \t]*\r?\n")


@transform(Safety.SAFE, may_change=set(), counterparts=("NoEmptyContinuation",))
@example(
    "blank lines go, comments stay",
    """
      FROM debian:bookworm-slim
      RUN make all \\
    -
          # then
    -
    -
          && make install
      ENV A=1 \\
    -
          B=2
    """,
)
@unchanged(
    "lines of comments are no empty ones, nor are lone continuations",
    """
    FROM debian:bookworm-slim
    RUN make all \\
      #
      \\
      && make install
    """,
)
@unchanged(
    "blank lines between instructions",
    """
    FROM debian:bookworm-slim

    RUN make

    RUN make install
    """,
)
@unchanged(
    "the lines of a heredoc are its text",
    """
    FROM debian:bookworm-slim
    RUN cat > /etc/motd <<EOF
    a

    b
    EOF
    """,
)
def empty_continuation(facts: Facts) -> Iterator[Proposal | Declined]:
    """Takes away blank lines inside an instruction that goes over several lines.

    BuildKit skips them, warns, and says that a later version will not: the instruction would end there.

    Safety: what is left reads the same, to the byte. The lines of heredocs are not touched.

    Sources: BuildKit `frontend/dockerfile/parser/parser.go`, its check NoEmptyContinuation.
    """
    for instruction in facts.tree.instructions:
        edits = {node: _BLANK_LINES.sub("", raw) for node, raw in _texts(instruction) if _BLANK_LINES.search(raw)}
        if edits:
            yield Proposal(instruction, "a blank line inside an instruction will end it in a later BuildKit", edits)


def _texts(node: Node) -> Iterator[tuple[Node, str]]:
    """The nodes below an instruction that are text themselves; heredocs and the lines above it aside."""
    for child in node.children():
        if isinstance(child, Line | Heredoc):
            continue
        raw = getattr(child, "raw", None)
        if raw is not None:
            yield child, raw
        else:
            yield from _texts(child)
