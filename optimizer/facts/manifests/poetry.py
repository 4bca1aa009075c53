"""What `poetry install` reads: `pyproject.toml` and the lock file, if the project itself is not installed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from optimizer.facts.manifests.project import Project, UnreadableError, table
from optimizer.facts.manifests.python import no_local, no_local_files, requirements

if TYPE_CHECKING:
    from optimizer.facts.manifests import Install


def files(install: Install, project: Project) -> Iterator[str]:
    """Nothing more. Raises UnreadableError where poetry installs the project or a part of it."""
    data = project.toml("pyproject.toml")
    poetry = table(data, "tool", "poetry")
    if not install.has(("--no-root",)) and poetry.get("package-mode") is not False:
        raise UnreadableError("without `--no-root` it installs the project itself")
    groups = [poetry, *(group for group in table(poetry, "group").values() if isinstance(group, dict))]
    names = ("dependencies", "dev-dependencies")
    no_local((table(group, name) for group in groups for name in names), "pyproject.toml")
    no_local_files(requirements(data), "pyproject.toml")
    yield from ()
