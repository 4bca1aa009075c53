"""`pin-base`."""

from collections.abc import Iterator

from optimizer.facts import Facts
from optimizer.facts.pinning import loose_stages
from optimizer.lock import LockError, read
from optimizer.syntax.nodes import Words
from optimizer.transform import Declined, Proposal, Safety, example, transform, unchanged

_DIGEST = "sha256:" + "4e" * 32
_LOCK = f"""
version = 1

[[image]]
name = "python"
tag = "3.12"

[[image]]
name = "debian:latest"
digest = "{_DIGEST}"
"""


@transform(
    Safety.SUGGESTION,
    may_change=set(),
    leeway={"pin"},
    counterparts=("DL3006", "DL3007"),
    may_change_base=True,
    options={"lock": ()},
)
@example(
    "the tag that the lock file names",
    """
    - FROM python
    + FROM python:3.12
      RUN python --version
    """,
    unsafe=True,
    options={"lock": _LOCK},
)
@example(
    "the digest that was found under the tag",
    f"""
    - FROM debian:latest AS build
    + FROM debian:latest@{_DIGEST} AS build
      RUN true
      FROM build
    """,
    unsafe=True,
    options={"lock": _LOCK},
)
@unchanged(
    "nothing is made up: without an entry it is only told",
    """
    FROM node
    FROM python
    """,
    unsafe=True,
)
@unchanged(
    "a variable gives the base",
    """
    ARG BASE=python
    FROM $BASE
    """,
    unsafe=True,
    options={"lock": _LOCK},
)
@unchanged(
    "a tag, a digest, a stage or `scratch`",
    """
    FROM debian:bookworm-slim AS debian
    FROM debian
    FROM scratch
    FROM registry.example.org:5000/python:3.12
    """,
    unsafe=True,
    options={"lock": _LOCK},
)
def pin_base(facts: Facts, lock: str = "") -> Iterator[Proposal | Declined]:
    """Pins a base without a tag, or with `latest`, to what the lock file `dockopt.lock` says.

    Such a base is another one on another day. `dockopt lock` writes the digest that the registry has now; the tag for
    it is a person's choice: `tag = "3.12"` in the entry. Both are used where both are there. `dockopt lock --update`
    asks again. Without an entry this is a suggestion, as no tag is ever made up.

    Safety: the image may be another one than the last build took, so it is applied with `--unsafe` only. Not where a
    variable gives the base.

    Sources: Docker's best practices, "Pin base image versions"; hadolint DL3006 and DL3007.
    """
    loose = list(loose_stages(facts))
    if not loose:
        return
    try:
        known = {entry.name: entry.pinned for entry in read(lock)} if lock else {}
    except LockError as error:
        yield Declined(loose[0].node.instructions[0], f"the lock file {error}")
        return
    for stage in loose:
        head = stage.node.instructions[0]
        pinned = known.get(stage.base or "")
        if pinned is None or not isinstance(head.body, Words):
            yield Proposal(head, f"`{stage.base}` is another image on another day; `dockopt lock` pins it", {})
            continue
        why = f"`{stage.base}` is another image on another day"
        yield Proposal(head, why, {head.body.words[0]: pinned}, safety=Safety.UNSAFE)
