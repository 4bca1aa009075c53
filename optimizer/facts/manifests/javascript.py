"""What npm, yarn, pnpm and bun read of a project besides `package.json` and the lock file."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from optimizer.facts.manifests.project import Project, UnreadableError, table
from optimizer.knowledge import load

if TYPE_CHECKING:
    from optimizer.facts.manifests import Install

_GROUPS = ("dependencies", "devDependencies", "optionalDependencies", "peerDependencies", "resolutions", "overrides")
_HOOKS = ("preinstall", "install", "postinstall", "prepublish", "preprepare", "prepare", "postprepare")
_FILE_SETTINGS = re.compile(r"^\s*(cafile|certfile|keyfile|httpsCaFilePath|prefix|global-prefix)\b", re.M)


def files(install: Install, project: Project) -> Iterator[str]:
    """The manifests of workspaces, patches, local packages. Raises UnreadableError where a script needs more."""
    manifest = project.json("package.json")
    yield from _package(install, project, ".", manifest)
    if install.row.name == "pnpm" and project.has("pnpm-workspace.yaml"):
        workspace = _of_pnpm(project)
        manifest = {**manifest, "workspaces": workspace.get("packages") or []}
        yield from _texts(workspace.get("patchedDependencies"))
        for name, spec in _dependencies(workspace):
            yield from _dependency(project, ".", name, spec)
    for settings in (".npmrc", ".yarnrc", ".yarnrc.yml", "bunfig.toml"):
        if project.has(settings) and (found := _FILE_SETTINGS.search(project.text(settings))):
            raise UnreadableError(f"`{found[1]}` in `{settings}` names a file")
    for path in ("pnpmfile.cjs", ".pnpmfile.cjs", ".pnpmfile.mjs"):
        if project.has(path):
            raise UnreadableError(f"`{path}` is a program that may read anything")
    for folder in _workspaces(project, manifest):
        path = posixpath.join(folder, "package.json")
        yield path
        yield from _package(install, project, folder, project.json(path))


def _package(install: Install, project: Project, folder: str, manifest: dict[str, Any]) -> Iterator[str]:
    """What one package of the project needs, given its folder."""
    yield from _scripts(install, project, folder, manifest)
    if folder != ".":
        yield from _programs(project, folder, manifest)
    elif install.runs_scripts and project.has("binding.gyp"):
        raise UnreadableError("`binding.gyp` makes the install compile the sources")
    for name, spec in _dependencies(manifest):
        yield from _dependency(project, folder, name, spec)
    patches = [*table(manifest, "pnpm", "patchedDependencies").values(), *_texts(manifest.get("patchedDependencies"))]
    yield from (posixpath.join(folder, path) for path in patches if isinstance(path, str))


def _scripts(install: Install, project: Project, folder: str, manifest: dict[str, Any]) -> Iterator[str]:
    scripts = table(manifest, "scripts")
    hooks = [hook for hook in _HOOKS if hook in scripts] if install.runs_scripts else []
    for hook in hooks:
        known = _rows()["script"].get(str(scripts[hook]).strip())
        if known is None:
            path = posixpath.normpath(posixpath.join(folder, "package.json"))
            raise UnreadableError(f"the script `{hook}` of `{path}` may need the sources")
        yield from _known(project, folder, known, f"the script `{hook}`")


def _programs(project: Project, folder: str, manifest: dict[str, Any]) -> Iterator[str]:
    """The programs of a workspace: the install links to them and makes them executable."""
    programs = manifest.get("bin")
    for path in [programs] if isinstance(programs, str) else _texts(programs):
        if project.has(path := posixpath.normpath(posixpath.join(folder, path))):
            yield path
    if table(manifest, "directories").get("bin"):
        raise UnreadableError(f"`{folder}` has a folder of programs")


def _dependencies(manifest: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for group in _GROUPS:
        for name, spec in table(manifest, group).items():
            if isinstance(spec, str):
                yield name, spec
            else:
                yield from ((name, text) for text in _texts(spec))


def _dependency(project: Project, folder: str, name: str, spec: str) -> Iterator[str]:
    if (known := _rows()["dependency"].get(name)) is not None:
        yield from _known(project, folder, known, f"the install of `{name}`")
    kind, colon, path = spec.partition(":")
    if not colon and not spec.startswith(("./", "../", "/", "~/")):
        return
    if kind in (
        "npm",
        "workspace",
        "git",
        "git+https",
        "git+ssh",
        "https",
        "http",
        "github",
        "catalog",
        "patch",
        "ssh",
    ):
        return
    if kind in ("link", "portal", "file") or not colon:
        yield from _local(project, posixpath.normpath(posixpath.join(folder, path if colon else spec)))
    else:
        raise UnreadableError(f"`{spec}`, the version of `{name}`, cannot be read")


def _local(project: Project, path: str) -> Iterator[str]:
    """A package of the project itself that is named by its path: an archive, or a folder with all that is in it."""
    if project.has(path):
        yield path
        return
    if not project.has(manifest := posixpath.join(path, "package.json")):
        raise UnreadableError(f"the local package `{path}` is not copied from the build context")
    if any(hook in table(project.json(manifest), "scripts") for hook in _HOOKS):
        raise UnreadableError(f"the local package `{path}` has scripts that run when it is installed")
    yield from project.below(path)


def _workspaces(project: Project, manifest: dict[str, Any]) -> Iterator[str]:
    """The folders of the workspaces."""
    globs = manifest.get("workspaces", [])
    globs = globs.get("packages", []) if isinstance(globs, dict) else globs
    if not isinstance(globs, list) or not all(isinstance(glob, str) for glob in globs):
        raise UnreadableError("`workspaces` cannot be read")
    excluded = {path for glob in globs if glob.startswith("!") for path in _manifests(project, glob[1:])}
    for glob in globs:
        if not glob.startswith("!"):
            yield from (posixpath.dirname(path) for path in _manifests(project, glob) if path not in excluded)


def _manifests(project: Project, glob: str) -> list[str]:
    found = project.matching(posixpath.join(glob, "package.json"))
    return [path for path in found if "node_modules" not in path.split("/") and path != project.at("package.json")]


def _of_pnpm(project: Project) -> dict[str, Any]:
    """The settings of the workspace; `overrides` and `patchedDependencies` are as in `package.json`."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        data = YAML(typ="safe", pure=True).load(project.text("pnpm-workspace.yaml"))
    except (YAMLError, RecursionError):
        raise UnreadableError("`pnpm-workspace.yaml` is not YAML") from None
    if not isinstance(data, dict) or not isinstance(data.get("patchedDependencies", {}), dict):
        raise UnreadableError("`pnpm-workspace.yaml` cannot be read")
    if named := data.keys() & {"pnpmfile", "globalPnpmfile", "configDependencies", "cafile", "certfile", "keyfile"}:
        raise UnreadableError(f"`{min(named)}` in `pnpm-workspace.yaml` may name a program or a file")
    return data


def _known(project: Project, folder: str, known: dict[str, Any], what: str) -> Iterator[str]:
    """What a row says that a script or a dependency needs; raises where the row's conditions do not hold."""
    for path in known.get("only-without", ()):
        if project.below(path) or project.has(path):
            raise UnreadableError(f"{what} may use `{path}`")
    yield from (posixpath.normpath(posixpath.join(folder, path)) for path in known.get("reads", ()))
    if "refused" in known:
        raise UnreadableError(f"{what} {known['refused']}")


@lru_cache(maxsize=1)
def _rows() -> dict[str, dict[str, dict[str, Any]]]:
    data = load("javascript.toml")
    return {kind: {name: one for one in data[kind] for name in one["names"]} for kind in ("script", "dependency")}


def _texts(value: object) -> list[str]:
    return [text for text in value.values() if isinstance(text, str)] if isinstance(value, dict) else []
