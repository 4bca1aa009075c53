"""What apt packages lose without the packages that they recommend: `apt_recommends.toml`."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from msgspec import Struct

from optimizer.knowledge import KnowledgeError, load, row

SUITES = ("bookworm", "trixie")


class Loss(Struct, frozen=True):
    """What one package loses in one suite. `kib`: KiB of installed size; `drops`: names that may be missed."""

    kib: int
    drops: tuple[str, ...] = ()


class Keep(Struct, frozen=True):
    """Names to write beside a package; `when`: only where the stage's text holds one of these."""

    package: str
    names: tuple[str, ...]
    when: tuple[str, ...] = ()


class Recommends(Struct, frozen=True):
    """The whole table."""

    losses: dict[str, dict[str, Loss]]
    keeps: dict[str, tuple[Keep, ...]]


@lru_cache(maxsize=1)
def recommends() -> Recommends:
    """The table, read on the first call."""
    data: dict[str, Any] = load("apt_recommends.toml")
    if unknown := sorted(data.keys() - {*SUITES, "keep", "documentation"}):
        raise KnowledgeError(f"apt_recommends.toml: unknown table `{unknown[0]}`")
    keeps: dict[str, tuple[Keep, ...]] = {}
    for item in data["keep"]:
        keep = row(Keep, item, "apt_recommends.toml: keep")
        keeps[keep.package] = (*keeps.get(keep.package, ()), keep)
    losses = {
        suite: {name: row(Loss, item, f"apt_recommends.toml: {suite}.{name}") for name, item in data[suite].items()}
        for suite in SUITES
    }
    return Recommends(losses, keeps)


@lru_cache(maxsize=1)
def keepable() -> frozenset[str]:
    """All names that the table may add to an install."""
    return frozenset(name for keeps in recommends().keeps.values() for keep in keeps for name in keep.names)
