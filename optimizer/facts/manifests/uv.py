"""What `uv sync` reads: `pyproject.toml` and the lock file, if the project itself is not installed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from optimizer.facts.manifests.project import Project, UnreadableError, table
from optimizer.facts.manifests.python import no_local, no_local_files, requirements

if TYPE_CHECKING:
    from optimizer.facts.manifests import Install

_WITHOUT_PROJECT = ("--no-install-project", "--no-install-workspace", "--no-install-local", "--only-group")


def files(install: Install, project: Project) -> Iterator[str]:
    """Nothing more. Raises UnreadableError where uv installs the project or a member of its workspace."""
    data = project.toml("pyproject.toml")
    uv = table(data, "tool", "uv")
    if "workspace" in uv:
        raise UnreadableError("the members of the workspace are read too")
    packaged = uv.get("package", "build-system" in data)
    if packaged and not install.has(_WITHOUT_PROJECT):
        raise UnreadableError("without `--no-install-project` it installs the project itself")
    no_local(iter([table(uv, "sources")]), "pyproject.toml")
    no_local_files(requirements(data), "pyproject.toml")
    yield from ()
