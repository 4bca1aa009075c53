"""A bar for long work at the bottom of a terminal; nothing at all where standard error is none."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from optimizer.cli.work import Outcome

if TYPE_CHECKING:
    from rich.progress import Progress

_PATIENCE = 1.0
"""Seconds of work before a bar is worth it."""
_PAUSE = 0.1


def with_bar(outcomes: Iterable[Outcome], total: int) -> Iterator[Outcome]:
    """The same outcomes. The bar stands only while the next one is waited for: what is printed finds a clean line."""
    if not sys.stderr.isatty():
        yield from outcomes
        return
    start = shown = time.monotonic()
    bar: Progress | None = None
    iterator = iter(outcomes)
    for number in range(total + 1):
        now = time.monotonic()
        if now - start > _PATIENCE and now - shown > _PAUSE:
            bar = bar or _bar(total)
            bar.update(bar.task_ids[0], completed=number)
            bar.start()
            shown = now
        try:
            outcome = next(iterator, None)
        finally:
            if bar is not None and bar.live.is_started:
                bar.stop()
        if outcome is None:
            return
        yield outcome


def _bar(total: int) -> Progress:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeElapsedColumn, TimeRemainingColumn

    columns = (BarColumn(), MofNCompleteColumn(), "files", TimeElapsedColumn(), "left", TimeRemainingColumn())
    bar = Progress(
        *columns,
        console=Console(stderr=True),
        transient=True,
        auto_refresh=False,
        redirect_stdout=False,
        redirect_stderr=False,
    )
    bar.add_task("", total=total)
    return bar
