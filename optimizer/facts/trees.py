"""Temporary folders and archives that a RUN makes for itself and that nothing else in the file names."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from optimizer.facts import Facts
from optimizer.facts.calls import Call
from optimizer.facts.writes import placed, written_by
from optimizer.syntax.nodes import Instruction

TEMPORARY = ("/tmp/", "/var/tmp/", "/usr/src/", "/usr/local/src/")
"""Folders whose contents no program looks for by itself. Filesystem Hierarchy Standard 3.0."""

_UNPACKERS = frozenset({"tar", "bsdtar", "unzip"})
_FETCHERS = frozenset({"wget", "curl", "git", "svn", "hg"})


def trees(facts: Facts, run: Instruction) -> tuple[str, ...]:
    """Their paths, those that lie in another one aside, in the order in which they are made."""
    made = [path for path in dict.fromkeys(_made(facts, run)) if path.startswith(TEMPORARY) and path not in TEMPORARY]
    outer = [path for path in made if not any(path.startswith(other + "/") for other in made)]
    return tuple(path for path in outer if not _named_elsewhere(facts, run, path))


def _made(facts: Facts, run: Instruction) -> Iterator[str]:
    filled: list[str] = []
    for call, folder in placed(facts, run):
        written = list(written_by(call, folder))
        if call.name in _FETCHERS:
            yield from (one.path for one in written if not posixpath.basename(one.path).startswith("-"))
        elif call.name in _UNPACKERS:
            filled += [one.path for one in written if one.below]
        elif call.name in ("mkdir", "cd"):
            for path in _operands(call, folder):
                top = next((each for each in filled if path.startswith(each.rstrip("/") + "/")), None)
                if call.name == "mkdir":
                    yield path
                elif top is not None:
                    yield posixpath.join(top, path[len(top.rstrip("/")) + 1 :].partition("/")[0])


def _operands(call: Call, folder: str | None) -> Iterator[str]:
    for word in call.words[1:]:
        literal = word.literal
        if literal is None or literal.startswith(("-", "~")) or (folder is None and not literal.startswith("/")):
            continue
        yield posixpath.normpath(posixpath.join(folder or "/", literal))


def _named_elsewhere(facts: Facts, run: Instruction, path: str) -> bool:
    """Whether another instruction speaks of it, a link leads into it, a mount lies there, or the RUN stands in it."""
    folder = facts.scopes[run].folder
    if folder is None or (folder + "/").startswith(path + "/"):
        return True
    if any(mount.covers(path) for mount in facts.mounts(run)):
        return True
    linked = any(call.name == "ln" for call in facts.calls(run))
    name = re.compile(rf"(?<![\w.-]){re.escape(posixpath.basename(path))}(?![\w-])")
    return linked or any(name.search(text) for one, text in facts.sources.items() if one is not run)
