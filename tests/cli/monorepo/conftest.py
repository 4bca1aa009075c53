"""Folders with many Dockerfiles, and git repositories."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from optimizer.cli.discovery import Found, find

BAD = "FROM debian:12\nRUN apt-get update && apt-get install -y curl={0}\n"
"""A text with something to change: the package lists stay in the image."""

Git = Callable[..., str]


def put(folder: Path, texts: dict[str, str]) -> None:
    for name, text in texts.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


def services(folder: Path, count: int) -> list[Found]:
    """So many services with a Dockerfile each; no two are equal."""
    put(folder, {f"team{number % 3}/s{number:03}/Dockerfile": BAD.format(number) for number in range(count)})
    return list(find([folder]))


@pytest.fixture
def git(folder: Path) -> Git:
    """git in the folder, which is made a repository whose every commit has the same author."""

    def run(*words: str) -> str:
        done = subprocess.run(["git", *words], cwd=folder, capture_output=True, text=True, check=True)
        return done.stdout

    run("init", "--quiet", "--initial-branch=main")
    run("config", "user.name", "A")
    run("config", "user.email", "a@example.org")
    run("config", "commit.gpgsign", "false")
    return run


@pytest.fixture
def committed(git: Git) -> Callable[[], Git]:
    """Commits all that is in the folder."""

    def commit() -> Git:
        git("add", "--all")
        git("commit", "--quiet", "--allow-empty", "--message", "before")
        return git

    return commit
