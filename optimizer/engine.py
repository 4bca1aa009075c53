"""Runs the transforms: one to its fixpoint, then the next; every step is checked, and what fails is dropped.

Overlapping proposals wait a round and are asked again with fresh facts, so there are no conflicts to resolve.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from os import PathLike
from pathlib import Path

from optimizer.checks import Promise, violation
from optimizer.facts import Facts
from optimizer.facts.context import Supply, once
from optimizer.facts.texts import comment_lines
from optimizer.origins import Origins, Place
from optimizer.pragmas import Pragmas
from optimizer.sizes import saving
from optimizer.syntax.nodes import Dockerfile, Instruction, Node, Stage
from optimizer.syntax.parser import parse
from optimizer.syntax.problems import Problem
from optimizer.transform import Declined, Proposal, Safety, Subject, Transform

ROUNDS = 10
"""The most often that one transform is asked about one file."""


@dataclass(frozen=True, slots=True)
class _Told:
    """What a transform says about a place of the original file."""

    transform: str
    place: Place
    why: str

    @property
    def line(self) -> int:
        """The line at which the place begins, counted from 1."""
        return self.place.line


@dataclass(frozen=True, slots=True)
class Change(_Told):
    """A change that was made, or that waits. `saves` in bytes."""

    safety: Safety
    saves: int | None = None
    basis: str = ""
    """From what `saves` was computed; empty where it was counted in the files at hand."""
    touched: tuple[int, ...] = ()
    """The lines of the original file that its edits touch, or stand beside; empty for what waits."""

    @property
    def reason(self) -> str:
        """Why, and what it saves as far as that is known."""
        return self.why + saving(self.saves, self.basis)

    @property
    def key(self) -> ChangeKey:
        """What tells it from the others of its file, whichever of them are made: figures in `why` may tell of these."""
        return self.transform, self.line


ChangeKey = tuple[str, int]
"""A transform's id, and a line of the original file."""


@dataclass(frozen=True, slots=True)
class Refusal(_Told):
    """A step that a check dropped: `why` is what the check says."""


@dataclass(frozen=True, slots=True)
class StoodBack(_Told):
    """A place that a transform left alone, and why."""


