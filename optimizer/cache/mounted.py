"""The mounts of a RUN as its key knows them: a cache without id and sharing, a secret without value, a bind's files."""

from __future__ import annotations

import csv
import posixpath
from collections.abc import Callable, Iterator

from optimizer.cache.steps import Cause, Part

Content = Callable[[str | None, str], Part]
"""What a source holds: the stage or image (None: the build context) and the path."""

_NAMES = {"dst": "target", "destination": "target", "src": "source", "ro": "readonly", "rw": "readwrite"}


def mount_parts(value: str, folder: str, content: Content) -> Iterator[Part]:
    """The parts of one `--mount`, with variables filled in."""
    fields = _fields(value)
    kind = fields.pop("type", "bind")
    target = fields.pop("target", "")
    if target:
        target = posixpath.normpath(posixpath.join(folder, target))
    fields["target"] = target
    origin, path = fields.pop("from", None), fields.pop("source", "/")
    if kind == "cache":
        fields.pop("id", None)
        fields.pop("sharing", None)
    told = ",".join(f"{name}={fields[name]}" for name in sorted(fields))
    yield Part(Cause.FLAG, "--mount", f"type={kind},{told}")
    if kind == "bind" or (kind == "cache" and origin):
        yield content(origin, path)


def _fields(value: str) -> dict[str, str]:
    found = {}
    for part in next(csv.reader([value]), []):
        name, _, rest = part.partition("=")
        name = name.strip().lower()
        found[_NAMES.get(name, name)] = rest
    return found
