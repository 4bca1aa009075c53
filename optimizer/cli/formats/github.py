"""Annotations of GitHub Actions: a command line a finding, on standard output of a step.

Source: GitHub's page on workflow commands; the escapes are those of its toolkit. It shows ten errors, ten warnings and
ten notices of a step, so the worst come first.
"""

from __future__ import annotations

from collections.abc import Sequence

from optimizer.cli.formats.findings import Finding, Level, Report, levelled, visible

_COMMANDS = {Level.ERROR: "error", Level.WARNING: "warning", Level.NOTE: "notice"}
_DATA = {"%": "%25", "\r": "%0D", "\n": "%0A"}
_PROPERTY = {**_DATA, ":": "%3A", ",": "%2C"}


def render(reports: Sequence[Report]) -> str:
    """The commands, each on a line."""
    return "".join(_command(report, finding) for report, finding in levelled(reports))


def _command(report: Report, finding: Finding) -> str:
    place = finding.place
    named: dict[str, str | int] = {"file": report.path, "line": place.line, "endLine": place.end_line}
    if place.line == place.end_line:
        # With columns GitHub takes a range of one line only.
        named |= {"col": place.column, "endColumn": place.end_column}
    named["title"] = f"dockopt {finding.rule}"
    properties = ",".join(f"{key}={_escaped(str(value), _PROPERTY)}" for key, value in named.items())
    return f"::{_COMMANDS[finding.level]} {properties}::{_escaped(finding.message, _DATA)}\n"


def _escaped(text: str, escapes: dict[str, str]) -> str:
    return "".join(escapes.get(char, char) for char in visible(text))
