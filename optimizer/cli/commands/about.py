"""The commands that tell about dockopt itself."""

from __future__ import annotations

from typing import Annotated

import typer

from optimizer.cli.commands.messages import Messages
from optimizer.cli.completion import script, shells, transforms


def rules() -> None:
    """List the transforms in the order in which they run."""
    from optimizer.cli.catalogue import listing

    typer.echo(listing(), nl=False)


def explain(
    transform: Annotated[str, typer.Argument(metavar="ID", help="The id of a transform.", autocompletion=transforms)],
) -> None:
    """Say what a transform does, what it never does, and show its examples."""
    from optimizer.cli.catalogue import explanation

    with Messages():
        text = explanation(transform)
    typer.echo(text, nl=False)


def completion(
    shell: Annotated[str, typer.Argument(metavar="SHELL", help="bash, zsh or fish.", autocompletion=shells)],
) -> None:
    """Print what makes a shell complete the commands, options and ids of dockopt."""
    with Messages():
        text = script(shell)
    typer.echo(text, nl=False)


def man() -> None:
    """Print the manual page: `dockopt man | man -l -`."""
    from optimizer.cli.app import app
    from optimizer.cli.manual import manual

    typer.echo(manual(typer.main.get_group(app)), nl=False)


def schema() -> None:
    """Print the JSON Schema of the settings, for editors."""
    from optimizer.cli.schema import written

    typer.echo(written(), nl=False)
