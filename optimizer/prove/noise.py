"""What two builds of one file differ in: the table `noise.toml`, and what a second build of the original has shown."""

import dataclasses
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

import tomli
from msgspec import Struct, structs

from .compare import Change, Difference
from .errors import TableError
from .globs import matches

PRESENCE = "presence"
ASPECTS = frozenset({PRESENCE, "content", "mode", "owner", "link", "type", "xattrs"})
KEYS = frozenset({"glob", "aspects", "why", "source"})


class Row(Struct, frozen=True):
    """Paths whose aspects may differ without a cause. `presence` is whether the path is there at all."""

    glob: str
    aspects: frozenset[str]
    why: str
    source: str


class Noise(Struct, frozen=True):
    """The rows of the table, and the aspects of single paths that were measured."""

    rows: tuple[Row, ...] = ()
    measured: frozenset[tuple[str, str]] = frozenset()

    def explains(self, path: str, aspect: str) -> bool:
        """Whether this aspect of the path is noise."""
        return (path, aspect) in self.measured or any(
            aspect in row.aspects and matches(path, (row.glob,)) for row in self.rows
        )


@cache
def load_noise() -> Noise:
    """The table that comes with dockopt."""
    return parse_noise((files("optimizer") / "knowledge" / "noise.toml").read_text(encoding="utf-8"))


def parse_noise(text: str) -> Noise:
    """A table of noise. Refuses what it does not know, so that a misspelt key cannot hide a difference."""
    try:
        table = tomli.loads(text)
    except tomli.TOMLDecodeError as problem:
        raise TableError(f"noise.toml: {problem}") from problem
    if unknown := table.keys() - {"noise"}:
        raise TableError(f"noise.toml: unknown table `{min(unknown)}`; the rows are `[[noise]]`")
    return Noise(tuple(_row(number, row) for number, row in enumerate(table.get("noise", ()), 1)))


def _row(number: int, row: Mapping[str, Any]) -> Row:
    where = f"noise.toml: row {number}"
    if row.keys() != KEYS:
        wrong = min(row.keys() ^ KEYS)
        raise TableError(f"{where}: {'unknown key' if wrong in row else 'missing key'} `{wrong}`")
    if unknown := set(row["aspects"]) - ASPECTS:
        raise TableError(f"{where}: unknown aspect `{min(unknown)}`; known are {', '.join(sorted(ASPECTS))}")
    if not row["glob"].startswith("/"):
        raise TableError(f"{where}: the glob `{row['glob']}` is no absolute path")
    return Row(row["glob"], frozenset(row["aspects"]), row["why"], row["source"])


def measure(difference: Difference, noise: Noise) -> Noise:
    """The noise with what differs between two builds of the same file."""
    found = {(change.path, aspect) for change in difference.changed for aspect in change.aspects}
    found |= {(change.path, PRESENCE) for change in (*difference.added, *difference.removed)}
    return structs.replace(noise, measured=noise.measured | found)


def without_noise(difference: Difference, noise: Noise) -> tuple[Difference, tuple[Change, ...]]:
    """The difference less the noise, and the noise that was in it."""
    quiet: list[Change] = []

    def present(changes: tuple[Change, ...]) -> tuple[Change, ...]:
        quiet.extend(change for change in changes if noise.explains(change.path, PRESENCE))
        return tuple(change for change in changes if not noise.explains(change.path, PRESENCE))

    changed = []
    for change in difference.changed:
        aspects = tuple(aspect for aspect in change.aspects if not noise.explains(change.path, aspect))
        if aspects != change.aspects:
            quiet.append(change)
        if aspects:
            changed.append(dataclasses.replace(change, aspects=aspects))
    rest = dataclasses.replace(
        difference, added=present(difference.added), removed=present(difference.removed), changed=tuple(changed)
    )
    return rest, tuple(quiet)
