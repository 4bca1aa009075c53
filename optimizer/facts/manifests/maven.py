"""What maven's dependency plugin reads of a project of one module."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from optimizer.facts.manifests.project import Project, UnreadableError

if TYPE_CHECKING:
    from optimizer.facts.manifests import Install

_PARENT = re.compile(r"<parent>(.*?)</parent>", re.S)


def files(install: Install, project: Project) -> Iterator[str]:
    """Nothing more. Raises UnreadableError for several modules, and for a parent or a dependency out of the sources."""
    text = re.sub(r"<!--.*?-->", "", project.text("pom.xml"), flags=re.S)
    if "<modules>" in text or "<systemPath>" in text or "${project.basedir}" in text or "${basedir}" in text:
        raise UnreadableError("`pom.xml` names modules or files of the sources")
    parent = _PARENT.search(text)
    if parent and "<relativePath/>" not in parent[1] and project.has("../pom.xml"):
        raise UnreadableError("the parent of `pom.xml` is one of the sources")
    if install.operands:
        raise UnreadableError("it does more than fetch dependencies")
    yield from ()
