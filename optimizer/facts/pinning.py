"""Bases that a file names loosely: without a tag, or as `latest`, so that they are others on another day."""

from __future__ import annotations

from collections.abc import Iterator

from optimizer.facts import BuildStage, Facts
from optimizer.facts.bases import image_of
from optimizer.syntax.nodes import Words


def loose_stages(facts: Facts) -> Iterator[BuildStage]:
    """The stages on such a base, where FROM writes it out."""
    for stage in facts.stages:
        head = stage.node.instructions[0].body
        written = head.words[0].text if isinstance(head, Words) and head.words else None
        if stage.parent is None and stage.base is not None and written == stage.base and is_loose(stage.base):
            yield stage


def loose(facts: Facts) -> Iterator[str]:
    """The names of those bases, as FROM has them."""
    yield from (stage.base for stage in loose_stages(facts) if stage.base is not None)


def is_loose(reference: str) -> bool:
    """Whether nothing but the day of the build says which image it is."""
    return reference != "scratch" and "@" not in reference and image_of(reference)[1] in ("", "latest")
