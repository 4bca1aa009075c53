"""The report as JSON, and what is read of earlier ones; `optimizer/docs/report.schema.json` describes the form."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from msgspec import Struct
from msgspec.structs import asdict

from optimizer.report.lines import Note
from optimizer.report.model import Entry, Report, Totals
from optimizer.report.rebuilds import Rebuild, Side
from optimizer.report.visible import visible

SCHEMA = "dockopt-report/1"
"""Said in each file: what is added keeps the number, what is taken away or means something else does not."""


class Earlier(Struct, frozen=True):
    """One point of a trend."""

    made: datetime
    version: str
    totals: Totals


class NoReport(ValueError):
    """The text is no report of `dockopt report --json`; the message says why."""


def written(report: Report) -> str:
    """The JSON text; it holds no odd character, and no path of this machine but those of the files as shown."""
    return json.dumps(_record(report), indent=1, ensure_ascii=True) + "\n"


def _record(report: Report) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "version": report.version,
        "made": report.made.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "title": visible(report.title),
        "unsafe": report.unsafe,
        "totals": asdict(report.totals),
        "transforms": [asdict(found) for found in report.transforms],
        "files": [_entry(found) for found in report.entries],
    }


def _entry(found: Entry) -> dict[str, Any]:
    return {
        "path": visible(found.path),
        "kind": "workflow" if found.is_ci else "dockerfile",
        "state": found.state.value,
        "changes": [_note(note) for note in found.changes],
        "waiting": [_note(note) for note in found.waiting],
        "refusals": [_note(note) for note in found.refusals],
        "left_alone": len(found.left_alone),
        "problems": [visible(problem) for problem in found.problems],
        "ignores": [visible(pattern) for pattern in found.ignores],
        "rebuild": _rebuild(found.rebuild) if found.rebuild is not None and found.rebuild.known else None,
    }


def _note(note: Note) -> dict[str, Any]:
    return {
        "transform": note.transform,
        "line": note.line,
        "kind": note.kind.value,
        "why": visible(note.why),
        "saves": note.saves,
    }


def _rebuild(found: Rebuild) -> dict[str, Any]:
    return {"change": visible(found.change or ""), "before": _side(found.before), "after": _side(found.after)}


def _side(side: Side) -> dict[str, Any]:
    return {
        "steps": side.steps,
        "again": side.again,
        "seconds": side.seconds,
        "all_seconds": side.all_seconds,
    }


def read(text: str) -> Earlier:
    """The totals of an earlier report. Raises NoReport."""
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise NoReport("it is not JSON") from error
    if not isinstance(data, dict) or not str(data.get("schema", "")).startswith("dockopt-report/"):
        raise NoReport("it is no report of dockopt: it does not say `dockopt-report/1`")
    if data["schema"] != SCHEMA:
        raise NoReport(f"it has the form `{visible(str(data['schema']))[:40]}`; this one reads `{SCHEMA}`")
    totals = data.get("totals")
    if not isinstance(totals, dict):
        raise NoReport("it has no `totals`")
    return Earlier(_moment(data.get("made")), str(data.get("version", ""))[:40], Totals(**dict(_numbers(totals))))


def _numbers(totals: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """The numbers that this version knows; those that an older one did not write stay 0."""
    for name in Totals.__struct_fields__:
        value = totals.get(name, 0)
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e18:
            raise NoReport(f"`totals.{name}` is no number of 0 or more")
        yield name, value


def _moment(text: object) -> datetime:
    try:
        moment = datetime.fromisoformat(str(text))
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise NoReport("`made` is no time") from error
