"""A table of what was done: a row a transform, a folder or an owner. It holds counts, not results."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from pathlib import Path

from msgspec import Struct, field

from optimizer.cli.monorepo.owners import Owners
from optimizer.cli.monorepo.run import By
from optimizer.cli.names import shown
from optimizer.cli.output import on_one_line
from optimizer.engine import Result


class _Row(Struct):
    files: set[int] = field(default_factory=set)
    """Numbers of those that change."""
    changes: int = 0
    pending: int = 0
    refused: int = 0


class Summary:
    """Counts outcome by outcome."""

    def __init__(self) -> None:
        self._owners = Owners()
        self._count = 0
        self._rows: dict[By, dict[str, _Row]] = {By.TRANSFORM: {}, By.OWNER: {}}
        self._folders: dict[Path, _Row] = {}

    def add(self, path: Path, result: Result) -> None:
        """One file. A file that changes nothing makes no row of a transform, but one of its folder and owner."""
        self._count += 1
        kinds = (("changes", result.changes), ("pending", result.pending), ("refused", result.refusals))
        whole = [
            self._folders.setdefault(path.parent, _Row()),
            self._rows[By.OWNER].setdefault(self._owners.named(path), _Row()),
        ]
        for kind, items in kinds:
            for row in whole:
                setattr(row, kind, getattr(row, kind) + len(items))
            for item in items:
                row = self._rows[By.TRANSFORM].setdefault(item.transform, _Row())
                setattr(row, kind, getattr(row, kind) + 1)
                if kind == "changes":
                    row.files.add(self._count)
        if result.changed or result.ignores:
            for row in whole:
                row.files.add(self._count)

    def table(self, by: By) -> str:
        """The table as text, most files first; empty where there is nothing to count."""
        rows = self._by_folder() if by is By.FOLDER else self._rows[by]
        if not rows:
            return ""
        counts = {name: (len(row.files), row.changes, row.pending, row.refused) for name, row in rows.items()}
        ranked = sorted(counts.items(), key=lambda item: ([-count for count in item[1]], item[0]))
        return aligned([by, "files", "changes", "pending", "refused"], [[name, *row] for name, row in ranked])

    def _by_folder(self) -> dict[str, _Row]:
        found: dict[str, _Row] = {}
        apart = apart_at_first(self._folders)
        for folder, row in self._folders.items():
            total = found.setdefault(apart(folder), _Row())
            total.files |= row.files
            total.changes += row.changes
            total.pending += row.pending
            total.refused += row.refused
        return found


def apart_at_first(folders: Collection[Path]) -> Callable[[Path], str]:
    """Which name a folder goes under: the first level that tells the folders apart, below what all have in common."""
    parts = [folder.absolute().parts for folder in folders]
    common = 0
    for level in zip(*parts, strict=False):
        if len(set(level)) > 1:
            break
        common += 1

    def name(folder: Path) -> str:
        cut = folder.absolute().parts[: common + 1]
        return shown(Path(*cut))

    return name


def aligned(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Text in columns: the first to the left, numbers to the right."""
    texts = [list(head), *([on_one_line(str(cell)) for cell in row] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*texts, strict=True)]
    lines = (
        "  ".join([first.ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(rest, widths[1:], strict=True))])
        for first, *rest in texts
    )
    return "".join(f"{line.rstrip()}\n" for line in lines)
