"""Many Dockerfiles at once: `python -m tests.monorepo [FILES]` makes a monorepo out of the corpus and measures it.

The same number makes the same monorepo, byte for byte. CPU and peak memory are those of all processes of a run, workers
too: of a control group where there is one, else summed over `/proc` while it runs.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from msgspec import Struct

from optimizer.syntax.parser import parse
from optimizer.syntax.problems import problems

CORPUS = Path(__file__).parents[1] / "corpus"
FILES = 10_000
WITH_CONTEXT = 0.3
"""The share of Dockerfiles that lie in a project, with all that belongs to it."""
TEAMS = 40
TICK = os.sysconf("SC_CLK_TCK")
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def generate(top: Path, count: int) -> None:
    """A git work tree with that many Dockerfiles in services of teams, CODEOWNERS, Compose files and contexts."""
    dice = random.Random(count)
    alone = [path.read_bytes() for path in sorted(CORPUS.glob("[ht]*/*ockerfile*")) if _is_accepted(path)]
    projects = sorted(path.parent for path in CORPUS.glob("projects/*/Dockerfile"))
    for number in range(count):
        team = f"team-{number % TEAMS:02}"
        folder = top / team / f"service-{number:05}"
        if dice.random() < WITH_CONTEXT:
            shutil.copytree(dice.choice(projects), folder)
            dockerfile = folder / "Dockerfile"
            dockerfile.write_bytes(_varied(dockerfile.read_bytes(), number))
        else:
            folder.mkdir(parents=True)
            (folder / "Dockerfile").write_bytes(_varied(dice.choice(alone), number))
        if number % 10 == 0:
            compose = f"services:\n  web{number}:\n    build: ./service-{number:05}\n"
            (top / team / f"compose.{number}.yaml").write_text(compose)
    owners = [f"/team-{number:02}/ @example/team-{number:02}\n" for number in range(TEAMS)]
    (top / "CODEOWNERS").write_text("* @example/platform\n" + "".join(owners))
    subprocess.run(["git", "init", "--quiet", top], check=True)


def _is_accepted(path: Path) -> bool:
    return not problems(parse(path.read_bytes()))


def _varied(text: bytes, number: int) -> bytes:
    """The same Dockerfile as another service has it: no two are equal. A label at the end, where one can stand."""
    end = b"" if text.endswith(b"\n") else b"\n"
    varied = text + end + b'LABEL service="%05d"\n' % number
    fits = len([*parse(varied).instructions]) == len([*parse(text).instructions]) + 1
    return varied if fits else text + end + b"# service %05d\n" % number


class Run(Struct, frozen=True):
    """What a call took: seconds of wall and CPU, bytes at its peak."""

    wall: float
    cpu: float
    memory: int
    said: str


def measured(command: Sequence[str | Path], folder: Path, also: Sequence[int] = ()) -> Run:
    """One call with all its processes; `also`: processes that work for it and were there before."""
    before = _cpu({pid: stat for pid, stat in _stats().items() if pid in also})
    start = time.monotonic()
    process = subprocess.Popen(
        command, cwd=folder, env=ENVIRONMENT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    watch = _Watch(process.pid, also)
    watch.start()
    said = process.stderr.read() if process.stderr is not None else ""
    process.wait()
    wall = time.monotonic() - start
    watch.ended.set()
    watch.join()
    return Run(wall, watch.cpu - before, watch.peak, said)


class _Watch(threading.Thread):
    """Looks at all processes below one, ten times a second; those that end keep what they had taken."""

    def __init__(self, pid: int, also: Sequence[int]) -> None:
        super().__init__(daemon=True)
        self._roots = {pid, *also}
        self._seen: dict[int, float] = {}
        self.peak = 0
        self.ended = threading.Event()

    @property
    def cpu(self) -> float:
        return sum(self._seen.values())

    def run(self) -> None:
        while True:
            last = self.ended.wait(0.1)
            stats = _stats()
            mine = set(self._roots)
            for pid in sorted(stats):
                if stats[pid].parent in mine or pid in self._seen:
                    mine.add(pid)
            found = {pid: stat for pid, stat in stats.items() if pid in mine}
            self._seen |= {pid: stat.cpu for pid, stat in found.items()}
            self.peak = max(self.peak, sum(_memory(pid) for pid in found))
            if last:
                return


class _Stat(Struct, frozen=True):
    parent: int
    cpu: float


def _stats() -> dict[int, _Stat]:
    found = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            words = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        found[int(path.parent.name)] = _Stat(int(words[1]), (int(words[11]) + int(words[12])) / TICK)
    return found


def _cpu(stats: dict[int, _Stat]) -> float:
    return sum(stat.cpu for stat in stats.values())


def _memory(pid: int) -> int:
    """Bytes that belong to the process: pages that several share are told in parts."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return 1024 * sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))


