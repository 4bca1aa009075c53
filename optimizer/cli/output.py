"""Where text goes: diffs and changes to standard output, notes and problems to standard error; colour on a terminal."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import BinaryIO

from optimizer.cli.errors import FileError

_COLOURS = {"+": "32", "-": "31", "@": "36"}
_CONTROL = re.compile("[\x00-\x1f\x7f]")


class Output:
    """Writes bytes as they are; colours only what a terminal shows."""

    def __init__(self, sink: BinaryIO | None = None) -> None:
        """`sink`: what takes the text instead of standard output."""
        self._sink = sink
        self._coloured = sink is None and sys.stdout.isatty() and not os.environ.get("NO_COLOR")

    def raw(self, data: bytes) -> None:
        """Bytes for standard output."""
        if self._sink is not None:
            self._sink.write(data)
            return
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
        self.raw(f"{on_one_line(line)}\n".encode("utf-8", "surrogateescape"))

    def text(self, text: str) -> None:
        """Lines for standard output that may hold what a build or an image says."""
        lines = (on_one_line(line) for line in text.split("\n"))
        self.raw("\n".join(lines).encode("utf-8", "backslashreplace"))

    def note(self, line: str) -> None:
        """A line for the person at the terminal, also about something that went wrong."""
        self.flush()
        sys.stderr.write(on_one_line(line).encode("utf-8", "backslashreplace").decode() + "\n")

    def flush(self) -> None:
        """What was written is seen before what comes next."""
        sys.stdout.flush()
        sys.stdout.buffer.flush()


def document(data: bytes, output: Path | None) -> None:
    """Write a whole document to the file that `--output` names, else to standard output. Raises FileError."""
    if output is None:
        Output().raw(data)
        return
    try:
        output.write_bytes(data)
    except OSError as error:
        raise FileError(f"--output: {output}: cannot be written: {error.strerror}") from error


def _painted(line: str) -> str:
    colour = "1" if line.startswith(("+++", "---")) else _COLOURS.get(line[:1])
    return f"\x1b[{colour}m{line}\x1b[0m" if colour else line


def on_one_line(text: str) -> str:
    """The text without what would end the line or move the cursor: file names can hold anything."""
    return _CONTROL.sub(lambda match: f"\\x{ord(match[0]):02x}", text)
