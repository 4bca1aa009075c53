"""`dockopt cache`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from optimizer.cli.commands.messages import Messages
from optimizer.cli.commands.options import BuildArgs, Context, Target


def cache(
    path: Annotated[
        str, typer.Argument(metavar="[PATH]", help="A Dockerfile, or a folder. Default: this folder.")
    ] = ".",
    changed: Annotated[
        list[str] | None, typer.Option(metavar="FILE", help="Files of the context that change. Default: a source file.")
    ] = None,
    commits: Annotated[
        str | None,
        typer.Option(metavar="A..B", help="The build of commit B after that of A; `B`: after the one before."),
    ] = None,
    last: Annotated[int | None, typer.Option(metavar="N", help="Replay the last N commits, before and after.")] = None,
    log: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The log of a build: real seconds. `-`: standard input.")
    ] = None,
    builder: Annotated[
        str, typer.Option(metavar="NAME", help="buildkit, containerd (BuildKit with containerd's store) or classic.")
    ] = "buildkit",
    context: Context = None,
    build_arg: BuildArgs = None,
    target: Target = None,
    form: Annotated[str, typer.Option("--format", metavar="FORMAT", help="text or json.")] = "text",
) -> None:
    """Show which steps a change makes a builder run again, why, and what that takes. Builds nothing.

    Exit codes: 0 shown; 2 usage or unreadable input.
    """
    with Messages():
        from optimizer.cli.cache import CacheOptions, cache_all

        code = cache_all(
            path,
            CacheOptions(
                tuple(changed or ()), commits, last, log, builder, form, context, tuple(build_arg or ()), target
            ),
        )
    if code:
        raise typer.Exit(code)
