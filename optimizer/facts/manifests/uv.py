"""What `uv sync` reads: `pyproject.toml` and the lock file, if the project itself is not installed."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from optimizer.facts.manifests.project import Project, UnreadableError, table
from optimizer.facts.manifests.python import no_local, no_local_files, requirements

if TYPE_CHECKING:
    from optimizer.facts.manifests import Install

_WITHOUT_MEMBERS = ("--no-install-workspace", "--no-install-local", "--only-group")
_WITHOUT_PROJECT = ("--no-install-project", *_WITHOUT_MEMBERS)


def files(install: Install, project: Project) -> Iterator[str]:
    """The manifests of a workspace. Raises UnreadableError where uv installs the project or a member."""
    data = project.toml("pyproject.toml")
    uv = table(data, "tool", "uv")
    packaged = uv.get("package", "build-system" in data)
    if packaged and not install.has(_WITHOUT_PROJECT):
        raise UnreadableError("without `--no-install-project` it installs the project itself")
    _plain(data, "pyproject.toml")
    members = list(_members(project, table(uv, "workspace"))) if "workspace" in uv else []
    if members and not install.has(_WITHOUT_MEMBERS):
        raise UnreadableError("without `--no-install-workspace` it installs the members of the workspace")
    for path in members:
        _plain(project.toml(path), path)
        yield path


def _plain(data: dict[str, Any], path: str) -> None:
    """Raises UnreadableError where a manifest names a folder, or where uv must build the project to read it."""
    if table(data, "project").get("dynamic"):
        raise UnreadableError(f"`dynamic` in `{path}` may need the sources")
    sources = table(data, "tool", "uv", "sources")
    no_local(iter([{name: one for name, one in sources.items() if one != {"workspace": True}}]), path)
    no_local_files(requirements(data), path)


def _members(project: Project, workspace: dict[str, Any]) -> Iterator[str]:
    """The manifests of the members, the root aside."""
    excluded = {path for glob in workspace.get("exclude", ()) for path in _matching(project, glob)}
    for glob in workspace.get("members", ()):
        yield from (path for path in _matching(project, glob) if path not in excluded)


def _matching(project: Project, glob: str) -> list[str]:
    found = project.matching(posixpath.join(glob, "pyproject.toml"))
    return [path for path in found if path != project.at("pyproject.toml")]
