"""`dockopt cache` and `dockopt graph`: what they print, and what they say of input that is off."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.cache.history import repository
from tests.cli.conftest import Dockopt

TEXT = """\
FROM node:20 AS build
WORKDIR /src
COPY package.json ./
RUN npm ci
COPY src src/
RUN npm run build
FROM nginx
COPY --from=build /src/dist /usr/share/nginx/html
"""
FILES = {"Dockerfile": TEXT, "package.json": "{}", "src/a.js": "1", "src/b.js": "1", "README.md": "x"}


@pytest.fixture
def project(folder: Path) -> Path:
    """A project without a history."""
    for path, text in FILES.items():
        (folder / path).parent.mkdir(exist_ok=True)
        (folder / path).write_text(text)
    return folder


def words(out: str) -> list[str]:
    """The verdicts in order."""
    known = ("hit", "runs", "maybe", "fails", "unused")
    return [line.split()[0] for line in out.splitlines() if line.startswith("    ") and line.split()[0] in known]


def test_a_source_file_is_what_changes_if_nobody_says_more(dockopt: Dockopt, project: Path) -> None:
    ran = dockopt("cache")
    assert (ran.code, ran.err) == (0, "")
    head, *rest = ran.out.splitlines()
    assert head == "Dockerfile: after a change of `src/a.js`, as of any of 2 files (BuildKit)"
    assert words(ran.out) == ["hit", "hit", "hit", "runs", "runs", "maybe"]
    assert rest[-1] == "3 of 6 steps run again: 8.8 s of 26.5 s, estimated"


def test_named_files_change(dockopt: Dockopt, project: Path) -> None:
    assert words(dockopt("cache", "--changed", "package.json").out) == ["hit", "runs", "runs", "runs", "runs", "maybe"]
    assert words(dockopt("cache", "--changed", "README.md").out) == ["hit"] * 6


def test_a_file_is_named_from_where_the_user_stands(
    dockopt: Dockopt, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project / "src")
    assert "`src/b.js`" in dockopt("cache", "..", "--changed", "b.js").out


def test_the_classic_builder_builds_all_and_knows_other_keys(dockopt: Dockopt, project: Path) -> None:
    ran = dockopt("cache", "--builder", "classic")
    assert "(the classic builder)" in ran.out


def test_a_log_gives_the_seconds(dockopt: Dockopt, project: Path) -> None:
    (project / "log").write_text(
        "#8 [build 6/6] RUN npm run build\n#8 DONE 61.5s\n#7 [build 4/6] RUN npm ci\n#7 CACHED\n"
    )
    ran = dockopt("cache", "--log", "log")
    assert " 61.5 s" in ran.out
    assert "[cached in the log]" in ran.out
    assert "1 of them from the log" in ran.out


def test_json(dockopt: Dockopt, project: Path) -> None:
    (record,) = json.loads(dockopt("cache", "--format", "json").out)
    assert record["steps"] == {"all": 6, "again": 3}
    steps = [step for stage in record["stages"] for step in stage["steps"]]
    assert [step["outcome"] for step in steps] == ["hit", "hit", "hit", "miss", "miss", "miss"]
    assert steps[3]["reasons"] == [{"cause": "files", "subject": "src/a.js", "text": "`src/a.js` is in what it takes"}]
    assert [step["certain"] for step in steps] == [True] * 5 + [False]
    assert steps[0]["line"] == 2


HISTORY = [FILES, {"src/a.js": "2"}, {"package.json": "[]"}, {"README.md": "y"}]


def test_one_commit_after_another(dockopt: Dockopt, folder: Path) -> None:
    repository(folder, HISTORY)
    assert words(dockopt("cache", "--commits", "HEAD~3..HEAD~2").out) == ["hit", "hit", "hit", "runs", "runs", "maybe"]
    assert words(dockopt("cache", "--commits", "HEAD~1").out) == ["hit", "runs", "runs", "runs", "runs", "maybe"]
    assert words(dockopt("cache", "--commits", "HEAD~1..").out) == ["hit"] * 6


def test_the_last_commits(dockopt: Dockopt, folder: Path) -> None:
    repository(folder, HISTORY)
    ran = dockopt("cache", "--last", "10")
    assert ran.code == 0
    assert ran.out.startswith("Dockerfile: 3 commits, each built after the one before it (BuildKit)\n")
    assert "  steps run again                  44.4%           44.4%" in ran.out
    (record,) = json.loads(dockopt("cache", "--last", "10", "--format", "json").out)
    assert record["replay"]["as it is"]["commits"] == 3


def test_a_bare_file_name_below_the_top(dockopt: Dockopt, folder: Path) -> None:
    repository(folder, [{f"api/{path}": text for path, text in FILES.items()}, {"api/src/a.js": "2"}])
    assert "1 commits" in dockopt("cache", "api", "--last", "5").out
    assert words(dockopt("cache", "api", "--commits", "HEAD").out)[3] == "runs"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["nowhere"], "nowhere: there is no such file or folder"),
        (["--last", "3"], "the history cannot be read: not a git repository"),
        (["--commits", "a..b"], "the history cannot be read: not a git repository"),
        (["--changed", "src/c.js"], "there is no file `src/c.js` in the build context; did you mean `src/b.js`?"),
        (["--changed", "../x"], "there is no file `../x` in the build context"),
        (["--log", "nolog"], "nolog: there is no such file or folder"),
        (["--log", "Dockerfile"], "Dockerfile: no step of a build is in it"),
        (["--builder", "kaniko"], "--builder is buildkit, containerd or classic, not `kaniko`"),
        (["--format", "xml"], "--format is text or json, not `xml`"),
        (["--last", "0"], "--last is a number of commits, 1 or more, not `0`"),
        (["--last", "2", "--changed", "x"], "--changed, --commits and --last exclude each other"),
        (["--target", "biuld"], "there is no stage `biuld`; did you mean `build`?"),
        (["--context", "nowhere"], "--context: there is no folder `nowhere`"),
        (["--build-arg", "X"], "--build-arg is NAME=VALUE, not `X`"),
    ],
)
def test_input_that_is_off(dockopt: Dockopt, project: Path, options: list[str], message: str) -> None:
    ran = dockopt("cache", *options)
    assert (ran.code, ran.out) == (2, "")
    assert message in ran.err
    assert "Traceback" not in ran.err


def test_a_commit_that_is_not_there(dockopt: Dockopt, folder: Path) -> None:
    repository(folder, HISTORY)
    for revisions in ("nope", "HEAD..nope", "HEAD~99..", "--all", ""):
        ran = dockopt("cache", "--commits", revisions)
        assert (ran.code, ran.out) == (2, ""), revisions
        assert "the history cannot be read" in ran.err


def test_a_repository_without_commits(dockopt: Dockopt, project: Path) -> None:
    subprocess.run(["git", "init", "-q"], check=True)
    assert dockopt("cache", "--last", "3").code == 2
    assert dockopt("cache").code == 0


def test_an_ignored_file_and_a_missing_source(dockopt: Dockopt, project: Path) -> None:
    (project / ".dockerignore").write_text("README.md\n")
    assert "it lies elsewhere, or is ignored" in dockopt("cache", "--changed", "README.md").err
    (project / "package.json").unlink()
    ran = dockopt("cache")
    assert "the build fails: `package.json` is not in the build context" in ran.out


def test_one_bad_file_does_not_stop_the_others(dockopt: Dockopt, project: Path) -> None:
    (project / "Dockerfile.bad").write_text("FROM a\nCOPY x\n")
    ran = dockopt("cache")
    assert ran.code == 2
    assert "Dockerfile.bad:2: " in ran.err
    assert words(ran.out) == ["hit", "hit", "hit", "runs", "runs", "maybe"]


def test_names_cannot_move_the_cursor(dockopt: Dockopt, project: Path) -> None:
    (project / "src" / "\x1b[2J").write_text("x")
    assert "\x1b" not in dockopt("cache", "--changed", "src/\x1b[2J").out


@pytest.mark.parametrize(("form", "start"), [("mermaid", "flowchart LR\n"), ("dot", "digraph"), ("svg", "<svg")])
def test_the_graph(dockopt: Dockopt, project: Path, form: str, start: str) -> None:
    ran = dockopt("graph", "--format", form)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith(start)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["nowhere"], "nowhere: there is no such file or folder"),
        (["--format", "png"], "--format is mermaid, dot or svg, not `png`"),
        (["--target", "biuld"], "there is no stage `biuld`; did you mean `build`?"),
        (["src"], "there is no Dockerfile below `src`"),
    ],
)
def test_a_graph_that_cannot_be_drawn(dockopt: Dockopt, project: Path, options: list[str], message: str) -> None:
    ran = dockopt("graph", *options)
    assert (ran.code, ran.out) == (2, "")
    assert message in ran.err


def test_a_graph_is_of_one_file(dockopt: Dockopt, project: Path) -> None:
    (project / "Dockerfile.dev").write_text("FROM a\n")
    assert "there are 2 Dockerfiles below `.`" in dockopt("graph").err
