"""`maintainer-to-label`."""

from collections.abc import Iterator

from optimizer.facts import BuildStage, Facts
from optimizer.facts.values import quoted
from optimizer.syntax.nodes import Instruction, Node, Words, source
from optimizer.transform import Declined, Proposal, Safety, example, transform, unchanged

LABEL = "org.opencontainers.image.authors"


@transform(
    Safety.SAFE,
    may_change=set(),
    leeway={"author"},
    counterparts=("DL4000", "MaintainerDeprecated"),
    may_change_settings=(f"Labels.{LABEL}",),
)
@example(
    "the label has the very text",
    """
      FROM debian:bookworm-slim
      # who to ask
    - MAINTAINER Ann "the cook" <ann@example.org>
    + LABEL org.opencontainers.image.authors="Ann \\"the cook\\" <ann@example.org>"
    """,
)
@example(
    "of several the last one counts, as before",
    """
      FROM debian:bookworm-slim AS base
    - MAINTAINER Ann
    - MAINTAINER Bob, $HOME \\
    -   and others
    + LABEL org.opencontainers.image.authors="Ann"
    + LABEL org.opencontainers.image.authors="Bob, \\$HOME   and others"
      FROM base
    - MAINTAINER Eve
    + LABEL org.opencontainers.image.authors="Eve"
    """,
)
@unchanged(
    "the label is set by a LABEL, which would be overwritten",
    """
    FROM debian:bookworm-slim AS base
    LABEL org.opencontainers.image.authors="The team"
    FROM base
    MAINTAINER Ann
    """,
)
@unchanged(
    "a label whose name a variable holds may be the one",
    """
    FROM debian:bookworm-slim
    ARG NAME
    MAINTAINER Ann
    LABEL $NAME=x
    """,
)
@unchanged(
    "a comment stands inside",
    """
    FROM debian:bookworm-slim
    MAINTAINER Ann \\
      # and who else
      Bob
    """,
)
@unchanged(
    "a comment says to leave it",
    """
    FROM debian:bookworm-slim
    # hadolint ignore=DL4000
    MAINTAINER Ann
    """,
)
def maintainer_to_label(facts: Facts) -> Iterator[Proposal | Declined]:
    """Writes the deprecated MAINTAINER as the label `org.opencontainers.image.authors`.

    MAINTAINER fills a field of the image that registries and scanners no longer show; the label is what took its
    place. The text stays the same to the letter, quotes included.

    Safety: the field `Author` of the image becomes a label; nothing else differs. Not where a LABEL of the stage, or of
    one that it is built from, sets that label or may set it.

    Sources: Dockerfile reference, MAINTAINER; OCI image specification, annotations.md; BuildKit's MaintainerDeprecated.
    """
    roots: dict[BuildStage, list[BuildStage]] = {}
    for stage in facts.stages:
        roots.setdefault(list(stage.lineage)[-1], []).append(stage)
    for family in roots.values():
        found = [i for stage in family for i in stage.instructions if i.name == "MAINTAINER"]
        if not found:
            continue
        if why := _kept(facts, family, found):
            yield Declined(found[0], why)
            continue
        edits = {node: text for instruction in found for node, text in _labelled(facts, instruction).items()}
        yield Proposal(found[0], "MAINTAINER is deprecated, and tools look for the label", edits)


def _kept(facts: Facts, family: list[BuildStage], found: list[Instruction]) -> str | None:
    """Why the MAINTAINERs of stages that are built from each other must stay; None where they need not."""
    labels = [i for stage in family for i in stage.instructions if i.name == "LABEL"]
    names = [name.constant for label in labels for name, _ in facts.pairs.get(label, ())]
    if LABEL in names:
        return "a LABEL sets the authors too; one of the two should go"
    if None in names:
        return "a LABEL whose name is not known may set the authors too"
    if any("#" in line.lstrip()[:1] for i in found if i.body for line in source(i.body).split("\n")[1:]):
        return "a comment stands inside"
    return None


def _labelled(facts: Facts, instruction: Instruction) -> dict[Node, str]:
    assert isinstance(instruction.body, Words)
    keyword = "label" if instruction.keyword.text.islower() else "LABEL"
    text = quoted(instruction.body.words[0].text, facts.tree.escape)
    return {instruction.keyword: keyword, instruction.body: f"{LABEL}={text}"}
