"""Many files: the same outcomes in the same order whoever looks at them, and none that stops the others."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest

import transforms
from optimizer.cli.discovery import Found, find
from optimizer.cli.monorepo.outcomes import CHUNK, Crew, outcomes
from optimizer.cli.monorepo.processes import local
from optimizer.cli.settings import Settings
from optimizer.cli.work import Wishes
from optimizer.facts import Facts
from optimizer.transform import Proposal, Safety, transform, unchanged
from tests.cli.conftest import Dockopt
from tests.cli.monorepo.conftest import BAD, put, services

CORPUS = Path(__file__).parents[3] / "corpus"
WISHES = Wishes(Settings())


@transform(Safety.SAFE, may_change=set())
@unchanged("any", "FROM a\n")
def hostile(facts: Facts) -> Iterator[Proposal]:
    """Ends the process that looks at a certain file."""
    if "END-THE-PROCESS" in facts.text:
        os._exit(9)
    if "RAISE" in facts.text:
        raise LookupError("as asked")
    yield from ()


@pytest.fixture
def hostile_pipeline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transforms, "PIPELINE", (*transforms.PIPELINE, hostile))


def forked(width: int) -> ProcessPoolExecutor:
    """Copies of this process, with the pipeline that it has."""
    return ProcessPoolExecutor(width, get_context("fork"))


def of_corpus() -> list[Found]:
    return list(find([CORPUS / "projects", CORPUS / "tricky"]))[:60]


@pytest.mark.parametrize(
    "crew", [local(2), Crew(ThreadPoolExecutor, 2), Crew(forked, 3)], ids=["own", "threads", "fork"]
)
def test_whoever_looks_at_the_files_the_outcomes_are_the_same_in_the_same_order(crew: Crew) -> None:
    founds = of_corpus()
    assert len(founds) > 40
    assert list(outcomes(founds, WISHES, crew)) == list(outcomes(founds, WISHES))


def test_a_file_that_kills_its_worker_is_told_of_and_the_others_go_on(folder: Path, hostile_pipeline: None) -> None:
    founds = services(folder, 5 * CHUNK)
    killers = [founds[3].path, founds[4].path, founds[30].path]
    for path in killers:
        path.write_text(BAD.format("END-THE-PROCESS"))
    found = list(outcomes(founds, WISHES, Crew(forked, 2)))
    assert [one.path for one in found] == [one.path for one in founds]
    assert [one.path for one in found if one.failures] == killers
    assert all("the process that looked at it died" in one.failures[0] for one in found if one.failures)
    assert all(one.result is not None and one.result.changed for one in found if one.path not in killers)


def test_a_file_that_makes_a_transform_raise_is_told_of(folder: Path, hostile_pipeline: None) -> None:
    founds = services(folder, CHUNK)
    founds[2].path.write_text(BAD.format("RAISE"))
    found = list(outcomes(founds, WISHES, Crew(forked, 2)))
    assert [bool(one.failures) for one in found] == [number == 2 for number in range(CHUNK)]
    assert "LookupError in test_outcomes.py" in found[2].failures[0]


class Picky(Executor):
    """Fails whole chunks for a single file in them, as a cluster does that loses a worker."""

    def submit(self, fn: Callable[..., Any], /, *words: Any, **more: Any) -> Future[Any]:
        future: Future[Any] = Future()
        if any("s003" in str(path) for path, _ in words[1]):
            future.set_exception(OSError("a worker was lost"))
        else:
            future.set_result(fn(*words, **more))
        return future


def test_an_executor_that_fails_a_chunk_is_asked_for_its_files_one_by_one(folder: Path) -> None:
    found = list(outcomes(services(folder, CHUNK), WISHES, Crew(lambda _: Picky(), 1)))
    assert [one.failures != () for one in found] == ["s003" in str(one.path) for one in found]
    assert "the worker that looked at it failed (OSError: a worker was lost)" in "".join(
        *(o.failures for o in found if o.failures)
    )


class Broken(Executor):
    """Takes nothing, however often it is made anew."""

    def submit(self, fn: Callable[..., Any], /, *words: Any, **more: Any) -> Future[Any]:
        from concurrent.futures import BrokenExecutor

        raise BrokenExecutor


def test_workers_that_cannot_be_started_are_told_of_for_each_file(folder: Path) -> None:
    found = list(outcomes(services(folder, CHUNK), WISHES, Crew(lambda _: Broken(), 1)))
    assert [len(one.failures) for one in found] == [1] * CHUNK


class Slow(Executor):
    """Notes how much it was given before the first answer was wanted."""

    def __init__(self) -> None:
        self.given = 0

    def submit(self, fn: Callable[..., Any], /, *words: Any, **more: Any) -> Future[Any]:
        self.given += 1

        class Lazy(Future[Any]):
            def result(self, timeout: float | None = None) -> Any:
                return fn(*words, **more)

        return Lazy()


def test_the_workers_are_not_given_all_at_once(folder: Path) -> None:
    slow = Slow()
    looked = outcomes(services(folder, 30 * CHUNK), WISHES, Crew(lambda _: slow, 1))
    next(looked)
    assert slow.given == 9


def test_few_files_need_no_workers(folder: Path) -> None:
    def start(width: int) -> Executor:
        raise AssertionError("nobody is needed")

    assert len(list(outcomes(services(folder, 5), WISHES, Crew(start, 2, enough=6)))) == 5


def test_paths_come_back_as_they_were_told(folder: Path) -> None:
    services(folder, 3)
    founds = list(find([Path()]))
    found = list(outcomes(founds, WISHES, Crew(ThreadPoolExecutor, 1, elsewhere=True)))
    assert [(one.path, one.top) for one in found] == founds


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("--jobs", "0"), "--jobs is a number above 0, not `0`"),
        (("--jobs", "2", "--dask", "tcp://127.0.0.1:1"), "--jobs and --dask exclude each other"),
        (("--summary", "team"), "--summary is one of `transform`, `folder`, `owner`, not `team`"),
        (("--commit-per", "file", "--write"), "--commit-per is one of `transform`, `folder`, `owner`, not `file`"),
        (("--commit-per", "folder"), "--commit-per goes with --write, and not with `-`"),
    ],
)
def test_options_that_are_off(dockopt: Dockopt, words: tuple[str, ...], why: str) -> None:
    ran = dockopt("fix", *words)
    assert (ran.code, ran.err) == (2, f"dockopt: {why}\n")


def test_the_command_says_the_same_with_processes_and_without(folder: Path, dockopt: Dockopt) -> None:
    services(folder, 20)
    here, there = (dockopt("fix", "--no-cache", "--jobs", jobs) for jobs in "12")
    assert here == there
    assert here.err.startswith("20 changes found in 20 of 20 files\n")


def test_ctrl_c_ends_all_processes_and_leaves_whole_files(folder: Path) -> None:
    founds = services(folder, 6000)
    before = {found.path: found.path.read_bytes() for found in founds}
    command = [Path(sys.executable).parent / "dockopt", "fix", "--write", "--no-cache", "--jobs", "2", "."]
    process = subprocess.Popen(
        command,
        cwd=folder,
        start_new_session=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a run in the background ignores it
    )
    assert process.stdout is not None and process.stderr is not None
    process.stdout.readline()
    os.killpg(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert err == "dockopt: interrupted; nothing is left behind\n"
    changed = [path for path, text in before.items() if path.read_bytes() != text]
    assert 0 < len(changed) < len(founds)
    assert all(path.read_text().endswith("&& rm -rf /var/lib/apt/lists/*\n") for path in changed)
    assert sorted(path for path in folder.rglob("*") if path.is_file()) == sorted(before)
    for _ in range(50):
        if not of_session(process.pid):
            break
        time.sleep(0.1)
    assert of_session(process.pid) == []


def of_session(number: int) -> list[str]:
    """What runs in a session."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            words = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if words[3] == str(number) and words[0] != "Z":
            found.append(path.parent.name)
    return found


def test_one_unreadable_file_among_many(folder: Path, dockopt: Dockopt) -> None:
    services(folder, 20)
    put(folder, {"dockopt.toml": "", "team1/dockopt.toml": "selct = []\n"})
    ran = dockopt("fix", "--jobs", "2")
    assert ran.code == 2
    assert (
        "team1/dockopt.toml: unknown key `selct`; did you mean `select`?\n13 changes found in 13 of 13 files\n"
        in ran.err
    )
