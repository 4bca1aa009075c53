"""What a change of one source file makes a builder run again, as the file is and as it would be; nothing is built."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from msgspec import Struct

from optimizer.cache import Build, plan
from optimizer.cache.reasons import explained
from optimizer.cache.report import Line, report
from optimizer.cache.scenarios import edited, source_groups, typical
from optimizer.engine import Result
from optimizer.facts import Context, Facts
from optimizer.facts.context.narrowed import narrowed
from optimizer.graph import Graph, graph
from optimizer.syntax.parser import parse


class StepNote(Struct, frozen=True):
    """What becomes of one step: `hit`, `runs`, `maybe`, `fails` or `unused`. `seconds`: an estimate."""

    word: str
    seconds: float
    why: str = ""


class Side(Struct, frozen=True):
    """One build after the change. `notes`: stage number -> what becomes of its steps; empty where nobody can know."""

    graph: Graph
    notes: tuple[tuple[StepNote, ...], ...] = ()
    steps: int = 0
    again: int = 0
    seconds: float = 0.0
    """Of the steps that run again."""
    all_seconds: float = 0.0


class Rebuild(Struct, frozen=True):
    """Both builds. `change`: the path of the source file; None: it is not known which step takes one."""

    change: str | None
    before: Side
    after: Side
    files: int = 0
    """So many files do the same when they change."""

    @property
    def known(self) -> bool:
        """Whether the figures mean something."""
        return self.change is not None

    def has(self, word: str) -> bool:
        """Whether that becomes of a step, in either build."""
        return any(note.word == word for side in (self.before, self.after) for notes in side.notes for note in notes)


def rebuild(
    result: Result, context: Context | None = None, counts: Callable[[], Mapping[str, int]] = dict
) -> Rebuild | None:
    """The rebuild of a Dockerfile before and after its changes; None for what is no build.

    `counts`: how many commits changed each file of the context; the one that changes most is taken.
    """
    old = _build(result.before, context)
    if old is None:
        return None
    now = narrowed(context, result.ignores) if context is not None else None
    new = _build(result.after, now) if result.changed or result.ignores else old
    if new is None:
        return None
    first = plan(old)
    groups = source_groups(first)
    found = typical(groups, counts()) if groups else None
    if found is None:
        return Rebuild(None, Side(graph(first)), Side(graph(plan(new))))
    name, group = found
    return Rebuild(name, _side(old, name), _side(new, name), len(group.files))


def _build(text: str, context: Context | None) -> Build | None:
    facts = Facts(parse(text), context)
    return None if facts.problems or not facts.stages else Build(facts)


def _side(build: Build, changed: str) -> Side:
    before = plan(build)
    found = report(plan(edited(build, [changed])), before, changed)
    notes = tuple(
        tuple(_note(line) for line in found.lines if line.verdict.step.stage == stage.stage.number)
        for stage in found.plan.stages
    )
    steps, again = found.once, found.again
    return Side(graph(found.plan), notes, len(steps), len(again), _sum(again), _sum(steps))


def _sum(lines: tuple[Line, ...]) -> float:
    return round(sum(line.seconds for line in lines), 1)


def _note(line: Line) -> StepNote:
    return StepNote(line.word, line.seconds, explained(line.verdict))
