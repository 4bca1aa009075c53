"""`--commit-per`: commits that a reviewer can read, of these files and nothing else, in real repositories."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from optimizer.cli.settings import settings_for
from tests.cli.conftest import Dockopt
from tests.cli.monorepo.conftest import BAD, Git, put

Commit = Callable[[], Git]
ADD = "FROM debian:12\nADD a /a\n"
FIXED = BAD.removesuffix("\n") + " && rm -rf /var/lib/apt/lists/*\n"


def subjects(git: Git) -> list[str]:
    return git("log", "--format=%s", "--reverse").splitlines()[1:]


def files(git: Git, revision: str) -> list[str]:
    return git("show", "--name-only", "--format=", revision).split()


@pytest.fixture
def services(folder: Path, committed: Commit) -> Git:
    put(folder, {"CODEOWNERS": "/a/ @a\n/b/ @b\n", "a/one/Dockerfile": BAD + "ADD a /a\n", "a/two/Dockerfile": BAD})
    put(folder, {"b/Dockerfile": ADD, "c/Dockerfile": "FROM scratch\n", "x": "1\n", "y": "1\n"})
    return committed()


def commit(dockopt: Dockopt, per: str, *words: str, code: int = 0) -> str:
    ran = dockopt("fix", "--write", "--commit-per", per, *words)
    assert ran.code == code, ran.err
    return ran.err


def test_a_commit_for_each_transform(services: Git, dockopt: Dockopt) -> None:
    err = commit(dockopt, "transform")
    assert subjects(services) == ["dockopt: add-to-copy in 2 files", "dockopt: clean-in-same-layer in 2 files"]
    made = services("log", "-2", "--reverse", "--format=committed %h %s")
    assert err.startswith(f"{made}4 changes made in 3 of 4 files\n")
    assert files(services, "HEAD^") == ["a/one/Dockerfile", "b/Dockerfile"]
    assert files(services, "HEAD") == ["a/one/Dockerfile", "a/two/Dockerfile"]
    assert services("show", "HEAD^:a/one/Dockerfile") == BAD + "COPY a /a\n"
    assert services("show", "HEAD:a/one/Dockerfile") == FIXED + "COPY a /a\n"
    assert services("status", "--porcelain") == ""


def test_the_message_says_what_why_where_and_how_to_undo_it(services: Git, dockopt: Dockopt) -> None:
    commit(dockopt, "transform")
    message = services("log", "-1", "--format=%B")
    assert max(map(len, message.splitlines())) <= 72
    head, what, *_, promise, where, undo = message.strip().split("\n\n")
    assert head == "dockopt: clean-in-same-layer in 2 files"
    assert "package lists" in " ".join(what.split())
    assert "dockopt 0.1.0 checked every step" in " ".join(promise.split())
    assert where.startswith("Files, with lines as they were before dockopt ran:\n  a/one/Dockerfile\n    2: ")
    assert "git revert" in undo
    assert '`ignore = ["clean-in-same-layer"]`' in " ".join(undo.split())
    assert "`# dockopt: ignore[clean-in-same-layer]`" in " ".join(undo.split())


def test_the_undo_that_it_names_works(folder: Path, services: Git, dockopt: Dockopt) -> None:
    commit(dockopt, "transform")
    services("revert", "--no-edit", "HEAD")
    assert dockopt("fix", "--check").code == 1
    put(folder, {"dockopt.toml": 'ignore = ["clean-in-same-layer"]\n'})
    settings_for.cache_clear()
    assert dockopt("fix", "--check").code == 0


def test_a_commit_for_each_folder(services: Git, dockopt: Dockopt) -> None:
    commit(dockopt, "folder")
    assert subjects(services) == ["dockopt: 2 files of a", "dockopt: 1 file of b"]
    assert services("show", "HEAD^:a/one/Dockerfile") == FIXED + "COPY a /a\n"


def test_a_commit_for_each_owner(services: Git, dockopt: Dockopt) -> None:
    commit(dockopt, "owner")
    assert subjects(services) == ["dockopt: 2 files of @a", "dockopt: 1 file of @b"]
    assert "\nadd-to-copy: " in services("log", "-1", "--format=%B")


def test_nothing_else_is_committed_staged_or_lost(folder: Path, services: Git, dockopt: Dockopt) -> None:
    put(folder, {"x": "staged\n"})
    services("add", "x")
    put(folder, {"x": "and more\n", "y": "unstaged\n", "z": "new\n", "w": "new and staged\n"})
    services("add", "w")
    before = services("status", "--porcelain"), services("diff"), services("diff", "--cached")
    commit(dockopt, "folder")
    assert (services("status", "--porcelain"), services("diff"), services("diff", "--cached")) == before
    assert files(services, "HEAD") == ["b/Dockerfile"]


def test_files_that_are_not_as_committed_are_left_alone(folder: Path, services: Git, dockopt: Dockopt) -> None:
    put(folder, {"a/one/Dockerfile": BAD + "# edited\n", "new/Dockerfile": BAD, "b/Dockerfile": ADD + "USER a\n"})
    services("add", "b")
    err = commit(dockopt, "folder", code=2)
    for name in ("a/one", "new", "b"):
        assert f"{name}/Dockerfile: is not as the last commit has it; neither written nor committed\n" in err
    assert len(subjects(services)) == 1
    assert files(services, "HEAD") == ["a/two/Dockerfile"]
    assert (folder / "a/one/Dockerfile").read_text() == BAD + "# edited\n"
    assert "1 change made in 1 of 5 files" in err


def test_a_new_ignore_file_belongs_to_the_commit(folder: Path, committed: Commit, dockopt: Dockopt) -> None:
    put(folder, {"Dockerfile": "FROM node:20\nCOPY . /app\n", "package.json": "{}", "a.js": "1\n"})
    (folder / "node_modules").mkdir()
    put(folder, {"node_modules/x": "1\n", ".gitignore": "node_modules\n"})
    git = committed()
    commit(dockopt, "transform", "--select", "dockerignore", "--unsafe")
    assert files(git, "HEAD") == [".dockerignore"]
    assert git("status", "--porcelain") == ""


def test_hooks_run_and_see_what_is_committed(folder: Path, services: Git, dockopt: Dockopt) -> None:
    hook(
        folder,
        "pre-commit",
        'git diff --cached --name-only -- "*file" >> .git/seen; env | grep LITERAL >> .git/seen; :',
    )
    commit(dockopt, "folder")
    assert (folder / ".git/seen").read_text().split() == ["a/one/Dockerfile", "a/two/Dockerfile", "b/Dockerfile"]


def test_a_hook_that_refuses_ends_it_with_the_files_as_they_were(folder: Path, services: Git, dockopt: Dockopt) -> None:
    hook(folder, "commit-msg", 'if grep -q "clean-in-same-layer in" "$1"; then echo "not this one" >&2; exit 1; fi')
    put(folder, {"x": "staged\n"})
    services("add", "x")
    err = commit(dockopt, "transform", code=2)
    assert "dockopt: git refused the commit of `clean-in-same-layer`; its files are as they were: not this one\n" in err
    assert subjects(services) == ["dockopt: add-to-copy in 2 files"]
    assert services("status", "--porcelain") == "M  x\n"


def test_a_refused_commit_leaves_no_new_ignore_file(folder: Path, committed: Commit, dockopt: Dockopt) -> None:
    put(
        folder,
        {
            "Dockerfile": "FROM node:20\nCOPY . /app\n",
            "package.json": "{}",
            "node_modules/x": "",
            ".gitignore": "node_modules",
        },
    )
    git = committed()
    hook(folder, "pre-commit", "exit 1")
    commit(dockopt, "folder", "--unsafe", code=2)
    assert git("status", "--porcelain") == ""
    assert not (folder / ".dockerignore").exists()


def test_a_hook_that_rewrites_a_file_wins_over_later_commits(folder: Path, services: Git, dockopt: Dockopt) -> None:
    hook(folder, "post-commit", "test -e .git/once || { touch .git/once; echo '# formatted' >> a/one/Dockerfile; }")
    err = commit(dockopt, "transform", code=2)
    assert "a/one/Dockerfile: was changed by someone else meanwhile" in err
    assert files(services, "HEAD") == ["a/two/Dockerfile"]
    assert (folder / "a/one/Dockerfile").read_text().endswith("# formatted\n")


def hook(folder: Path, name: str, script: str) -> None:
    path = folder / ".git" / "hooks" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def test_odd_names_and_links(folder: Path, committed: Commit, dockopt: Dockopt) -> None:
    put(folder, {"a*/Dockerfile": BAD, "ab/x": "", ':(top)"é\n/Dockerfile': BAD})
    (folder / "ab/Dockerfile").symlink_to("../a*/Dockerfile")
    git = committed()
    commit(dockopt, "transform")
    names = git("show", "--name-only", "-z", "--format=", "HEAD").split("\0")[:-1]
    assert names == [':(top)"é\n/Dockerfile', "a*/Dockerfile"]
    assert git("status", "--porcelain") == ""


def test_from_a_folder_below(folder: Path, services: Git, dockopt: Dockopt, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder / "a")
    commit(dockopt, "transform")
    made = ["dockopt: add-to-copy in a/one/Dockerfile", "dockopt: clean-in-same-layer in 2 files"]
    assert subjects(services) == made


def test_without_a_repository(folder: Path, dockopt: Dockopt) -> None:
    put(folder, {"Dockerfile": BAD})
    assert commit(dockopt, "folder", code=2).startswith("dockopt: --commit-per: not a git repository")
    assert (folder / "Dockerfile").read_text() == BAD


def test_without_a_commit(folder: Path, git: Git, dockopt: Dockopt) -> None:
    put(folder, {"Dockerfile": BAD})
    assert commit(dockopt, "folder", code=2) == "dockopt: --commit-per: this repository has no commit yet\n"


def test_in_the_middle_of_a_merge(folder: Path, services: Git, dockopt: Dockopt) -> None:
    put(folder, {".git/MERGE_HEAD": services("rev-parse", "HEAD")})
    assert commit(dockopt, "folder", code=2) == "dockopt: --commit-per: a merge is under way; end it first\n"


def test_a_file_of_another_repository(
    folder: Path, services: Git, dockopt: Dockopt, tmp_path_factory: pytest.TempPathFactory
) -> None:
    other = tmp_path_factory.mktemp("other")
    put(other, {"Dockerfile": BAD})
    err = commit(dockopt, "folder", ".", str(other), code=2)
    assert f"{other}/Dockerfile: lies outside of `{folder}`; neither written nor committed\n" in err
    assert (other / "Dockerfile").read_text() == BAD
    assert len(subjects(services)) == 2
