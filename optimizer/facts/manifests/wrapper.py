"""What gradle's wrapper reads to fetch the gradle that a project wants: nothing of its build."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from optimizer.facts.manifests.project import Project, UnreadableError

if TYPE_CHECKING:
    from optimizer.facts.manifests import Install

_PROPERTIES = "gradle/wrapper/gradle-wrapper.properties"


def files(install: Install, project: Project) -> Iterator[str]:
    """No more than the row names. Raises UnreadableError where gradle lies in the sources, or comes to lie there."""
    told = dict(re.findall(r"^\s*(\w+)\s*[=:]\s*(\S*)", project.text(_PROPERTIES), re.M))
    if not told.get("distributionUrl", "").replace("\\", "").startswith(("http://", "https://")):
        raise UnreadableError(f"`{_PROPERTIES}` takes gradle from elsewhere")
    if {told.get("distributionBase"), told.get("zipStoreBase")} - {None, "GRADLE_USER_HOME"}:
        raise UnreadableError(f"`{_PROPERTIES}` puts gradle into the project")
    yield from ()
