"""What `go mod download` reads of a project: its module, those of its workspace, those that replace others."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from optimizer.facts.manifests.project import Project, UnreadableError

if TYPE_CHECKING:
    from optimizer.facts.manifests import Install

_REPLACED = re.compile(r"=>[ \t]+(\S+)(?:[ \t]+(\S+))?")
_LOCAL = ("./", "../", "/")


def files(install: Install, project: Project) -> Iterator[str]:
    """The module files. Raises UnreadableError where one lies outside of the context."""
    if install.operands:
        raise UnreadableError("it downloads what it names")
    yield from _replacements(project, ".")
    if project.has("go.work"):
        text = _uncommented(project.text("go.work"))
        for folder in _used(text):
            yield from _module(project, folder)
            yield from _replacements(project, folder)
        yield from _replaced(project, text, ".")


def _replacements(project: Project, folder: str) -> Iterator[str]:
    path = posixpath.normpath(posixpath.join(folder, "go.mod"))
    if project.has(path):
        yield from _replaced(project, _uncommented(project.text(path)), folder)


def _replaced(project: Project, text: str, folder: str) -> Iterator[str]:
    for target, version in _REPLACED.findall(text):
        if target.startswith(_LOCAL) and not version:
            yield from _module(project, posixpath.join(folder, target))


def _module(project: Project, folder: str) -> Iterator[str]:
    folder = posixpath.normpath(folder)
    path = posixpath.normpath(posixpath.join(folder, "go.mod"))
    if not project.has(path):
        raise UnreadableError(f"the module in `{folder}` is not copied from the build context")
    yield path
    if project.has(sums := posixpath.normpath(posixpath.join(folder, "go.sum"))):
        yield sums


def _used(text: str) -> Iterator[str]:
    for block, single in re.findall(r"^use[ \t]*(?:\(([^)]*)\)|([^\s(]+))", text, re.M):
        yield from (folder.strip('"') for folder in [*block.split(), single] if folder)


def _uncommented(text: str) -> str:
    return re.sub(r"//.*", "", text)
