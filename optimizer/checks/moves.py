"""Whether the steps of a stage may stand in another order.

Knows no transform: it pairs the steps of both files and asks of each pair that changed places whether the two have to
do with each other. A COPY may sink behind an install that reads some of its files if a new COPY gave it these before.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterator, Mapping, Sequence

from msgspec import Struct

from optimizer.checks.trace import Atom
from optimizer.facts import Copy, Facts
from optimizer.facts.chains import Step
from optimizer.facts.effects import commutes
from optimizer.facts.installs import conflict, inside, installs_of
from optimizer.facts.manifests import Need
from optimizer.facts.texts import argument_text, shortened
from optimizer.syntax.nodes import Instruction


def sunk_wrongly(before: Facts, after: Facts, old: Sequence[Atom], new: Sequence[Atom], *, locks: bool) -> str | None:
    """Why the new order may not stand; None where it may. `locks`: an install may write a lock file that sinks."""
    pairing = _paired(old, new)
    if isinstance(pairing, str):
        return pairing
    check = _Sinking(before, after, pairing, locks)
    return next(check.faults(), None)


def swapped_wrongly(before: Facts, after: Facts, stage: int, old: Sequence[Atom], new: Sequence[Atom]) -> str | None:
    """Why the instructions of a stage may not stand in their new order; None where they may. None may come or go.

    Instructions are compared, not only atoms: a VOLUME is none, and does what others could tell.
    """
    pairing = _paired(old, new)
    if isinstance(pairing, str):
        return pairing
    if None in pairing.order:
        return f"`{shortened(new[pairing.order.index(None)].text)}` would come, or run in another state"
    steps = before.stages[stage].instructions
    order, lost = _matched([_told(one) for one in steps], [_told(one) for one in after.stages[stage].instructions])
    if lost or None in order:
        return "an instruction would come or go"
    for now_first, now_second in _inverted(order):
        first, second = steps[order[now_second] or 0], steps[order[now_first] or 0]
        if (conflict := commutes(before, first, second)) is not None:
            return f"`{shortened(_told(second))}` would run before `{shortened(_told(first))}`: {conflict}"
    return None


def _told(instruction: Instruction) -> str:
    return f"{instruction.name} {argument_text(instruction)}"


class _Pairing(Struct, frozen=True):
    """`order`: of each new atom the number of the old one; None for one that came."""

    old: Sequence[Atom]
    new: Sequence[Atom]
    order: tuple[int | None, ...]

    def inverted(self) -> Iterator[tuple[int, int]]:
        """Numbers of new atoms, the first before the second, whose old ones stood the other way round."""
        return _inverted(self.order)


def _inverted(order: Sequence[int | None]) -> Iterator[tuple[int, int]]:
    for one, before in enumerate(order):
        for other in range(one + 1, len(order)):
            behind = order[other]
            if before is not None and behind is not None and behind < before:
                yield one, other


def _paired(old: Sequence[Atom], new: Sequence[Atom]) -> _Pairing | str:
    order, lost = _matched(old, new)
    if lost:
        return f"`{shortened(old[lost[0]].text)}` would go, or run in another state"
    return _Pairing(old, new, order)


def _matched(old: Sequence[Hashable], new: Sequence[Hashable]) -> tuple[tuple[int | None, ...], list[int]]:
    """For each new item the number of its old equal, the first that is left; the old ones that have none."""
    waiting: defaultdict[Hashable, list[int]] = defaultdict(list)
    for number, item in reversed(list(enumerate(old))):
        waiting[item].append(number)
    order = tuple(waiting[item].pop() if waiting[item] else None for item in new)
    return order, sorted(number for numbers in waiting.values() for number in numbers)


class _Sinking(Struct, frozen=True):
    before: Facts
    after: Facts
    pairing: _Pairing
    locks: bool

    def faults(self) -> Iterator[str]:
        """All that speaks against it."""
        sinking: dict[int, Mapping[str, str]] = {}
        for passed, copy in self.pairing.inverted():
            places = sinking.get(copy) or self._places(copy, self.after)
            if places is None:
                yield f"`{shortened(self.pairing.new[copy].text)}` would run later"
                return
            sinking[copy] = places
            yield from self._passed(passed, copy, places)
        for number, old in enumerate(self.pairing.order):
            if old is None:
                yield from self._early(number, sinking)

    def _places(self, number: int, facts: Facts) -> Mapping[str, str] | None:
        """What a new atom takes from the context, if it is a COPY."""
        copy = _copy(facts, self.pairing.new[number])
        return facts.placed(copy) if copy is not None and copy.from_context else None

    def _early(self, number: int, sinking: Mapping[int, Mapping[str, str]]) -> Iterator[str]:
        """A new COPY must repeat a part of one that sank, and stand below its old place and above its new one."""
        atom = self.pairing.new[number]
        places = self._places(number, self.after)
        for other, all_places in sinking.items():
            origin = self.pairing.order[other]
            before = {one for one in self.pairing.order[:number] if one is not None}
            same_flags = _flags(self.after, atom) == _flags(self.after, self.pairing.new[other])
            repeated = places and places.items() <= all_places.items() and same_flags
            if repeated and number < other and before >= set(range(origin or 0)):
                return
        yield f"`{shortened(atom.text)}` would come, and no later COPY takes the same from there"

    def _passed(self, passed: int, copy: int, places: Mapping[str, str]) -> Iterator[str]:
        """A step that now runs before the COPY."""
        atom = self.pairing.new[passed]
        sunk = self.pairing.new[copy].instruction
        if atom.instruction is None or sunk is None:
            yield f"`{shortened(atom.text)}` cannot be told"
            return
        earlier = (self._places(number, self.after) for number in range(passed) if self._untouched(number, copy))
        provided = [each for each in earlier if each is not None]
        for step, need in _steps(self.after, atom):
            found = conflict(self.after, sunk, atom.instruction, step)
            if found is None or self._made(passed):
                continue
            was = self._was(passed, step)
            if isinstance(was, Need) and (
                missing := [path for path in was.files if not any(path in each for each in provided)]
            ):
                yield f"`{missing[0]}` would not be there for `{shortened(atom.text)}`"
            elif self._closed(passed, copy):
                yield f"`{shortened(atom.text)}` may not be allowed to write where the early COPY makes folders"
            elif not isinstance(need, Need) or need != was:
                taken = shortened(self.pairing.new[copy].text)
                yield f"`{shortened(atom.text)}` may need what `{taken}` takes: {found}"
            elif any(inside(path, need.writes) and path not in need.files for path in places):
                yield f"the COPY would lie over what `{shortened(atom.text)}` writes"
            elif not self.locks and set(need.rewrites) & places.keys():
                yield f"the COPY would undo what `{shortened(atom.text)}` writes into its lock file"

    def _untouched(self, number: int, copy: int) -> bool:
        """Whether what an atom takes was still as it is where the sunk COPY stood, which would have put it right."""
        old, sunk = self.pairing.order[number], self.pairing.order[copy]
        between = () if old is None or sunk is None else self.pairing.old[old + 1 : sunk]
        return all(_copy(self.before, atom) is not None for atom in between if _does_work(atom))

    def _closed(self, passed: int, copy: int) -> bool:
        """Whether a new COPY above makes folders that the step, not run by root or their owner, could write to."""
        instruction = self.pairing.new[passed].instruction
        sunk = _copy(self.after, self.pairing.new[copy])
        user = ((self.after.scopes[instruction].user if instruction else None) or "").split(":")[0]
        if sunk is None or user in ("root", "0") or (user and user == (sunk.owner or "").split(":")[0]):
            return False
        top = (sunk.destination or "/").rstrip("/")
        new = (number for number in range(passed) if self.pairing.order[number] is None)
        return any(path.rpartition("/")[0] != top for number in new for path in self._places(number, self.after) or ())

    def _made(self, number: int) -> bool:
        """Whether an atom only enters a folder, which a new COPY above it makes as the sunk one did."""
        instruction = self.pairing.new[number].instruction
        folder = self.after.entered(instruction) if instruction is not None else None
        if folder is None:
            return False
        copies = [
            _copy(self.after, atom)
            for atom, was in zip(self.pairing.new[:number], self.pairing.order, strict=False)
            if was is None
        ]
        return any(copy and inside((copy.destination or "").rstrip("/"), (folder,)) for copy in copies)

    def _was(self, passed: int, step: Step | None) -> object:
        """What the same step needed before."""
        number = self.pairing.order[passed]
        was = self.pairing.old[number] if number is not None else None
        if was is None or step is None:
            return None
        text = [word.text for call in step.calls for word in call.words]
        for other, need in _steps(self.before, was):
            if other is not None and [word.text for call in other.calls for word in call.words] == text:
                return need
        return None


def _does_work(atom: Atom) -> bool:
    """Whether an atom may write files; entering a folder changes none."""
    return atom.instruction is None or atom.instruction.name != "WORKDIR"


def _copy(facts: Facts, atom: Atom) -> Copy | None:
    found = facts.copies.get(atom.instruction) if atom.instruction else None
    return found if found is not None and found.instruction is atom.instruction else None


def _flags(facts: Facts, atom: Atom) -> tuple[object, ...] | None:
    copy = _copy(facts, atom)
    return (copy.owner, copy.mode, copy.link) if copy else None


def _steps(facts: Facts, atom: Atom) -> Iterator[tuple[Step | None, object]]:
    """The steps that an atom holds, each with what it needs if it is an install; None: the whole instruction."""
    instruction: Instruction | None = atom.instruction
    chain = facts.chain(instruction) if instruction is not None and instruction.name == "RUN" else None
    if instruction is None or chain is None:
        yield None, None
        return
    needs = {one.at: one.need for one in installs_of(facts, instruction)}
    for at, step in enumerate(chain.steps):
        if set(step.calls) <= set(atom.calls):
            yield step, needs.get(at)
