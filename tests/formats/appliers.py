"""What editors and bots do with the fixes of a report, written from the formats' descriptions and not from ours.

SARIF 2.1.0 §3.30 and §3.57: lines end at `\\n` or `\\r\\n`, columns are code points from 1, ends are exclusive, the
mark at the top is not counted. Reviewdog's `reviewdog.proto`: columns are bytes of UTF-8 from 1, ends are exclusive.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote_to_bytes


def by_sarif(log: dict[str, Any], path: bytes, content: bytes) -> bytes:
    """The file with all fixes of all results."""
    mark = b"\xef\xbb\xbf" if content.startswith(b"\xef\xbb\xbf") else b""
    text = content[len(mark) :].decode("utf-8", "surrogateescape")
    edits = []
    for run in log["runs"]:
        assert run["columnKind"] == "unicodeCodePoints"
        for result in run["results"]:
            for fix in result.get("fixes", []):
                for change in fix["artifactChanges"]:
                    assert unquote_to_bytes(change["artifactLocation"]["uri"].removeprefix("./")) == path
                    edits += [_sarif_edit(text, one) for one in change["replacements"]]
    return mark + _edited(text, edits).encode("utf-8", "surrogateescape")


def _sarif_edit(text: str, replacement: dict[str, Any]) -> tuple[int, int, str]:
    region = replacement["deletedRegion"]
    starts = _starts(text)
    start = starts[region["startLine"] - 1] + region["startColumn"] - 1
    end = starts[region["endLine"] - 1] + region["endColumn"] - 1
    for line, column in ((region["startLine"], region["startColumn"]), (region["endLine"], region["endColumn"])):
        behind = starts[line] if line < len(starts) else len(text) + 1
        assert 1 <= column <= behind - starts[line - 1] + 1
    return start, end, replacement["insertedContent"]["text"]


def by_reviewdog(result: dict[str, Any], content: bytes) -> bytes:
    """The file with the suggestions of all diagnostics; its bytes are the columns."""
    text = content.decode("latin-1")
    starts = _starts(text)
    edits = []
    for diagnostic in result["diagnostics"]:
        for suggestion in diagnostic.get("suggestions", []):
            begin, end = suggestion["range"]["start"], suggestion["range"]["end"]
            span = (starts[one["line"] - 1] + one["column"] - 1 for one in (begin, end))
            edits.append((*span, suggestion["text"].encode("utf-8").decode("latin-1")))
    return _edited(text, edits).encode("latin-1")


def _starts(text: str) -> list[int]:
    starts = [0]
    while (found := text.find("\n", starts[-1])) >= 0:
        starts.append(found + 1)
    return starts


def _edited(text: str, edits: list[tuple[int, int, str]]) -> str:
    at = len(text)
    for start, end, new in sorted(edits, reverse=True):
        assert start <= end <= at, "replacements overlap"
        text = text[:start] + new + text[end:]
        at = start
    return text
