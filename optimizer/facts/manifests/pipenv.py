"""What pipenv reads: `Pipfile` and its lock file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from optimizer.facts.manifests.project import Project, table
from optimizer.facts.manifests.python import no_local

if TYPE_CHECKING:
    from optimizer.facts.manifests import Install


def files(install: Install, project: Project) -> Iterator[str]:
    """Nothing more. Raises UnreadableError where a package is one of the project's own folders."""
    data = project.toml("Pipfile")
    no_local((table(data, name) for name in data), "Pipfile")
    if project.has("Pipfile.lock"):
        locked = project.json("Pipfile.lock")
        no_local((table(locked, name) for name in locked), "Pipfile.lock")
    yield from ()
