"""`stage-name-case`."""

import re
from collections.abc import Iterator

from optimizer.facts import BuildStage, Facts
from optimizer.syntax.nodes import Flag, Node, Words
from optimizer.transform import Declined, Proposal, Safety, example, transform, unchanged


@transform(Safety.SAFE, may_change=set(), leeway={"case"}, counterparts=("StageNameCasing",))
@example(
    "the name and all that refers to it",
    """
    - FROM debian:bookworm-slim AS Build
    + FROM debian:bookworm-slim AS build
      RUN make
      FROM debian:bookworm-slim
    - COPY --from=Build /app /app
    - RUN --mount=type=bind,from=BUILD,target=/Build /Build/check
    + COPY --from=build /app /app
    + RUN --mount=type=bind,from=build,target=/Build /Build/check
    """,
)
@unchanged(
    "all in lower case",
    """
    FROM debian:bookworm-slim AS build
    FROM debian:bookworm-slim
    COPY --from=build /Build /Build
    """,
)
@unchanged(
    "a name that no stage has is an image",
    """
    FROM debian:bookworm-slim AS build
    FROM debian:bookworm-slim
    COPY --from=$Build /app /app
    """,
)
@unchanged(
    "BuildKit finds no stage under a name in capitals",
    """
    FROM debian:bookworm-slim AS Build
    FROM Build
    RUN make
    """,
)
def stage_name_case(facts: Facts) -> Iterator[Proposal | Declined]:
    """Writes the names of stages in lower case, and with them each `COPY --from` and `--mount=from=` that names one.

    BuildKit lowers them anyway and warns; builders that do not (buildah) find a stage only under the very name.

    Safety: for BuildKit and Docker nothing changes, `--target` included. Who calls buildah with `--target NAME` must
    write the name in lower case from then on. Not where a FROM names the stage with capitals, which BuildKit rejects.

    Sources: BuildKit `frontend/dockerfile/instructions/parse.go` (stage names), its check StageNameCasing.
    """
    bases = {stage.base for stage in facts.stages if stage.base and stage.parent is None}
    for stage in facts.stages:
        if stage.name is None or any(stage is not one and stage.name == one.name for one in facts.stages):
            continue
        head = stage.node.instructions[0]
        if any(base.lower() == stage.name for base in bases):
            yield Declined(head, "a FROM names the stage with capitals, and BuildKit finds none under that name")
            continue
        edits = _lowered(facts, stage)
        if edits:
            why = f"the stage `{stage.name}` is named with capitals, which some builders tell apart"
            yield Proposal(head, why, edits)


def _lowered(facts: Facts, stage: BuildStage) -> dict[Node, str]:
    """The stage's name and the flags that name it, where they have capitals, with their new texts."""
    assert stage.name is not None
    named = re.compile(rf"((?:^--|^--mount=|,)from=)({re.escape(stage.name)})(?=,|$)", re.IGNORECASE)
    edits: dict[Node, str] = {}
    body = stage.node.instructions[0].body
    if isinstance(body, Words) and body.words[2].raw != stage.name:
        edits[body.words[2]] = stage.name
    for instruction in facts.stage_of:
        for flag in instruction.all_flags:
            if flag.name in ("from", "mount") and flag.raw == flag.text:
                edits |= _changed(flag, named.sub(lambda match: match[1] + match[2].lower(), flag.raw))
    return edits


def _changed(flag: Flag, text: str) -> dict[Node, str]:
    return {flag: text} if text != flag.raw else {}
