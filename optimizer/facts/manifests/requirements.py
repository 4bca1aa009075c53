"""What pip reads of a project: the requirement files, and those that they name."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from optimizer.facts.manifests.project import NamedError, Project, UnreadableError

if TYPE_CHECKING:
    from optimizer.facts.manifests import Install

_INCLUDE = re.compile(r"(?:-r|-c|--requirement|--constraint)(?:\s+|=)?(\S+)")
_HARMLESS = re.compile(
    r"(?:--(?:index-url|extra-index-url|trusted-host|no-binary|only-binary|prefer-binary|pre|no-index|use-feature"
    r"|require-hashes)|-i)\b"
)
_NAMED = re.compile(
    r"[A-Za-z0-9][A-Za-z0-9._-]*\s*(?:\[[^\]]*\])?\s*(?:$|[=<>!~;(#]|@\s*(?:git\+)?(?:https?|ssh)://|--)"
)


def files(install: Install, project: Project) -> Iterator[str]:
    """The requirement files, those that they include too. Raises UnreadableError for local projects and archives."""
    for operand in install.operands:
        if install.verb == "sync":
            yield from _file(project, operand, set())
        elif _is_local(operand):
            raise UnreadableError(f"`{operand}` may be installed from the sources")
    named = install.values(install.row.path_options)
    if install.verb != "sync" and not named:
        raise NamedError("it installs nothing that a file names")
    seen: set[str] = set()
    for path in named:
        yield from _file(project, path, seen)


def _file(project: Project, path: str, seen: set[str]) -> Iterator[str]:
    path = posixpath.normpath(path)
    if path in seen:
        return
    seen.add(path)
    if path.startswith(("http:", "https:")):
        return
    if not project.has(path):
        raise UnreadableError(f"`{path}` is not copied from the build context")
    yield path
    text = re.sub(r"\\\r?\n", " ", project.text(path))
    for line in map(_uncommented, text.splitlines()):
        if include := _INCLUDE.match(line):
            yield from _file(project, posixpath.join(posixpath.dirname(path), include[1]), seen)
        elif line and not (_HARMLESS.match(line) or _is_remote(line) or (_NAMED.match(line) and not _is_local(line))):
            raise UnreadableError(f"`{line}` in `{path}` may be installed from the sources")


def _uncommented(line: str) -> str:
    return re.sub(r"(^|\s)#.*", "", line).strip()


def _is_remote(line: str) -> bool:
    return line.startswith(("http://", "https://", "git+https://", "git+ssh://", "git+http://"))


def _is_local(operand: str) -> bool:
    """Whether pip may take the operand for a path: it has a slash, is a dot or an archive."""
    if _is_remote(operand) or re.search(r"@\s*(?:git\+)?(?:https?|ssh)://", operand):
        return False
    path = operand.partition(";")[0].split()[0]
    return path.startswith(".") or "/" in path or path.endswith((".whl", ".gz", ".zip", ".bz2"))
