"""Workers on this machine: processes that know all transforms from the start, and leave interruptions to the first."""

from __future__ import annotations

import os
import signal
from concurrent.futures import Executor, ProcessPoolExecutor
from multiprocessing import get_all_start_methods, get_context

from optimizer.cli.monorepo.outcomes import Crew

ENOUGH = 48
"""Files whose work is longer than the start of the workers."""


def cores() -> int:
    """Those that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def local(jobs: int | None) -> Crew | None:
    """The workers for `--jobs`; None for a number that says to do all here. Without one: a worker a core."""
    width = cores() if jobs is None else jobs
    if width < 2:
        return None
    return Crew(_started, width, ENOUGH if jobs is None else 1, stop=_stopped)


def _started(width: int) -> ProcessPoolExecutor:
    """The workers are made by a server that imported everything once; they are no copies of this process."""
    server = "forkserver" in get_all_start_methods()
    context = get_context("forkserver" if server else "spawn")
    if server:
        context.set_forkserver_preload(["optimizer.cli.monorepo.outcomes", "optimizer.workflows", "transforms"])
    return ProcessPoolExecutor(width, context, initializer=_begin)


def _begin() -> None:
    """Ctrl-C goes to all processes of a terminal; this one is ended by the first."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _stopped(executor: Executor) -> None:
    """End the workers at once: they write nothing, so nothing can be half done."""
    processes = list((getattr(executor, "_processes", None) or {}).values())
    executor.shutdown(wait=False, cancel_futures=True)
    for process in processes:
        process.terminate()
