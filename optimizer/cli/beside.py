"""The ignore files that changes need: written before the Dockerfile that relies on them, shown once at the end."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from optimizer.cli import files
from optimizer.cli.names import in_diff
from optimizer.facts.context.ignore import extended
from optimizer.patch import unified


class IgnoreFiles:
    """What comes to the end of each; several Dockerfiles may share one."""

    def __init__(self) -> None:
        self._before: dict[Path, bytes | None] = {}
        self._after: dict[Path, bytes] = {}

    def add(self, path: Path, patterns: Sequence[str]) -> None:
        """Put patterns at the end of an ignore file, as far as they are not there. Raises FileError."""
        if path not in self._before:
            self._before[path] = files.read(path) if path.exists() else None
        self._after[path] = extended(self._after.get(path, self._before[path] or b""), patterns)

    def write(self, path: Path, top: Path) -> None:
        """Write one of them. Raises FileError, with the file as it was."""
        before, after = self._before[path], self._after[path]
        if before is None:
            files.create(path, after)
        elif before != after:
            files.write(path, before, after, Path(), top)
        self._before[path] = after

    def diffs(self) -> str:
        """The diffs of those that were not written."""
        return "".join(
            unified(_text(self._before[path] or b""), _text(after), in_diff(path), new=self._before[path] is None)
            for path, after in sorted(self._after.items())
        )


def _text(content: bytes) -> str:
    return content.decode("utf-8", "surrogateescape")
