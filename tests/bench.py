"""Speed beside hadolint and tally on the same files in the same run: `python -m tests.bench [FOLDER]`.

All figures are CPU (user and system) of the minimum of several runs: other work on the machine hardly moves them, and
what still moves them moves the rivals too. The last column is the one to read.
"""

from __future__ import annotations

import os
import random
import resource
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.real import files_below

FILES = 1000
SHARE = 200
"""On so many of the files the rivals run."""
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def cpu(command: Sequence[str | Path]) -> float:
    """Milliseconds that one call takes, whatever its exit code."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False, env=ENVIRONMENT)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) * 1000


def least(measure: Callable[[], float], runs: int) -> float:
    return min(measure() for _ in range(runs))


def program(name: str) -> Path | None:
    """The native program of a package in this environment, not the Python script that starts it."""
    scripts = Path(sys.executable).parent
    found = next(Path(sys.prefix).glob(f"lib/python*/site-packages/{name}_cli/bin/*/{name}"), scripts / name)
    return found if found.exists() else None


def table(title: str, unit: str, rows: Iterable[tuple[str, float]], base: float) -> None:
    print(f"\n| {title} | {unit} | ratio |\n|---|---:|---:|")
    for name, value in rows:
        print(f"| {name} | {value:.1f} | {value / base:.2f} |")


def start_up(file: Path, runs: int = 15) -> None:
    """One short call each."""
    dockopt = Path(sys.executable).parent / "dockopt"
    calls: list[tuple[str, list[str | Path]]] = [
        ("`python -c pass`", [sys.executable, "-c", "pass"]),
        ("`dockopt --version`", [dockopt, "--version"]),
        ("`dockopt fix FILE`", [dockopt, "fix", file]),
    ]
    if hadolint := program("hadolint"):
        calls += [("`hadolint --version`", [hadolint, "--version"]), ("`hadolint FILE`", [hadolint, file])]
    if tally := program("tally"):
        fix: list[str | Path] = [tally, "lint", "--fix", "--slow-checks=off", file]
        calls += [("`tally --version`", [tally, "--version"]), ("`tally lint --fix FILE`", fix)]
    cpu(calls[2][1])  # leaves the compiled modules behind
    rows = [(name, least(lambda call=call: cpu(call), runs)) for name, call in calls]  # type: ignore[misc]
    table("start-up", "CPU ms", rows, rows[0][1])


def many(files: Sequence[Path], folder: Path) -> None:
    """All files in one process, by the API and with all checks; the rivals in one call on a share of the same files."""
    times = in_process(files)
    share = files[:: max(1, len(files) // SHARE)][:SHARE]
    mean = statistics.fmean(times.values())
    ours = statistics.fmean(times[file] for file in share)
    rows = [
        (f"dockopt, {len(files)} files: median", statistics.median(times.values())),
        ("dockopt: mean", mean),
        (f"dockopt: most ({max(times, key=lambda file: times[file])})", max(times.values())),
        (f"dockopt, {len(share)} of them: mean", ours),
    ]
    if hadolint := program("hadolint"):
        rows.append(("hadolint, the same: mean", least(lambda: cpu([hadolint, *share]), 2) / len(share)))
    if tally := program("tally"):
        rows.append(
            ("`tally lint --fix`, the same: mean", least(lambda: on_copies(tally, share, folder), 2) / len(share))
        )
    table("many files", "CPU ms a file", rows, ours)


def in_process(files: Sequence[Path], runs: int = 3) -> dict[Path, float]:
    """Milliseconds a file, each the least of several runs over all files."""
    from optimizer.engine import optimize

    texts = {file: file.read_bytes() for file in files}
    optimize("FROM debian\nRUN apt-get update\nRUN apt-get install -y curl\n")  # reads the tables
    least_times = dict.fromkeys(files, float("inf"))
    for _ in range(runs):
        for file, text in texts.items():
            start = time.process_time()
            optimize(text)
            least_times[file] = min(least_times[file], (time.process_time() - start) * 1000)
    return least_times


def on_copies(tally: Path, files: Sequence[Path], folder: Path) -> float:
    """The files are copied, as tally rewrites them."""
    with TemporaryDirectory(dir=folder) as name:
        copies = [Path(name) / f"{number}.Dockerfile" for number, _ in enumerate(files)]
        for file, copy in zip(files, copies, strict=True):
            shutil.copyfile(file, copy)
        return cpu([tally, "lint", "--fix", "--slow-checks=off", *copies])


def main(words: Sequence[str]) -> None:
    source = Path(words[0]) if words else Path(__file__).parents[1] / "corpus"
    files = files_below(source)
    files = sorted(random.Random(7).sample(files, min(FILES, len(files))))
    print(f"{len(files)} files of {source}; {os.cpu_count()} CPUs, Python {sys.version.split()[0]}")
    with TemporaryDirectory() as name:
        folder = Path(name)
        file = folder / "Dockerfile"
        shutil.copyfile(Path(__file__).parents[1] / "corpus/projects/flask-notes/Dockerfile", file)
        start_up(file)
        many(files, folder)


if __name__ == "__main__":
    main(sys.argv[1:])
