"""`dockopt fix --log`: real seconds for one Dockerfile, told and refused in clear words."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cache.test_measured import TWO
from tests.cli.conftest import Dockopt

CHEAP = "FROM debian:bookworm-slim\nCOPY data /srv/data\nRUN chmod 755 /usr/local\n"
CHEAP_LOG = "#1 [2/3] COPY data /srv/data\n#1 DONE 0.1s\n#2 [3/3] RUN chmod 755 /usr/local\n#2 DONE 55.0s\n"


@pytest.fixture
def built(folder: Path) -> Path:
    (folder / "Dockerfile").write_text(CHEAP)
    (folder / "build.log").write_text(CHEAP_LOG)
    return folder


@pytest.mark.usefixtures("built")
@pytest.mark.parametrize("form", ["text", "json"])
def test_a_log_changes_the_outcome(dockopt: Dockopt, form: str) -> None:
    assert "order-by-cost" not in dockopt("fix", "--format", form).out
    ran = dockopt("fix", "--log", "build.log", "--format", form)
    assert "ran 2 of the stage's 2 steps again, about 55 s; now 1, about 0 s (measured)" in ran.out
    assert ran.code == 0


@pytest.mark.usefixtures("built")
def test_the_log_may_come_in_a_pipe(dockopt: Dockopt) -> None:
    assert "(measured)" in dockopt("fix", "Dockerfile", "--log", "-", stdin=CHEAP_LOG.encode()).out
    assert "(measured)" in dockopt("fix", "-", "--log", "build.log", stdin=CHEAP.encode()).out
    assert "`-` stands for one file" in dockopt("fix", "-", "--log", "-").err


def test_the_log_of_another_dockerfile_is_refused(dockopt: Dockopt, built: Path) -> None:
    (built / "Dockerfile").write_text("FROM node:22\nWORKDIR /app\nCOPY . .\nRUN npm run build\n")
    ran = dockopt("fix", "--write", "--log", "build.log")
    assert ran.code == 2
    assert "Dockerfile: the log `build.log` does not go with it: it is the log of another Dockerfile" in ran.err


@pytest.mark.usefixtures("built")
def test_what_is_no_log_is_refused(dockopt: Dockopt, built: Path) -> None:
    (built / "build.log").write_text("all is well\n")
    ran = dockopt("fix", "--log", "build.log")
    assert (ran.code, ran.out) == (2, "")
    assert "build.log: no step of a build is in it" in ran.err
    assert "there is no such file" in dockopt("fix", "--log", "none.log").err


def test_one_log_is_not_that_of_two_files(dockopt: Dockopt, built: Path) -> None:
    (built / "Dockerfile.other").write_text(TWO)
    ran = dockopt("fix", "--write", "--log", "build.log")
    assert ran.code == 2
    assert "--log is the log of one Dockerfile, and more than one is here: name the one that was built" in ran.err
    assert (built / "Dockerfile").read_text() == CHEAP
    assert "(measured)" in dockopt("fix", "Dockerfile", "--log", "build.log").out


def test_among_many_files_of_ci_nothing_is_remembered(dockopt: Dockopt, built: Path) -> None:
    workflows = built / ".github" / "workflows"
    workflows.mkdir(parents=True)
    for number in range(9):
        (workflows / f"{number}.yml").write_text("on: push\njobs: {}\n")
    assert "order-by-cost" not in dockopt("fix").out
    assert "(measured)" in dockopt("fix", "--log", "build.log").out
    (built / "build.log").write_text(CHEAP_LOG.replace("55.0", "0.2"))
    assert "order-by-cost" not in dockopt("fix", "--log", "build.log").out
