"""What counts as a new finding of hadolint."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tests import findings as module
from tests.bench import program
from tests.findings import Finding, findings, new, table

OLD = [Finding("DL3008", "RUN a", "pin"), Finding("DL3059", "RUN b", "join"), Finding("DL3007", "FROM x", "tag")]
TEXTS = {one.text for one in OLD}


def test_what_stays_or_goes_is_not_new() -> None:
    assert list(new(OLD, OLD, TEXTS)) == []
    assert list(new(OLD, OLD[1:], TEXTS)) == []


def test_what_moves_with_its_instruction_is_not_new() -> None:
    assert list(new(OLD, [Finding("DL3008", "RUN a && b", "pin"), OLD[2]], {"FROM x"})) == []


def test_a_second_one_on_the_same_instruction_is_new() -> None:
    assert list(new(OLD, [*OLD, OLD[0]], TEXTS)) == [OLD[0]]


def test_another_rule_on_a_changed_instruction_is_new() -> None:
    come = Finding("SC2086", "RUN a && b", "quote")
    assert list(new(OLD, [come, OLD[2]], {"FROM x"})) == [come]


def test_one_on_an_instruction_that_did_not_change_is_new() -> None:
    come = Finding("DL3006", "FROM x", "tag")
    assert list(new(OLD, [*OLD[1:], come], {"FROM x"})) == [come]


def test_one_on_an_instruction_that_had_none_is_new() -> None:
    come = Finding("DL3008", "RUN c", "pin")
    assert list(new(OLD, [*OLD[1:], come], {"RUN c", "FROM x"})) == [come]


def test_the_table_has_the_counterparts_and_what_rose() -> None:
    shown = table({"before": Counter(DL3009=3, DL3007=2), "after": Counter(DL3009=1, DL3007=2, DL1234=1)})
    assert "| DL3009 | 3 | 1 |" in shown
    assert "| DL1234 | 0 | 1 |" in shown
    assert "DL3007" not in shown


def test_hadolint_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    if (hadolint := program("hadolint")) is None:
        pytest.skip("hadolint is in the extra `bench`")
    monkeypatch.setattr(module, "BATCH", 2)
    texts = {
        "good": 'FROM debian:12\nCMD ["a"]\n',
        "apt": "FROM debian:12\nRUN apt-get update && \\\n  apt-get install less\n",
        "broken": "FROM debian:12\nRUNS x\n",
    }
    found = findings(Path(hadolint), texts)
    assert "DL1000" in {one.rule for one in found["broken"]}
    where = [one.text for one in found["apt"] if one.rule == "DL3014"]
    assert where == ["RUN apt-get update && apt-get install less"]
    assert all(one.rule != "DL3014" for one in found["good"])
