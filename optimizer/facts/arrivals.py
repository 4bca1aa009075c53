"""Which files of the build context a stage holds in a folder when an instruction begins."""

from __future__ import annotations

import fnmatch
import posixpath
from collections.abc import Iterator

from msgspec import Struct

from optimizer.facts import Facts
from optimizer.facts.copies import Copy, normalised
from optimizer.syntax.nodes import Instruction


class Arrival(Struct, frozen=True):
    """A file that is surely there. `path`: its place in the context; None where it came from elsewhere."""

    name: str
    path: str | None

    def content(self, facts: Facts) -> bytes | None:
        """What it holds; None where no context is given."""
        return facts.context.content(self.path) if facts.context is not None and self.path is not None else None


def arrived(facts: Facts, instruction: Instruction, name: str) -> Arrival | None:
    """The file of that name in the folder of a RUN, if it is surely there when the RUN begins; None otherwise.

    A glob counts only where the context shows what it takes; a RUN that names the file may have removed it.
    """
    folder = facts.scopes[instruction].folder
    if folder is None:
        return None
    found: Arrival | None = None
    for earlier in _before(facts, instruction):
        copy = facts.copies.get(earlier) if earlier.name in ("COPY", "ADD") else None
        if copy is not None:
            found = _brought(facts, copy, folder, name) or found
        elif earlier.name == "RUN" and name in facts.sources[earlier]:
            found = None
    return _mounted(facts, instruction, folder, name) or found


def _before(facts: Facts, instruction: Instruction) -> Iterator[Instruction]:
    """What is built before an instruction of its stage, from the first stage of the lineage on."""
    for stage in reversed(list(facts.stage_of[instruction].lineage)):
        for earlier in stage.instructions:
            if earlier is instruction:
                return
            yield earlier


def _mounted(facts: Facts, instruction: Instruction, folder: str, name: str) -> Arrival | None:
    for mount in facts.mounts(instruction):
        if mount.kind != "bind" or mount.source is None or mount.source_stage is not None or mount.target is None:
            continue
        if posixpath.join(folder, mount.target) == posixpath.join(folder, name):
            return Arrival(name, normalised(mount.source))
    return None


def _brought(facts: Facts, copy: Copy, folder: str, name: str) -> Arrival | None:
    if copy.destination is None or copy.excludes or copy.parents:
        return None
    place = copy.destination.rstrip("/") or "/"
    for source in copy.sources:
        if source is None:
            continue
        if posixpath.basename(source) == name and (place == folder or place == posixpath.join(folder, name)):
            return Arrival(name, normalised(source) if copy.origin is None else None)
        if copy.origin is None and facts.context is not None:
            path = _within(facts, source, place, folder, name)
            if path is not None:
                return Arrival(name, path)
    return None


def _within(facts: Facts, source: str, place: str, folder: str, name: str) -> str | None:
    """The file as a COPY of a folder, or of a glob, brings it; None where it does not."""
    assert facts.context is not None
    files = facts.context.files
    root = normalised(source)
    if any(char in root for char in "*?["):
        wanted = posixpath.join(posixpath.dirname(root), name).lstrip("/")
        return wanted if place == folder and wanted in files and fnmatch.fnmatchcase(wanted, root) else None
    if folder != place and not folder.startswith(place.rstrip("/") + "/"):
        return None
    path = posixpath.normpath(posixpath.join(root, posixpath.relpath(folder, place), name))
    return path if path in files else None
