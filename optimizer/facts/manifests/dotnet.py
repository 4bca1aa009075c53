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
_ABOVE_ITSELF = re.compile(
    r"<Import\s[^>]*GetPathOfFileAbove\(\s*'?(?:Directory\.\w+\.(?:props|targets)|\$\(MSBuildThisFile\))'?[^>]*/>", re.I
)
"""An import of the file of the same name in a folder above, which is read in any case."""
_SOURCES = re.compile(r"<packageSources>(.*?)</packageSources>", re.I | re.S)
_SOURCE = re.compile(r"<add\s[^>]*?value\s*=\s*\"([^\"]+)\"[^>]*?/>", re.I)
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
    for above in _above(folder):
        yield above
        yield from _settings(project, above, seen)
    if path.endswith(_PROJECTS):
        yield posixpath.join(folder, "packages.lock.json")
    yield from _referred(project, path, project.text(path), seen)


def _settings(project: Project, path: str, seen: set[str]) -> Iterator[str]:
    """What a file that lies above a project imports. Raises UnreadableError where packages may come out of a folder."""
    if path in seen or not project.has(path):
        return
    seen.add(path)
    text = re.sub(r"<!--.*?-->", "", project.text(path), flags=re.S)
    if path.lower().endswith("nuget.config"):
        named = [source for section in _SOURCES.findall(text) for source in _SOURCE.findall(section)]
        for source in named:
            if not source.startswith(("http:", "https:")):
                raise UnreadableError(f"the packages of `{source}` in `{path}` lie in a folder")
        if "globalPackagesFolder" in text or "repositoryPath" in text:
            raise UnreadableError(f"`{path}` says where packages are put")
    elif path.endswith((".props", ".targets")):
        yield from _referred(project, path, _ABOVE_ITSELF.sub("", text), seen)


def _referred(project: Project, path: str, text: str, seen: set[str]) -> Iterator[str]:
    pattern = _SLN if path.endswith((".sln", ".slnx", ".slnf")) else _REFERRED
    for reference in pattern.findall(text):
        if "$" in reference or "*" in reference:
            raise UnreadableError(f"`{reference}` in `{path}` cannot be followed")
        if "\\" in reference or "/" in reference or "." in reference:
            yield from _one(project, posixpath.join(posixpath.dirname(path), reference.replace("\\", "/")), seen)


def _above(folder: str) -> Iterator[str]:
    while True:
        yield from (posixpath.join(folder, name) for name in _ABOVE)
        if folder == "/":
            return
        folder = posixpath.dirname(folder)
