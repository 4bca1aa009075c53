"""What goes on, as one line at the bottom of a terminal; nothing at all where standard error is none."""

from __future__ import annotations

import shutil
import sys

from optimizer.cli.output import on_one_line

_BACK = "\r\x1b[K"


class Progress:
    """Is told line by line what goes on, and shows the newest."""

    def __init__(self, *, quiet: bool = False) -> None:
        self._live = sys.stderr.isatty() and not quiet
        self._shown = False

    def __call__(self, line: str) -> None:
        if not self._live:
            return
        width = shutil.get_terminal_size().columns - 1
        sys.stderr.write(_BACK + on_one_line(line).encode("utf-8", "replace").decode()[:width])
        sys.stderr.flush()
        self._shown = True

    def clear(self) -> None:
        """Take the line away, before something that stays is printed."""
        if self._shown:
            sys.stderr.write(_BACK)
            sys.stderr.flush()
        self._shown = False
