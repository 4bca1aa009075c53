"""`dockopt report`: what it writes and says, and its exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Dockopt
from tests.report.hostile import APT, CLEAN, write


def test_a_page_and_json_are_written(dockopt: Dockopt, folder: Path) -> None:
    write(folder, {"a/Dockerfile": APT, "b/Dockerfile": CLEAN})
    ran = dockopt("report", "--html", "out.html", "--json", "out.json")
    assert (ran.code, ran.out) == (0, "")
    assert ran.err == "out.html: 2 changes in 1 of 2 files\nout.json: 2 changes in 1 of 2 files\n"
    assert (folder / "out.html").read_text("utf-8").startswith("<!doctype html>")
    assert json.loads((folder / "out.json").read_text())["totals"]["files"] == 2
    assert (folder / "a" / "Dockerfile").read_text() == APT


def test_the_same_files_make_the_same_report(dockopt: Dockopt, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    write(folder, {"a/Dockerfile": APT})
    dockopt("report", "--html", "one.html", "--json", "one.json")
    dockopt("report", "--html", "two.html", "--json", "two.json")
    assert (folder / "one.html").read_bytes() == (folder / "two.html").read_bytes()
    assert (folder / "one.json").read_bytes() == (folder / "two.json").read_bytes()
    assert '"made": "2023-11-14T22:13:20Z"' in (folder / "one.json").read_text()


def test_an_empty_folder_has_a_page_too(dockopt: Dockopt, folder: Path) -> None:
    assert dockopt("report", "--html", "out.html").code == 0
    assert "There is no Dockerfile here." in (folder / "out.html").read_text("utf-8")


def test_history_is_a_file_or_a_folder(dockopt: Dockopt, folder: Path) -> None:
    write(folder, {"a/Dockerfile": APT})
    (folder / "old").mkdir()
    dockopt("report", "--json", "old/1.json")
    dockopt("report", "--json", "old/2.json")
    dockopt("report", "--html", "out.html", "--history", "old", "--history", "old/1.json")
    page = (folder / "out.html").read_text("utf-8")
    assert page.count('<tr><th scope="row">20') == 4


def test_history_that_is_none_stops_it(dockopt: Dockopt, folder: Path) -> None:
    write(folder, {"a/Dockerfile": APT, "other.json": "{}"})
    ran = dockopt("report", "--html", "out.html", "--history", "other.json")
    assert ran.code == 2
    assert ran.err == (
        "dockopt: --history: other.json: it is no report of dockopt: it does not say `dockopt-report/1`\n"
    )
    assert not (folder / "out.html").exists()


def test_options_that_are_off(dockopt: Dockopt) -> None:
    assert dockopt("report").err == "dockopt: say where the report goes: --html FILE, --json FILE, or both\n"
    assert dockopt("report", "--html", "a", "--context", "x").err == "dockopt: --context: there is no folder `x`\n"
    ran = dockopt("report", "--html", "a", "--context", ".", "--no-context")
    assert (ran.code, ran.err) == (2, "dockopt: --context and --no-context exclude each other\n")


def test_a_file_that_cannot_be_looked_at_is_in_the_page(dockopt: Dockopt, folder: Path) -> None:
    write(folder, {"a/Dockerfile": "IMPORT x\n", "b/Dockerfile": APT})
    assert dockopt("report", "--html", "out.html").code == 2
    assert dockopt("report", "--html", "out.html", "missing").code == 2
    assert "there is no such file or folder" in (folder / "out.html").read_text("utf-8")


def test_an_old_page_is_replaced_at_once_and_keeps_its_mode(dockopt: Dockopt, folder: Path) -> None:
    (folder / "out.html").write_text("old")
    (folder / "out.html").chmod(0o640)
    write(folder, {"a/Dockerfile": APT})
    assert dockopt("report", "--html", "out.html").code == 0
    assert (folder / "out.html").stat().st_mode & 0o777 == 0o640
    assert sorted(path.name for path in folder.iterdir()) == ["a", "out.html"]


def test_a_page_that_cannot_be_written(dockopt: Dockopt, folder: Path) -> None:
    ran = dockopt("report", "--html", "no/such/out.html")
    assert (ran.code, ran.err) == (2, "dockopt: no/such/out.html: cannot be written: No such file or directory\n")
    assert dockopt("report", "--html", ".").err == "dockopt: .: cannot be written: Is a directory\n"


def test_settings_and_options_choose(dockopt: Dockopt, folder: Path) -> None:
    write(folder, {"a/Dockerfile": APT})
    dockopt("report", "--json", "out.json", "--select", "assume-yes")
    assert json.loads((folder / "out.json").read_text())["totals"]["changes"] == 0
    dockopt("report", "--json", "out.json", "--unsafe")
    found = json.loads((folder / "out.json").read_text())
    assert found["unsafe"]
    assert "no-install-recommends" in [note["transform"] for note in found["files"][0]["changes"]]
