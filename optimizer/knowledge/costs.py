"""What steps cost (`costs.toml`) and how often things change (`changes.toml`)."""

from __future__ import annotations

import re
from fnmatch import translate
from functools import lru_cache

from msgspec import Struct

from optimizer.knowledge import KnowledgeError, load, row


class Cost(Struct, frozen=True):
    """Seconds of one command: `seconds` + `each` for each operand, or `whole` where a manifest names them.

    `mounted` instead of all that where a cache mount of a folder that `mounts` names was filled by an earlier build.
    """

    commands: tuple[str, ...]
    seconds: float
    source: str
    words: tuple[str, ...] = ()
    each: float = 0.0
    whole: float = 0.0
    mounts: tuple[str, ...] = ()
    mounted: float = 0.0


class StepCosts(Struct, frozen=True):
    """Seconds of a step itself, of a megabyte that is copied, and of commands for which there is no row."""

    run: float
    copy: float
    megabyte: float
    workdir: float
    fetch: float
    command: float
    script: float
    opaque: float
    source: str


class Costs(Struct, frozen=True):
    """The whole table; `by_command`: the rows for a name, in order."""

    step: StepCosts
    by_command: dict[str, tuple[Cost, ...]]


class TakenChanges(Struct, frozen=True):
    """Probabilities that a commit changes what a COPY names; `folder`: the share of a folder that nobody has seen."""

    file: float
    manifest: float
    exponent: float
    folder: float
    source: str


class Changes(Struct, frozen=True):
    """Probabilities that a commit changes a kind of file, or edits a kind of instruction."""

    dockerfile: float
    manifest: float
    other: float
    edits: dict[str, float]
    prior_commits: float
    manifests: re.Pattern[str]
    taken: TakenChanges

    def is_manifest(self, path: str) -> bool:
        """Whether a file says what an install fetches."""
        return self.manifests.fullmatch(path.rpartition("/")[2]) is not None


@lru_cache(maxsize=1)
def costs() -> Costs:
    """The table of costs."""
    data = load("costs.toml")
    if unknown := sorted(data.keys() - {"step", "cost"}):
        raise KnowledgeError(f"costs.toml: unknown table `{unknown[0]}`")
    found: dict[str, list[Cost]] = {}
    for number, item in enumerate(data["cost"], start=1):
        cost = row(Cost, item, f"costs.toml: cost {number}")
        for name in cost.commands:
            found.setdefault(name, []).append(cost)
    return Costs(row(StepCosts, data["step"], "costs.toml: step"), {name: tuple(rows) for name, rows in found.items()})


@lru_cache(maxsize=1)
def changes() -> Changes:
    """The table of changes."""
    data = load("changes.toml")
    if unknown := sorted(data.keys() - {"source", "commit", "edit", "prior", "manifest", "taken"}):
        raise KnowledgeError(f"changes.toml: unknown table `{unknown[0]}`")
    names = "|".join(translate(name) for name in data["manifest"]["names"])
    taken = row(TakenChanges, data["taken"], "changes.toml: taken")
    return Changes(
        **data["commit"],
        prior_commits=data["prior"]["commits"],
        edits=dict(data["edit"]),
        manifests=re.compile(names),
        taken=taken,
    )
