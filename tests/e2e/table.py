"""The table of measured results: every project of the corpus that can be built, proved, with bytes and seconds.

python -m tests.e2e.table                  # print it
python -m tests.e2e.table --write          # also into RESULTS.md
python -m tests.e2e.table flask-notes      # some projects only; written, they take the place of their rows
python -m tests.e2e.table --unsafe         # with the unsafe transforms too (UNSAFE.md)
python -m tests.e2e.table --rebuilds       # the table of rebuilds, with what the cache model foretold (REBUILDS.md)
"""

import argparse
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from optimizer.knowledge import profiles
from optimizer.prove.builders import Builder, find_builder
from optimizer.prove.errors import BuildFailed, ProofError
from optimizer.prove.layer import Layer
from optimizer.prove.proof import Measured
from optimizer.prove.report import megabytes
from optimizer.transform import Transform
from transforms import PIPELINE

from . import rebuilds
from .corpus import Outcome, Project, in_order, prove_project, read_projects
from .factory import daemon, recipes
from .factory.__main__ import alone
from .factory.place import FactoryError, find_place

REBUILDS = Path(__file__).parent / "REBUILDS.md"
RESULTS = Path(__file__).parent / "RESULTS.md"
UNSAFE = Path(__file__).parent / "UNSAFE.md"
HEAD = """\
| project | transforms | image before | after | rebuild before | after | proof |
|---|---|---:|---:|---:|---:|---|
"""
HEAD_UNSAFE = """\
| project | transforms | image before | after | rebuild before | after | times faster | nothing changed | proof |
|---|---|---:|---:|---:|---:|---:|---:|---|
"""
UNSAFE_LEGEND = """
Made with `--unsafe --profile fast`. *Rebuild*: the median of three. *Nothing changed*: seconds of a build in which all
comes from the cache, the median of three: no file can be rebuilt faster than that.
"""
LEGEND = """
*Image*: bytes of all files in all layers. *Rebuild*: seconds of a build with a warm cache after one source file has
changed. *Proof*: the images were compared path by path, nothing is missing but what the transforms declare, and both
answer as the project's README says; `unchanged`: dockopt leaves the file as it is; it was built once and answers.
"""


def chosen(names: Sequence[str]) -> list[Project]:
    """The projects of these names; all without names."""
    return [project for project in in_order(read_projects()) if not names or project.name in names]


def started(projects: Sequence[Project]) -> Builder:
    """The builder, with the images that the projects are built from."""
    place = find_place()
    with alone(place):
        daemon.fetch(place)
        daemon.start(place)
        os.environ.update(place.variables)
        bases = dict.fromkeys(base for each in projects for base in (*each.bases, *each.bases_after()))
        for made in recipes.make(place, bases):
            if made.seconds is not None:
                print(f"made {made.image} in {made.seconds:.0f} s", file=sys.stderr)
    return find_builder("docker")


def measure(projects: Sequence[Project], *, unsafe: bool = False) -> Iterator[Outcome | tuple[Project, str]]:
    """One outcome a project, or why there is none."""
    builder = started(projects)
    layers: dict[str, Layer] = {}
    for project in projects:
        try:
            chosen = fast() if unsafe else None
            count = 3 if unsafe else 1
            yield prove_project(
                project, builder, layers, unsafe=unsafe, rebuild=True, rebuilds=count, transforms=chosen
            )
        except ProofError as problem:
            yield project, str(problem)


def fast() -> list[Transform]:
    """What `--profile fast` selects."""
    names = set(profiles()["fast"])
    return [one for one in PIPELINE if one.default or one.id in names]


def row(found: Outcome | tuple[Project, str], *, unsafe: bool = False) -> str:
    """One line of the table."""
    if isinstance(found, tuple):
        return f"| {found[0].name} | | | | | |{' | |' * unsafe} no proof: {_cell(found[1])} |"
    proof, before, after = found.proof, found.proof.before, found.proof.after
    names = ", ".join(dict.fromkeys(proof.transforms)) or "-"
    sizes = [megabytes(each.analysis.bytes) if each else "" for each in (before, after)]
    times = [f"{each.rebuild_seconds:.1f} s" if each and each.rebuild_seconds else "-" for each in (before, after)]
    if not found.result.steps:
        sizes[1] = times[1] = "same"
    if unsafe:
        times += [_faster(before, after), f"{after.idle_seconds:.1f} s" if after and after.idle_seconds else "-"]
    return f"| {found.project.name} | {names} | {' | '.join(sizes)} | {' | '.join(times)} | {_verdict(found)} |"


def _faster(before: Measured, after: Measured | None) -> str:
    """How many times as fast the rebuild is."""
    if after is None or not before.rebuild_seconds or not after.rebuild_seconds:
        return "-"
    return f"{before.rebuild_seconds / after.rebuild_seconds:.1f}"


