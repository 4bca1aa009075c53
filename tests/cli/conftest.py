"""Runs the command in this process, in a folder of its own, and says what it printed."""

from __future__ import annotations

import io
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from msgspec import Struct

from optimizer.cli import main

NOBODY = 65534


class Ran(Struct, frozen=True):
    """The end of one call."""

    code: int
    raw: bytes
    err: str

    @property
    def out(self) -> str:
        return self.raw.decode("utf-8", "surrogateescape")

    @property
    def changes(self) -> list[str]:
        """The lines behind the diffs: `path:line transform  why`, with the place and the transform only."""
        return [line.split("  ")[0] for line in self.out.splitlines() if line.count(":") and line[0] not in " +-@\\"]


Dockopt = Callable[..., Ran]


@pytest.fixture(autouse=True)
def cache_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's cache folder, empty; no test reads that of the person who runs the tests."""
    home = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("XDG_CACHE_HOME", str(home))
    return home


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, in which the command runs."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def dockopt(folder: Path, monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]) -> Dockopt:
    """The command; `stdin` is what it can read."""

    def run(*words: str, stdin: bytes = b"") -> Ran:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        capsysbinary.readouterr()
        code = 0
        try:
            main(list(words))
        except SystemExit as end:
            assert isinstance(end.code, int)
            code = end.code
        out, err = capsysbinary.readouterr()
        return Ran(code, out, err.decode())

    return run


@pytest.fixture
def ordinary_user(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of an ordinary user, who runs the command: permissions bind nobody else."""
    place = Path(tempfile.mkdtemp())
    monkeypatch.chdir(place)
    if root := os.geteuid() == 0:
        os.chown(place, NOBODY, NOBODY)
        os.setegid(NOBODY)
        os.seteuid(NOBODY)
    yield place
    if root:
        os.seteuid(0)
        os.setegid(0)
    monkeypatch.undo()
    shutil.rmtree(place)
