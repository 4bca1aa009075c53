"""Commands bounded in time, each in a process group of its own, which is gone when the `with` block ends."""

import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from types import FrameType
from typing import IO

from .errors import BuilderFailed, TimedOut

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
GRACE = 10.0
"""Seconds between the polite end of a process group and the other one."""


class Interrupted(KeyboardInterrupt):
    """A signal came. `number` is the signal's; the exit code of the program is 128 more."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.number = number


class _Interrupts:
    """Signals as exceptions, but never between a resource's birth and its entry in the books."""

    def __init__(self) -> None:
        self.depth = 0
        self.pending: int | None = None

    def receive(self, number: int, _frame: FrameType | None) -> None:
        if self.depth:
            self.pending = number
        else:
            raise Interrupted(number)


_interrupts = _Interrupts()


@contextmanager
def interrupts() -> Iterator[None]:
    """Turn SIGINT, SIGTERM and SIGHUP into `Interrupted` while the block runs; nothing outside the main thread."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, _interrupts.receive) for number in SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def held() -> Iterator[None]:
    """Let signals wait until the block has ended."""
    _interrupts.depth += 1
    try:
        yield
    finally:
        _interrupts.depth -= 1
        number, depth = _interrupts.pending, _interrupts.depth
        if number is not None and not depth:
            _interrupts.pending = None
            raise Interrupted(number)


_alive: "set[subprocess.Popen[bytes]]" = set()
"""Every command that runs. A signal may come between the start of one and its `with` block; `end_all` finds it here."""


def end_all() -> None:
    """End the commands that are still running."""
    for process in tuple(_alive):
        _end(process)


class Running:
    """A command that runs. Its standard output is a pipe; its standard error too, or the same one with `merge`."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        timeout: float | None = None,
        merge: bool = False,
        grace: float = GRACE,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.command = command
        self.timeout = timeout
        self.expired = False
        self.begin = time.monotonic()
        self._merge = merge
        self._grace = grace
        self._environment = {**os.environ, **(environment or {})}
        self._timer: threading.Timer | None = None

    def __enter__(self) -> "Running":
        with held():
            try:
                self._process = subprocess.Popen(
                    self.command,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT if self._merge else subprocess.PIPE,
                    env=self._environment,
                    start_new_session=True,
                )
            except OSError as problem:
                raise BuilderFailed(f"`{self.command[0]}` cannot be run: {problem.strerror}") from problem
            _alive.add(self._process)
        if self.timeout is not None:
            self._timer = threading.Timer(max(self.timeout, 0), self._expire)
            self._timer.daemon = True
            self._timer.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        with held():
            if self._timer:
                self._timer.cancel()
            _end(self._process, self._grace)
            for pipe in (self._process.stdout, self._process.stderr):
                if pipe:
                    pipe.close()

    @property
    def output(self) -> IO[bytes]:
        assert self._process.stdout is not None
        return self._process.stdout

    @property
    def errors(self) -> IO[bytes]:
        assert self._process.stderr is not None
        return self._process.stderr

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.begin

    def wait(self) -> int:
        """The exit status; `TimedOut` where the time was up."""
        status = self._process.wait()
        if self.expired:
            raise TimedOut(f"`{' '.join(self.command[:3])}` took longer than {self.timeout:.0f} s and was stopped")
        return status

    def _expire(self) -> None:
        self.expired = True
        _end(self._process, self._grace)


def _end(process: "subprocess.Popen[bytes]", grace: float = GRACE) -> None:
    for number in (signal.SIGTERM, signal.SIGKILL):
        if process.poll() is not None:
            break
        with suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with suppress(subprocess.TimeoutExpired):
            process.wait(grace)
    _alive.discard(process)


def output_of(command: Sequence[str], *, timeout: float = 120) -> str:
    """The standard output of a short command; `BuilderFailed` with its last line where it fails."""
    with Running(command, timeout=timeout, merge=True) as running:
        text = running.output.read().decode(errors="replace")
        if running.wait():
            last = (text.strip().splitlines() or ["no message"])[-1]
            raise BuilderFailed(f"`{' '.join(command[:3])}` failed: {last}")
    return text
