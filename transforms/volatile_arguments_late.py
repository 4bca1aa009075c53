"""`volatile-arguments-late`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from msgspec import Struct

from optimizer.facts import BuildStage, Facts
from optimizer.facts.comments import has_pragma
from optimizer.facts.effects import reads_variable
from optimizer.facts.texts import argument_text
from optimizer.knowledge.volatile import is_volatile
from optimizer.syntax.nodes import Instruction, Node, Pairs
from optimizer.transform import Declined, Proposal, Safety, example, transform, unchanged


@transform(
    Safety.SAFE,
    may_change=set(),
    leeway={"environment"},
)
@example(
    "the date of the build is in no label before the end, and in no cache key",
    """
      FROM debian:bookworm-slim
    - ARG BUILD_DATE
    - ARG VCS_REF=unknown
    - # who built it
    - LABEL org.opencontainers.image.created=$BUILD_DATE org.opencontainers.image.revision=$VCS_REF
      RUN apt-get update && apt-get install -y curl
      COPY tool /usr/local/bin/
      RUN mkdir /data
    + ARG BUILD_DATE
    + ARG VCS_REF=unknown
    + # who built it
    + LABEL org.opencontainers.image.created=$BUILD_DATE org.opencontainers.image.revision=$VCS_REF
      CMD ["tool"]
    """,
)
@example(
    "as far as the step that uses it",
    """
      FROM golang:1.24
    - ARG VERSION
      WORKDIR /src
      COPY go.mod go.sum ./
      RUN go mod download
      COPY . .
    + ARG VERSION
      RUN go build -ldflags "-X main.version=$VERSION" -o /tool
    """,
)
@example(
    "a variable of the image that is made of it",
    """
      FROM python:3.12-slim
    - ARG VCS_REF
    - ENV REVISION=$VCS_REF
      RUN pip install flask
    + ARG VCS_REF
    + ENV REVISION=$VCS_REF
      COPY app.py /app/
    """,
)
@unchanged(
    "a command that cannot be read may look at it",
    """
    FROM debian:bookworm-slim
    ARG BUILD_DATE
    RUN ./configure && make
    """,
)
@unchanged(
    "the first step uses it",
    """
    FROM debian:bookworm-slim
    ARG VERSION=1.2
    RUN curl -o /tmp/tool.tgz https://example.org/tool-$VERSION.tgz
    RUN mkdir /data
    """,
)
@unchanged(
    "a name that does not change from build to build",
    """
    FROM debian:bookworm-slim
    ARG DEBIAN_FRONTEND=noninteractive
    ARG UID=1000
    RUN mkdir /data
    """,
)
@unchanged(
    "it gets another value further down",
    """
    FROM debian:bookworm-slim
    ARG VCS_REF
    ENV VCS_REF=none
    RUN mkdir /data
    """,
)
@unchanged(
    "nothing that could be cached stands below",
    """
    FROM debian:bookworm-slim
    RUN mkdir /data
    ARG BUILD_DATE
    COPY tool /usr/local/bin/
    LABEL created=$BUILD_DATE
    """,
)
def volatile_arguments_late(facts: Facts) -> Iterator[Proposal | Declined]:
    """Moves ARGs that change with every build below the RUNs that do not use them.

    The value of an ARG is in the cache key of every RUN below it, used or not: with `ARG BUILD_DATE` at the top no RUN
    is ever cached. What is made of it, labels and variables of the image, moves with it; every value stays as it is.

    Safety: only names that are known to change; only over steps whose commands are known not to read the variable: a
    command that cannot be read may. Never over an instruction that names it, or that gives a variable or a label of
    the same name, or one that it is made of.

    Sources: BuildKit, solver/llbsolver/ops/exec.go: the environment is in the key of a RUN; Docker's build cache
    documentation on build arguments; effects.toml for what commands read.
    """
    for stage in facts.stages:
        for number, instruction in enumerate(stage.instructions):
            found = _moved(facts, stage, number) if _is_movable(instruction) else None
            if found is not None:
                yield found


class _Group(Struct):
    """What moves together: an ARG, and the labels and variables that are made of it."""

    members: list[Instruction]
    names: set[str]
    """The variables that it sets."""
    labels: set[str]
    mentioned: set[str]
    """The variables of which it is made."""

    def add(self, other: Instruction) -> None:
        """Take another instruction along."""
        self.members.append(other)
        self.mentioned |= _mentioned(other) - self.names
        if other.name == "LABEL":
            self.labels |= _names(other)
        else:
            self.names |= _names(other)


def _moved(facts: Facts, stage: BuildStage, number: int) -> Proposal | Declined | None:
    """The ARG with that number as far down as it can go; None where nothing is gained."""
    argument = stage.instructions[number]
    group = _Group([argument], _names(argument), set(), _mentioned(argument))
    place: Instruction | None = None
    stopped: Instruction | None = None
    unread = not _is_read(facts, stage, argument)
    for other in stage.instructions[number + 1 :]:
        beside = unread and _is_movable(other) and not _is_read(facts, stage, other)
        if beside or _stops(facts, group, other):
            if not _joins(group, other):
                stopped = other
                break
            group.add(other)
        elif other.name == "RUN":
            place = other
    if place is None:
        return _declined(argument, stopped) if stopped is not None and stopped.name == "RUN" else None
    after = _behind(stage, place, group, stopped)
    members = [one for one in group.members if _index(stage, one) < _index(stage, after)]
    if any(has_pragma(one) for one in members):
        return Declined(argument, "a comment above it speaks to a tool")
    return Proposal(
        argument,
        f"`{min(_names(argument))}` is in the cache key of every RUN below it",
        _edits(facts, members, after),
    )


def _declined(argument: Instruction, stopped: Instruction) -> Declined | None:
    name = min(_names(argument))
    if re.search(rf"\b{name}\b", argument_text(stopped)):
        return None
    return Declined(argument, f"the RUN below may read `{name}`")


def _behind(stage: BuildStage, place: Instruction, group: _Group, stopped: Instruction | None) -> Instruction:
    """The instruction behind which it goes: the last RUN, or what stands right above the step that uses it."""
    if stopped is None or stopped.name == "ONBUILD":
        return place
    before = [one for one in stage.instructions[: _index(stage, stopped)] if one not in group.members]
    return before[-1]


def _index(stage: BuildStage, instruction: Instruction) -> int:
    return stage.instructions.index(instruction)


def _stops(facts: Facts, group: _Group, other: Instruction) -> bool:
    """Whether the group may not pass the instruction."""
    if other.name in ("ENV", "ARG", "LABEL") and not isinstance(other.body, Pairs):
        return True
    given = _names(other)
    if other.name in ("ENV", "ARG") and given & (group.names | group.mentioned):
        return True
    if other.name == "LABEL" and given & group.labels:
        return True
    if other.name in ("CMD", "ENTRYPOINT", "HEALTHCHECK", "MAINTAINER", "SHELL"):
        return False
    if other.name == "RUN":
        return any(reads_variable(facts, other, name) for name in group.names)
    if other.name == "ONBUILD":
        return True
    return bool(_mentioned(other) & group.names)


def _joins(group: _Group, other: Instruction) -> bool:
    """Whether an instruction that uses a variable of the group, or is like its ARG, can move with it."""
    if not isinstance(other.body, Pairs) or other.body.legacy:
        return False
    given = _names(other)
    if other.name == "LABEL":
        return not given & group.labels
    return (other.name == "ENV" or _is_movable(other)) and not given & (group.names | group.mentioned)


def _is_movable(instruction: Instruction) -> bool:
    """Whether it is an ARG that only gives names which change with every build."""
    names = _names(instruction)
    return instruction.name == "ARG" and bool(names) and all(map(is_volatile, names))


def _is_read(facts: Facts, stage: BuildStage, argument: Instruction) -> bool:
    """Whether a RUN of the stage may read the ARG."""
    runs = [one for one in stage.instructions if one.name == "RUN"]
    return any(reads_variable(facts, run, name) for run in runs for name in _names(argument))


def _names(instruction: Instruction) -> set[str]:
    """The variables, or the labels, to which it gives a value."""
    if instruction.name not in ("ENV", "ARG", "LABEL") or not isinstance(instruction.body, Pairs):
        return set()
    return {pair.name.text for pair in instruction.body.pairs}


def _mentioned(instruction: Instruction) -> set[str]:
    return set(re.findall(r"\$\{?(\w+)", argument_text(instruction)))


def _edits(facts: Facts, members: Sequence[Instruction], after: Instruction) -> dict[Node, str]:
    texts = [facts.sources[one] for one in members]
    target = facts.sources[after]
    if not target.endswith("\n"):
        return {**dict.fromkeys(members, ""), after: target + facts.newline + "".join(texts).rstrip("\r\n")}
    return {**dict.fromkeys(members, ""), after: target + "".join(texts)}
