"""SARIF 2.1.0 with rules and fixes, for GitHub's code scanning and the like.

Columns are code points and ends are exclusive; a byte order mark is no column. A fix has all hunks that are taken
together. Source: the OASIS standard; GitHub's page on its support for SARIF, which also sets the limit on results.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from optimizer.blocks import common_end
from optimizer.cli import VERSION
from optimizer.cli.formats.findings import OTHER_RULES, Finding, Level, Report, levelled, visible
from optimizer.fixes import Fix, Hunk
from optimizer.origins import Place
from optimizer.transform import Safety, Transform

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_ROOT = "%SRCROOT%"
_MOST = 25_000


def render(reports: Sequence[Report]) -> str:
    """A log of one run."""
    found = list(levelled(reports))
    told = found[:_MOST]
    rules = sorted({finding.rule for _, finding in told})
    log = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [_run(rules, told, len(found) - len(told))]}
    return json.dumps(log, indent=2, ensure_ascii=False) + "\n"


def _run(rules: Sequence[str], told: Sequence[tuple[Report, Finding]], cut: int) -> dict[str, Any]:
    failed = any(finding.level is Level.ERROR for _, finding in told)
    invocation: dict[str, Any] = {"executionSuccessful": not failed}
    if cut:
        said = f"{cut} findings are left out: GitHub takes {_MOST} of a run"
        invocation["toolExecutionNotifications"] = [{"level": "warning", "message": {"text": said}}]
    driver = {"name": "dockopt", "version": VERSION, "semanticVersion": VERSION, "rules": _rules(rules)}
    return {
        "tool": {"driver": driver},
        "invocations": [invocation],
        "columnKind": "unicodeCodePoints",
        "results": [_result(report, finding, rules.index(finding.rule)) for report, finding in told],
    }


def _rules(names: Sequence[str]) -> list[dict[str, Any]]:
    from transforms import PIPELINE

    known = {transform.id: transform for transform in PIPELINE}
    return [_rule(name, known.get(name)) for name in names]


def _rule(name: str, transform: Transform | None) -> dict[str, Any]:
    summary = transform.summary if transform is not None else OTHER_RULES.get(name, name)
    doc = transform.doc if transform is not None else summary
    ignore = f"To keep a place as it is, write `# dockopt: ignore[{name}]` above its instruction."
    text = f"{doc}\n\n{ignore}" if transform is not None else doc
    waits = transform is not None and transform.safety is not Safety.SAFE
    level = Level.NOTE if waits else Level.WARNING if transform is not None else Level.ERROR
    return {
        "id": name,
        "name": "".join(part.title() for part in name.split("-")),
        "shortDescription": {"text": summary},
        "fullDescription": {"text": summary},
        "help": {"text": text, "markdown": text},
        "defaultConfiguration": {"level": level},
        "properties": {
            "tags": ["docker", *([transform.safety] if transform is not None else [])],
            "precision": "very-high",
            "problem.severity": "error" if level is Level.ERROR else "recommendation",
        },
    }


def _result(report: Report, finding: Finding, rule: int) -> dict[str, Any]:
    artifact = _artifact(report.path)
    fingerprint = f"{report.fingerprint(finding, with_path=False)[:16]}:{finding.number}"
    told: dict[str, Any] = {
        "ruleId": finding.rule,
        "ruleIndex": rule,
        "level": finding.level,
        "message": {"text": visible(finding.message)},
        "locations": [{"physicalLocation": {"artifactLocation": artifact, "region": _region(finding.place)}}],
        "partialFingerprints": {"primaryLocationLineHash": fingerprint},
    }
    if finding.fix is not None:
        told["fixes"] = [_fix(report, finding.fix, artifact)]
    return told


def _fix(report: Report, fix: Fix, artifact: dict[str, str]) -> dict[str, Any]:
    whys = dict.fromkeys(visible(change.why) for change in fix.changes)
    replacements = [_replacement(report, hunk) for hunk in fix.hunks]
    return {
        "description": {"text": "; ".join(whys)},
        "artifactChanges": [{"artifactLocation": artifact, "replacements": replacements}],
    }


def _replacement(report: Report, hunk: Hunk) -> dict[str, Any]:
    """The hunk, less the mark at the top and the line end that both texts have."""
    old, new = hunk.old, hunk.new
    if hunk.start == 0 and report.text.startswith("\ufeff"):
        old, new = old.removeprefix("\ufeff"), new.removeprefix("\ufeff")
    end = common_end(old, new)
    if end:
        new = new.removesuffix(end)
        last = hunk.end, len(report.line(hunk.end)) + 1
    elif old and not old.endswith("\n"):
        last = hunk.end, len(report.lines[hunk.end - 1]) + 1
    else:
        last = hunk.end + 1, 1
    return {"deletedRegion": _region(Place(hunk.start + 1, 1, *last)), "insertedContent": {"text": new}}


def _region(place: Place) -> dict[str, int]:
    return {
        "startLine": place.line,
        "startColumn": place.column,
        "endLine": place.end_line,
        "endColumn": place.end_column,
    }


def _artifact(path: str) -> dict[str, str]:
    """Where the file lies; its bytes are escaped, whatever they are."""
    uri = quote(os.fsencode(path))
    if path.startswith("/"):
        return {"uri": f"file://{uri}"}
    # A colon in the first part would read as a scheme.
    return {"uri": f"./{uri}" if ":" in path.split("/")[0] else uri, "uriBaseId": _ROOT}
