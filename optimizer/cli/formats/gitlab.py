"""GitLab's code quality report. Source: GitLab's page on code quality; of equal fingerprints it shows one."""

from __future__ import annotations

import json
from collections.abc import Sequence

from optimizer.cli.formats.findings import Level, Report, visible

_SEVERITIES = {Level.ERROR: "major", Level.WARNING: "minor", Level.NOTE: "info"}


def render(reports: Sequence[Report]) -> str:
    """A JSON array, an object a finding."""
    issues = [
        {
            "description": visible(finding.message),
            "check_name": finding.rule,
            "fingerprint": report.fingerprint(finding, with_path=True),
            "severity": _SEVERITIES[finding.level],
            "location": {
                "path": visible(report.path),
                "lines": {"begin": finding.place.line, "end": finding.place.end_line},
            },
        }
        for report in reports
        for finding in report.findings
    ]
    return json.dumps(issues, indent=2, ensure_ascii=False) + "\n"
