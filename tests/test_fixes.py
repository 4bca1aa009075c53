"""Fixes are told apart only where each can be taken alone."""

from __future__ import annotations

from collections.abc import Collection, Iterator

import pytest

from optimizer.blocks import blocks
from optimizer.engine import ChangeKey, Result, optimize
from optimizer.facts import Facts
from optimizer.fixes import Fix, Replay, applied, fixes, hunks
from optimizer.transform import Proposal, Safety, Transform, transform
from transforms import PIPELINE

DEFAULT = tuple(one for one in PIPELINE if one.default)
TWO = "FROM alpine:3.20\nRUN apk add curl\nWORKDIR /a\nRUN apk add git\n"


def told_apart(text: str, transforms: Collection[Transform] = DEFAULT) -> tuple[Result, tuple[Fix, ...]]:
    """The result, and its fixes."""

    def replay(only: Collection[ChangeKey]) -> Result:
        return optimize(text, tuple(transforms), only=only)

    result = optimize(text, tuple(transforms))
    return result, fixes(result, replay)


def test_changes_in_two_places_are_two_fixes() -> None:
    result, found = told_apart(TWO)
    assert [[hunk.new for hunk in fix.hunks] for fix in found] == [
        ["RUN apk add --no-cache curl\n"],
        ["RUN apk add --no-cache git\n"],
    ]
    assert [change for fix in found for change in fix.changes] == list(result.changes)


def test_the_engine_makes_no_change_that_is_not_allowed() -> None:
    result = optimize(TWO, only={("no-cache-flag", 4)})
    assert [change.line for change in result.changes] == [4]
    assert optimize(TWO, only=()).after == TWO


def test_what_two_changes_make_of_one_line_is_one_fix() -> None:
    _, found = told_apart("FROM debian:12\nRUN apt update && apt install -y curl\n")
    assert [{change.transform for change in fix.changes} for fix in found] == [
        {"apt-to-apt-get", "clean-in-same-layer"}
    ]


def _change(name: str, old: str, new: str, needs: str = "") -> Transform:
    """A transform that writes a comment otherwise, where the file holds what it needs."""

    def run(facts: Facts) -> Iterator[Proposal]:
        for instruction in facts.tree.instructions:
            if old in facts.sources[instruction] and needs in facts.text:
                text = facts.sources[instruction].replace(old, new)
                yield Proposal(instruction, f"{old} is {new}", {instruction: text})

    run.__name__ = name
    return transform(Safety.SAFE, may_change={"comments"})(run)


TEXT = "# one\nFROM alpine:3.20\nENV A=1\nENV B=2\n# two\nENV C=3\nENV D=4\nENV E=5\n# three\nENV F=6\n"
ONE, TWO_, THREE = (_change(name, name, name.upper()) for name in ("one", "two", "three"))
NEEDY = _change("three", "three", "THREE", needs="ONE")


@pytest.mark.parametrize(
    ("transforms", "sizes"), [([ONE, TWO_, THREE], [1, 1, 1]), ([ONE, NEEDY], [2]), ([ONE, TWO_, NEEDY], [3])]
)
def test_a_change_that_needs_another_is_never_apart_from_it(transforms: list[Transform], sizes: list[int]) -> None:
    result, found = told_apart(TEXT, transforms)
    assert [len(fix.changes) for fix in found] == sizes
    assert applied(TEXT, [hunk for fix in found for hunk in fix.hunks]) == result.after


def test_without_a_replay_there_is_one_fix() -> None:
    result = optimize(TWO)
    assert [len(fix.hunks) for fix in fixes(result, None)] == [2]


def test_a_replay_that_lies_leaves_one_fix() -> None:
    lies: list[Replay] = [lambda only: optimize(TWO), lambda only: optimize("FROM scratch\n")]
    for lie in lies:
        assert len(fixes(optimize(TWO), lie)) == 1


def _block(before: str, after: str, keeps: bool) -> list[tuple[int, int, str]]:
    whole = Fix(hunks(before, after), ())
    return [(one.first, one.last, one.new) for one in blocks(before, [whole], keeps_a_line=keeps)]


@pytest.mark.parametrize(
    ("before", "after", "keeps", "found"),
    [
        ("a\nb\n", "a\nx\nb\n", False, [(1, 1, "a\nx\n")]),
        ("a\nb\n", "x\na\nb\n", False, [(1, 1, "x\na\n")]),
        ("a\nb\n", "a\nb\nx\n", False, [(2, 2, "b\nx\n")]),
        ("a\nb\nc\n", "a\nc\n", False, [(2, 2, "")]),
        ("a\nb\nc\n", "a\nc\n", True, [(1, 2, "a\n")]),
        ("a\nb\n", "b\n", True, [(1, 2, "b\n")]),
        ("a\nb\nc\nd\n", "b\nc\na\nd\n", False, [(1, 3, "b\nc\na\n")]),
        ("a\nb", "a\nB", False, [(2, 2, "B")]),
    ],
)
def test_a_block_is_whole_lines(before: str, after: str, keeps: bool, found: list[tuple[int, int, str]]) -> None:
    assert _block(before, after, keeps) == found


def test_blocks_that_overlap_are_one() -> None:
    before = "a\nb\nc\nd\ne\n"
    first = Fix((hunks(before, "A\nb\nc\nd\nE\n")), ())
    second = Fix((hunks(before, "a\nb\nC\nd\ne\n")), ())
    found = blocks(before, [second, first], keeps_a_line=False)
    assert [(one.first, one.last, one.new, len(one.fixes)) for one in found] == [(1, 5, "A\nb\nC\nd\nE\n", 2)]
