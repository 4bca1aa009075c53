"""Workers of a Dask cluster, `--dask ADDRESS`: they read the files themselves, so they must see them as we do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

from optimizer.cli.discovery import Found
from optimizer.cli.errors import UsageError
from optimizer.cli.monorepo.outcomes import Crew
from optimizer.cli.monorepo.version import code_digest

_SECONDS = 10
"""How long the scheduler is waited for."""


@contextmanager
def cluster(address: str, founds: Iterable[Found]) -> Iterator[Crew]:
    """The workers at the address, which see the files and run this dockopt. Raises UsageError where they do not.

    They are asked for a file of each folder that is searched.
    """
    try:
        from distributed import Client
    except ImportError as error:
        raise UsageError("--dask needs the package `distributed`: pip install 'dockopt[dask]'") from error
    try:
        client = Client(address, timeout=_SECONDS, set_as_default=False)
    except (OSError, ValueError) as error:
        raise UsageError(f"--dask: no scheduler answers at `{address}`") from error
    try:
        _check(client, address, [str(path.absolute()) for path in {one.top: one.path for one in founds}.values()])
        width = sum(client.nthreads().values())
        yield Crew(lambda _: client.get_executor(pure=False), width, elsewhere=True, stop=_stopped)
    finally:
        client.close()


def _check(client: Any, address: str, paths: list[str]) -> None:
    """Raises UsageError where a worker could not do the work, or would do another one."""
    code, contents = report(paths)
    answers = client.run(report, paths, on_error="return")
    if not answers:
        raise UsageError(f"--dask: the scheduler at `{address}` has no workers")
    for worker, answer in answers.items():
        if isinstance(answer, BaseException):
            raise UsageError(f"--dask: the worker {worker} has no dockopt that can be used ({answer})")
        if answer[0] != code:
            raise UsageError(f"--dask: the worker {worker} runs another dockopt than this one")
        for path, seen, content in zip(paths, answer[1], contents, strict=True):
            if seen != content:
                how = "does not see" if seen is None else "sees another file as"
                raise UsageError(
                    f"--dask: the worker {worker} {how} `{path}`; workers read the files themselves: "
                    "give them the same files under the same path"
                )


def report(paths: list[str]) -> tuple[bytes, list[bytes | None]]:
    """What a worker says of itself: a digest of its dockopt, and of what it sees of the files; None for nothing."""
    return code_digest(), [_digest(Path(path)) for path in paths]


def _digest(path: Path) -> bytes | None:
    try:
        return sha256(path.read_bytes()).digest()
    except OSError:
        return None


def _stopped(executor: Executor) -> None:
    """The cluster lives on; what it was asked for is forgotten."""
    executor.shutdown(wait=False)
