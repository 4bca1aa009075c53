"""The outcomes of many files, in order: looked at here, or by the workers of any executor; nothing stops the rest.

Where a worker dies, the files that it had are looked at one by one, each by a worker of its own; the one that kills it
is told of, the others have their outcomes.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import BrokenExecutor, Executor, Future
from pathlib import Path
from typing import Protocol

from msgspec import Struct, field
from msgspec.structs import replace

from optimizer.cli.discovery import Found
from optimizer.cli.names import shown
from optimizer.cli.settings import settings_for
from optimizer.cli.work import Outcome, Wishes, Worker

CHUNK = 8
"""Files that a worker is given at once: about a quarter of a second of work."""
WINDOW = 512
"""Outcomes that may wait for those before them."""


class Memory(Protocol):
    """What is known of earlier runs."""

    def recall(self, found: Found) -> Outcome | None:
        """The outcome of a file; None where it is not known, or holds no more."""

    def remember(self, outcome: Outcome) -> None:
        """Keep an outcome that was worked out."""


class Crew(Struct, frozen=True):
    """Those who do the work."""

    start: Callable[[int], Executor]
    """Makes an executor with so many workers; again where one broke."""
    width: int
    """How many workers there are."""
    enough: int = 1
    """Files that are worth the start of the executor; fewer are looked at here."""
    elsewhere: bool = False
    """Whether the workers may stand in another folder: then paths are told from the root."""
    stop: Callable[[Executor], None] = lambda executor: executor.shutdown(wait=False, cancel_futures=True)
    """Ends an executor whose answers nobody wants any more."""


def outcomes(
    founds: Iterable[Found], wishes: Wishes, crew: Crew | None = None, memory: Memory | None = None
) -> Generator[Outcome, None, None]:
    """What becomes of each file, in order; without a crew all work is done here. Close it when you leave early."""
    if crew is not None:
        line = _Line(wishes, crew, memory)
        try:
            yield from line.all(founds)
            line.finish()
        finally:
            line.drop()
        return
    here = Worker(wishes)
    for found in founds:
        known = memory.recall(found) if memory is not None else None
        outcome = known or here.look(found)
        if memory is not None and known is None:
            memory.remember(outcome)
        yield outcome


class _Chunk(Struct, eq=False):
    founds: list[Found] = field(default_factory=list)
    future: Future[list[Outcome]] | None = None
    done: list[Outcome] | None = None


class _Line:
    """The outcomes that are ready, and those that are worked on, in the order of the files."""

    def __init__(self, wishes: Wishes, crew: Crew, memory: Memory | None) -> None:
        self._wishes = wishes
        self._crew = crew
        self._memory = memory
        self._executor: Executor | None = None
        self._single: Executor | None = None
        self._queue: deque[Outcome | tuple[_Chunk, int]] = deque()
        self._waiting: list[_Chunk] = []
        """Chunks that no worker was given: they are not yet enough."""
        self._given: deque[_Chunk] = deque()

    def all(self, founds: Iterable[Found]) -> Iterator[Outcome]:
        """The outcomes in order."""
        for found in founds:
            self._add(found, self._memory.recall(found) if self._memory is not None else None)
            while self._queue and (self._is_ready(self._queue[0]) or self._is_long()):
                yield self._next()
        while self._queue:
            yield self._next()

    def finish(self) -> None:
        """End the workers, who have nothing to do any more."""
        for executor in (self._executor, self._single):
            if executor is not None:
                executor.shutdown()
        self._executor = self._single = None

    def drop(self) -> None:
        """End the workers, whatever they do."""
        for executor in (self._executor, self._single):
            if executor is not None:
                self._crew.stop(executor)
        self._executor = self._single = None

    def _add(self, found: Found, known: Outcome | None) -> None:
        if known is not None:
            self._queue.append(known)
            return
        if not self._waiting or len(self._waiting[-1].founds) == CHUNK:
            self._waiting.append(_Chunk())
        chunk = self._waiting[-1]
        chunk.founds.append(found)
        self._queue.append((chunk, len(chunk.founds) - 1))
        if self._executor is not None or sum(len(one.founds) for one in self._waiting) >= self._crew.enough:
            self._give(full=True)

    def _give(self, *, full: bool = False) -> None:
        """Give the workers what waits; `full`: but for the last chunk, which may still grow."""
        while self._waiting and not (full and len(self._waiting[0].founds) < CHUNK):
            chunk = self._waiting.pop(0)
            chunk.future = self._submitted(chunk.founds)
            self._given.append(chunk)

    def _submitted(self, founds: list[Found]) -> Future[list[Outcome]]:
        for _ in range(2):
            if self._executor is None:
                self._executor = self._crew.start(self._crew.width)
            try:
                return self._executor.submit(look_all, self._wishes, self._told(founds))
            except BrokenExecutor:
                self._crew.stop(self._executor)
                self._executor = None
        broken: Future[list[Outcome]] = Future()
        broken.set_exception(BrokenExecutor("the workers cannot be started"))
        return broken

    def _told(self, founds: list[Found]) -> list[Found]:
        if not self._crew.elsewhere:
            return founds
        return [Found(found.path.absolute(), found.top.absolute()) for found in founds]

    def _is_ready(self, item: Outcome | tuple[_Chunk, int]) -> bool:
        if isinstance(item, Outcome):
            return True
        chunk = item[0]
        return chunk.done is not None or (chunk.future is not None and chunk.future.done())

    def _is_long(self) -> bool:
        """Whether too much waits for the first of the line."""
        return len(self._queue) > WINDOW or len(self._given) > 8 * self._crew.width

    def _next(self) -> Outcome:
        """The first outcome, waited for."""
        item = self._queue.popleft()
        if isinstance(item, Outcome):
            return item
        chunk, number = item
        if chunk.done is None:
            chunk.done = self._looked(chunk)
        outcome = chunk.done[number]
        if self._memory is not None:
            self._memory.remember(outcome)
        return outcome

    def _looked(self, chunk: _Chunk) -> list[Outcome]:
        if chunk.future is None and self._executor is None:
            self._waiting.remove(chunk)
            return look_all(self._wishes, chunk.founds)
        self._give()
        assert chunk.future is not None
        try:
            found = chunk.future.result()
        except Exception:
            found = [self._alone(one) for one in chunk.founds]
        self._given.remove(chunk)
        return [replace(outcome, path=one.path, top=one.top) for outcome, one in zip(found, chunk.founds, strict=True)]

    def _alone(self, found: Found) -> Outcome:
        """The outcome of a file that may be what a worker died of."""
        try:
            if self._single is None:
                self._single = self._crew.start(1)
            return self._single.submit(look_all, self._wishes, self._told([found])).result()[0]
        except BrokenExecutor:
            if self._single is not None:
                self._crew.stop(self._single)
            self._single = None
            why = "the process that looked at it died: it was killed, or ran out of memory"
        except Exception as error:
            why = f"the worker that looked at it failed ({type(error).__name__}: {str(error).splitlines()[0]:.200})"
        return Outcome(found.path, found.top, failures=(f"{shown(found.path)}: {why}; it is left as it is",))


_worker: Worker | None = None


def look_all(wishes: Wishes, founds: Iterable[Found]) -> list[Outcome]:
    """The outcomes of some files, in the process of a worker, which remembers contexts for as long as a run takes."""
    global _worker
    worker = _worker
    if worker is None or worker.wishes != wishes:
        settings_for.cache_clear()
        worker = _worker = Worker(wishes)
    return [worker.look(Found(Path(path), Path(top))) for path, top in founds]
