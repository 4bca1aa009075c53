"""What an apt install would lose without recommended packages, and which names would make up for it."""

from __future__ import annotations

from msgspec import Struct

from optimizer.facts import Facts
from optimizer.facts.packages import PackageCall
from optimizer.knowledge.recommends import SUITES, recommends
from optimizer.syntax.nodes import Instruction


class Lost(Struct, frozen=True):
    """`kib`: at most so many KiB less; `drops`: names that may be missed; `keeps`: names to write out; `unknown`:
    packages (or a base image) that the tables do not know."""

    kib: int
    drops: tuple[str, ...]
    keeps: tuple[str, ...]
    unknown: tuple[str, ...]


def lost(facts: Facts, instruction: Instruction, package: PackageCall) -> Lost:
    """The sum over the packages of one install: an upper bound, as packages share what they recommend."""
    names = [(word.literal or "").partition("=")[0].partition("/")[0] for word in package.operands]
    stage = facts.stage_of[instruction]
    suites = _suites(stage.system.name if stage.system else None, stage.system.release if stage.system else None)
    tables = [recommends().losses[suite] for suite in suites or SUITES]
    text = facts.remembered(
        (stage, "text"), lambda: " ".join(facts.sources[i] for one in stage.lineage for i in one.node.instructions)
    )
    unknown = [name for name in names if not all(name in table for table in tables)]
    if not suites:
        unknown.insert(0, "this base image")
    keeps: list[str] = []
    for name in names:
        for keep in recommends().keeps.get(name, ()):
            if not keep.when or any(sign in text for sign in keep.when):
                keeps += [kept for kept in keep.names if kept not in (*names, *keeps) and not _installed(kept, text)]
    drops = {drop for table in tables for name in names if name in table for drop in table[name].drops}
    kib = max(sum(table[name].kib for name in names if name in table) for table in tables)
    return Lost(kib, tuple(sorted(drops - {*names, *keeps})), tuple(keeps), tuple(unknown))


def _suites(system: str | None, release: str | None) -> tuple[str, ...]:
    """The suites whose tables decide; all of them where a Debian image's tag moves; none for other systems."""
    if system != "debian":
        return ()
    if release is None:
        return SUITES
    return (release,) if release in SUITES else ()


def _installed(name: str, text: str) -> bool:
    return f" {name} " in f" {' '.join(text.split())} "
