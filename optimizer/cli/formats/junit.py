"""JUnit's XML: a suite a file, a case a finding; a file without findings has one case, which passes.

Source: the schema that Jenkins' xUnit plugin reads, which has no `file` and `line`; GitLab and others read these.
What waits for a person is skipped: it fails nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree.ElementTree import Element

from optimizer.cli.formats.findings import Finding, Level, Report
from optimizer.cli.formats.xml import document, element

_TAGS = {Level.ERROR: "error", Level.WARNING: "failure"}


def render(reports: Sequence[Report]) -> str:
    """The suites."""
    root = element("testsuites", {"name": "dockopt", **_counts(reports)})
    for report in reports:
        suite = element("testsuite", {"name": report.path, **_counts([report])}, root)
        if not report.findings:
            element("testcase", {"name": "dockopt", "classname": report.path, "file": report.path}, suite)
        for finding in report.findings:
            _case(suite, report, finding)
    return document(root)


def _case(suite: Element, report: Report, finding: Finding) -> None:
    place = finding.place
    name = f"{finding.rule}, line {place.line}" + (f", {finding.number}" if finding.number > 1 else "")
    told: dict[str, str | int] = {"name": name, "classname": report.path, "file": report.path, "line": place.line}
    case = element("testcase", told, suite)
    if finding.level is Level.NOTE:
        element("skipped", {"message": finding.message}, case)
        return
    text = f"{report.path}:{place.line}:{place.column} {finding.rule}  {finding.message}"
    element(_TAGS[finding.level], {"type": finding.level, "message": finding.message}, case, text)


def _counts(reports: Sequence[Report]) -> dict[str, int]:
    levels = [finding.level for report in reports for finding in report.findings]
    tests = len(levels) + sum(not report.findings for report in reports)
    kinds = {"failures": Level.WARNING, "errors": Level.ERROR, "skipped": Level.NOTE}
    return {"tests": tests, **{name: levels.count(level) for name, level in kinds.items()}}
