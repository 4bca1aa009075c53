"""dockopt's public API: `from optimizer import optimize, parse, render`.

>>> from optimizer import optimize
>>> result = optimize("FROM debian:bookworm-slim\\nRUN apt-get update && apt-get install curl\\n")
>>> [change.transform for change in result.changes]
['assume-yes', 'clean-in-same-layer']
>>> print(result.after, end="")
FROM debian:bookworm-slim
RUN apt-get update && apt-get install -y curl && rm -rf /var/lib/apt/lists/*
"""

from __future__ import annotations

TYPE_CHECKING = False  # as in `typing`, which takes longer to import than all else that the plugin's launcher does
if TYPE_CHECKING:
    from typing import Any

    from optimizer.engine import Change, Refusal, Result, StoodBack, optimize
    from optimizer.facts import Facts, analyze
    from optimizer.facts.context import Given
    from optimizer.origins import Place
    from optimizer.patch import unified
    from optimizer.syntax.parser import parse, render

__all__ = [
    "Change",
    "Facts",
    "Given",
    "Place",
    "Refusal",
    "Result",
    "StoodBack",
    "analyze",
    "optimize",
    "parse",
    "render",
    "unified",
]

_HOMES = {
    "optimizer.engine": ("Change", "Refusal", "Result", "StoodBack", "optimize"),
    "optimizer.facts": ("Facts", "analyze"),
    "optimizer.facts.context": ("Given",),
    "optimizer.origins": ("Place",),
    "optimizer.patch": ("unified",),
    "optimizer.syntax.parser": ("parse", "render"),
}


def __getattr__(name: str) -> Any:
    """The names are imported when they are asked for: start-up is a feature."""
    from importlib import import_module

    for home, names in _HOMES.items():
        if name in names:
            return getattr(import_module(home), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
