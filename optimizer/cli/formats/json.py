"""dockopt's own JSON: all that is known of each file, for scripts; the keys stay, new ones may come.

`version` counts up when a key changes its meaning. Text that is not UTF-8 has `\\xNN` in its place, but in diffs and
replacements, which are left out then.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from optimizer.cli import VERSION
from optimizer.cli.formats.findings import Finding, Report, offered, visible
from optimizer.engine import Result
from optimizer.fixes import Fix
from optimizer.patch import unified


def render(reports: Sequence[Report]) -> str:
    """The document."""
    findings = [finding for report in reports for finding in report.findings]
    results = [report.result for report in reports if report.result is not None]
    told = {
        "version": 1,
        "dockopt": VERSION,
        "summary": {
            "files": len(reports),
            "changed": sum(result.changed or bool(result.ignores) for result in results),
            "changes": sum(len(result.changes) for result in results),
            "pending": sum(len(result.pending) for result in results),
            "refused": sum(len(result.refusals) for result in results),
            "errors": sum(finding.level == "error" for finding in findings),
        },
        "files": [_file(report) for report in reports],
    }
    return json.dumps(told, indent=2, ensure_ascii=False) + "\n"


def _file(report: Report) -> dict[str, Any]:
    told: dict[str, Any] = {
        "path": visible(report.path),
        "changed": report.result is not None and report.result.changed,
        "findings": [_finding(report, finding) for finding in report.findings],
        "fixes": [_fix(fix) for fix in report.fixes],
    }
    if report.result is not None:
        told |= _result(report.path, report.result)
    return told


def _finding(report: Report, finding: Finding) -> dict[str, Any]:
    place = finding.place
    return {
        "transform": finding.rule,
        "level": finding.level,
        "message": visible(finding.message),
        "line": place.line,
        "column": place.column,
        "end_line": place.end_line,
        "end_column": place.end_column,
        "safety": finding.safety,
        "saves": finding.saves,
        "fingerprint": report.fingerprint(finding, with_path=True),
    }


def _fix(fix: Fix) -> dict[str, Any]:
    told: dict[str, Any] = {
        "transforms": list(dict.fromkeys(change.transform for change in fix.changes)),
        "lines": [change.line for change in fix.changes],
        "saves": fix.saves,
        "ignores": [visible(pattern) for pattern in fix.ignores],
    }
    if offered(fix):
        told["hunks"] = [
            {"first": hunk.start + 1, "lines": hunk.end - hunk.start, "old": hunk.old, "new": hunk.new}
            for hunk in fix.hunks
        ]
    return told


def _result(path: str, result: Result) -> dict[str, Any]:
    diff = unified(result.before, result.after, path)
    return {
        "diff": diff if diff == visible(diff) else None,
        "ignores": [visible(pattern) for pattern in result.ignores],
        "stood_back": [
            {"transform": kept.transform, "line": kept.line, "why": visible(kept.why)} for kept in result.stood_back
        ],
    }
