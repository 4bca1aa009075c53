"""A builder with base images for the end-to-end tests; they run with `DOCKOPT_E2E=1` only."""

import fcntl
import os
import time
from collections.abc import Callable, Generator, Iterator
from pathlib import Path

import pytest

from optimizer.prove.builders import Builder, find_builder
from optimizer.prove.errors import TimedOut

from .factory import daemon, recipes
from .factory.__main__ import alone
from .factory.place import FactoryError, Place, find_place

LAST = 3600.0
"""Seconds for one build where no budget is set."""


def pytest_configure(config: pytest.Config) -> None:
    """Make the markers known."""
    config.addinivalue_line("markers", "e2e: builds real images; needs Debian 12, root and DOCKOPT_E2E=1")
    config.addinivalue_line("markers", "essential: runs first, and whatever DOCKOPT_E2E_MINUTES says")


class Budget:
    """The time that the tests have together, from `DOCKOPT_E2E_MINUTES`; without it they have all the time."""

    def __init__(self) -> None:
        self.minutes = float(os.environ.get("DOCKOPT_E2E_MINUTES") or "inf")
        self.end = time.monotonic() + 60 * self.minutes
        self.unreached: list[str] = []

    @property
    def seconds(self) -> float:
        """What is left."""
        return self.end - time.monotonic()

    def leave_out(self, name: str) -> None:
        """Skip a test, and remember it."""
        self.unreached.append(name)
        pytest.skip("the time was up")


budget = Budget()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip the marked tests unless they were asked for; if so, the essential ones come first, then the corpus."""
    marked = [item for item in items if item.get_closest_marker("e2e")]
    if os.environ.get("DOCKOPT_E2E") != "1":
        for item in marked:
            item.add_marker(pytest.mark.skip(reason="end-to-end: set DOCKOPT_E2E=1"))
        return
    others = [item for item in items if not item.get_closest_marker("e2e")]
    items[:] = others + sorted(marked, key=_rank)


def _rank(item: pytest.Item) -> int:
    if item.get_closest_marker("essential"):
        return 0
    return 1 if "test_a_project_is_proved_and_answers" in item.name else 2


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Leave out what no time is left for."""
    if item.get_closest_marker("e2e") and not item.get_closest_marker("essential") and budget.seconds <= 0:
        budget.leave_out(item.name)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, None, None]:
    """A build that was stopped because the time was up is no failure."""
    try:
        yield
    except TimedOut:
        if budget.seconds > 0:
            raise
        budget.leave_out(item.name)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what was not reached."""
    if budget.unreached:
        names = " ".join(budget.unreached)
        terminalreporter.write_line(f"not reached in {budget.minutes:g} minutes ({len(budget.unreached)}): {names}")


@pytest.fixture
def timeout() -> float:
    """Seconds for one build: what is left of the time, and a minute."""
    return min(max(budget.seconds, 0) + 60, LAST)


@pytest.fixture(scope="session")
def place() -> Iterator[Place]:
    """The factory with its daemon running; where it ran before, it goes on."""
    found = find_place()
    try:
        with alone(found):
            daemon.fetch(found)
            ran = daemon.answers(found)
            daemon.start(found)
    except FactoryError as problem:
        pytest.skip(f"no builder can be had here: {problem}")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in found.variables.items():
            patch.setenv(name, value)
        yield found
    if not ran:
        daemon.stop(found)


@pytest.fixture(scope="session")
def need(place: Place) -> Callable[..., None]:
    """Makes base images, unless they are there: `need("slim", "node-slim")`."""
    there: set[str] = set()

    def make(*names: str) -> None:
        with alone(place):
            for _ in recipes.make(place, set(names) - there):
                pass
        there.update(names)

    return make


@pytest.fixture
def builder(place: Place) -> Iterator[Builder]:
    """Docker of the factory, for one test at a time: some look at all that the daemon has."""
    with (place.root / "tests.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield find_builder("docker")


@pytest.fixture
def context(tmp_path: Path) -> Path:
    """A build context with a few files."""
    folder = tmp_path / "context"
    folder.mkdir()
    (folder / "app.sh").write_text("#!/bin/sh\necho app\n")
    (folder / "app.sh").chmod(0o755)
    (folder / "data.txt").write_text("data\n")
    return folder
