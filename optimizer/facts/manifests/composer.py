"""What composer reads: its two files, unless scripts, plugins or the autoloader look at the sources."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from optimizer.facts.manifests.project import Project, UnreadableError, table

if TYPE_CHECKING:
    from optimizer.facts.manifests import Install

_EVENTS = frozenset(
    f"{when}-{what}"
    for when in ("pre", "post")
    for what in ("install-cmd", "autoload-dump", "package-install", "file-download", "operations-exec", "command-run")
)
_OPTIMIZED = ("-o", "--optimize-autoloader", "-a", "--classmap-authoritative")


def files(install: Install, project: Project) -> Iterator[str]:
    """Nothing more. Raises UnreadableError where the install may look at the sources."""
    manifest = project.json("composer.json")
    scripts = _EVENTS & table(manifest, "scripts").keys()
    if scripts and install.runs_scripts:
        raise UnreadableError(f"the script `{min(scripts)}` of `composer.json` may need the sources")
    if not install.has(("--no-autoloader",)):
        _autoloader(install, manifest)
    repositories = manifest.get("repositories", [])
    for one in repositories.values() if isinstance(repositories, dict) else repositories:
        if isinstance(one, dict) and one.get("type") in ("path", "artifact"):
            raise UnreadableError("a package is one of the project's own folders")
    if not project.has("composer.lock"):
        raise UnreadableError("without `composer.lock` its plugins are not known")
    if not install.has(("--no-plugins",)):
        _plugins(project.json("composer.lock"))
    yield from ()


def _autoloader(install: Install, manifest: dict[str, Any]) -> None:
    settings = table(manifest, "config")
    scans = install.has(_OPTIMIZED) or settings.get("optimize-autoloader") or settings.get("classmap-authoritative")
    for group in ("autoload", "autoload-dev"):
        if table(manifest, group).get("classmap") or scans:
            raise UnreadableError("the autoloader is made by looking at the sources (`--no-autoloader` puts that off)")


def _plugins(locked: dict[str, Any]) -> None:
    for group in ("packages", "packages-dev"):
        for package in locked.get(group) or []:
            if isinstance(package, dict) and package.get("type") == "composer-plugin":
                raise UnreadableError(f"the plugin `{package.get('name')}` may look at the sources")
