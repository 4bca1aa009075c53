"""What `cargo fetch` reads: the manifests of all packages, and of each package the sources without which it is refused.

Tried with cargo 0.66 and 1.95: a package needs one target; a target that names no path needs its file, which may be
empty; one that names a path needs nothing, nor does a build script.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from optimizer.facts.manifests.project import Project, UnreadableError, table

if TYPE_CHECKING:
    from optimizer.facts.manifests import Install

_GROUPS = ("dependencies", "dev-dependencies", "build-dependencies", "dev_dependencies", "build_dependencies")
_CONFIG = (".cargo/config.toml", ".cargo/config")
_FOLDERS = {"bin": "src/bin", "example": "examples", "test": "tests", "bench": "benches"}


def files(install: Install, project: Project) -> Iterator[str]:
    """The manifests of the members and of what lies in folders, with sources. Raises UnreadableError."""
    _alone(project)
    root = project.toml("Cargo.toml")
    pending = [".", *_members(project, table(root, "workspace"))]
    found: dict[str, None] = {}
    while pending:
        folder = posixpath.normpath(pending.pop(0))
        if folder in found:
            continue
        found[folder] = None
        path = posixpath.normpath(posixpath.join(folder, "Cargo.toml"))
        if folder.startswith(("..", "/")):
            raise UnreadableError(f"the package in `{folder}` lies outside of the folder that cargo runs in")
        if not project.has(path):
            raise UnreadableError(f"the package in `{folder}` is not copied from the build context")
        manifest = root if folder == "." else project.toml(path)
        yield path
        if "package" in manifest or "project" in manifest:
            yield from (posixpath.normpath(posixpath.join(folder, one)) for one in _sources(manifest, project, folder))
        elif folder != "." or "workspace" not in manifest:
            raise UnreadableError(f"`{path}` names no package")
        pending += [posixpath.join(folder, one) for one in _folders(manifest)]
        pending += [one for one in _above(folder) if project.has(posixpath.join(one, "Cargo.toml"))]
        # What no member takes of the workspace is not read, and may be gone.
        offered = (posixpath.join(folder, one) for one in _paths([table(manifest, "workspace")]))
        pending += [one for one in offered if project.has(posixpath.join(one, "Cargo.toml"))]


def _alone(project: Project) -> None:
    """Nothing above the folder belongs to it, and its configuration replaces no source."""
    folder = project.folder
    while folder != "/":
        folder = posixpath.dirname(folder)
        for name in ("Cargo.toml", *_CONFIG):
            if project.has(posixpath.join(folder, name)):
                raise UnreadableError(f"`{posixpath.join(folder, name)}` above it may hold its workspace or settings")
    for name in _CONFIG:
        if project.has(name) and {"paths", "patch", "source", "include"} & project.toml(name).keys():
            raise UnreadableError(f"`{name}` takes packages from elsewhere")


def _above(folder: str) -> Iterator[str]:
    """The folders between the first one and a package: one of them may be the workspace that it belongs to."""
    while folder := posixpath.dirname(folder):
        yield folder


def _members(project: Project, workspace: Mapping[str, Any]) -> Iterator[str]:
    left_out = [posixpath.normpath(one) for one in _texts(workspace.get("exclude"))]
    for member in _texts(workspace.get("members")):
        pattern = posixpath.normpath(member)
        if not set(pattern) & set("*?["):
            yield pattern
            continue
        if "**" in pattern:
            raise UnreadableError(f"`{pattern}` may mean any folder")
        for path in project.matching(posixpath.join(pattern, "Cargo.toml")):
            folder = posixpath.relpath(posixpath.dirname(path), project.folder)
            if not any(folder == one or folder.startswith(one + "/") for one in left_out):
                yield folder


def _texts(value: object) -> list[str]:
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []


def _folders(manifest: Mapping[str, Any]) -> Iterator[str]:
    """The folders out of which it takes packages."""
    yield from _paths([manifest, *_tables(manifest.get("target"))])
    for group in (*_tables(manifest.get("patch")), manifest.get("replace")):
        yield from (spec["path"] for spec in _tables(group) if isinstance(spec.get("path"), str))
    upwards = table(dict(manifest), "package").get("workspace")
    if isinstance(upwards, str):
        yield upwards


def _paths(tables: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    specs = (spec for one in tables for name in _GROUPS for spec in _tables(one.get(name)))
    yield from (spec["path"] for spec in specs if isinstance(spec.get("path"), str))


def _tables(value: object) -> list[dict[str, Any]]:
    return [one for one in value.values() if isinstance(one, dict)] if isinstance(value, dict) else []


def _sources(manifest: Mapping[str, Any], project: Project, folder: str) -> Iterator[str]:
    """The files that make the targets which a manifest names without a path; else one that makes any target."""
    package = table(dict(manifest), "package") or table(dict(manifest), "project")
    named = [(kind, one) for kind in _FOLDERS for one in _listed(manifest.get(kind))]
    run = package.get("default-run")
    if isinstance(run, str) and all(one.get("name") != run for kind, one in named if kind == "bin"):
        named.append(("bin", {"name": run}))
    library = manifest.get("lib")
    if isinstance(library, dict) and "path" not in library:
        yield from _there(project, folder, ["src/lib.rs"])
    for kind, one in named:
        if "path" not in one:
            yield from _there(project, folder, _candidates(kind, str(one.get("name", ""))))
    if isinstance(library, dict) or any(kind == "bin" for kind, _ in named):
        return
    wanted = ["src/lib.rs"] if package.get("autobins") is False else ["src/main.rs", "src/lib.rs"]
    yield next(iter(_there(project, folder, wanted)))


def _listed(value: object) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _candidates(kind: str, name: str) -> list[str]:
    inside = _FOLDERS[kind]
    return [f"{inside}/{name}.rs", f"{inside}/{name}/main.rs", *(["src/main.rs"] if kind == "bin" else [])]


def _there(project: Project, folder: str, wanted: list[str]) -> list[str]:
    """Those of the files that are there. Raises UnreadableError where none is."""
    found = [path for path in wanted if project.has(posixpath.join(folder, path))]
    if not found:
        raise UnreadableError(f"there is no `{posixpath.normpath(posixpath.join(folder, wanted[0]))}`")
    return found
