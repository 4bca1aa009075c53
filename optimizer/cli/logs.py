"""The build log that `--log` names."""

from __future__ import annotations

import sys
from pathlib import Path

from optimizer.cache.logs import Log, LogError, read_log
from optimizer.cli import files
from optimizer.cli.errors import FileError
from optimizer.cli.names import shown


def log_in(path: Path) -> Log:
    """The log in a file, `-` for standard input. Raises FileError."""
    data = sys.stdin.buffer.read() if str(path) == "-" else files.read(path)
    try:
        return read_log(data)
    except LogError as error:
        raise FileError(f"{shown(path)}: {error}") from error