def _verdict(found: Outcome) -> str:
    if not found.proof.holds:
        problems = found.proof.verdict.problems
        return _cell(f"NOT PROVED: {problems[0]}" + (f" and {len(problems) - 1} more" if len(problems) > 1 else ""))
    if not found.holds:
        return _cell(f"WRONG ANSWER: {found.answers}")
    if not found.result.steps:
        return "unchanged"
    count = len(found.proof.verdict.allowed)
    return "proved: nothing differs" if not count else f"proved: {count} declared difference{'s' * (count > 1)}"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")[:200]


def machine() -> str:
    """The machine in words, with the builder."""
    models = [line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    model = models[0].partition(":")[2].strip() if models else platform.machine()
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    version = subprocess.run(
        ["docker", "version", "--format", "{{.Server.Version}}"], capture_output=True, text=True, check=True
    )
    return f"{os.cpu_count()} cores ({model}), {pages / 1e9:.0f} GB, Docker {version.stdout.strip()} with BuildKit"


def rows_of(text: str) -> dict[str, str]:
    """The rows of a table that was written, by their first cells."""
    lines = [
        line
        for line in text.splitlines()
        if line.startswith("| ") and not line.startswith(("| project |", "| application |"))
    ]
    return {line.split("|")[1].strip(): line for line in lines}


def merged(projects: Sequence[Project], old: Mapping[str, str], new: Mapping[str, str]) -> list[str]:
    """The rows in their order: those just measured, and the old ones of the other projects."""
    found = {**old, **new}
    return [found[project.name] for project in projects if project.name in found]


def results(rows: Sequence[str], measured: int, minutes: float, *, unsafe: bool = False) -> str:
    """The page of results."""
    proved = sum(is_proved(line) for line in rows)
    unchanged = sum(line.endswith("| unchanged |") for line in rows)
    new = f"; {measured} of the rows are of this run" if measured < len(rows) else ""
    head = (
        f"{len(rows)} projects of corpus/, {proved} rewritten and proved, {unchanged} left as they are and built."
        f" {datetime.now(UTC):%Y-%m-%d}, {machine()}; {minutes:.0f} minutes{new}; `make prove-table`.\n\n"
    )
    legend = LEGEND + UNSAFE_LEGEND if unsafe else LEGEND
    return head + (HEAD_UNSAFE if unsafe else HEAD) + "\n".join(rows) + "\n" + legend


def is_proved(line: str) -> bool:
    """Whether a row tells of a proof."""
    return "proved: " in line and "NOT" not in line


def rebuilt(rows: Sequence[str]) -> str:
    """The page of rebuilds."""
    right = sum(rebuilds.agrees(line) for line in rows)
    day = f"{datetime.now(UTC):%Y-%m-%d}"
    head = f"{len(rows)} projects of corpus/; in {right} the cache model foretold nothing wrongly. {day}"
    return f"{head}, {machine()}; `make prove-table`.\n\n{rebuilds.HEAD}" + "\n".join(rows) + "\n" + rebuilds.LEGEND


def main(arguments: list[str] | None = None, show: Callable[[str], None] = print) -> int:
    parser = argparse.ArgumentParser(prog="table", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="project")
    parser.add_argument("--write", action="store_true", help=f"also write {RESULTS.name} or {REBUILDS.name}")
    parser.add_argument("--rebuilds", action="store_true", help="measure rebuilds only")
    parser.add_argument("--unsafe", action="store_true", help=f"with the unsafe transforms too, for {UNSAFE.name}")
    options = parser.parse_args(arguments)
    projects = [each for each in chosen(options.names) if not options.rebuilds or rebuilds.is_followed(each)]
    page = REBUILDS if options.rebuilds else UNSAFE if options.unsafe else RESULTS
    begin = time.monotonic()
    rows: dict[str, str] = {}
    try:
        for name, line in _measured(projects, rebuilds_only=options.rebuilds, unsafe=options.unsafe):
            rows[name] = line
            print(line, file=sys.stderr, flush=True)
    except FactoryError as problem:
        print(f"table: {problem}", file=sys.stderr)
        return 1
    old = rows_of(page.read_text()) if options.names and options.write and page.exists() else {}
    lines = merged(chosen(()), old, rows)
    minutes = (time.monotonic() - begin) / 60
    text = rebuilt(lines) if options.rebuilds else results(lines, len(rows), minutes, unsafe=options.unsafe)
    show(text)
    if options.write:
        page.write_text(text)
    good = rebuilds.agrees if options.rebuilds else lambda line: is_proved(line) or line.endswith("| unchanged |")
    return 0 if all(map(good, rows.values())) else 1


def _measured(projects: Sequence[Project], *, rebuilds_only: bool, unsafe: bool) -> Iterator[tuple[str, str]]:
    """The name of each project with its row."""
    if rebuilds_only:
        builder = started(projects)
        for project in projects:
            try:
                yield project.name, rebuilds.row(project, builder)
            except BuildFailed as failure:  # A linter in the build does not like the blanks.
                print(f"{project.name}: no rebuild: {failure}", file=sys.stderr)
        return
    for found in measure(projects, unsafe=unsafe):
        yield (found[0] if isinstance(found, tuple) else found.project).name, row(found, unsafe=unsafe)


if __name__ == "__main__":
    sys.exit(main())
