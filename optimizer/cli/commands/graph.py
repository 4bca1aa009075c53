"""`dockopt graph`."""

from __future__ import annotations

from typing import Annotated

import typer

from optimizer.cli.commands.messages import Messages
from optimizer.cli.commands.options import Target


def graph(
    path: Annotated[str, typer.Argument(metavar="[PATH]", help="A Dockerfile, or a folder that has one.")] = ".",
    target: Target = None,
    form: Annotated[str, typer.Option("--format", metavar="FORMAT", help="mermaid, dot or svg.")] = "mermaid",
) -> None:
    """Draw the stages and steps of a build and what goes from one to another. Stages in one column are built at once.

    Exit codes: 0 drawn; 2 usage or unreadable input.
    """
    with Messages():
        from optimizer.cli.graph import draw

        draw(path, form, target)
