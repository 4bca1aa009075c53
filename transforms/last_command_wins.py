"""`last-command-wins`."""

from collections.abc import Iterator

from optimizer.facts import Facts
from optimizer.facts.comments import comments_above
from optimizer.syntax.nodes import Comment, Gap, Instruction
from optimizer.transform import Declined, Proposal, Safety, example, transform, unchanged

_NAMES = ("CMD", "ENTRYPOINT", "HEALTHCHECK")


@transform(
    Safety.SAFE,
    may_change=set(),
    leeway={"dead"},
    counterparts=("DL4003", "DL4004", "DL3012", "MultipleInstructionsDisallowed"),
)
@example(
    "only the last of a kind counts",
    """
      FROM debian:bookworm-slim
    - CMD ["old", \\
    -      "-v"]
      EXPOSE 80
    - HEALTHCHECK CMD old --check
    - ENTRYPOINT ["/old"]
      HEALTHCHECK NONE
      ENTRYPOINT ["/new"]
      CMD ["new"]
    """,
)
@unchanged(
    "a stage that is built from another one, and a trigger, are other places",
    """
    FROM debian:bookworm-slim AS base
    CMD ["one"]
    ONBUILD CMD ["two"]
    FROM base
    CMD ["three"]
    """,
)
@unchanged(
    "a comment would go, or stand above something that it does not speak of",
    """
    FROM debian:bookworm-slim
    # what it does by default
    CMD ["one"]
    EXPOSE 80
    CMD ["two"]
    """,
)
@unchanged(
    "a CMD before the ENTRYPOINT of its own stage still counts",
    """
    FROM debian:bookworm-slim
    CMD ["-h"]
    ENTRYPOINT ["tool"]
    """,
)
def last_command_wins(facts: Facts) -> Iterator[Proposal | Declined]:
    """Takes away every CMD, ENTRYPOINT and HEALTHCHECK of a stage but its last one, since no other has an effect.

    Whoever reads the file takes the first for what runs.

    Safety: within one stage only; each kind by itself; ONBUILD is left alone. One with comments stays: they would be
    lost or would stand above something else.

    Sources: Dockerfile reference, CMD, ENTRYPOINT, HEALTHCHECK; hadolint DL3012, DL4003, DL4004; BuildKit's check
    MultipleInstructionsDisallowed.
    """
    for stage in facts.stages:
        last = {instruction.name: instruction for instruction in stage.instructions}
        for instruction in stage.instructions:
            if instruction.name not in _NAMES or last[instruction.name] is instruction:
                continue
            if _commented(instruction):
                yield Declined(instruction, "a later one replaces it, but its comments would go with it")
            else:
                why = f"a later {instruction.name} of the stage replaces it"
                yield Proposal(instruction, why, {instruction: ""})


def _commented(instruction: Instruction) -> bool:
    """Whether comments stand above or inside."""
    inside = any(isinstance(n, Comment) or (isinstance(n, Gap) and n.comments) for n in instruction.walk())
    return inside or bool(comments_above(instruction))
