"""`--changed-since`: which files a branch touches, in real repositories."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Dockopt
from tests.cli.monorepo.conftest import BAD, Git, put

Commit = Callable[[], Git]


def changed(dockopt: Dockopt, *words: str) -> list[str]:
    ran = dockopt("fix", "--changed-since", "main", "--select", "clean-in-same-layer", *words)
    assert ran.code == 0, ran.err
    return [line.partition(":")[0] for line in ran.changes]


@pytest.fixture
def branch(folder: Path, committed: Commit) -> Git:
    """A branch off `main`, with three services."""
    put(folder, {f"{name}/Dockerfile": BAD.format(name) for name in "abc"})
    put(folder, {".gitignore": "out\n"})
    git = committed()
    git("switch", "--quiet", "--create", "branch")
    return git


def test_nothing_has_changed(branch: Git, dockopt: Dockopt) -> None:
    ran = dockopt("fix", "--changed-since", "main")
    assert (ran.code, ran.err) == (0, "no Dockerfile found\n")


def test_committed_staged_unstaged_and_new_files(
    folder: Path, branch: Git, committed: Commit, dockopt: Dockopt
) -> None:
    put(folder, {"a/Dockerfile": BAD.format("new")})
    committed()
    put(folder, {"b/Dockerfile": BAD.format("new")})
    branch("add", "b")
    put(folder, {"c/Dockerfile": BAD.format("new"), "d/Dockerfile": BAD, "out/Dockerfile": BAD})
    assert changed(dockopt) == ["a/Dockerfile", "b/Dockerfile", "c/Dockerfile", "d/Dockerfile"]
    assert changed(dockopt, "a", "d") == ["a/Dockerfile", "d/Dockerfile"]


def test_what_main_did_meanwhile_does_not_count(folder: Path, branch: Git, committed: Commit, dockopt: Dockopt) -> None:
    put(folder, {"a/Dockerfile": BAD.format("new")})
    committed()
    branch("switch", "--quiet", "main")
    put(folder, {"b/Dockerfile": BAD.format("other")})
    committed()
    branch("switch", "--quiet", "branch")
    assert changed(dockopt) == ["a/Dockerfile"]


@pytest.mark.parametrize("name", ["b/.dockerignore", "b/Dockerfile.dockerignore", "b/dockopt.toml", "b/dockopt.lock"])
def test_the_files_that_say_how_it_is_built(folder: Path, branch: Git, dockopt: Dockopt, name: str) -> None:
    put(folder, {name: "# x\nversion = 1\n" if name.endswith("lock") else "# x\n"})
    assert changed(dockopt) == ["b/Dockerfile"]


def test_an_ignore_file_above(folder: Path, branch: Git, dockopt: Dockopt) -> None:
    put(folder, {".dockerignore": "x\n"})
    assert len(changed(dockopt)) == 3


def test_from_a_folder_below_and_with_odd_names(
    folder: Path, branch: Git, dockopt: Dockopt, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(folder, {'b/o"d\nd é/Dockerfile': BAD, "a/Dockerfile": BAD})
    monkeypatch.chdir(folder / "b")
    assert changed(dockopt) == ['o"d\\x0ad é/Dockerfile']


def test_without_a_repository(folder: Path, dockopt: Dockopt) -> None:
    put(folder, {"Dockerfile": BAD})
    ran = dockopt("fix", "--changed-since", "main")
    assert ran.code == 2
    assert ran.err.startswith("dockopt: --changed-since: not a git repository")


def test_without_git(branch: Git, dockopt: Dockopt, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(os.environ, "PATH", "/nowhere")
    ran = dockopt("fix", "--changed-since", "main")
    assert (ran.code, ran.err) == (2, "dockopt: --changed-since: git cannot be run: No such file or directory\n")


@pytest.mark.parametrize("revision", ["nothing", "--output=x", "HEAD~9"])
def test_a_revision_that_git_does_not_know(folder: Path, branch: Git, dockopt: Dockopt, revision: str) -> None:
    ran = dockopt("fix", f"--changed-since={revision}")
    why = f"git knows no commit `{revision}`; in CI it may have to be fetched first"
    assert (ran.code, ran.err) == (2, f"dockopt: --changed-since: {why}\n")
    assert not (folder / "x").exists()


def test_a_revision_with_nothing_in_common(branch: Git, committed: Commit, dockopt: Dockopt) -> None:
    branch("switch", "--quiet", "--orphan", "other")
    committed()
    ran = dockopt("fix", "--changed-since", "main")
    assert ran.code == 2
    assert "`main` has no commit in common with this one" in ran.err
