"""The rebuilds of real histories, before and after dockopt: `python -m tests.replay FOLDER [LIST]`.

FOLDER holds git repositories, bare or not. LIST names those to take: `owner/name` first on each line, a category behind
it, of which only A (an application) is taken. The shallowest Dockerfiles of each are replayed over its last commits; a
rewrite is made at each commit, without and with what waits for `--unsafe`. There is a process for each core.
"""

from __future__ import annotations

import re
import statistics
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from msgspec import Struct

from optimizer.cache.git import GitError, Repository
from optimizer.cache.replay import Replay, Rewrite, Rewritten, as_it_is, replay, with_ignored
from optimizer.cli.discovery import is_dockerfile
from optimizer.cli.monorepo.processes import cores
from optimizer.engine import Result, optimize
from optimizer.facts import Context
from optimizer.facts.context.history import read

COMMITS = 100
"""Rebuilds that are looked at, if the history has so many."""
FEWEST = 20
"""A file with fewer rebuilds is left out: the share says nothing."""
FILES = 2
"""Dockerfiles of one repository."""
SECONDS = 30.0
"""For one file: where they are over, and the fewest rebuilds were made, the rest is left out."""
WAYS = ("after", "unsafe")
"""How the file is rewritten. A cache mount counts as filled, as on a machine that keeps its builder."""


class Row(Struct, frozen=True):
    """One Dockerfile of one repository."""

    repository: str
    replay: Replay
    changed: bool
    reasons: frozenset[str] = frozenset()
    """Why the sources stayed above something that builds or installs, without the names."""

    @property
    def commits(self) -> int:
        return len(self.replay.rebuilds["before"])

    @property
    def gain(self) -> float:
        """The share of the seconds that is saved; negative where it got worse."""
        return self.gained("after")

    def gained(self, way: str) -> float:
        """The same for one way of rewriting."""
        return _saved(self.replay.total("before"), self.replay.total(way))

    def fewer(self, way: str) -> float:
        """The share of the steps that is saved."""
        return _saved(self.replay.count("before"), self.replay.count(way))

    def acts(self, way: str) -> bool:
        """Whether rebuilds are other ones."""
        return self.replay.rebuilds["before"] != self.replay.rebuilds[way]

    @property
    def worse(self) -> bool:
        """Whether rebuilds take longer, by more than the bytes of the longer Dockerfile in a `COPY .` take."""
        return self.replay.total("after") > 1.001 * self.replay.total("before")


def _saved(before: float, after: float) -> float:
    return round(1 - after / before, 4) + 0.0 if before else 0.0


MOVERS = ("fetch-step", "copy-manifests-first")
"""The transforms whose reasons are counted."""


def stood_back(result: Result) -> Iterator[str]:
    """Why the movers left a file alone, with `...` for names, so that the reasons can be counted."""
    for one in result.stood_back:
        if one.transform in MOVERS:
            yield re.sub(r"`[^`]*`", "`...`", f"{one.transform}: {one.why}")


def rows_of(name: str, folder: Path) -> Iterator[Row]:
    """The rows of one repository. Raises GitError."""
    with Repository(folder) as repository:
        commits = repository.commits(last=COMMITS + 1)
        past = read(folder, commits[0])
        paths = [path for path in repository.tree(commits[-1]) if is_dockerfile(path.rpartition("/")[2])]
        for path in sorted(paths, key=lambda path: (path.count("/"), path))[:FILES]:
            results: dict[str, list[Result]] = {way: [] for way in WAYS}

            def rewriting(way: str, made: list[Result]) -> Rewrite:
                def rewrite(text: str, context: Context) -> Rewritten:
                    made.append(
                        optimize(text.encode("utf-8", "surrogateescape"), context=context, unsafe=way == "unsafe")
                    )
                    return with_ignored(made[-1].after, made[-1].ignores, context)

                return rewrite

            ways = {"before": as_it_is, **{way: rewriting(way, results[way]) for way in WAYS}}
            found = replay(repository, path, _in_time(commits), ways, past=past)
            reasons = frozenset(why for result in results["after"][-1:] for why in stood_back(result))
            yield Row(name, found, any(result.changed for result in results["after"]), reasons)


