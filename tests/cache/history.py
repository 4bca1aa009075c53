"""Small git repositories for the tests: each commit is told by the files that it changes."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

IDENTITY = ["-c", "user.name=x", "-c", "user.email=x@example.com", "-c", "commit.gpgsign=false"]


def repository(folder: Path, commits: Sequence[Mapping[str, str | None]]) -> Path:
    """A repository with these commits; None takes a file away."""
    folder.mkdir(parents=True, exist_ok=True)
    _git(folder, "init", "--quiet", "--initial-branch=main")
    for number, files in enumerate(commits):
        for path, text in files.items():
            target = folder / path
            if text is None:
                target.unlink()
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text)
        _git(folder, "add", "--all")
        _git(folder, *IDENTITY, "commit", "--quiet", "--allow-empty", "--message", f"commit {number}")
    return folder


def _git(folder: Path, *words: str) -> None:
    subprocess.run(["git", "-C", str(folder), *words], check=True, capture_output=True)
