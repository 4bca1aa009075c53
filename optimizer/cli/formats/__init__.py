"""What other programs read instead of the diff: each format is a function from reports on files to a text."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from optimizer.cli.errors import unknown_format
from optimizer.cli.output import document

if TYPE_CHECKING:
    from optimizer.cli.formats.findings import Report
    from optimizer.cli.work import Outcome

FORMATS = ("text", "json", "sarif", "github", "gitlab", "junit", "checkstyle", "rdjson")
"""`text` is what `dockopt fix` prints of itself; each of the others has a module here with a `render`."""
WITH_FIXES = frozenset({"json", "sarif", "rdjson"})
"""Those that offer fixes, for which the changes of a file must be told apart."""


def renderer(name: str) -> Callable[[Sequence[Report]], str]:
    """What writes the format. Raises UsageError."""
    if name not in FORMATS[1:]:
        raise unknown_format(name, FORMATS)
    render: Callable[[Sequence[Report]], str] = import_module(f"optimizer.cli.formats.{name}").render
    return render


class Told:
    """What one run tells in the wished format; with `text` it only takes what is printed, where it goes to a file."""

    def __init__(self, name: str, output: Path | None, *, offer_fixes: bool) -> None:
        """`offer_fixes`: whether the files stay as they were read. Raises UsageError for an unknown format."""
        self._render = renderer(name) if name != "text" else None
        self._output = output
        self._offer_fixes = offer_fixes
        self._reports: list[Report] = []
        self._printed = io.BytesIO()
        self.with_fixes = offer_fixes and name in WITH_FIXES

    @property
    def sink(self) -> BinaryIO | None:
        """What takes the diffs; None: standard output."""
        return self._printed if self._render is not None or self._output is not None else None

    def add(self, outcome: Outcome) -> None:
        """Note what became of a file."""
        if self._render is not None and (outcome.result is not None or outcome.failures):
            from optimizer.cli.formats.findings import report

            self._reports.append(report(outcome, offer_fixes=self._offer_fixes))

    def write(self) -> None:
        """Write the document, if there is one to write. Raises FileError."""
        if self.sink is not None:
            text = self._render(self._reports).encode() if self._render is not None else self._printed.getvalue()
            document(text, self._output)