def _in_time(commits: Sequence[str]) -> Iterator[str]:
    """The commits, as long as there is time."""
    end = time.monotonic() + SECONDS
    for number, commit in enumerate(commits):
        if number > FEWEST and time.monotonic() > end:
            return
        yield commit


def _rows(name: str, folder: Path) -> list[Row] | str:
    """The rows of one repository, or why there are none."""
    try:
        return list(rows_of(name, folder))
    except GitError as error:
        return f"{name}: {error}"


def repositories(folder: Path, names: Sequence[str]) -> Iterator[tuple[str, Path]]:
    """The git directories below a folder: itself, its folders, or `repo` in them."""
    for path in sorted(folder.iterdir()):
        name = path.name.replace("+", "/", 1)
        for place in (path, path / "repo"):
            if ((place / "HEAD").is_file() or (place / ".git").exists()) and (not names or name in names):
                yield name, place


def wanted(path: Path) -> list[str]:
    """The applications of a list."""
    lines = (line.split() for line in path.read_text("utf-8").splitlines() if not line.startswith("#"))
    return [words[0] for words in lines if words and words[1:2] in ([], ["A"])]


def table(rows: Iterable[Row]) -> Iterator[str]:
    yield (
        "| repository | Dockerfile | rebuilds | steps again, before | after | s a rebuild, before | after | saved |"
        " `--unsafe` | saved |"
    )
    yield "|---|---|---:|---:|---:|---:|---:|---:|---:|---:|"
    for row in rows:
        told = row.replay
        yield (
            f"| {row.repository} | {told.dockerfile} | {row.commits} | {told.steps('before'):.0%} |"
            f" {told.steps('after'):.0%} | {told.total('before') / row.commits:.1f} |"
            f" {told.total('after') / row.commits:.1f} | {row.gain:.1%}{'' if row.changed else ' (unchanged)'} |"
            f" {told.total('unsafe') / row.commits:.1f} | {row.gained('unsafe'):.1%} |"
        )


def summary(rows: Sequence[Row]) -> Iterator[str]:
    for way, title in zip(WAYS, ("safe", "with --unsafe"), strict=True):
        for of, some in (("all", rows), ("where rebuilds are others", [row for row in rows if row.acts(way)])):
            if some:
                yield f"{title}, {of}: {len(some)} files; {_means(some, way)}"
    worse = [f"{row.repository} {row.replay.dockerfile} ({row.gain:.1%})" for row in rows if row.worse]
    yield f"worse: {', '.join(worse) or 'none'}"
    for why, count in Counter(why for row in rows for why in row.reasons).most_common():
        yield f"stood back in {count}: {why}"


def _means(rows: Sequence[Row], way: str) -> str:
    seconds, steps = [row.gained(way) for row in rows], [row.fewer(way) for row in rows]
    before, after = (sum(row.replay.total(name) / row.commits for row in rows) for name in ("before", way))
    return (
        f"seconds saved: mean {statistics.mean(seconds):.1%}, median {statistics.median(seconds):.1%},"
        f" of all together {_saved(before, after):.1%}; steps saved: mean {statistics.mean(steps):.1%},"
        f" median {statistics.median(steps):.1%}"
    )


def main(folder: Path, names: Sequence[str]) -> int:
    start = time.monotonic()
    rows: list[Row] = []
    apart: dict[str, int] = {}
    with ProcessPoolExecutor(cores()) as executor:
        for found in executor.map(_rows, *zip(*repositories(folder, names), strict=True)):
            if isinstance(found, str):
                print(found, file=sys.stderr)
                continue
            for row in found:
                for why, count in row.replay.skipped.items():
                    apart[why] = apart.get(why, 0) + count
                if row.commits >= FEWEST:
                    rows.append(row)
                    told = f"{row.repository} {row.replay.dockerfile}"
                    print(f"{time.monotonic() - start:6.0f} s  {told}", file=sys.stderr)
    print("\n".join([*table(rows), "", *summary(rows)]))
    print(f"commits that cannot be judged: {', '.join(f'{n} where {why}' for why, n in apart.items()) or 'none'}")
    return 1 if any(row.worse for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), wanted(Path(sys.argv[2])) if len(sys.argv) > 2 else ()))
