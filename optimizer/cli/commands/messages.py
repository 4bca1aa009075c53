"""What a command says, and exits with, when it cannot go on."""

from __future__ import annotations

import sys

import typer


class Messages:
    """Turns an InputError, a ProofError or an interruption into its message and its exit code."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        code = getattr(error, "exit_code", None) if not isinstance(error, typer.Exit) else None
        if isinstance(error, KeyboardInterrupt):
            code = 128 + getattr(error, "number", 2)
        if code is None:
            return
        sys.stdout.flush()
        typer.echo(f"dockopt: {'interrupted; nothing is left behind' if code > 128 else error}", err=True)
        raise typer.Exit(code) from error
