"""Scratch repositories with a base and a change, and what a forge shows of the change."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path

_WHO = {f"GIT_{role}_{key}": "a@b" for role in ("AUTHOR", "COMMITTER") for key in ("NAME", "EMAIL")}
Files = Mapping[str, bytes | None]
"""Paths with contents; None takes a file away."""


def git(folder: Path, *words: str) -> str:
    """What git answers there, whatever the user's settings are."""
    environment = {**os.environ, **_WHO, "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null"}
    done = subprocess.run(["git", "-C", str(folder), *words], env=environment, capture_output=True, check=True)
    return done.stdout.decode("utf-8", "surrogateescape")


def commit(folder: Path, files: Files) -> str:
    """A commit of these files on what there is; its id."""
    for path, content in files.items():
        place = folder / path
        if content is None:
            place.unlink()
            continue
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "--allow-empty", "-m", "x")
    return git(folder, "rev-parse", "HEAD").strip()


def changed(folder: Path, before: Files, after: Files) -> str:
    """A repository whose branch `main` has the files before, and whose HEAD the files after; the id of HEAD."""
    folder.mkdir(exist_ok=True)
    git(folder, "init", "-q", "-b", "main")
    commit(folder, before)
    git(folder, "checkout", "-q", "-b", "change")
    return commit(folder, after)


def commentable(folder: Path, base: str = "main") -> dict[str, list[list[int]]]:
    """The lines of the new side that each hunk of the change shows, read off git's diff line by line."""
    diff = git(folder, "-c", "core.quotePath=false", "diff", "-U3", "-M", f"{base}...HEAD")
    found: dict[str, list[list[int]]] = {}
    path, number = "", 0
    for line in diff.split("\n"):
        if line.startswith("+++ "):
            path = line[6:].rstrip("\t")
            found[path] = []
        elif start := re.match(r"@@ -\S+ \+(\d+)", line):
            number = int(start[1])
            found[path].append([])
        elif path and found[path] and line[:1] in ("+", " "):
            found[path][-1].append(number)
            number += 1
        elif line.startswith("diff "):
            path = ""
    return found
