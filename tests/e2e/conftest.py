"""A builder with base images for the end-to-end tests; they run with `DOCKOPT_E2E=1` only."""

import fcntl
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from optimizer.prove.builders import Builder, find_builder

from .factory import daemon, recipes
from .factory.__main__ import alone
from .factory.place import FactoryError, Place, find_place


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line("markers", "e2e: builds real images; needs Debian 12, root and DOCKOPT_E2E=1")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip the marked tests unless they were asked for."""
    if os.environ.get("DOCKOPT_E2E") == "1":
        return
    for item in items:
        if item.get_closest_marker("e2e"):
            item.add_marker(pytest.mark.skip(reason="end-to-end: set DOCKOPT_E2E=1"))


@pytest.fixture(scope="session")
def place() -> Iterator[Place]:
    """The factory with its daemon running; it is left so, since another test process may use it."""
    found = find_place()
    try:
        with alone(found):
            daemon.fetch(found)
            daemon.start(found)
    except FactoryError as problem:
        pytest.skip(f"no builder can be had here: {problem}")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in found.variables.items():
            patch.setenv(name, value)
        yield found


@pytest.fixture(scope="session")
def need(place: Place) -> Callable[..., None]:
    """Makes base images, unless they are there: `need("slim", "node-slim")`."""

    def make(*names: str) -> None:
        with alone(place):
            for _ in recipes.make(place, names):
                pass

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