@dataclass(frozen=True, slots=True)
class Step:
    """The file after the changes of one transform: what `dockopt prove` bisects over."""

    transform: str
    after: str
    ignores: tuple[str, ...] = ()
    """All patterns so far, as in `Result`; a step may add only such."""


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one file. `before` and `after` are text with surrogates for bytes that are not UTF-8."""

    before: str
    after: str
    changes: tuple[Change, ...] = ()
    pending: tuple[Change, ...] = ()
    """What waits for `--unsafe`, or for a person."""
    refusals: tuple[Refusal, ...] = ()
    stood_back: tuple[StoodBack, ...] = ()
    problems: tuple[Problem, ...] = ()
    """Why the file was left as it is: BuildKit would reject it."""
    steps: tuple[Step, ...] = ()
    ignores: tuple[str, ...] = ()
    """Patterns to be put at the end of the file that says what of the build context is not sent."""

    @property
    def changed(self) -> bool:
        """Whether the file would be written."""
        return self.before != self.after


def optimize(
    data: bytes | str,
    transforms: Sequence[Transform] | None = None,
    *,
    unsafe: bool = False,
    context: Supply | str | PathLike[str] | None = None,
    only: Collection[ChangeKey] | None = None,
    seconds: Mapping[int, float] | None = None,
) -> Result:
    """The file after all transforms (else those of the pipeline that run by default). Never raises on any text.

    Transforms of other files than Dockerfiles are passed over. `context`: the build context, its folder, or what finds
    it; it is asked once, when the first fact needs it. `only`: no other changes are made. `seconds`: what instructions
    took that begin at these lines, counted from 1; those of the others are estimated.
    """
    if isinstance(context, str | PathLike):
        from optimizer.facts.context.finder import context_in

        context = context_in(Path(context))
    if transforms is None:
        from transforms import PIPELINE

        transforms = [transform for transform in PIPELINE if transform.default]
    facts = Facts(parse(data), once(context) if callable(context) else context)
    if facts.problems:
        return Result(facts.text, facts.text, problems=facts.problems)
    if seconds:
        from optimizer.facts.measured import at_lines

        facts.measured = at_lines(facts, seconds)
    return _Session(facts, unsafe, only).run(one for one in transforms if one.subject is Subject.DOCKERFILE)


@dataclass
class _Session:
    """The work on one file. `origins` tells where the text as it is now came from."""

    facts: Facts
    unsafe: bool
    only: Collection[ChangeKey] | None = None
    changes: list[Change] = field(default_factory=list)
    pending: dict[tuple[str, int, str], Change] = field(default_factory=dict)
    refusals: dict[tuple[str, int, str], Refusal] = field(default_factory=dict)
    stood_back: dict[tuple[str, int, str], StoodBack] = field(default_factory=dict)
    steps: list[Step] = field(default_factory=list)
    ignores: list[str] = field(default_factory=list)
    origins: Origins = field(init=False)

    def __post_init__(self) -> None:
        self.origins = Origins(self.facts.text)

    def run(self, transforms: Iterable[Transform]) -> Result:
        """All transforms, each to its fixpoint."""
        before = self.facts.text
        for transform in transforms:
            made = len(self.changes)
            self._to_fixpoint(transform)
            if len(self.changes) > made:
                self.steps.append(Step(transform.id, self.facts.text, tuple(self.ignores)))
        return Result(
            before,
            self.facts.text,
            tuple(self.changes),
            tuple(self.pending.values()),
            tuple(self.refusals.values()),
            tuple(self.stood_back.values()),
            steps=tuple(self.steps),
            ignores=tuple(self.ignores),
        )

    def _to_fixpoint(self, transform: Transform) -> None:
        seen = {(self.facts.text, len(self.ignores))}
        for _ in range(ROUNDS):
            wanted = self._wanted(transform)
            if not wanted or not self._advance(transform, wanted, seen):
                return
        if wanted := self._wanted(transform):
            self._refuse(transform, wanted[0], f"it still asks for changes after {ROUNDS} rounds")

    def _wanted(self, transform: Transform) -> list[Proposal]:
        """The proposals that may be made now; the others are recorded."""
        pragmas = self.facts.remembered(Pragmas, lambda: Pragmas(self.facts))
        wanted = []
        for item in transform.run(self.facts):
            if isinstance(item, Declined):
                self._stand_back(transform, item, item.why)
                continue
            place = self._place(item)
            safety = item.safety or transform.safety
            if (ignore := self._ignored(pragmas, transform, item)) is not None:
                self._stand_back(transform, item, ignore)
            elif safety is Safety.SUGGESTION or (safety is Safety.UNSAFE and not self.unsafe):
                key = (transform.id, place.line, item.why)
                self.pending[key] = Change(transform.id, place, item.why, safety, item.saves, item.basis)
            elif (transform.id, place.line, item.why) not in self.refusals and self._allowed(transform, place):
                wanted.append(item)
        return wanted

    def _allowed(self, transform: Transform, place: Place) -> bool:
        return self.only is None or (transform.id, place.line) in self.only

    def _ignored(self, pragmas: Pragmas, transform: Transform, proposal: Proposal) -> str | None:
        names = (transform.id, *transform.counterparts)
        for node in (proposal.at, *proposal.edits):
            if (instruction := self._owner(node)) is not None and (why := pragmas.ignores(instruction, names)):
                return why
        return None

    def _owner(self, node: Node) -> Instruction | None:
        return self.facts.places.instruction_at(self.facts.places.span(node)[0])

    def _advance(self, transform: Transform, wanted: list[Proposal], seen: set[tuple[str, int]]) -> bool:
        """Make what does not overlap, together if the checks agree, else one by one. Whether anything changed."""
        batch = self._apart(wanted)
        if self._try(transform, batch, seen) is None:
            return True
        if len(batch) == 1:
            why = self._try(transform, batch, seen)
            if why is not None:
                self._refuse(transform, batch[0], why)
            return True
        for proposal in batch:
            why = self._try(transform, [proposal], seen)
            if why is not None:
                self._refuse(transform, proposal, why)
                continue
            return True
        return True

    def _apart(self, wanted: list[Proposal]) -> list[Proposal]:
        """The first proposals whose edits touch no common text."""
        starts: list[int] = []
        ends: list[int] = []
        batch = []
        for proposal in wanted:
            places = [self.facts.places.span(node) for node in proposal.edits]
            if any(_taken(starts, ends, start, end) for start, end in places):
                continue
            for start, end in places:
                insort(starts, start)
                insort(ends, end)
            batch.append(proposal)
        return batch

    def _try(self, transform: Transform, batch: Collection[Proposal], seen: set[tuple[str, int]]) -> str | None:
        """Make the proposals if the checks allow them; else say why not and leave all as it was."""
        edits = [(*self.facts.places.span(node), text) for p in batch for node, text in p.edits.items()]
        edits.sort()
        if any(one[1] > other[0] for one, other in pairwise(edits)):
            return "its edits overlap"
        text = spliced(self.facts.text, edits)
        ignores = [pattern for p in batch for pattern in p.ignores if pattern not in self.ignores]
        if (text, len(self.ignores) + len(ignores)) in seen:
            return "it would bring back an earlier text"
        pieces = self._pieces(edits)
        after = Facts(sharing(parse(text), self.facts, pieces), self._supply(ignores))
        after.inherit(self.facts)
        if self.facts.measured:
            from optimizer.facts.measured import carried

            after.measured = carried(self.facts, after)
        leeway = transform.leeway.union(*(p.leeway for p in batch))
        promise = Promise(transform.may_change, leeway)
        if why := violation(self.facts, after, pieces, promise):
            return why
        for proposal in batch:
            safety = proposal.safety or transform.safety
            told = self._place(proposal), proposal.why, safety, proposal.saves, proposal.basis, self._touched(proposal)
            self.changes.append(Change(transform.id, *told))
        self.origins = self.origins.edited(edits, len(self.facts.text))
        self.facts = after
        self.ignores += ignores
        seen.add((text, len(self.ignores)))
        return None

    def _supply(self, ignores: Sequence[str]) -> Supply | None:
        """The build context as the proposals leave it."""
        if not ignores or self.facts.context is None:
            return self.facts.supply
        from optimizer.facts.context.narrowed import narrowed

        return narrowed(self.facts.context, ignores)

    def _pieces(self, edits: Sequence[tuple[int, int, str]]) -> dict[Instruction, str]:
        """The new text of each instruction that an edit lies in."""
        inside: dict[Instruction, list[tuple[int, int, str]]] = {}
        for start, end, text in edits:
            if (instruction := self.facts.places.instruction_at(start)) is not None:
                first = self.facts.places.span(instruction)[0]
                inside.setdefault(instruction, []).append((start - first, end - first, text))
        return {instruction: spliced(self.facts.sources[instruction], found) for instruction, found in inside.items()}

    def _place(self, item: Proposal | Declined) -> Place:
        """What of the original file it is about; of an instruction, the part that would change, where it says so."""
        start, end = self._span(item.at)
        if isinstance(item, Proposal) and isinstance(item.at, Instruction):
            inner = [self.facts.places.span(node) for node in item.edits if not isinstance(node, Instruction)]
            inner = [(first, last) for first, last in inner if start <= first and last <= end]
            if inner and len(inner) == len(item.edits):
                first, last = min(first for first, _ in inner), max(last for _, last in inner)
                start, end = (first, last) if self.facts.text[first:last].strip() else (start, end)
        text = self.facts.text[start:end]
        start += len(text) - len(text.lstrip())
        return self.origins.place(start, start + len(text.strip()))

    def _span(self, node: Node) -> tuple[int, int]:
        """Start and end of a node; an instruction is meant without the lines above it."""
        start, end = self.facts.places.span(node)
        if isinstance(node, Instruction):
            start += len(comment_lines(node))
        return start, end

    def _touched(self, proposal: Proposal) -> tuple[int, ...]:
        """The lines of the original file that the proposal's edits touch."""
        places = [self.origins.place(*self.facts.places.span(node)) for node in proposal.edits]
        # What ends behind a line end touches nothing of the next line.
        lines = [range(one.line, one.end_line + (one.end_column > 1 or one.end_line == one.line)) for one in places]
        return tuple(sorted({line for each in lines for line in each}))

    def _refuse(self, transform: Transform, proposal: Proposal, why: str) -> None:
        place = self._place(proposal)
        self.refusals[transform.id, place.line, proposal.why] = Refusal(transform.id, place, why)

    def _stand_back(self, transform: Transform, item: Proposal | Declined, why: str) -> None:
        place = self._place(item)
        self.stood_back[transform.id, place.line, why] = StoodBack(transform.id, place, why)


