"""What other programs read instead of the diff: each format is a function from reports on files to a text."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module

from optimizer.cli.errors import UsageError, suggestion
from optimizer.cli.formats.findings import Report

FORMATS = ("text", "json", "sarif", "github", "gitlab", "junit", "checkstyle", "rdjson")
"""`text` is what `dockopt fix` prints of itself; each of the others has a module here with a `render`."""
WITH_FIXES = frozenset({"json", "sarif", "rdjson"})
"""Those that offer fixes, for which the changes of a file must be told apart."""

Render = Callable[[Sequence[Report]], str]


def renderer(name: str) -> Render:
    """What writes the format. Raises UsageError."""
    if name not in FORMATS[1:]:
        near = suggestion(name, FORMATS) or f"; there are {', '.join(FORMATS)}"
        raise UsageError(f"--format: unknown format `{name}`{near}")
    render: Render = import_module(f"optimizer.cli.formats.{name}").render
    return render
