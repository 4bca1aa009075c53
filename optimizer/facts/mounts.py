"""The mounts of a RUN, read as BuildKit reads its flags."""

from __future__ import annotations

import csv
import posixpath

from msgspec import Struct

from optimizer.syntax.nodes import Instruction


class Mount(Struct, frozen=True):
    """One `--mount`. `target` is None where a variable hides it; `source_stage` is what `from=` names."""

    kind: str
    target: str | None
    source_stage: str | None
    source: str | None
    writable: bool = False
    """Whether `rw` makes a bind mount one that takes writes, which nobody ever sees."""

    @property
    def ends_with_its_run(self) -> bool:
        """Whether what a RUN writes into it is gone behind that RUN."""
        return self.kind == "tmpfs" or (self.kind == "bind" and self.writable)

    keys: tuple[str, ...] = ()
    """The names of what is said of it."""
    user: str | None = None
    """What `uid=` says."""

    def covers(self, path: str) -> bool:
        """Whether what is written at the path may go into the mount and not into the layer. Unknown: yes."""
        if self.target is None:
            return True
        target, path = self.target.rstrip("/"), path.rstrip("/")
        return target == path or path.startswith(target + "/") or target.startswith(path + "/")


def mounts(instruction: Instruction) -> tuple[Mount, ...]:
    """The mounts in source order."""
    return tuple(_mount(flag.value or "") for flag in instruction.all_flags if flag.name == "mount")


def _mount(value: str) -> Mount:
    fields = {}
    for part in next(csv.reader([value]), []):
        key, _, rest = part.partition("=")
        fields[key.strip().lower()] = rest
    target = fields.get("target") or fields.get("dst") or fields.get("destination")
    known = target is not None and "$" not in target
    return Mount(
        fields.get("type", "bind"),
        posixpath.normpath(target) if known and target else None,
        fields.get("from"),
        fields.get("source") or fields.get("src"),
        any(fields.get(key, "false").lower() in ("", "1", "true") for key in ("rw", "readwrite")),
        tuple(fields),
        fields.get("uid"),
    )
