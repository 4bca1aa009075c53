"""What `dotnet restore` reads: projects, those that they refer to, and the files that MSBuild looks for above them."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from optimizer.facts.manifests.project import Project, UnreadableError

if TYPE_CHECKING:
    from optimizer.facts.manifests import Install

_ABOVE = (
    "Directory.Build.props",
    "Directory.Build.targets",
    "Directory.Packages.props",
    "Directory.Solution.props",
    "Directory.Solution.targets",
    "NuGet.config",
    "nuget.config",
    "NuGet.Config",
    "global.json",
)
_PROJECTS = (".csproj", ".fsproj", ".vbproj")
_REFERRED = re.compile(r"<(?:ProjectReference\s[^>]*?Include|Import\s[^>]*?Project)\s*=\s*\"([^\"]+)\"", re.I)
_SLN = re.compile(r"\"([^\"]+\.(?:cs|fs|vb)proj)\"", re.I)


def files(install: Install, project: Project) -> Iterator[str]:
    """The project files. Raises UnreadableError where a reference is a pattern or has a variable."""
    seen: set[str] = set()
    for start in install.operands or (_only(project),):
        yield from _one(project, start, seen)


def _only(project: Project) -> str:
    """The one solution or project of the folder, which dotnet takes where none is named."""
    here = [path for path in project.below(".") if posixpath.dirname(path) == project.at(".")]
    for endings in ((".sln", ".slnx", ".slnf"), _PROJECTS):
        if len(found := [path for path in here if path.endswith(endings)]) == 1:
            return found[0]
    raise UnreadableError("it is not certain which project dotnet takes")


def _one(project: Project, path: str, seen: set[str]) -> Iterator[str]:
    path = project.at(path.replace("\\", "/"))
    if path in seen:
        return
    seen.add(path)
    if not project.has(path):
        raise UnreadableError(f"`{path}` is not copied from the build context")
    yield path
    folder = posixpath.dirname(path)
    yield from _above(project, folder)
    if path.endswith(_PROJECTS):
        yield posixpath.join(folder, "packages.lock.json")
    pattern = _SLN if path.endswith((".sln", ".slnx", ".slnf")) else _REFERRED
    for reference in pattern.findall(project.text(path)):
        if "$" in reference or "*" in reference:
            raise UnreadableError(f"`{reference}` in `{path}` cannot be followed")
        if "\\" in reference or "/" in reference or "." in reference:
            yield from _one(project, posixpath.join(folder, reference.replace("\\", "/")), seen)


def _above(project: Project, folder: str) -> Iterator[str]:
    while True:
        yield from (posixpath.join(folder, name) for name in _ABOVE)
        if folder == "/":
            return
        folder = posixpath.dirname(folder)
