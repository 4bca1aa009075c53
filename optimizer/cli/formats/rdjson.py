"""Reviewdog's JSON: columns are bytes of UTF-8, and a suggestion is one range.

Source: reviewdog's `rdf/reviewdog.proto`. Hunks that belong together become one suggestion with what lies between
them; where such suggestions overlap they are one.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from optimizer.blocks import Block, blocks, common_end, line_end
from optimizer.cli.formats.findings import Finding, Level, Report, visible

_SEVERITIES = {Level.ERROR: "ERROR", Level.WARNING: "WARNING", Level.NOTE: "INFO"}
_BOM = "\ufeff"


def render(reports: Sequence[Report]) -> str:
    """A DiagnosticResult."""
    found = [diagnostic for report in reports for diagnostic in _diagnostics(report)]
    return json.dumps({"source": {"name": "dockopt"}, "diagnostics": found}, indent=2, ensure_ascii=False) + "\n"


def _diagnostics(report: Report) -> Iterator[dict[str, Any]]:
    fixes = [finding.fix for finding in report.findings if finding.fix is not None]
    first = {id(block.fixes[0]): block for block in blocks(report.text, fixes, keeps_a_line=True)}
    for finding in report.findings:
        told = _diagnostic(report, finding)
        if (block := first.get(id(finding.fix))) is not None:
            told["suggestions"] = [_suggestion(report, block)]
        yield told


def _diagnostic(report: Report, finding: Finding) -> dict[str, Any]:
    place = finding.place
    return {
        "message": visible(finding.message),
        "location": {
            "path": visible(report.path),
            "range": {
                "start": _position(report, place.line, place.column),
                "end": _position(report, place.end_line, place.end_column),
            },
        },
        "severity": _SEVERITIES[finding.level],
        "code": {"value": finding.rule},
    }


def _suggestion(report: Report, block: Block) -> dict[str, Any]:
    """The whole lines up to the end of the last one, which stays where it is as before."""
    end = common_end(block.old, block.new)
    last = _position(report, block.last, len(report.line(block.last)) + 1)
    if line_end(block.old) and not end:
        last = {"line": block.last + 1, "column": 1}
    return {
        "range": {"start": {"line": block.first, "column": 1}, "end": last},
        "text": block.new.removesuffix(end) if end else block.new,
    }


def _position(report: Report, line: int, column: int) -> dict[str, int]:
    """The place in bytes, of which a byte order mark has three."""
    mark = _BOM if line == 1 and report.text.startswith(_BOM) else ""
    before = mark + report.line(line)[: column - 1]
    return {"line": line, "column": len(before.encode("utf-8", "surrogateescape")) + 1}
