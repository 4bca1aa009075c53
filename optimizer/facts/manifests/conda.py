"""What conda reads: the files that it is given, if their pip part names no file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from optimizer.facts.manifests.project import NamedError, Project, UnreadableError

if TYPE_CHECKING:
    from optimizer.facts.manifests import Install


def files(install: Install, project: Project) -> Iterator[str]:
    """The files. Raises UnreadableError where one names others."""
    named = install.values(install.row.path_options)
    if not named:
        raise NamedError("it installs nothing that a file names")
    if install.operands:
        raise UnreadableError("it installs more than a file names")
    for path in named:
        if not project.has(path):
            raise UnreadableError(f"`{path}` is not copied from the build context")
        for line in map(str.strip, project.text(path).splitlines()):
            if line.startswith(("- -", "- .", "- /", "- file:", "- 'file:")):
                raise UnreadableError(f"`{line}` in `{path}` may be installed from the sources")
        yield path
