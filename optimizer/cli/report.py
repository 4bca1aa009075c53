"""`dockopt report`: looks at all files as `dockopt fix` does, and writes what it would say as a page and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

from msgspec import Struct, field

from optimizer.cli import VERSION, files
from optimizer.cli.contexts import Contexts
from optimizer.cli.discovery import is_ci_file
from optimizer.cli.errors import FileError, UsageError
from optimizer.cli.monorepo.run import Many, outcomes_of
from optimizer.cli.names import shown
from optimizer.cli.output import Output
from optimizer.cli.settings import of_options
from optimizer.cli.work import Outcome, Wishes
from optimizer.facts.context import Missing
from optimizer.facts.context.history import change_counts
from optimizer.facts.today import now
from optimizer.report import Entry, Rebuild, Report, entry, rebuild
from optimizer.report.record import Earlier, NoReport, read, written


class ReportOptions(Struct, frozen=True):
    """The options of `dockopt report`."""

    html: Path | None
    json: Path | None
    history: tuple[Path, ...] = ()
    unsafe: bool = False
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    profile: str | None = None
    context: Path | None = None
    no_context: bool = False
    many: Many = field(default_factory=Many)


class Examiner:
    """Makes entries of outcomes: it looks at what a source change rebuilds.

    `stages`: whether it draws the stages where nobody knows what a change rebuilds.
    """

    def __init__(self, wishes: Wishes, *, stages: bool) -> None:
        self._stages = stages
        self._contexts = Contexts(wishes.context, off=wishes.no_context)

    def entry(self, outcome: Outcome) -> Entry | None:
        """What the report says of a file; None where it is passed over."""
        is_ci = is_ci_file(outcome.path)
        return entry(outcome, shown(outcome.path), None if is_ci else self._rebuild(outcome), is_ci=is_ci)

    def _rebuild(self, outcome: Outcome) -> Rebuild | None:
        result = outcome.result
        if result is None or result.problems or outcome.top is None:
            return None
        supply = self._contexts.of(outcome.path, outcome.top, outcome.data, named=True)
        context = supply() if supply is not None else None
        if context is None or isinstance(context, Missing):
            return rebuild(result) if self._stages else None
        return rebuild(result, context, lambda: change_counts(context.root))


def report_all(paths: Sequence[str], options: ReportOptions) -> int:
    """Looks at all files and writes the report; returns the exit code. Raises InputError before anything is written."""
    if options.html is None and options.json is None:
        raise UsageError("say where the report goes: --html FILE, --json FILE, or both")
    if options.context is not None and options.no_context:
        raise UsageError("--context and --no-context exclude each other")
    if options.context is not None and not options.context.is_dir():
        raise UsageError(f"--context: there is no folder `{options.context}`")
    settings = of_options(options.select, options.ignore, options.profile, unsafe=options.unsafe)
    earlier = list(_earlier(options.history))
    wishes = Wishes(settings, options.context, options.no_context, surroundings=True)
    entries = tuple(_examined(paths, wishes, options.many))
    report = Report(_title(paths), now().replace(microsecond=0), VERSION, entries, options.unsafe)
    _write(report, earlier, options)
    totals = report.totals
    output = Output()
    for path in (options.html, options.json):
        if path is not None:
            output.note(f"{shown(path)}: {totals.changes:,} changes in {totals.changed:,} of {totals.files:,} files")
    return 2 if totals.failed or totals.left else 3 if totals.refusals else 0


def _examined(paths: Sequence[str], wishes: Wishes, many: Many) -> Iterator[Entry]:
    examiner = Examiner(wishes, stages=len(paths) == 1 and Path(paths[0]).is_file())
    with closing(outcomes_of(map(Path, paths), wishes, many)) as outcomes:
        yield from filter(None, map(examiner.entry, outcomes))


def _write(report: Report, earlier: Sequence[Earlier], options: ReportOptions) -> None:
    if options.json is not None:
        files.put(options.json, (written(report),))
    if options.html is not None:
        from optimizer.report.page import page

        files.put(options.html, page(report, earlier))


def _earlier(history: Sequence[Path]) -> Iterator[Earlier]:
    """What earlier reports say; of a folder those that its JSON files are. Raises FileError."""
    for path in history:
        for file in sorted(path.glob("*.json")) if path.is_dir() else [path]:
            try:
                yield read(files.read(file).decode("utf-8", "replace"))
            except NoReport as error:
                raise FileError(f"--history: {shown(file)}: {error}") from error


def _title(paths: Sequence[str]) -> str:
    """What was looked at: a path as it was given, or what the folder is called."""
    if len(paths) > 1:
        return f"{len(paths)} paths in {Path.cwd().name}"
    path = Path(paths[0])
    return path.resolve().name if paths[0] in (".", "..") else shown(path)
