"""The command line. Start-up is a feature: nothing is imported before it is needed."""

from __future__ import annotations

import sys


def main() -> None:
    """The entry point of the `dockopt` command."""
    if sys.argv[1:] == ["--version"]:
        from importlib.metadata import version

        sys.stdout.write(f"dockopt {version('dockopt')}\n")
        return
    from optimizer.cli.app import app

    app()
