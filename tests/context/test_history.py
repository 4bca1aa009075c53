"""Which files of a context the commits of its repository changed."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from optimizer.facts import Facts
from optimizer.facts.context import Given
from optimizer.facts.context.disk import OnDisk, listed
from optimizer.facts.context.history import History, history_of
from optimizer.facts.order import reordered
from optimizer.syntax.parser import parse


def git(folder: Path, *words: str) -> None:
    name = ("-c", "user.name=a", "-c", "user.email=a@b.c", "-c", "protocol.file.allow=always")
    subprocess.run(["git", "-C", str(folder), *name, *words], check=True, capture_output=True)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A first commit with all files, then two that change `a`, one that changes `sub/b` and one both."""
    top = tmp_path / "top"
    (top / "sub").mkdir(parents=True)
    git(top, "init", "-q")
    for number, paths in enumerate([["a", "sub/b", "c"], ["a"], ["a"], ["sub/b"], ["a", "sub/b"]]):
        for path in paths:
            (top / path).write_text(str(number))
        git(top, "add", "-A")
        git(top, "commit", "-q", "-m", "one")
    return top


def test_commits_are_counted_by_the_files_that_they_change(repository: Path) -> None:
    found = history_of(repository)
    assert found is not None
    assert (found.commits, found.of(["a"]).bit_count(), found.of(["sub/b"]).bit_count()) == (4, 3, 2)
    assert (found.of(["a", "sub/b"]).bit_count(), found.of(["c", "d"])) == (4, 0)


def test_paths_are_those_of_the_context(repository: Path) -> None:
    found = listed(repository / "sub")
    assert isinstance(found, OnDisk)
    assert found.history is not None
    assert (found.history.commits, found.history.of(["b"]).bit_count(), found.history.of(["a"])) == (4, 2, 0)


def test_nothing_is_known_without_commits(repository: Path, tmp_path: Path) -> None:
    assert history_of(tmp_path) is None
    git(tmp_path, "clone", "-q", "--depth", "1", f"file://{repository}", "shallow")
    assert history_of(tmp_path / "shallow") is None
    git(tmp_path, "init", "-q", "empty")
    assert history_of(tmp_path / "empty") is None


FILE = """FROM debian:bookworm
COPY often /srv/often
RUN apt-get update && apt-get install -y --no-install-recommends gcc
COPY seldom /srv/seldom
RUN apt-get update && apt-get install -y --no-install-recommends curl
"""


def test_an_order_goes_by_what_really_changes() -> None:
    files = {"often/x": b"", "seldom/y": b""}

    def last(history: History | None) -> str:
        """What the last COPY takes in the better order; empty where none is worth it."""
        facts = Facts(parse(FILE), Given(files, history=history))
        found = reordered(facts, facts.stages[0])
        copies = [facts.copies[one] for one in found.instructions if one in facts.copies] if found else []
        return copies[-1].sources[0] or "" if copies else ""

    assert last(History(200, {"often/x": (1 << 150) - 1})) == "often"
    assert last(History(200, {"seldom/y": (1 << 150) - 1})) == "seldom"
    assert last(None) == "seldom"
