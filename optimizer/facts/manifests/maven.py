"""What maven's dependency plugin reads of a project: the poms of its modules and of their parents.

A module that needs another one stops it: nothing has been built that it could find (MDEP-516).
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from optimizer.facts.manifests.project import Project, UnreadableError

if TYPE_CHECKING:
    from optimizer.facts.manifests import Install

_PARENT = re.compile(r"<parent>(.*?)</parent>", re.S)
_RELATIVE = re.compile(r"<relativePath\s*(?:/>|>\s*(.*?)\s*</relativePath>)", re.S)
_MODULE = re.compile(r"<(?:module|subproject)>\s*(.*?)\s*</(?:module|subproject)>", re.S)
_USES = re.compile(r"<(dependency|plugin|extension|exclusion)>(.*?)</\1>", re.S)
_ID = re.compile(r"<artifactId>\s*(.*?)\s*</artifactId>", re.S)
_BLOCKS = re.compile(
    r"<(parent|dependencies|dependencyManagement|build|reporting|profiles|modules|properties)>.*?</\1>", re.S
)
_OF_SOURCES = ("<systemPath>", "basedir}", "<exists>", "<missing>")
"""What makes a pom say something else where the sources are not there."""


def files(install: Install, project: Project) -> Iterator[str]:
    """All poms. Raises UnreadableError for modules that need each other, and for what lies in the sources."""
    if install.operands:
        raise UnreadableError("it does more than fetch dependencies")
    texts: dict[str, str] = {}
    pending = ["pom.xml"]
    while pending:
        path = posixpath.normpath(pending.pop(0))
        if path not in texts:
            texts[path] = _text(project, path)
            pending += [*_modules(texts[path], path, project), *_parents(texts[path], path, project)]
    if len(texts) > 1:
        _apart(texts)
    yield from texts


def _text(project: Project, path: str) -> str:
    if not project.has(path):
        raise UnreadableError(f"the module `{path}` is not copied from the build context")
    text = re.sub(r"<!--.*?-->", "", project.text(path), flags=re.S)
    if any(word in text for word in _OF_SOURCES):
        raise UnreadableError(f"`{path}` names files of the sources")
    return text


def _modules(text: str, path: str, project: Project) -> Iterator[str]:
    for name in _MODULE.findall(text):
        inside = posixpath.join(posixpath.dirname(path), name)
        yield inside if project.has(inside) else posixpath.join(inside, "pom.xml")


def _parents(text: str, path: str, project: Project) -> Iterator[str]:
    """The parent, where it is one of the sources."""
    parent = _PARENT.search(text)
    if parent is None:
        return
    told = _RELATIVE.search(parent[1])
    if told is not None and not told[1]:
        return
    place = posixpath.join(posixpath.dirname(path), told[1] if told is not None else "../pom.xml")
    place = place if place.endswith(".xml") else posixpath.join(place, "pom.xml")
    if project.has(place):
        if posixpath.normpath(place).startswith(".."):
            raise UnreadableError(f"the parent of `{path}` lies outside of the folder that maven runs in")
        yield place


def _apart(texts: dict[str, str]) -> None:
    """No module needs another one. Raises UnreadableError."""
    own = {found[1] for text in texts.values() if (found := _ID.search(_BLOCKS.sub("", text))) is not None}
    for path, text in texts.items():
        for kind, block in _USES.findall(text):
            used = _ID.search(block)
            if kind != "exclusion" and used is not None and ("${" in used[1] or used[1] in own):
                raise UnreadableError(f"`{path}` needs `{used[1]}`, which may be a module that is not built by then")