@contextmanager
def dask(workers: int) -> Iterator[tuple[str, list[int]]]:
    """A scheduler and workers of one thread each: its address, the ids of the workers."""
    from distributed import Client

    program = Path(sys.executable).parent / "dask"
    with TemporaryDirectory() as name, ExitStack() as stack:
        told = Path(name) / "scheduler.json"
        _started(stack, program, "scheduler", "--host", "127.0.0.1", "--port", "0", "--scheduler-file", told)
        while not told.exists() or not told.read_text():
            time.sleep(0.1)
        address = json.loads(told.read_text())["address"]
        for _ in range(workers):
            _started(stack, program, "worker", address, "--nthreads", "1", "--local-directory", name)
        with Client(address, timeout=180, set_as_default=False) as client:
            client.wait_for_workers(workers, timeout=180)
            pids = list(client.run(os.getpid).values())
        yield address, pids


def _started(stack: ExitStack, *command: str | Path) -> None:
    """A process that is ended with the stack."""
    process = subprocess.Popen(
        [*command, "--no-dashboard"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=ENVIRONMENT
    )
    stack.callback(process.wait)
    stack.callback(process.terminate)


def main(words: Sequence[str]) -> None:
    count = int(words[0]) if words else FILES
    dockopt = Path(sys.executable).parent / "dockopt"
    with TemporaryDirectory(prefix="dockopt-monorepo-") as name:
        top, cache = Path(name) / "repo", Path(name) / "cache"
        top.mkdir()
        generate(top, count)
        ENVIRONMENT["XDG_CACHE_HOME"] = str(cache)
        files = sum(1 for path in top.rglob("*") if path.is_file() and ".git" not in path.parts)
        print(f"{count} Dockerfiles among {files} files; {os.cpu_count()} CPUs, Python {sys.version.split()[0]}")
        fix: list[str | Path] = [dockopt, "fix", "."]
        rows = [
            ("`--jobs 1 --no-cache`", measured([*fix, "--jobs", "1", "--no-cache"], top)),
            ("`--jobs 2 --no-cache`", measured([*fix, "--jobs", "2", "--no-cache"], top)),
            ("`--jobs 2`, cold cache", measured([*fix, "--jobs", "2"], top)),
            ("again, nothing changed", measured(fix, top)),
        ]
        size = sum(path.stat().st_size for path in cache.rglob("*") if path.is_file())
        for changed in sorted(top.glob("*/*/Dockerfile"))[: max(1, count // 100)]:
            changed.write_bytes(changed.read_bytes() + b"# changed\n")
        rows.append(("again, 1 of 100 changed", measured(fix, top)))
        with dask(2) as (address, pids):
            rows.append(
                ("`--dask`, 2 workers, `--no-cache`", measured([*fix, "--dask", address, "--no-cache"], top, pids))
            )
        said = {run.said for _, run in rows}
        print("| `dockopt fix .` | wall s | CPU s | ms a file | memory MB |\n|---|---:|---:|---:|---:|")
        for title, run in rows:
            each, memory = run.cpu * 1000 / count, run.memory / 1e6
            print(f"| {title} | {run.wall:.1f} | {run.cpu:.1f} | {each:.2f} | {memory:.0f} |")
        print(f"the cache: {size / 1e6:.0f} MB; {len(said)} different summaries: {said.pop().splitlines()[0]}")


if __name__ == "__main__":
    main(sys.argv[1:])
