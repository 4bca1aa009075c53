"""`workdir-absolute`."""

import posixpath
import re
from collections.abc import Iterator

from optimizer.facts import Facts
from optimizer.syntax.nodes import Words
from optimizer.transform import Declined, Proposal, Safety, example, transform, unchanged

_PLAIN = re.compile(r"[\w.@+-][\w./@+-]*", re.ASCII)


@transform(Safety.SAFE, may_change=set(), counterparts=("DL3000", "WorkdirRelativePath"))
@example(
    "below the folder before it",
    """
      FROM debian:bookworm-slim AS base
    - WORKDIR app
    - WORKDIR ./src/
    + WORKDIR /app
    + WORKDIR /app/src
      FROM base
    - WORKDIR ..
    + WORKDIR /app
    """,
)
@example(
    "a base image that starts elsewhere than in `/`",
    """
      FROM golang:1.24
    - WORKDIR src/app
    + WORKDIR /go/src/app
    """,
)
@unchanged(
    "the base image may start anywhere",
    """
    FROM registry.example/base
    WORKDIR app
    """,
)
@unchanged(
    "a variable may hold any path",
    """
    FROM debian:bookworm-slim
    ARG HOME
    WORKDIR $HOME
    WORKDIR app
    WORKDIR $HOME/app
    """,
)
@unchanged(
    "a folder of Windows",
    """
    FROM mcr.microsoft.com/windows/servercore:ltsc2022
    WORKDIR app
    WORKDIR C:/app
    """,
)
@unchanged(
    "in a trigger it is joined to the folder of another file",
    """
    FROM debian:bookworm-slim
    ONBUILD WORKDIR app
    """,
)
def workdir_absolute(facts: Facts) -> Iterator[Proposal | Declined]:
    """Writes a relative WORKDIR as the absolute path that it means.

    Where a relative one leads is told by lines above it, or by the base image, and changes with them.

    Safety: only where the folder before it is known: from an absolute WORKDIR of the stage or of one that it is built
    from, or from a base image whose folder is in the tables.

    Sources: Dockerfile reference, WORKDIR; hadolint DL3000; BuildKit's check WorkdirRelativePath.
    """
    for stage in facts.stages:
        for instruction in stage.instructions:
            body = instruction.body
            if instruction.name != "WORKDIR" or not isinstance(body, Words) or body.words[0].text.startswith("/"):
                continue
            word = body.words[0]
            folder = facts.scopes[instruction].folder
            if not _PLAIN.fullmatch(word.text):
                yield Declined(instruction, "what its path holds may make it absolute: a variable, quotes, a drive")
            elif folder is None:
                yield Declined(instruction, "the folder before it is not known; an absolute WORKDIR above would tell")
            else:
                path = posixpath.normpath(posixpath.join(folder, word.text))
                yield Proposal(instruction, f"`{word.text}` depends on the folder before it", {word: path})
