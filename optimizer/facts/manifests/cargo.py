"""What `cargo fetch` reads: it also wants the targets of each package to be there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from optimizer.facts.manifests.project import Project, UnreadableError, table

if TYPE_CHECKING:
    from optimizer.facts.manifests import Install

_GROUPS = ("dependencies", "dev-dependencies", "build-dependencies")


def files(install: Install, project: Project) -> Iterator[str]:
    """One source file of the package, without which cargo refuses the manifest. Raises UnreadableError."""
    manifest = project.toml("Cargo.toml")
    if "workspace" in manifest or "patch" in manifest or "replace" in manifest:
        raise UnreadableError("the members of the workspace are read too")
    groups = [table(manifest, name) for name in _GROUPS]
    groups += [
        table(one, name) for one in table(manifest, "target").values() if isinstance(one, dict) for name in _GROUPS
    ]
    for name, spec in ((name, spec) for group in groups for name, spec in group.items()):
        if isinstance(spec, dict) and "path" in spec:
            raise UnreadableError(f"`{name}` in `Cargo.toml` is installed from a folder")
    if {"lib", "bin", "example", "test", "bench"} & manifest.keys() or table(manifest, "package").get("build"):
        raise UnreadableError("`Cargo.toml` names its source files")
    entry = [path for path in ("src/main.rs", "src/lib.rs") if project.has(path)]
    if not entry:
        raise UnreadableError("there is neither `src/main.rs` nor `src/lib.rs`")
    yield entry[0]
