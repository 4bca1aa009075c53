"""Each format as its reader takes it: escapes, fingerprints, counts, and names and texts that hold anything."""

from __future__ import annotations

import json
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from optimizer.cli.formats import FORMATS, checkstyle, github, gitlab, junit, rdjson, renderer, sarif
from optimizer.cli.formats.findings import Report, report
from optimizer.cli.settings import Settings
from optimizer.cli.work import Wishes, Worker
from tests.cli.conftest import Dockopt, dockopt, folder

__all__ = ["dockopt", "folder"]
PENDING = "FROM debian:12\nRUN apt-get update && apt-get install -y curl\nMAINTAINER me\n"
REJECTED = "FROM alpine:3.20\nCOPY everything\n"
TWICE = "FROM alpine:3.20\nRUN apk add curl\n\nFROM alpine:3.20\nRUN apk add curl\n"
HOSTILE = 'a, b:c%25"<&>\n\x1b[31m\udcff::error::x.Dockerfile'
READERS = {"json": json.loads, "sarif": json.loads, "gitlab": json.loads, "rdjson": json.loads}


def reports(text: str, path: str = "Dockerfile") -> list[Report]:
    return [report(Worker(Wishes(Settings(), fixes=True)).look_at(text.encode(), path))]


@pytest.mark.parametrize("name", FORMATS[1:])
@pytest.mark.parametrize("text", [PENDING, REJECTED, TWICE, "", "FROM scratch\n"])
def test_a_hostile_name_breaks_no_format(name: str, text: str) -> None:
    told = renderer(name)(reports(text, HOSTILE))
    told.encode("utf-8")
    if name in READERS:
        json.loads(told)
    elif name == "github":
        assert all(re.match(r"::(error|warning|notice) file=", line) for line in told.splitlines())
    else:
        ElementTree.fromstring(told)


@pytest.mark.parametrize("name", FORMATS[1:])
def test_nothing_to_tell_is_a_document_too(name: str) -> None:
    told = renderer(name)([])
    if name == "github":
        assert told == ""
    elif name in READERS:
        assert "Dockerfile:" not in json.dumps(json.loads(told))
    else:
        assert len(ElementTree.fromstring(told)) == 0


def test_a_command_of_github_is_one_line_with_its_escapes() -> None:
    told = github.render(reports(PENDING, "a,b:100%/Dockerfile"))
    first = told.splitlines()[0]
    assert first.startswith("::warning file=a%2Cb%3A100%25/Dockerfile,line=2,endLine=2,col=")
    assert "title=dockopt clean-in-same-layer::" in first


def test_what_github_shows_first_is_the_worst() -> None:
    told = github.render([*reports(PENDING, "a/Dockerfile"), *reports(REJECTED, "b/Dockerfile")])
    commands = [line.split(" ")[0] for line in told.splitlines()]
    assert commands == sorted(commands, key=["::error", "::warning", "::notice"].index)
    assert commands[0] == "::error"


def fingerprints(text: str, path: str = "Dockerfile") -> list[str]:
    return [one["fingerprint"] for one in json.loads(gitlab.render(reports(text, path)))]


def test_fingerprints_differ_on_equal_lines_and_in_other_files() -> None:
    both = fingerprints(TWICE) + fingerprints(TWICE, "other/Dockerfile")
    assert len(set(both)) == len(both) >= 4


def test_fingerprints_stay_while_other_lines_come() -> None:
    assert set(fingerprints(TWICE)) == set(fingerprints(TWICE.replace("\n\n", "\n\n# new\nARG A\n\n")))


def test_a_fingerprint_of_sarif_holds_no_path() -> None:
    logs = [json.loads(sarif.render(reports(TWICE, path))) for path in ("Dockerfile", "moved/Dockerfile")]
    prints = [[one["partialFingerprints"] for one in log["runs"][0]["results"]] for log in logs]
    assert prints[0] == prints[1]
    assert len({tuple(one.values()) for one in prints[0]}) == len(prints[0])


def test_the_rules_of_sarif_explain_themselves() -> None:
    run = json.loads(sarif.render(reports(PENDING)))["runs"][0]
    rules = run["tool"]["driver"]["rules"]
    assert [rules[one["ruleIndex"]]["id"] for one in run["results"]] == [one["ruleId"] for one in run["results"]]
    assert all("Safety" in rule["help"]["text"] and rule["shortDescription"]["text"] for rule in rules)
    assert not any("fixes" in one for one in run["results"] if one["level"] == "note")


