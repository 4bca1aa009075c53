"""How many bytes an image gains or loses, as far as the dated tables tell: always an estimate, with its basis."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from optimizer.facts.bases import image_of, system_of
from optimizer.knowledge.variants import Size, variants


class Estimate(Struct, frozen=True):
    """At most about so many bytes. `basis`: what the figure was computed from, and when."""

    bytes: int
    basis: str


def of_bases(before: str | None, after: str | None, added: Sequence[str] = ()) -> Estimate | None:
    """What an image loses that stands on `after` instead of `before`, with packages added; None where no table tells.

    Where neither tag names a release of Debian, the figure is the smaller one of the releases that were measured.
    """
    old, new, more = _kib(before), _kib(after), of_packages(added)
    if old is None or new is None:
        return None
    figures = [one - other - plus for one, other, plus in zip(old, new, more, strict=True)]
    table = variants()
    names = [system.release for one in (before, after) if (system := system_of(one)) and system.release]
    known = [figures[table.suites.index(name)] for name in names if name in table.suites]
    return told((known or [min(figures)])[0])


def of_packages(names: Sequence[str]) -> tuple[int, ...]:
    """KiB of packages of the full image on a slim one, in each suite: an upper bound, as they share what they bring."""
    table = variants()
    rows = [table.packages[name].kib for name in names if name in table.packages]
    return tuple(sum(row[at] for row in rows) for at in range(len(table.suites)))


def told(kib: int) -> Estimate | None:
    """So many KiB as an estimate from the tables; None where nothing is gained."""
    table = variants()
    return Estimate(kib * 1024, f"{table.basis}, {table.date}") if kib > 0 else None


def _kib(reference: str | None) -> tuple[int, ...] | None:
    """KiB of an image in each suite; None where there is no row."""
    if reference is None:
        return None
    name, tag = image_of(reference)
    rows = [size for size in variants().sizes if name in size.images]
    said = [size for size in rows if size.variant != "full" and size.variant in tag]
    plain = [size for size in rows if size.variant == "full" and not _other(tag)]
    found: list[Size] = said or plain
    return found[0].kib if found else None


def _other(tag: str) -> bool:
    """Whether the tag names a variant for which `full` does not stand."""
    return any(sign in tag for sign in ("slim", "alpine", "windows", "nanoserver", "onbuild", "fpm", "chiseled"))
