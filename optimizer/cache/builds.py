"""All that a build is given: the file, the context, arguments, images, and what is known of what its stages make."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

from msgspec import Struct, field

from optimizer.facts import Context, Facts


class Builder(Enum):
    """Whose keys are meant. They were measured on Docker 28.5.2 (`tests/cache/table.toml`)."""

    BUILDKIT = "buildkit"
    """BuildKit with the overlay2 store, Docker 28's default: `COPY --link` is an ordinary COPY there."""
    CONTAINERD = "containerd"
    """BuildKit with containerd's image store, or in a container: `COPY --link` depends on nothing above it."""
    CLASSIC = "classic"
    """The builder before BuildKit (`DOCKER_BUILDKIT=0`): each instruction is a link of the chain."""

    @property
    def links(self) -> bool:
        """Whether `COPY --link` makes a layer of its own."""
        return self is Builder.CONTAINERD


class Base(Struct, frozen=True):
    """An image that a stage stands on. `layers` is all that BuildKit's keys know of it, `identity` the classic ones."""

    layers: str
    identity: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)
    user: str = ""
    folder: str = "/"
    triggers: tuple[str, ...] = ()
    """The lines of its ONBUILD instructions."""


class Build(Struct, frozen=True):
    """One call of a builder. What is left out is taken to be the same in the builds that are compared."""

    facts: Facts
    """The file and the build context (`facts.context`; None: COPY of files that nobody knows)."""
    builder: Builder = Builder.BUILDKIT
    arguments: Mapping[str, str] = field(default_factory=dict)
    """`--build-arg`."""
    target: str | None = None
    bases: Mapping[str, Base] = field(default_factory=dict)
    """Images by the names that FROM and `--from` use."""
    outputs: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """What a stage (by name or number) makes at a path, as anything that is equal for equal content."""
    remotes: Mapping[str, str] = field(default_factory=dict)
    """What a URL or git reference of ADD holds, told in the same way."""
    contexts: Mapping[str, Context] = field(default_factory=dict)
    """`--build-context`, by name."""
    options: Mapping[str, str] = field(default_factory=dict)
    """Options of the call that reach every RUN: `ulimit`, `shm-size`, `network`."""
    uncached: frozenset[str] = frozenset()
    """Stages that `--no-cache-filter` names; `*` for all of them (`--no-cache`)."""
