"""The commands of `dockopt`. They print; the work is done by the public API."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from optimizer.cli import VERSION
from optimizer.cli.errors import InputError

app = typer.Typer(
    name="dockopt",
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


def run(words: list[str]) -> None:
    """Run the command that the words name; always ends in SystemExit."""
    app(words, prog_name="dockopt")


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"dockopt {VERSION}")
        raise typer.Exit


@app.callback()
def _main(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and stop.")
    ] = False,
) -> None:
    """Rewrites Dockerfiles so that images get smaller and rebuilds faster, and never breaks a build."""


@app.command()
def fix(
    paths: Annotated[
        list[str] | None,
        typer.Argument(metavar="[PATHS]...", help="Files, folders, or `-` for standard input. Default: this folder."),
    ] = None,
    write: Annotated[bool, typer.Option("--write", "-w", help="Rewrite the files in place.")] = False,
    check: Annotated[bool, typer.Option("--check", help="Exit with 1 if something would change.")] = False,
    unsafe: Annotated[bool, typer.Option("--unsafe", help="Also what gives the image other content.")] = False,
    select: Annotated[
        list[str] | None, typer.Option(metavar="IDS", help="Only these transforms (ids, with commas).")
    ] = None,
    ignore: Annotated[list[str] | None, typer.Option(metavar="IDS", help="All but these transforms.")] = None,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Also what was not changed, and why.")] = False,
    stdin_filename: Annotated[
        str | None, typer.Option(metavar="NAME", help="The path of what `-` reads, for settings and messages.")
    ] = None,
) -> None:
    """Show what would be better, as a unified diff with a reason for each change; or write it.

    Exit codes: 0 nothing pending, shown, or written; 1 pending under --check; 2 usage or unreadable input;
    3 a step was refused by a check.
    """
    from optimizer.cli.fix import Options, fix_all

    options = Options(write, check, unsafe, tuple(select or ()), tuple(ignore or ()), verbose, stdin_filename)
    with _Messages():
        code = fix_all(tuple(paths or (".",)), options)
    if code:
        raise typer.Exit(code)


@app.command()
def rules() -> None:
    """List the transforms in the order in which they run."""
    from optimizer.cli.catalogue import listing

    typer.echo(listing(), nl=False)


@app.command()
def explain(transform: Annotated[str, typer.Argument(metavar="ID", help="The id of a transform.")]) -> None:
    """Say what a transform does, what it never does, and show its examples."""
    from optimizer.cli.catalogue import explanation

    with _Messages():
        text = explanation(transform)
    typer.echo(text, nl=False)


class _Messages:
    """Turns an InputError into its message and its exit code."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, InputError):
            sys.stdout.flush()
            typer.echo(f"dockopt: {error}", err=True)
            raise typer.Exit(error.exit_code) from error