@pytest.mark.parametrize("path", ["a b/Döckerfile", "100%/Dockerfile", "a:b/Dockerfile", "x\udcff/Dockerfile"])
def test_a_path_of_sarif_is_a_reference_of_a_uri(path: str) -> None:
    log = json.loads(sarif.render(reports(PENDING, path)))
    place = log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]
    assert re.fullmatch(r"(\./)?([A-Za-z0-9_.~/-]|%[0-9A-F]{2})+", place["uri"])
    assert place["uriBaseId"] == "%SRCROOT%"


def test_junit_counts_what_it_holds() -> None:
    told = [*reports(PENDING, "a/Dockerfile"), *reports(REJECTED, "b/Dockerfile"), *reports("FROM scratch\n", "c")]
    root = ElementTree.fromstring(junit.render(told))
    for each in [root, *root.iter("testsuite")]:
        assert int(each.get("tests", "")) == len(list(each.iter("testcase")))
        for count, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            assert int(each.get(count, "")) == len(list(each.iter(tag)))
    assert [suite.get("errors") for suite in root.iter("testsuite")] == ["0", "1", "0"]
    names = [case.get("name") for case in root.iter("testcase")]
    assert len(set(names)) == len(names)


def test_checkstyle_says_the_place_and_the_severity() -> None:
    root = ElementTree.fromstring(checkstyle.render([*reports(PENDING), *reports(REJECTED, "b/Dockerfile")]))
    found = {(one.get("severity"), one.get("source"), one.get("line")) for one in root.iter("error")}
    assert ("error", "dockopt.rejected-by-buildkit", "2") in found
    assert ("warning", "dockopt.maintainer-to-label", "3") in found


def test_columns_of_reviewdog_are_bytes() -> None:
    text = "\ufeffMAINTAINER 𐐀\nFROM alpine:3.20\nRUN echo 𐐀𐐀 && apk add curl\n".replace("MAINTAINER 𐐀\n", "")
    told = json.loads(rdjson.render(reports(text)))
    first = next(one for one in told["diagnostics"] if one["code"]["value"] == "no-cache-flag")
    place = first["location"]["range"]["start"]
    line = text.split("\n")[place["line"] - 1].encode()
    assert line[place["column"] - 1 :].startswith(b"apk")


def test_a_file_that_cannot_be_read_is_an_error_in_every_format(dockopt: Dockopt, folder: Path) -> None:
    for name in FORMATS[1:]:
        ran = dockopt("fix", "missing", "--format", name)
        assert ran.code == 2
        assert "there is no such file or folder" in ran.out


def test_what_dockopt_prints_goes_to_the_file(dockopt: Dockopt, folder: Path) -> None:
    (folder / "Dockerfile").write_text(PENDING)
    shown = dockopt("fix", "--check")
    written = dockopt("fix", "--check", "--output", "diff.txt")
    assert (written.code, written.out) == (1, "")
    assert (folder / "diff.txt").read_text() == shown.out
    assert dockopt("fix", "--check", "--format", "sarif").raw.startswith(b"{")


def test_no_fix_is_offered_for_a_file_that_was_written(dockopt: Dockopt, folder: Path) -> None:
    (folder / "Dockerfile").write_text(PENDING)
    ran = dockopt("fix", "--write", "--format", "sarif")
    results = json.loads(ran.out)["runs"][0]["results"]
    assert results
    assert not any("fixes" in one for one in results)


def test_standard_input_keeps_standard_output_where_it_is_written(dockopt: Dockopt, folder: Path) -> None:
    wrong = dockopt("fix", "-", "--write", "--format", "github", stdin=PENDING.encode())
    assert wrong.code == 2
    ran = dockopt("fix", "-", "--write", "--format", "github", "--output", "told", stdin=PENDING.encode())
    assert ran.out.startswith("FROM debian:12\nRUN apt-get update && apt-get install -y curl && rm")
    assert (folder / "told").read_text().startswith("::warning file=Dockerfile")


WRONG = [("--format sarfi", "did you mean `sarif`?"), ("--output no/where", "cannot be written")]


@pytest.mark.parametrize(("words", "told"), WRONG)
def test_a_wrong_format_or_output_is_said(dockopt: Dockopt, folder: Path, words: str, told: str) -> None:
    (folder / "Dockerfile").write_text(PENDING)
    ran = dockopt("fix", *words.split())
    assert ran.code == 2
    assert told in ran.err
