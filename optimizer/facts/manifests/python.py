"""What a project's own `pyproject.toml` or `Pipfile` tells: whether an install can do without the sources."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from optimizer.facts.manifests.project import UnreadableError, table


def no_local(groups: Iterator[dict[str, Any]], path: str) -> None:
    """Raises UnreadableError where a dependency is a path of the project."""
    for group in groups:
        for name, spec in group.items():
            for one in spec if isinstance(spec, list) else [spec]:
                if isinstance(one, dict) and ({"path", "file", "develop", "editable", "workspace"} & one.keys()):
                    raise UnreadableError(f"`{name}` in `{path}` is installed from a folder")


def requirements(data: dict[str, Any]) -> list[str]:
    """All requirements that PEP 621 and PEP 735 tables name."""
    project = table(data, "project")
    lists = [
        project.get("dependencies"),
        *table(project, "optional-dependencies").values(),
        *table(data, "dependency-groups").values(),
    ]
    return [text for found in lists if isinstance(found, list) for text in found if isinstance(text, str)]


def no_local_files(texts: list[str], path: str) -> None:
    """Raises UnreadableError where a requirement is a `file:` URL."""
    for text in texts:
        if "file:" in text:
            raise UnreadableError(f"`{text}` in `{path}` is installed from a folder")
