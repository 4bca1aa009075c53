"""`dockopt lsp`."""

from __future__ import annotations

from typing import Annotated

import typer

from optimizer.cli.commands.messages import Messages
from optimizer.cli.errors import UsageError


def lsp(
    stdio: Annotated[
        bool, typer.Option("--stdio", help="Over standard input and output: the only way, said by some editors.")
    ] = True,
) -> None:
    """Serve an editor: diagnostics, fixes and hovers while one types. It needs `pip install dockopt[lsp]`."""
    with Messages():
        try:
            from optimizer.lsp.server import serve
        except ModuleNotFoundError as error:
            raise UsageError(
                f"the language server needs `{error.name}`; `pip install dockopt[lsp]` brings it"
            ) from error
        serve()
