"""`dockopt report`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from optimizer.cli.commands.messages import Messages
from optimizer.cli.commands.options import (
    ChangedSince,
    Context,
    Exclude,
    Ignore,
    Jobs,
    NoCache,
    NoContext,
    Paths,
    Profile,
    Select,
    Unsafe,
)


def report(
    paths: Paths = None,
    html: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the page there.")] = None,
    json: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the same as JSON.")] = None,
    history: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", help="What --json wrote earlier, or a folder of it: the page shows the trend."),
    ] = None,
    unsafe: Unsafe = False,
    select: Select = None,
    ignore: Ignore = None,
    profile: Profile = None,
    context: Context = None,
    no_context: NoContext = False,
    jobs: Jobs = None,
    exclude: Exclude = None,
    changed_since: ChangedSince = None,
    no_cache: NoCache = False,
) -> None:
    """Write one page of HTML that shows what `fix` would change and why, and what that saves. Changes nothing.

    Exit codes: 0 written; 2 usage, or a file that is unreadable or no builder accepts (the page says which);
    3 a step was refused by a check (the page says which).
    """
    with Messages():
        from optimizer.cli.monorepo.run import many
        from optimizer.cli.report import ReportOptions, report_all

        chosen = tuple(select or ()), tuple(ignore or ()), profile, context, no_context
        sets = many(jobs, None, exclude or (), changed_since, (), None, cache=not no_cache)
        options = ReportOptions(html, json, tuple(history or ()), unsafe, *chosen, sets)
        code = report_all(tuple(paths or (".",)), options)
    if code:
        raise typer.Exit(code)
