"""What mix reads: `mix.exs` is a program, so whatever in it names a file is refused."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from optimizer.facts.manifests.project import Project, UnreadableError

if TYPE_CHECKING:
    from optimizer.facts.manifests import Install

_LOCAL = re.compile(
    r"\b(?:path:|apps_path|in_umbrella|File\.|Path\.|Code\.|System\.cmd|@external_resource|import_config)"
)


def files(install: Install, project: Project) -> Iterator[str]:
    """Nothing more. Raises UnreadableError where `mix.exs` may read the sources."""
    for line in project.text("mix.exs").splitlines():
        if found := _LOCAL.search(re.sub(r"#.*", "", line)):
            raise UnreadableError(f"`{found[0]}` in `mix.exs` may read the sources")
    yield from ()
