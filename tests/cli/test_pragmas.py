"""Comments that switch transforms off, in our words, in hadolint's, and in BuildKit's."""

from __future__ import annotations

import pytest

from tests.cli.conftest import Dockopt

FIRST = "RUN apt-get update && apt-get install -y curl\n"
"""For clean-in-same-layer, whose counterpart is DL3009, in line 3 or below."""
SECOND = "RUN pip install flask\n"
"""For no-cache-flag, whose counterpart is DL3042."""


def ids(dockopt: Dockopt, text: str) -> list[str]:
    return [line.split()[1] for line in dockopt("fix", "-", stdin=text.encode()).changes]


CLEAN, FLAG = "clean-in-same-layer", "no-cache-flag"


@pytest.mark.parametrize(
    ("comment", "expected"),
    [
        ("# nothing of ours", [CLEAN, FLAG]),
        ("# dockopt: ignore[clean-in-same-layer] the lists are read by our tool", [FLAG]),
        ("# dockopt: ignore[clean-in-same-layer,no-cache-flag]", [FLAG]),
        ("# dockopt: ignore[ no-cache-flag , clean-in-same-layer ] why", [FLAG]),
        ("# dockopt: ignore[no-cache-flag] of another transform", [CLEAN, FLAG]),
        ("#dockopt:ignore[clean-in-same-layer]", [FLAG]),
        ("# dockopt: ignore", [FLAG]),
        ("# dockopt: ignore the lists are read", [FLAG]),
        ("# dockopt: ignored by all", [CLEAN, FLAG]),
        ("# dockopt: ignore-file", []),
        ("# dockopt: ignore-file with a reason", []),
        ("# hadolint ignore=DL3009", [FLAG]),
        ("# hadolint ignore=DL3008,DL3009", [FLAG]),
        ("# hadolint ignore = DL3008, DL3009", [FLAG]),
        ("# hadolint ignore=DL3042", [CLEAN, FLAG]),
        ("# hadolint global ignore=DL3009", [FLAG]),
        ("# hadolint global ignore=DL3009,DL3042", []),
        ("# check=skip=all", [FLAG]),
        ("# check=skip=JSONArgsRecommended", [CLEAN, FLAG]),
    ],
)
def test_a_comment_above_an_instruction(dockopt: Dockopt, comment: str, expected: list[str]) -> None:
    assert ids(dockopt, f"FROM debian:12\nUSER root\n{comment}\n{FIRST}{SECOND}") == expected


def test_the_comment_may_stand_among_others(dockopt: Dockopt) -> None:
    above = "# tools\n\n  # dockopt: ignore[clean-in-same-layer] why\n# of ours\n"
    assert ids(dockopt, f"FROM debian:12\n{above}{FIRST}{SECOND}") == [FLAG]


def test_the_comment_stays_above_its_instruction(dockopt: Dockopt) -> None:
    text = f"FROM debian:12\n# dockopt: ignore[clean-in-same-layer] why\n{FIRST}# hadolint ignore=DL3042\n{SECOND}"
    assert ids(dockopt, text) == []


def test_a_comment_for_the_file_may_stand_at_its_end(dockopt: Dockopt) -> None:
    assert ids(dockopt, f"FROM debian:12\n{FIRST}{SECOND}# dockopt: ignore-file\n") == []
    assert ids(dockopt, f"FROM debian:12\n{FIRST}{SECOND}# hadolint global ignore=DL3009\n") == [FLAG]


def test_a_comment_at_the_end_for_an_instruction_is_for_none(dockopt: Dockopt) -> None:
    assert ids(dockopt, f"FROM debian:12\n{FIRST}{SECOND}# dockopt: ignore\n") == [CLEAN, FLAG]


@pytest.mark.parametrize(("value", "expected"), [("skip=all", []), ("skip=StageNameCasing", [CLEAN, FLAG])])
def test_a_check_directive_is_for_the_file(dockopt: Dockopt, value: str, expected: list[str]) -> None:
    assert ids(dockopt, f"# check={value}\nFROM debian:12\n{FIRST}{SECOND}") == expected
    assert ids(dockopt, f"# check={value};error=true\nFROM debian:12\n{FIRST}{SECOND}") == expected


def test_an_install_that_is_left_alone_does_not_take_the_update_above(dockopt: Dockopt) -> None:
    text = "FROM debian:12\nRUN apt-get update\n# dockopt: ignore[merge-update-into-install] cached on purpose\n"
    assert "merge-update-into-install" not in ids(dockopt, f"{text}RUN apt-get install -y curl\n")
