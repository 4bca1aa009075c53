"""`--dask`: a real scheduler on this machine, with two workers that are processes of their own."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import Dockopt
from tests.cli.monorepo.conftest import BAD, put, services
from tests.monorepo import dask

pytest.importorskip("distributed", reason="the extra `dockopt[dask]` is not installed")


@pytest.fixture(scope="module")
def workers() -> Iterator[tuple[str, list[int]]]:
    with dask(2) as started:
        yield started


def test_the_workers_say_what_is_said_here(folder: Path, dockopt: Dockopt, workers: tuple[str, list[int]]) -> None:
    services(folder, 40)
    put(folder, {"team0/s000/Dockerfile": "FROM a\nRUN\n", "app/Dockerfile": "FROM node:20\nCOPY . .\nRUN npm ci\n"})
    put(folder, {"app/package.json": "{}", "app/package-lock.json": "{}", "app/dockopt.toml": ""})
    before = cpu(workers[1])
    there = dockopt("fix", "--dask", workers[0], "--no-cache", "--verbose")
    assert all(now > then for now, then in zip(cpu(workers[1]), before, strict=True))
    here = dockopt("fix", "--jobs", "1", "--no-cache", "--verbose")
    assert there.raw == here.raw
    assert there.err.replace(f"{folder}/", "") == here.err.replace(f"{folder}/", "")


def cpu(pids: list[int]) -> list[int]:
    """Clock ticks that the processes took."""
    stats = (Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split() for pid in pids)
    return [int(words[11]) + int(words[12]) for words in stats]


def test_a_second_run_sees_what_has_changed(folder: Path, dockopt: Dockopt, workers: tuple[str, list[int]]) -> None:
    services(folder, 10)
    first = dockopt("fix", "--dask", workers[0])
    put(folder, {"dockopt.toml": 'ignore = ["clean-in-same-layer"]\n', "team0/s000/Dockerfile": "FROM a\n"})
    from optimizer.cli.settings import settings_for

    settings_for.cache_clear()
    second = dockopt("fix", "--dask", workers[0])
    assert first.err.startswith("10 changes found in 10 of 10 files")
    assert second.err.startswith("0 changes found in 0 of 10 files")


def test_what_the_workers_found_is_remembered_here(
    folder: Path, dockopt: Dockopt, workers: tuple[str, list[int]]
) -> None:
    services(folder, 10)
    first = dockopt("fix", "--dask", workers[0])
    before = cpu(workers[1])
    assert dockopt("fix") == first
    time.sleep(0.2)
    assert sum(cpu(workers[1])) - sum(before) < 20


def test_files_are_written_here(folder: Path, dockopt: Dockopt, workers: tuple[str, list[int]]) -> None:
    founds = services(folder, 10)
    assert dockopt("fix", "--dask", workers[0], "--write").code == 0
    assert all("rm -rf" in found.path.read_text() for found in founds)


def test_nobody_answers(folder: Path, dockopt: Dockopt, monkeypatch: pytest.MonkeyPatch) -> None:
    from optimizer.cli.monorepo import cluster

    monkeypatch.setattr(cluster, "_SECONDS", 1)
    put(folder, {"Dockerfile": BAD})
    for address in ("tcp://127.0.0.1:9", "no address", "xyz://a"):
        ran = dockopt("fix", "--dask", address)
        assert (ran.code, ran.err) == (2, f"dockopt: --dask: no scheduler answers at `{address}`\n")


def test_workers_that_do_not_see_the_files(folder: Path, dockopt: Dockopt, workers: tuple[str, list[int]]) -> None:
    """The folder has a name that means another one, or none, to any other process."""
    services(folder, 10)
    handle = os.open(folder, os.O_RDONLY)
    ran = dockopt("fix", "--dask", workers[0], f"/proc/self/fd/{handle}")
    os.close(handle)
    assert ran.code == 2
    assert f"`/proc/self/fd/{handle}/team2/s008/Dockerfile`; workers read the files themselves" in ran.err
    assert "does not see" in ran.err


def test_workers_that_see_other_files(folder: Path, dockopt: Dockopt, workers: tuple[str, list[int]]) -> None:
    (folder / "Dockerfile").symlink_to("/proc/self/cmdline")
    ran = dockopt("fix", "--dask", workers[0])
    assert ran.code == 2
    assert f"sees another file as `{folder}/Dockerfile`" in ran.err


def test_workers_with_another_dockopt(
    folder: Path, dockopt: Dockopt, monkeypatch: pytest.MonkeyPatch, workers: tuple[str, list[int]]
) -> None:
    from optimizer.cli.monorepo import cluster

    put(folder, {"Dockerfile": BAD})
    monkeypatch.setattr(cluster, "code_digest", lambda: b"another")
    ran = dockopt("fix", "--dask", workers[0])
    assert ran.code == 2
    assert "runs another dockopt than this one\n" in ran.err


def test_without_the_package(folder: Path, dockopt: Dockopt, monkeypatch: pytest.MonkeyPatch) -> None:
    put(folder, {"Dockerfile": BAD})
    monkeypatch.setitem(sys.modules, "distributed", None)
    ran = dockopt("fix", "--dask", "tcp://127.0.0.1:9")
    assert ran.err == "dockopt: --dask needs the package `distributed`: pip install 'dockopt[dask]'\n"
