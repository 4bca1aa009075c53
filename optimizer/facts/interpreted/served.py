"""The one folder that a container reads, where all that it starts is a server of static files."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Sequence
from fnmatch import fnmatchcase

from msgspec import Struct

from optimizer.facts import BuildStage, Facts
from optimizer.facts.context import text_of
from optimizer.facts.paths import within
from optimizer.facts.runtime_needs.started import files_of
from optimizer.facts.scope import Scope
from optimizer.facts.stacks.started import starts
from optimizer.facts.sync import scripts_of
from optimizer.knowledge.static_servers import Server
from optimizer.knowledge.static_servers import static_servers as _known

_OPTIONS = ("-o", "-d", "--outDir", "--out-dir", "--dist-dir", "--dest", "--output-path", "BUILD_PATH=")


class Served(Struct, frozen=True):
    """A folder (absolute), and the packages of npm of which one brings the server."""

    folder: str
    packages: frozenset[str]


def served(facts: Facts, stage: BuildStage) -> Served | None:
    """What a container of the stage hands out; None where it starts anything else, or reads more than is known."""
    scope = facts.behind(stage) or Scope()
    started = starts(facts, stage, scope)
    if len(started) != 1 or scope.folder is None or facts.context is None or facts.context.starts:
        return None
    words = started[0].words
    server = _known().by_command.get(words[0]) if words else None
    folder = _operand(words[1:], server) if server is not None else None
    if folder is None or server is None:
        return None
    return Served(posixpath.normpath(posixpath.join(scope.folder, folder)), frozenset(server.packages))


def is_made(facts: Facts, stage: BuildStage, folder: str) -> bool:
    """Whether a folder is surely there: the context holds files of it, or the project says that a build makes it."""
    files = files_of(facts, stage)
    if any(within(path, folder) for path in files):
        return True
    scope = facts.behind(stage) or Scope()
    root = scope.folder or "/"
    name = posixpath.relpath(folder, root).partition("/")[0]
    manifest = text_of(facts.context, files.get(posixpath.join(root, "package.json")))
    scripts = " ".join((scripts_of(manifest.encode()) or {}).values())
    settings = [path for path in files if posixpath.dirname(path) == root and _is_setting(posixpath.basename(path))]
    texts = (text_of(facts.context, files[path]) for path in settings)
    said = [text for text in texts if any(word in text for word in _known().words)]
    if said or any(f"{word} " in scripts for word in _OPTIONS):
        return any(re.search(rf"[\s\"'/=]{re.escape(name)}(?:[\s\"'/]|$)", text) for text in (*said, scripts))
    return any(call in scripts and name == made for call, made in _known().folders.items())


def _is_setting(name: str) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in _known().settings)


def _operand(words: Sequence[str], server: Server) -> str | None:
    """The only word that is no option, nor the value of one; None where there is none, or an option is not known."""
    found: list[str] = []
    value = False
    for word in words:
        name = word.partition("=")[0]
        if value:
            value = False
        elif not word.startswith("-"):
            found.append(word)
        elif name in server.value_options:
            value = "=" not in word
        elif name not in server.flag_options:
            return None
    return found[0] if len(found) == 1 and "$" not in found[0] else None
