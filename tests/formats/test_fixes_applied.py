"""What a report offers is what `dockopt fix --write` would do: applying all fixes gives the same file, to the byte."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from optimizer.cli.discovery import Found
from optimizer.cli.formats import rdjson, sarif
from optimizer.cli.formats.findings import Report, offered, report
from optimizer.cli.settings import Settings
from optimizer.cli.work import Wishes, Worker
from optimizer.fixes import applied
from tests.formats.appliers import by_reviewdog, by_sarif
from tests.registry import file_of
from tests.stress import STRESSES
from tests.test_corpus import CORPUS, PROJECTS, TRICKY, names

HARD = sorted(CORPUS.glob("hard/*.Dockerfile"))
CLOTHES = {"as it is": str, **{stress.__name__: stress for stress in STRESSES}}
ODD = {
    "astral": "FROM alpine:3.20\nRUN apk add curl # 𐐀𐐀 ✓\nRUN echo 𐐀 && apk add git\n",
    "form feeds and other line ends": "FROM alpine:3.20\nRUN echo '\x0c\u2028\x85' && apk add curl\nRUN apk add git\n",
    "lone carriage returns": "FROM alpine:3.20\n# a \r remark\nRUN apk add curl\n# \r\r\n",
    "only an insertion": "FROM node:22\nWORKDIR /app\nCOPY . .\nRUN npm ci\nCMD node a.js\n",
}
NOT_UTF8 = b"FROM alpine:3.20\nMAINTAINER M\xe9\nWORKDIR /\xff\nRUN apk add curl\n"


@pytest.fixture(scope="session")
def schema() -> jsonschema.Draft7Validator:
    path = file_of("@microsoft/jest-sarif", "1.0.0-beta.0", "lib/schemas/sarif-2.1.0-rtm.5.json")
    return jsonschema.Draft7Validator(json.loads(path.read_text("utf-8")))


def reported(path: Path, data: bytes, *, unsafe: bool) -> Report:
    worker = Worker(Wishes(Settings(unsafe=unsafe), fixes=True))
    return report(worker.look_at(data, str(path)))


def check(seen: Report, schema: jsonschema.Draft7Validator | None) -> None:
    """Both formats, with all that is offered; what is not is made beforehand."""
    assert seen.result is not None
    before = seen.text.encode("utf-8", "surrogateescape")
    hunks = [hunk for fix in seen.fixes if offered(fix) for hunk in fix.hunks]
    wanted = applied(seen.text, hunks).encode("utf-8", "surrogateescape")
    if all(offered(fix) for fix in seen.fixes):
        assert wanted == seen.result.after.encode("utf-8", "surrogateescape")
    log = json.loads(sarif.render([seen]))
    if schema is not None:
        schema.validate(log)
    assert by_sarif(log, seen.path.encode("utf-8", "surrogateescape"), before) == wanted
    assert by_reviewdog(json.loads(rdjson.render([seen])), before) == wanted


@pytest.mark.parametrize("path", PROJECTS + TRICKY + HARD, ids=names)
def test_all_fixes_make_the_result(path: Path, schema: jsonschema.Draft7Validator) -> None:
    for unsafe in (False, True):
        check(reported(path, path.read_bytes(), unsafe=unsafe), schema)


@pytest.mark.parametrize("clothes", CLOTHES)
@pytest.mark.parametrize("path", PROJECTS, ids=names)
def test_all_fixes_make_the_result_in_other_clothes(path: Path, clothes: str) -> None:
    text = path.read_bytes().decode("utf-8", "surrogateescape")
    if (dressed := CLOTHES[clothes](text)) is not None:
        check(reported(path, dressed.encode("utf-8", "surrogateescape"), unsafe=True), None)


@pytest.mark.parametrize("text", ODD.values(), ids=ODD)
def test_all_fixes_make_the_result_of_odd_texts(tmp_path: Path, text: str, schema: jsonschema.Draft7Validator) -> None:
    seen = reported(tmp_path / "Dockerfile", text.encode(), unsafe=False)
    assert any(fix.hunks for fix in seen.fixes)
    log = json.loads(sarif.render([seen]))
    schema.validate(log)
    assert by_reviewdog(json.loads(rdjson.render([seen])), text.encode()).decode() == seen.result.after  # type: ignore[union-attr]


def test_text_that_is_not_utf8_is_offered_nowhere(tmp_path: Path) -> None:
    seen = reported(tmp_path / "Dockerfile", NOT_UTF8, unsafe=False)
    told = sarif.render([seen])
    told.encode("utf-8")
    fixed = [result["ruleId"] for result in json.loads(told)["runs"][0]["results"] if "fixes" in result]
    assert fixed
    assert "maintainer-to-label" not in fixed


def test_an_applier_sees_a_wrong_column(tmp_path: Path) -> None:
    seen = reported(tmp_path / "Dockerfile", ODD["astral"].encode(), unsafe=False)
    result = json.loads(rdjson.render([seen]))
    for suggestion in _suggestions(result):
        suggestion["range"]["end"]["column"] -= 1
    assert seen.result is not None
    assert by_reviewdog(result, ODD["astral"].encode()).decode() != seen.result.after


def test_the_schema_sees_a_wrong_key(tmp_path: Path, schema: jsonschema.Draft7Validator) -> None:
    log = json.loads(sarif.render([reported(tmp_path / "Dockerfile", ODD["astral"].encode(), unsafe=False)]))
    log["runs"][0]["results"][0]["fixes"][0]["replacements"] = []
    with pytest.raises(jsonschema.ValidationError):
        schema.validate(log)


def test_a_copy_that_moves_is_one_fix_with_both_places(tmp_path: Path) -> None:
    text = "FROM node:22\nMAINTAINER me\nWORKDIR /app\nCOPY . .\nRUN apt-get update\nRUN npm ci\nCMD node a.js\n"
    (tmp_path / "package.json").write_text("{}")
    (tmp_path / "package-lock.json").write_text('{"lockfileVersion": 3, "packages": {}}')
    path = tmp_path / "Dockerfile"
    path.write_text(text)
    outcome = Worker(Wishes(Settings(), fixes=True)).look(Found(path, tmp_path))
    moved = [fix for fix in outcome.fixes if any(one.transform == "copy-manifests-first" for one in fix.changes)]
    assert [len(fix.hunks) for fix in moved] == [2]
    assert len(outcome.fixes) > 1


def _suggestions(result: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for diagnostic in result["diagnostics"]:
        yield from diagnostic.get("suggestions", [])
