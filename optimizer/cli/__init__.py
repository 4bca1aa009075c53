"""The command line. Start-up is a feature: nothing is imported before it is needed."""

from __future__ import annotations

import sys

VERSION = "0.1.0"
"""The distribution's version; to read it from the metadata would take longer than all else that `--version` does."""


def main(arguments: list[str] | None = None, name: str = "dockopt") -> None:
    """The entry point of the `dockopt` command; the arguments are by default those of the process.

    `name`: what it is called by, for messages.
    """
    words = sys.argv[1:] if arguments is None else arguments
    if words == ["--version"]:
        sys.stdout.write(f"dockopt {VERSION}\n")
        return
    from optimizer.cli.app import run

    run(words, name)
