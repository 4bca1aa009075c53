"""The JSON of a report: it is what its schema says, and an earlier one is read back or refused with a reason."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from optimizer.report.model import Totals
from optimizer.report.record import SCHEMA as FORM
from optimizer.report.record import NoReport, read
from tests.catalogue import ROOT

SCHEMA = json.loads((ROOT / "optimizer" / "docs" / "report.schema.json").read_text())


@pytest.mark.parametrize("page", ["tame", "single", "attacked"])
def test_what_is_written_is_what_the_schema_says(page: str, request: pytest.FixtureRequest) -> None:
    text = request.getfixturevalue(page).with_suffix(".json").read_text("ascii")
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    jsonschema.validate(json.loads(text), SCHEMA)


def test_the_schema_would_see_what_is_missing_and_what_is_new(tame: Path) -> None:
    data = json.loads(tame.with_suffix(".json").read_text())
    for broken in ({**data, "more": 1}, {name: data[name] for name in data if name != "files"}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(broken, SCHEMA)


def test_the_totals_are_the_sums_of_the_files(tame: Path) -> None:
    data = json.loads(tame.with_suffix(".json").read_text())
    totals, files = data["totals"], data["files"]
    assert totals["files"] == len(files)
    assert totals["changes"] == sum(len(file["changes"]) for file in files)
    assert totals["changes"] == sum(found["changes"] for found in data["transforms"])
    assert totals["left"] == 2
    assert totals["failed"] == 1
    known = [file["rebuild"] for file in files if file["rebuild"]]
    assert totals["rebuilds"] == len(known) > 0
    assert totals["seconds_before"] == round(sum(found["before"]["seconds"] for found in known), 1)
    assert totals["seconds_after"] < totals["seconds_before"]


def test_an_earlier_report_is_read_back(tame: Path) -> None:
    text = tame.with_suffix(".json").read_text()
    data = json.loads(text)
    earlier = read(text)
    assert earlier.totals == Totals(**data["totals"])
    assert earlier.made.isoformat().replace("+00:00", "Z") == data["made"]


NEWER = f"it has the form `dockopt-report/9\\x1b`; this one reads `{FORM}`"


def broken(**changes: Any) -> str:
    """A small report with something else in it."""
    return json.dumps({"schema": "dockopt-report/1", "made": "2026-01-01T00:00:00Z", "totals": {}, **changes})


def test_what_an_older_version_did_not_count_is_0() -> None:
    assert read(broken()).totals == Totals()
    assert read(broken(totals={"files": 3, "unknown": "x"})).totals == Totals(files=3)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "it is not JSON"),
        ("[" * 100_000, "it is not JSON"),
        ("[]", f"it is no report of dockopt: it does not say `{FORM}`"),
        (broken(schema="dockopt-report/9\x1b"), NEWER),
        (broken(totals=[]), "it has no `totals`"),
        (broken(totals={"files": "3"}), "`totals.files` is no number of 0 or more"),
        (broken(totals={"files": -1}), "`totals.files` is no number of 0 or more"),
        (broken(totals={"files": True}), "`totals.files` is no number of 0 or more"),
        (broken(totals={"files": float("nan")}), "`totals.files` is no number of 0 or more"),
        (broken(totals={"files": 1e300}), "`totals.files` is no number of 0 or more"),
        (broken(made="yesterday"), "`made` is no time"),
        (broken(made="0001-01-01T00:00:00+23:59"), "`made` is no time"),
    ],
)  # fmt: skip
def test_what_is_no_report_is_refused_with_a_reason(text: str, why: str) -> None:
    with pytest.raises(NoReport) as caught:
        read(text)
    assert str(caught.value) == why
