"""Checkstyle's XML, which Jenkins and others read. Source: the output of Checkstyle's XMLLogger."""

from __future__ import annotations

from collections.abc import Sequence

from optimizer.cli.formats.findings import Finding, Level, Report
from optimizer.cli.formats.xml import document, element

_SEVERITIES = {Level.ERROR: "error", Level.WARNING: "warning", Level.NOTE: "info"}


def render(reports: Sequence[Report]) -> str:
    """A `file` a file, with an `error` a finding."""
    root = element("checkstyle", {"version": "8.0"})
    for report in reports:
        file = element("file", {"name": report.path}, root)
        for finding in report.findings:
            element("error", _attributes(finding), file)
    return document(root)


def _attributes(finding: Finding) -> dict[str, str | int]:
    return {
        "line": finding.place.line,
        "column": finding.place.column,
        "severity": _SEVERITIES[finding.level],
        "message": finding.message,
        "source": f"dockopt.{finding.rule}",
    }
