"""Packages that only builds need, and the runtime libraries that stay when they go: `build_packages.toml`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from optimizer.knowledge import KnowledgeError, load

SUITES = ("bookworm", "trixie")
_TABLES = {"build", "variables", "bases", "every", "alpine", *SUITES}


@dataclass(frozen=True, slots=True)
class BuildPackages:
    """The whole table. `runtime`: suite (or `alpine`) -> package -> libraries."""

    names: frozenset[str]
    suffixes: tuple[str, ...]
    compilers: frozenset[str]
    bases: tuple[str, ...]
    slim_bases: tuple[str, ...]
    signs: tuple[str, ...]
    runtime: dict[str, dict[str, tuple[str, ...]]]
    variables: dict[str, tuple[str, ...]]

    def stands_for(self, word: str) -> tuple[str, ...]:
        """The packages that a variable of an image names, as a word of an install; empty for another word."""
        return self.variables.get(re.sub(r"[\"${}]", "", word), ()) if "$" in word else ()

    def is_build(self, name: str) -> bool:
        """Whether the package is a compiler, a build tool or headers."""
        return name in self.names or name.endswith(self.suffixes)

    def libraries(self, suite: str, name: str) -> tuple[str, ...] | None:
        """What programs built with the package may need when they run; None where that is not known."""
        found = self.runtime[suite].get(name)
        if found is None and name in self.names:
            return ()
        return found

    @property
    def all_libraries(self) -> dict[str, frozenset[str]]:
        """Of each package the libraries in any suite."""
        found: dict[str, set[str]] = {}
        for table in self.runtime.values():
            for name, libraries in table.items():
                found.setdefault(name, set()).update(libraries)
        return {name: frozenset(libraries) for name, libraries in found.items()}


@lru_cache(maxsize=1)
def build_packages() -> BuildPackages:
    """The table, read on the first call."""
    data = load("build_packages.toml")
    if unknown := sorted(data.keys() - _TABLES):
        raise KnowledgeError(f"build_packages.toml: unknown table `{unknown[0]}`")
    runtime = {
        suite: {name: tuple(names) for name, names in {**data["every"], **data[suite]}.items()} for suite in SUITES
    }
    runtime["alpine"] = {name: tuple(names) for name, names in data["alpine"].items()}
    return BuildPackages(
        names=frozenset(data["build"]["names"]),
        suffixes=tuple(data["build"]["suffixes"]),
        compilers=frozenset(data["build"]["compilers"]),
        bases=tuple(data["bases"]["any"]),
        slim_bases=tuple(data["bases"]["slim"]),
        signs=tuple(data["bases"]["signs"]),
        runtime=runtime,
        variables={name: tuple(names) for name, names in data["variables"].items()},
    )
