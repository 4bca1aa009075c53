"""Where text goes: diffs and changes to standard output, notes and problems to standard error; colour on a terminal."""

from __future__ import annotations

import sys

_COLOURS = {"+": "32", "-": "31", "@": "36"}


class Output:
    """Writes bytes as they are; colours only what a terminal shows."""

    def __init__(self) -> None:
        self._coloured = sys.stdout.isatty() and not _no_colour()

    def raw(self, data: bytes) -> None:
        """Bytes for standard output."""
        sys.stdout.flush()
        sys.stdout.buffer.write(data)

    def diff(self, text: str) -> None:
        """A unified diff."""
        lines = text.split("\n")
        if self._coloured:
            lines = [_painted(line) for line in lines]
        self.raw("\n".join(lines).encode("utf-8", "surrogateescape"))

    def change(self, line: str) -> None:
        """A line about a change; it stands behind the diff, where `git apply` passes over it."""
        self.raw(f"{line}\n".encode("utf-8", "surrogateescape"))

    def note(self, line: str) -> None:
        """A line for the person at the terminal."""
        self.flush()
        sys.stderr.write(_printable(line) + "\n")

    def problem(self, line: str) -> None:
        """A line about something that went wrong."""
        self.flush()
        sys.stderr.write(_printable(f"dockopt: {line}") + "\n")

    def flush(self) -> None:
        """What was written is seen before what comes next."""
        sys.stdout.flush()
        sys.stdout.buffer.flush()


def _no_colour() -> bool:
    import os

    return bool(os.environ.get("NO_COLOR"))


def _painted(line: str) -> str:
    colour = "1" if line.startswith(("+++", "---")) else _COLOURS.get(line[:1])
    return f"\x1b[{colour}m{line}\x1b[0m" if colour else line


def _printable(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode()
