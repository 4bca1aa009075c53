"""Files of npm packages that tests read: fetched once by npm itself, kept in the user's cache folder."""

from __future__ import annotations

import os
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

import pytest


def file_of(package: str, version: str, name: str) -> Path:
    """A file of the package; the test is skipped where npm is not there or reaches nothing."""
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "dockopt-tests"
    kept = home / f"{package.strip('@').replace('/', '-')}-{version}-{Path(name).name}"
    if not kept.exists():
        if (npm := shutil.which("npm")) is None:
            pytest.skip(f"needs npm, which fetches `{package}`")
        home.mkdir(parents=True, exist_ok=True)
        _fetch(npm, f"{package}@{version}", name, kept)
    return kept


def _fetch(npm: str, package: str, name: str, kept: Path) -> None:
    """Two processes may do it at the same time: each has a folder of its own, and the last one's file stays."""
    with tempfile.TemporaryDirectory(dir=kept.parent) as folder:
        done = subprocess.run([npm, "pack", "--silent", package], cwd=folder, capture_output=True, text=True)
        if done.returncode:
            pytest.skip(f"npm cannot fetch `{package}`: {(done.stderr or done.stdout).strip()[:200]}")
        archive = next(Path(folder).glob("*.tgz"))
        with tarfile.open(archive) as files:
            files.extract(f"package/{name}", folder, filter="data")
        (Path(folder) / "package" / name).replace(kept)
