"""The rebuilds of real histories, before and after dockopt: `python -m tests.replay FOLDER [LIST]`.

FOLDER holds git repositories, bare or not. LIST names those to take: `owner/name` first on each line, a category behind
it, of which only A (an application) is taken. The shallowest Dockerfiles of each are replayed over its last commits; a
rewrite is made at each commit.
"""

from __future__ import annotations

import re
import statistics
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from msgspec import Struct

from optimizer.cache.git import GitError, Repository
from optimizer.cache.replay import Replay, Rewritten, as_it_is, replay
from optimizer.cli.discovery import is_dockerfile
from optimizer.engine import Result, optimize
from optimizer.facts import Context
from optimizer.facts.context.history import read

COMMITS = 100
"""Rebuilds that are looked at, if the history has so many."""
FEWEST = 20
"""A file with fewer rebuilds is left out: the share says nothing."""
FILES = 2
"""Dockerfiles of one repository."""


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
        return _saved(self.replay.total("before"), self.replay.total("after"))

    @property
    def fewer(self) -> float:
        """The share of the steps that is saved."""
        return _saved(self.replay.count("before"), self.replay.count("after"))

    @property
    def worse(self) -> bool:
        """Whether rebuilds take longer, by more than the bytes of the longer Dockerfile in a `COPY .`."""
        return self.replay.total("after") > self.replay.total("before") + 0.001 * self.commits


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
            results: list[Result] = []

            def counted(text: str, context: Context, results: list[Result] = results) -> Rewritten:
                results.append(optimize(text.encode("utf-8", "surrogateescape"), context=context))
                return Rewritten(results[-1].after)

            found = replay(repository, path, commits, {"before": as_it_is, "after": counted}, past=past)
            reasons = frozenset(why for result in results[-1:] for why in stood_back(result))
            yield Row(name, found, any(result.changed for result in results), reasons)


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
    yield "| repository | Dockerfile | rebuilds | steps again, before | after | s a rebuild, before | after | saved |"
    yield "|---|---|---:|---:|---:|---:|---:|---:|"
    for row in rows:
        told = row.replay
        yield (
            f"| {row.repository} | {told.dockerfile} | {row.commits} | {told.steps('before'):.0%} |"
            f" {told.steps('after'):.0%} | {told.total('before') / row.commits:.1f} |"
            f" {told.total('after') / row.commits:.1f} | {row.gain:.1%}{'' if row.changed else ' (unchanged)'} |"
        )


def summary(rows: Sequence[Row]) -> Iterator[str]:
    for title, some in (("all", rows), ("where dockopt acts", [row for row in rows if row.changed])):
        if some:
            seconds, steps = [row.gain for row in some], [row.fewer for row in some]
            yield (
                f"{title}: {len(some)} files; seconds saved: mean {statistics.mean(seconds):.1%},"
                f" median {statistics.median(seconds):.1%}; steps saved: mean {statistics.mean(steps):.1%},"
                f" median {statistics.median(steps):.1%}"
            )
    worse = [f"{row.repository} {row.replay.dockerfile} ({row.gain:.1%})" for row in rows if row.worse]
    yield f"worse: {', '.join(worse) or 'none'}"
    for why, count in Counter(why for row in rows for why in row.reasons).most_common():
        yield f"stood back in {count}: {why}"


def main(folder: Path, names: Sequence[str]) -> int:
    start = time.monotonic()
    rows: list[Row] = []
    apart: dict[str, int] = {}
    for name, place in repositories(folder, names):
        try:
            found = list(rows_of(name, place))
        except GitError as error:
            print(f"{name}: {error}", file=sys.stderr)
            continue
        for row in found:
            for why, count in row.replay.skipped.items():
                apart[why] = apart.get(why, 0) + count
            if row.commits >= FEWEST:
                rows.append(row)
                print(f"{time.monotonic() - start:6.0f} s  {name} {row.replay.dockerfile}", file=sys.stderr)
    print("\n".join([*table(rows), "", *summary(rows)]))
    print(f"commits that cannot be judged: {', '.join(f'{n} where {why}' for why, n in apart.items()) or 'none'}")
    return 1 if any(row.worse for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), wanted(Path(sys.argv[2])) if len(sys.argv) > 2 else ()))
