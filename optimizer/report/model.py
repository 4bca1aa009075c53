"""What a report says: of each file, and of all of them. Values only; they may come from other processes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING

from msgspec import Struct

from optimizer.engine import Change, StoodBack
from optimizer.report.lines import Block, Kind, Note, side_by_side
from optimizer.report.rebuilds import Rebuild
from optimizer.transform import Safety

if TYPE_CHECKING:
    from optimizer.cli.work import Outcome


class State(StrEnum):
    """What is to be said first of a file."""

    CHANGES = "changes"
    WAITING = "waiting"
    """Nothing would change but what waits for `--unsafe`, or for a person."""
    CLEAN = "clean"
    LEFT = "left"
    """It is a template, or nothing that a builder accepts: left as it is."""
    FAILED = "failed"
    """It, or its settings, cannot be read, or dockopt fails on it."""


class Entry(Struct, frozen=True):
    """One file. Texts are as they were found: whoever shows them writes out what is odd."""

    path: str
    is_ci: bool
    state: State
    notes: tuple[Note, ...] = ()
    """By lines: changes, what waits, and refusals."""
    left_alone: tuple[StoodBack, ...] = ()
    problems: tuple[str, ...] = ()
    """Why it was left as it is, or what failed."""
    ignores: tuple[str, ...] = ()
    """The lines that come to the file that says what of the context is not sent."""
    blocks: tuple[Block, ...] = ()
    context: str | None = None
    rebuild: Rebuild | None = None

    def of(self, *kinds: Kind) -> tuple[Note, ...]:
        """The notes of some kinds."""
        return tuple(note for note in self.notes if note.kind in kinds)

    @property
    def changes(self) -> tuple[Note, ...]:
        """What would be changed."""
        return self.of(Kind.CHANGE)

    @property
    def waiting(self) -> tuple[Note, ...]:
        """What waits for `--unsafe`, or for a person."""
        return self.of(Kind.WAITING, Kind.SUGGESTION)

    @property
    def refusals(self) -> tuple[Note, ...]:
        """What a check dropped."""
        return self.of(Kind.REFUSED)

    @property
    def saves(self) -> int:
        """Bytes that its changes save, as far as they are known: an estimate."""
        return sum(note.saves or 0 for note in self.changes)

    @property
    def could_save(self) -> int:
        """Bytes that what waits would save, as far as they are known: an estimate, and at most.

        What waits at one line is one or the other: another base image, or another stage.
        """
        best: dict[int, int] = {}
        for note in self.waiting:
            best[note.line] = max(best.get(note.line, 0), note.saves or 0)
        return sum(best.values())

    @property
    def faster(self) -> float | None:
        """Seconds that one rebuild gains: an estimate; None where nobody can know."""
        if self.rebuild is None or not self.rebuild.known:
            return None
        return round(self.rebuild.before.seconds - self.rebuild.after.seconds, 1)


def entry(outcome: Outcome, path: str, rebuild: Rebuild | None = None, *, is_ci: bool = False) -> Entry | None:
    """What the report says of a file; None where it is passed over: a CI file that builds no image."""
    result = outcome.result
    if result is None:
        return Entry(path, is_ci, State.FAILED, problems=outcome.failures) if outcome.failures else None
    if outcome.template is not None:
        place = f"line {outcome.template}: " if outcome.template else ""
        problem = f"{place}looks like a template of Dockerfiles; left as it is"
        return Entry(path, is_ci, State.LEFT, problems=(problem,))
    if result.problems:
        told = tuple(f"line {problem.line}: {problem.message}; left as it is" for problem in result.problems[:3])
        return Entry(path, is_ci, State.LEFT, problems=told)
    notes = (
        *(_note(change, Kind.CHANGE) for change in result.changes),
        *(_note(change, _waits(change)) for change in result.pending),
        *(Note(Kind.REFUSED, refusal.line, refusal.transform, refusal.why) for refusal in result.refusals),
    )
    state = State.CHANGES if result.changes else State.WAITING if result.pending else State.CLEAN
    return Entry(
        path,
        is_ci,
        State.FAILED if outcome.failures else state,
        tuple(sorted(notes, key=lambda note: note.line)),
        tuple(sorted(result.stood_back, key=lambda kept: kept.line)),
        outcome.failures,
        result.ignores,
        side_by_side(result.before, result.after, notes),
        outcome.context,
        rebuild,
    )


def _note(change: Change, kind: Kind) -> Note:
    return Note(kind, change.line, change.transform, change.why, change.saves)


def _waits(change: Change) -> Kind:
    return Kind.SUGGESTION if change.safety is Safety.SUGGESTION else Kind.WAITING


class Totals(Struct, frozen=True):
    """What all files sum up to; of one report, or of an earlier one. Bytes and seconds are estimates."""

    files: int = 0
    changed: int = 0
    """Files that would change."""
    changes: int = 0
    waiting: int = 0
    refusals: int = 0
    left: int = 0
    failed: int = 0
    saves: int = 0
    """Bytes of the changes that say how many."""
    could_save: int = 0
    """Bytes of what waits, at most."""
    rebuilds: int = 0
    """Files of which it is known what a change of a source file rebuilds."""
    seconds_before: float = 0.0
    """One rebuild of each of them."""
    seconds_after: float = 0.0


class TransformTotals(Struct, frozen=True):
    """What one transform found. `files`: in which it changes something, or something waits."""

    id: str
    changes: int
    waiting: int
    files: int
    saves: int


class Report(Struct, frozen=True, dict=True):
    """All files of one run, in the order in which they were found."""

    title: str
    made: datetime
    """In UTC."""
    version: str
    entries: tuple[Entry, ...]
    unsafe: bool = False

    @cached_property
    def totals(self) -> Totals:
        """The sums."""
        entries = self.entries
        known = [found.rebuild for found in entries if found.rebuild is not None and found.rebuild.known]
        return Totals(
            files=len(entries),
            changed=sum(found.state is State.CHANGES for found in entries),
            changes=sum(len(found.changes) for found in entries),
            waiting=sum(len(found.waiting) for found in entries),
            refusals=sum(len(found.refusals) for found in entries),
            left=sum(found.state is State.LEFT for found in entries),
            failed=sum(found.state is State.FAILED for found in entries),
            saves=sum(found.saves for found in entries),
            could_save=sum(found.could_save for found in entries),
            rebuilds=len(known),
            seconds_before=round(sum(found.before.seconds for found in known), 1),
            seconds_after=round(sum(found.after.seconds for found in known), 1),
        )

    @cached_property
    def transforms(self) -> tuple[TransformTotals, ...]:
        """The transforms that found something, the one that changes most first."""
        return tuple(_by_transform(self.entries))

    @cached_property
    def fastest(self) -> tuple[Entry, ...]:
        """The files whose rebuilds gain most, up to eight."""
        gaining = [found for found in self.entries if found.faster is not None and found.faster >= 1]
        return tuple(sorted(gaining, key=lambda found: -(found.faster or 0))[:8])


def _by_transform(entries: Sequence[Entry]) -> Iterable[TransformTotals]:
    changes, waiting, files, saves = Counter[str](), Counter[str](), Counter[str](), Counter[str]()
    for found in entries:
        noted = (*found.changes, *found.waiting)
        changes.update(note.transform for note in found.changes)
        waiting.update(note.transform for note in found.waiting)
        files.update({note.transform for note in noted})
        for note in noted:
            saves[note.transform] += note.saves or 0
    totals = [TransformTotals(name, changes[name], waiting[name], files[name], saves[name]) for name in files]
    return sorted(totals, key=lambda total: (-total.changes, -total.waiting, total.id))
