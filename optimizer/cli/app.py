"""The program: its commands by name, each imported when it is asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Annotated, Any, cast

import typer
from typer.core import TyperGroup

from optimizer.cli import VERSION, completion

_PLAIN: dict[str, Any] = {"add_completion": False, "rich_markup_mode": None, "pretty_exceptions_enable": False}
_MODULES = {
    "fix": "fix",
    "prove": "prove",
    "report": "report",
    "image": "image",
    "cache": "cache",
    "graph": "graph",
    "review": "review",
    "lock": "lock",
    "rules": "about",
    "explain": "about",
    "completion": "about",
    "lsp": "lsp",
    "man": "about",
    "schema": "about",
}
"""The module of `commands/` in which the function of each command stands."""


class _Commands(Mapping[str, Any]):
    """The commands by name: made when one is taken, as to make them all takes longer than to read a Dockerfile."""

    def __init__(self) -> None:
        self._made: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._made:
            module = import_module(f"optimizer.cli.commands.{_MODULES[name]}")
            alone = typer.Typer(**_PLAIN)
            alone.command(name)(getattr(module, name))
            self._made[name] = typer.main.get_command(alone)
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(_MODULES)

    def __len__(self) -> int:
        return len(_MODULES)


class _Program(TyperGroup):
    """The group of all commands."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.commands = cast(Any, _Commands())


app = typer.Typer(name="dockopt", cls=_Program, no_args_is_help=True, **_PLAIN)


def run(words: list[str], name: str = "dockopt") -> None:
    """Run the command that the words name; always ends in SystemExit. `name`: what the program is called by."""
    completion.prepare()
    app(words, prog_name=name)


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
