"""Which paths of a history an ignore file leaves out; asked for commit after commit, so each answer is remembered."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from optimizer.facts.context.patterns import Patterns


@lru_cache(maxsize=64)
def left_out(patterns: tuple[str, ...]) -> Callable[[str], bool]:
    """Whether a path is left out, as BuildKit's client walks: its folders are looked at first. Raises BadPattern."""
    rules = Patterns(patterns)
    if not rules:
        return lambda path: False
    known: dict[str, bool] = {}

    def is_out(path: str) -> bool:
        if path not in known:
            known[path] = rules.matches(path)
        return known[path]

    return is_out
