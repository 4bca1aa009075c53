"""The rows of `volatile.toml`: variables that name a build."""

from __future__ import annotations

from fnmatch import fnmatchcase
from functools import lru_cache

from optimizer.knowledge import KnowledgeError, load


@lru_cache(maxsize=1)
def _names() -> tuple[str, ...]:
    data = load("volatile.toml")
    if unknown := sorted(data.keys() - {"names"}):
        raise KnowledgeError(f"volatile.toml: unknown key `{unknown[0]}`")
    return tuple(data["names"])


@lru_cache(maxsize=1024)
def is_volatile(name: str) -> bool:
    """Whether a variable of that name changes from build to build."""
    return any(fnmatchcase(name.upper(), pattern) for pattern in _names())
