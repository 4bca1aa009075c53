"""Whether a lock file fits its manifest, as the tool would judge it; None where that is not known."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from optimizer.facts.tables import json_object

_KINDS = ("dependencies", "devDependencies", "optionalDependencies")
_KEY = re.compile(r'^"?([^\s#].*?)"?:$', re.M)


def in_sync(tool: str, manifest: bytes | None, lock: bytes | None) -> bool | None:
    """For npm and yarn 1, from what the two files hold; workspaces and old formats are not read."""
    if manifest is None or lock is None or tool not in ("npm", "yarn"):
        return None
    wanted = json_object(manifest)
    if wanted is None or wanted.get("workspaces") or wanted.get("overrides") or wanted.get("resolutions"):
        return None
    return _npm(wanted, json_object(lock)) if tool == "npm" else _yarn(wanted, lock.decode("utf-8", "replace"))


def scripts_of(manifest: bytes | None) -> Mapping[str, str] | None:
    """The scripts of a package.json; None where it cannot be read."""
    found = json_object(manifest)
    scripts = found.get("scripts", {}) if found is not None else None
    if not isinstance(scripts, dict):
        return None
    return {name: text for name, text in scripts.items() if isinstance(text, str)}


def development_names(manifest: bytes | None) -> frozenset[str] | None:
    """The names of a package.json's development packages; None where it cannot be read."""
    found = json_object(manifest)
    return frozenset(_section(found, "devDependencies")) if found is not None else None


def _section(found: Mapping[str, Any], kind: str) -> dict[str, Any]:
    section = found.get(kind)
    return section if isinstance(section, dict) else {}


def _npm(wanted: Mapping[str, Any], lock: Mapping[str, Any] | None) -> bool | None:
    """npm compares the ranges of the manifest with those of the lock's root, and misses no package that they name."""
    if lock is None or lock.get("lockfileVersion") not in (2, 3):
        return None
    packages = _section(lock, "packages")
    root = packages.get("")
    if not isinstance(root, dict):
        return None
    if any(_section(wanted, kind) != _section(root, kind) for kind in (*_KINDS, "peerDependencies")):
        return False
    return all(f"node_modules/{name}" in packages for kind in _KINDS[:2] for name in _section(wanted, kind))


def _yarn(wanted: Mapping[str, Any], lock: str) -> bool | None:
    """yarn 1 asks that each `name@range` of the manifest is a key of the lock file."""
    if "# yarn lockfile v1" not in lock:
        return None
    keys = {key.strip().strip('"') for line in _KEY.findall(lock) for key in line.split(",")}
    return all(f"{name}@{value}" in keys for kind in _KINDS for name, value in _section(wanted, kind).items())
