"""Scratch repositories, clean clones of this one, and whether packages can be had."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.catalogue import ROOT

SLOPPY = "FROM debian:12\nRUN apt-get update && apt-get install -y curl\n"
"""A file that dockopt improves."""


def git(folder: Path, *words: str) -> str:
    """What git says in the folder; nobody's settings hold."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    known = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    names = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "protocol.file.allow=always"]
    done = subprocess.run(
        ["git", *names, *words], cwd=folder, env=clean | known, capture_output=True, text=True, check=True
    )
    return done.stdout


@pytest.fixture(scope="session")
def packages(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Skips where pip gets no packages, or this folder is no work tree of git."""
    words = ["download", "--quiet", "--disable-pip-version-check", "--no-deps", "--dest"]
    folder = tmp_path_factory.mktemp("packages")
    done = subprocess.run([sys.executable, "-m", "pip", *words, folder, "setuptools"], capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"pip gets no packages here: {done.stderr.strip()[-200:]}")
    if not (ROOT / ".git").exists():
        pytest.skip("this is no work tree of git, so there is nothing to clone")


@pytest.fixture(scope="session")
def clone(packages: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clean clone of what is committed here."""
    folder = tmp_path_factory.mktemp("clean")
    git(folder, "clone", "--quiet", str(ROOT), "clone")
    return folder / "clone"


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository of git with a file that dockopt improves, committed."""
    folder = tmp_path / "repository"
    folder.mkdir()
    (folder / "Dockerfile").write_text(SLOPPY)
    git(folder, "init", "--quiet", "--initial-branch=main")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "--message=first")
    return folder
