"""`dead-stage`."""

import re
from collections.abc import Iterator

from optimizer.facts import BuildStage, Facts
from optimizer.syntax.nodes import Instruction, Words
from optimizer.transform import Declined, Proposal, Safety, transform, unchanged

_SUBSTITUTION = re.compile(r"\$\{[^}]*\}")


@transform(Safety.SUGGESTION, may_change=set())
@unchanged(
    "a stage that nothing needs is shown, never removed",
    """
    FROM debian:bookworm-slim AS unused
    RUN make
    FROM debian:bookworm-slim
    RUN true
    """,
    unsafe=True,
)
@unchanged(
    "a stage that the last one is built from, or takes files from",
    """
    FROM debian:bookworm-slim AS base
    FROM debian:bookworm-slim AS tools
    FROM base
    COPY --from=tools /a /a
    """,
    unsafe=True,
)
@unchanged(
    "a variable may name it",
    """
    ARG BASE=debug
    FROM debian:bookworm-slim AS debug
    FROM debian:bookworm-slim AS release
    FROM $BASE
    """,
    unsafe=True,
)
def dead_stage(facts: Facts) -> Iterator[Proposal | Declined]:
    """Shows stages that the last stage does not need.

    BuildKit does not build them; older builders do, every time. Many are targets of their own, so this only shows.

    Safety: nothing is changed. Silent where a variable names a stage or a base.

    Sources: BuildKit `frontend/dockerfile/dockerfile2llb/convert.go` (reachable stages).
    """
    if len(facts.stages) < 2 or any(_hides_a_stage(instruction) for instruction in facts.stage_of):
        return
    needed = facts.needed_for(facts.stages[-1])
    unneeded = [stage for stage in facts.stages if stage not in needed]
    used = {one for stage in unneeded for one in facts.needed_for(stage) if one is not stage}
    for stage in unneeded:
        if stage not in used:
            head = stage.node.instructions[0]
            yield Proposal(head, _why(stage), {})


def _why(stage: BuildStage) -> str:
    name = f"`{stage.name}`" if stage.name else f"number {stage.number}"
    return (
        f"the last stage does not need the stage {name}; it can go unless it is built with `--target` "
        "(look at Compose files, bake files and CI)"
    )


def _hides_a_stage(instruction: Instruction) -> bool:
    """Whether a variable may name a stage here; what holds `:`, `/` or `@` beside it is an image."""
    body = instruction.body
    names = [body.words[0].text] if instruction.name == "FROM" and isinstance(body, Words) else []
    for flag in instruction.inner.all_flags:
        names += re.findall(r"(?:^--|[=,])from=([^,]*)", flag.text)
    return any("$" in name and not re.search(r"[:/@]", _SUBSTITUTION.sub("", name)) for name in names)
