"""ADD as COPY: what the build context tells, and lies that the check catches."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterator

import pytest

from optimizer.engine import optimize
from optimizer.facts import Facts
from optimizer.facts.context import Given
from optimizer.transform import Declined, Proposal, Safety, transform
from transforms import add_to_copy


def archive(mode: str = "w") -> bytes:
    """A small tar archive."""
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode=mode) as tar:  # type: ignore[call-overload]
        member = tarfile.TarInfo("hello")
        member.size = 5
        tar.addfile(member, io.BytesIO(b"hello"))
    return data.getvalue()


CONTEXT = Given(
    {
        "run.sh": b"#!/bin/sh\n",
        "fake.tar.gz": b"no archive",
        "rootfs": archive(),
        "z": archive("w:gz"),
        "d/in.tar": archive(),
    }
)


@pytest.mark.parametrize(
    ("arguments", "copies"),
    [
        ("run.sh /usr/local/bin/", True),
        ("fake.tar.gz /opt/", True),
        ("rootfs /opt/", False),
        ("z /opt/", False),
        ("d /opt/", True),
        ("d/ run.sh /opt/", True),
        ("d/* /opt/", False),
        ("*.sh /opt/", True),
        ("missing /opt/", False),
        ("run.sh $HOME/", True),
        ("$FILE /opt/", False),
        ("run.sh https://example.org/x /opt/", False),
        ("--checksum=sha256:0 run.sh /opt/", False),
    ],
)
def test_what_add_would_unpack_is_told_by_the_content(arguments: str, copies: bool) -> None:
    result = optimize(f"FROM alpine\nADD {arguments}\n", [add_to_copy], context=CONTEXT)
    assert result.after == f"FROM alpine\n{'COPY' if copies else 'ADD'} {arguments}\n"
    assert len(result.stood_back) == (not copies)


@pytest.mark.parametrize("arguments", ["rootfs /opt/", "https://example.org/x /opt/", "$FILE /opt/", "run.sh /opt/"])
def test_a_lie_about_an_add_is_caught(arguments: str) -> None:
    def lie(facts: Facts) -> Iterator[Proposal | Declined]:
        """Lies. Safety: none. Sources: none."""
        for instruction in facts.copies:
            if instruction.name == "ADD":
                yield Proposal(instruction, "it says so", {instruction.keyword: "COPY"})

    lying = transform(Safety.SAFE, may_change=set(), leeway={"add"})(lie)
    text = f"FROM alpine\nADD {arguments}\n"
    context = CONTEXT if arguments != "run.sh /opt/" else None
    result = optimize(text, [lying], context=context)
    assert (result.after, len(result.refusals)) == (text, 1)
    assert "instead of" in result.refusals[0].why or "COPY" in result.refusals[0].why


def test_another_file_is_caught() -> None:
    def lie(facts: Facts) -> Iterator[Proposal | Declined]:
        """Lies. Safety: none. Sources: none."""
        for instruction in facts.copies:
            if instruction.name == "ADD":
                yield Proposal(instruction, "it says so", {instruction: "COPY d /other/\n"})

    lying = transform(Safety.SAFE, may_change=set(), leeway={"add"})(lie)
    assert optimize("FROM alpine\nADD d /opt/\n", [lying], context=CONTEXT).refusals
