"""What was seen on real builders, change by change, is what the model says: `table.toml` has the rows."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest
import tomli

from optimizer.cache import Builder, Outcome, Step, judge, plan
from optimizer.cache.steps import Part, digest, key_of
from optimizer.facts.texts import argument_text
from tests.cache.build import Sketch, states

TABLE = tomli.loads(Path(__file__).with_name("table.toml").read_text("utf-8"))
CELLS = [
    pytest.param(row, builder, id=f"{row['change']} - {builder.value}")
    for row in TABLE["row"]
    for builder in Builder
    if builder.value in row
]
_TAG = re.compile(r"(?<![A-Za-z0-9])[RCWU][0-9](?![0-9])")


def test_all_experiments_are_here() -> None:
    """257 were made; 28 cannot be told to the model, each with its reason."""
    assert (len(TABLE["row"]), len(TABLE["apart"])) == (229, 28)
    assert all(row["why"] for row in TABLE["apart"])
    assert len({row["change"] for row in TABLE["row"] + TABLE["apart"]}) == 257


@pytest.mark.parametrize(("row", "builder"), CELLS)
def test_the_model_says_what_was_seen(row: Mapping[str, Any], builder: Builder) -> None:
    assert rerun(row, builder) == sorted(row[builder.value])


@pytest.mark.parametrize("builder", Builder)
def test_an_unchanged_build_is_cached(builder: Builder) -> None:
    """The control of each experiment."""
    for row in TABLE["row"]:
        build, _ = states(row, builder)
        before = plan(build)
        assert all(v.outcome in (Outcome.HIT, Outcome.UNUSED) for v in judge(before, before)), row["change"]


@pytest.mark.parametrize("builder", Builder)
def test_each_step_that_runs_again_has_a_reason(builder: Builder) -> None:
    for row in TABLE["row"]:
        before, after = states(row, builder)
        for verdict in judge(plan(after), plan(before)):
            assert bool(verdict.reasons) == (verdict.outcome in (Outcome.MISS, Outcome.FAILS)), row["change"]


def rerun(row: Mapping[str, Any], builder: Builder) -> list[str]:
    """The tags of the steps that run again after the change, or `fails`."""
    first, second = states(row, builder)
    cached = {step.key for step in plan(first).steps}
    if "revert" in row:
        build, _ = states({**row, "content": row["revert"]}, builder)
        between = {**build.facts.context.texts, **row["revert"]} if isinstance(build.facts.context, Sketch) else {}
        changed, _ = states({**row, "given": between}, builder)
        cached |= {step.key for step in plan(changed).steps}
    verdicts = judge(plan(second), cached=cached)
    if any(verdict.outcome is Outcome.FAILS for verdict in verdicts):
        return ["fails"]
    return sorted({tag(verdict.step) for verdict in verdicts if verdict.runs} - {""})


def tag(step: Step) -> str:
    """How the experiment calls the step."""
    if step.name in ("RUN", "COPY", "ADD", "WORKDIR"):
        found = _TAG.findall(argument_text(step.instruction))
        return found[-1] if found else ""
    return ""


@pytest.mark.parametrize(
    "forgotten",
    ["text", "variable", "user", "folder", "flag", "files", "stage", "remote", "option", "epoch", "chain", "base"],
)
def test_a_model_that_forgets_something_is_caught(forgotten: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each ingredient of a key is needed for some row."""

    def careless(name: str, parts: Iterable[Part], above: str) -> str:
        kept = [part for part in parts if part.told[0] != forgotten]
        return key_of(name, kept, "" if forgotten == "chain" else above)

    def based_on_nothing(*pieces: str) -> str:
        return digest(*pieces) if pieces[0] != "image" else ""

    if forgotten == "base":
        monkeypatch.setattr("optimizer.cache.plans.digest", based_on_nothing)
    monkeypatch.setattr("optimizer.cache.plans.key_of", careless)
    rows = [row for row in TABLE["row"] if "buildkit" in row]
    wrong = [row["change"] for row in rows if rerun(row, Builder.BUILDKIT) != sorted(row["buildkit"])]
    assert wrong