def sharing(tree: Dockerfile, before: Facts, edited: Collection[Instruction]) -> Dockerfile:
    """The tree with the old nodes in the place of instructions whose text is as it was: what is known of them holds."""
    old: dict[str, list[Instruction]] = {}
    for instruction, text in before.sources.items():
        if instruction not in edited:
            old.setdefault(text, []).append(instruction)
    for instructions in old.values():
        instructions.reverse()
    texts = iter(tree.texts)

    def kept(instructions: Iterable[Instruction]) -> tuple[Instruction, ...]:
        pairs = zip(instructions, texts, strict=False)
        return tuple(old[text].pop() if old.get(text) else instruction for instruction, text in pairs)

    if tree.escape != before.tree.escape:
        return tree
    prologue = kept(tree.prologue)
    stages = tuple(Stage(kept(stage.instructions)) for stage in tree.stages)
    return Dockerfile(tree.bom, tree.directives, prologue, stages, tree.footer, tree.texts)


def _taken(starts: list[int], ends: list[int], start: int, end: int) -> bool:
    """Whether one of the spans that begin and end there, which do not overlap, has text in common with another."""
    return bisect_left(starts, end) > bisect_right(ends, start)


def spliced(text: str, edits: Sequence[tuple[int, int, str]]) -> str:
    """The text with its spans replaced; the edits are sorted and do not overlap."""
    out: list[str] = []
    at = 0
    for start, end, new in edits:
        out += [text[at:start], new]
        at = end
    return "".join([*out, text[at:]])
