"""The outcomes of `dockopt fix` over folders: which files, who looks at them, what is remembered of earlier runs."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from optimizer.cli.discovery import Found, find, is_ci_file
from optimizer.cli.errors import UsageError
from optimizer.cli.work import Outcome, Wishes, Worker

FEW = 8
"""Files that are looked at the plain way: to start workers or to ask what is remembered would take longer."""


class By(StrEnum):
    """What the rows of a summary are about, and what has a commit of its own."""

    TRANSFORM = "transform"
    FOLDER = "folder"
    OWNER = "owner"


@dataclass(frozen=True)
class Many:
    """The options of `dockopt fix` that are about many files."""

    jobs: int | None = None
    """Worker processes; None: as many as there are cores, where that pays."""
    dask: str | None = None
    """The address of a Dask scheduler whose workers are to look at the files."""
    exclude: tuple[str, ...] = ()
    changed_since: str | None = None
    cache: bool = True
    """Whether results of earlier runs may be taken."""
    summary: tuple[By, ...] = ()
    commit_per: By | None = None


def many(
    jobs: int | None,
    dask: str | None,
    exclude: Sequence[str],
    changed_since: str | None,
    summary: Sequence[str],
    commit_per: str | None,
    *,
    cache: bool,
) -> Many:
    """The options, from the words of the command line. Raises UsageError."""
    if jobs is not None and jobs < 1:
        raise UsageError(f"--jobs is a number above 0, not `{jobs}`")
    if jobs is not None and dask is not None:
        raise UsageError("--jobs and --dask exclude each other")
    rows = tuple(dict.fromkeys(_by("--summary", word) for word in summary))
    per = None if commit_per is None else _by("--commit-per", commit_per)
    return Many(jobs, dask, tuple(exclude), changed_since, cache, rows, per)


def _by(option: str, word: str) -> By:
    try:
        return By(word)
    except ValueError as error:
        raise UsageError(f"{option} is one of `{'`, `'.join(By)}`, not `{word}`") from error


def outcomes_of(paths: Iterable[Path], wishes: Wishes, options: Many) -> Generator[Outcome, None, None]:
    """What becomes of the files, in order. Raises UsageError before the first. Close it when you leave early."""
    founds: Iterable[Found] = find(paths, ci=True, exclude=options.exclude)
    if options.changed_since is not None:
        from optimizer.cli.monorepo.since import changed_since

        founds = changed_since(founds, options.changed_since, Path.cwd())
    chosen = list(founds)
    if wishes.log is not None and sum(not is_ci_file(found.path) for found in chosen) > 1:
        raise UsageError("--log is the log of one Dockerfile, and more than one is here: name the one that was built")
    if wishes.log is not None or (len(chosen) < FEW and options.dask is None):
        worker = Worker(wishes)
        yield from map(worker.look, chosen)
    else:
        yield from _of_many(chosen, wishes, options)


def _of_many(founds: list[Found], wishes: Wishes, options: Many) -> Iterator[Outcome]:
    import sys
    from uuid import uuid4

    from optimizer.cli.monorepo.bar import with_bar
    from optimizer.cli.monorepo.outcomes import Crew, outcomes
    from optimizer.cli.monorepo.results import Results
    from optimizer.cli.monorepo.store import Store, folder

    context = wishes.context.absolute() if wishes.context is not None else None
    told = replace(wishes, context=context, evidence=options.cache, quiet=sys.stderr.isatty(), run=uuid4().hex)
    with ExitStack() as stack:
        results = None
        if options.cache:
            results = Results(Store(folder() / "results.sqlite"), told)
            stack.callback(results.close)
        crew: Crew | None
        if options.dask is not None:
            from optimizer.cli.monorepo.cluster import cluster

            crew = stack.enter_context(cluster(options.dask, founds))
        else:
            from optimizer.cli.monorepo.processes import local

            crew = local(options.jobs)
        looked = outcomes(founds, told, crew, results)
        stack.callback(looked.close)
        yield from with_bar(looked, len(founds))
