"""`dockopt lock`."""

from __future__ import annotations

from typing import Annotated

import typer

from optimizer.cli.commands.messages import Messages


def lock(
    paths: Annotated[list[str] | None, typer.Argument(metavar="[PATHS]...", help="Files or folders.")] = None,
    update: Annotated[bool, typer.Option("--update", help="Ask again for what is locked already.")] = False,
    check: Annotated[bool, typer.Option("--check", help="Ask nobody; exit with 1 where an entry is missing.")] = False,
) -> None:
    """Keep `dockopt.lock`: the digests of base images without a tag, which `pin-base` then writes into Dockerfiles.

    Exit codes: 0 up to date or written; 1 an entry is missing under --check; 2 usage, or a registry does not tell.
    """
    with Messages():
        from optimizer.cli.lock import Wishes
        from optimizer.cli.lock import lock as keep

        code = keep(paths or [], Wishes(update, check))
    raise typer.Exit(code)
