"""What every step of every transform is held to. A check knows no transform: it judges two trees and a promise.

layout    the new text parses to exactly the instructions that the edits meant, and no neighbour changed
accepted  BuildKit would still take the file
aspects   nothing but the declared aspects changed
reader    `dockerfile-parse` reads the result as we do, where it read the original as we do
sent      of the build context nothing is left out that the build needs
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from optimizer.checks import aspects
from optimizer.checks.trace import Atom, trace
from optimizer.facts import Facts
from optimizer.facts.texts import shortened
from optimizer.facts.trees import trees
from optimizer.syntax.nodes import Instruction, source
from optimizer.transform import Aspect, Leeway


@dataclass(frozen=True, slots=True)
class Promise:
    """What may differ between two trees."""

    may_change: frozenset[Aspect]
    leeway: frozenset[Leeway]


def violation(before: Facts, after: Facts, pieces: Mapping[Instruction, str], promise: Promise) -> str | None:
    """Why the step from one tree to the other may not stand; None where it may.

    `pieces` gives the new text of each instruction of the old tree that was edited.
    """
    return (
        layout(before, after, pieces)
        or accepted(before, after)
        or undeclared(before, after, promise)
        or independent_reader(before, after)
        or sent_less(before, after, promise)
    )


def sent_less(before: Facts, after: Facts, promise: Promise) -> str | None:
    """What of the build context is not sent any more is named by nothing, and made anew by an install or declared."""
    if before.supply is after.supply:
        return None
    from optimizer.checks.sent import lost

    return lost(before, after, declared=Leeway.IGNORED in promise.leeway, covered=Leeway.COVERED in promise.leeway)


def layout(before: Facts, after: Facts, pieces: Mapping[Instruction, str]) -> str | None:
    """The new file is the old one with the pieces in their places, and each piece ends where an instruction ends."""
    if any(source(i) != text for i, text in after.sources.items() if i not in before.sources):
        return "the tree does not print as it was read"
    expected = [pieces.get(instruction, text) for instruction, text in before.sources.items()]
    starts = {0}
    at = 0
    for text in after.sources.values():
        at += len(text)
        starts.add(at)
    reached = 0
    for piece in expected:
        reached += len(piece)
        if reached not in starts:
            return "an instruction runs into its neighbour"
    if at != reached or "".join(expected) != "".join(after.sources.values()):
        return "the text is not what the edits say"
    return None


def accepted(before: Facts, after: Facts) -> str | None:
    """BuildKit rejects nothing in the new file that it did not reject in the old one."""
    if len(after.problems) > len(before.problems):
        return f"line {after.problems[0].line}: {after.problems[0].message}"
    return None


_SIMPLE: dict[Aspect, Callable[[Facts, frozenset[Leeway]], object]] = {
    Aspect.COMMENTS: aspects.comments,
    Aspect.STAGES: aspects.stages,
    Aspect.CONFIG: aspects.config,
    Aspect.LAYERS: aspects.layers,
    Aspect.COPIED: aspects.copied,
}


def undeclared(before: Facts, after: Facts, promise: Promise) -> str | None:
    """An aspect that differs though the promise does not name it."""
    for aspect in _SIMPLE:
        if aspect not in promise.may_change and _seen(aspect, before, promise) != _seen(aspect, after, promise):
            return f"the {aspect.value} would change"
    if Aspect.TRACE in promise.may_change:
        return None
    return traces_differ(before, after, promise.leeway)


_OUTSIDE_THE_TRACE = frozenset(
    {
        Leeway.AUTHOR,
        Leeway.CASE,
        Leeway.EXEC,
        Leeway.DEAD,
        Leeway.OWNERSHIP,
        Leeway.HARDENING,
        Leeway.ENVIRONMENT,
        Leeway.ADD,
        Leeway.BASE,
        Leeway.PIN,
        Leeway.CROSS,
    }
)
"""The leeways that concern the aspects too."""


def _seen(aspect: Aspect, facts: Facts, promise: Promise) -> object:
    leeway = promise.leeway & _OUTSIDE_THE_TRACE
    return facts.remembered((aspect, leeway), lambda: _SIMPLE[aspect](facts, leeway))


def traces_differ(before: Facts, after: Facts, leeway: frozenset[Leeway]) -> str | None:
    """Where a build would do something else, beyond the leeway."""
    if Leeway.CROSS in leeway:
        from optimizer.checks.based import crossed_wrongly

        return crossed_wrongly(before, after)
    if Leeway.PIN in leeway:
        from optimizer.checks.based import pinned_wrongly

        return pinned_wrongly(before, after)
    if Leeway.BASE in leeway:
        from optimizer.checks.based import rebased_wrongly

        return rebased_wrongly(before, after)
    if Leeway.STAGING in leeway:
        from optimizer.checks.staging import staged_wrongly

        return staged_wrongly(before, after, told=Leeway.TOLD in leeway)
    if Leeway.PARTING in leeway:
        from optimizer.checks.parting import parted_wrongly

        return parted_wrongly(before, after)
    old, new = trace(before, leeway), trace(after, leeway)
    if len(old.stages) != len(new.stages):
        return "a stage comes or goes"
    for number, (one, other) in enumerate(zip(old.stages, new.stages, strict=True)):
        if Leeway.SWAPS in leeway:
            from optimizer.checks.moves import swapped_wrongly

            if (message := swapped_wrongly(before, after, number, one, other)) is not None:
                return message
            continue
        if one == other:
            if lost := _lost(one, other):
                return f"`{lost}` would go"
            continue
        if Leeway.TREES in leeway:
            if (message := _trees_deleted(after, one, other)) is not None:
                return message
            continue
        if Leeway.FETCHED in leeway:
            from optimizer.checks.fetched import fetched_wrongly

            if (message := fetched_wrongly(after, one, other, more=Leeway.FETCHED_MORE in leeway)) is not None:
                return message
            continue
        if Leeway.MANIFESTS in leeway:
            from optimizer.checks.moves import sunk_wrongly

            if (message := sunk_wrongly(before, after, one, other, locks=Leeway.UNLOCKED in leeway)) is not None:
                return message
            continue
        if Leeway.ORDER in leeway:
            if (message := _moved_wrongly(one, other)) is not None:
                return message
            continue
        return _first_difference(number, one, other)
    return None


def _lost(old: Sequence[Atom], new: Sequence[Atom]) -> str | None:
    """Names and options that the leeway left out of the text may come, but never go."""
    lost = [name for one, other in zip(old, new, strict=True) for name in Counter(one.kept) - Counter(other.kept)]
    return min(lost, default=None)


def _first_difference(number: int, old: Sequence[Atom], new: Sequence[Atom]) -> str:
    for one, other in zip(old, new, strict=False):
        if one.text != other.text:
            return f"stage {number} would run `{shortened(other.text)}` instead of `{shortened(one.text)}`"
        if one.lists != other.lists:
            return f"`{shortened(one.text)}` would find other package lists"
        if one.owners != other.owners:
            return _owned_differently(one, other)
        if one.state != other.state:
            return f"`{shortened(one.text)}` would run in another state"
    longer, verb = (old, "lose") if len(old) > len(new) else (new, "gain")
    return f"stage {number} would {verb} `{shortened(longer[min(len(old), len(new))].text)}`"


def _owned_differently(one: Atom, other: Atom) -> str:
    old, new = dict(one.owners), dict(other.owners)
    key = next((key for key in {**old, **new} if old.get(key) != new.get(key)), "")
    where = "in the image" if one.instruction is None else f"for `{shortened(one.text)}`"
    return f"`{key}` would have another owner or mode {where}"


def _moved_wrongly(old: Sequence[Atom], new: Sequence[Atom]) -> str | None:
    """Deletions may move up, over steps that know nothing of what they delete; all else keeps its order."""
    rest_old = [atom for atom in old if atom.deletes is None]
    rest_new = [atom for atom in new if atom.deletes is None]
    if rest_old != rest_new:
        return _first_difference(0, rest_old, rest_new)
    places_old, places_new = _places(old), _places(new)
    if [key for key, _ in sorted(places_old)] != [key for key, _ in sorted(places_new)]:
        return "a deletion would come or go"
    for (key, was), (_, now) in zip(sorted(places_old), sorted(places_new), strict=True):
        if now > was:
            return f"`{shortened(key)}` would run later"
        deletes = next(atom.deletes for atom in old if atom.text == key)
        for atom in rest_old[now:was]:
            if deletes is None or not untouched(atom, deletes.paths):
                return f"`{shortened(key)}` would run before `{shortened(atom.text)}`, which may need what it deletes"
    return None


def _trees_deleted(after: Facts, old: Sequence[Atom], new: Sequence[Atom]) -> str | None:
    """Deletions may come of what their own RUN made in a temporary folder, where nothing else names it."""
    rest = list(old)
    for number, atom in enumerate(new):
        if rest and atom == rest[0]:
            del rest[0]
        elif atom.deletes is None or atom.instruction is None:
            return _first_difference(0, rest, new[number:])
        elif strange := set(atom.deletes.paths) - set(trees(after, atom.instruction)):
            return f"`{min(strange)}` would be deleted, which its RUN did not make, or which something else names"
    return f"`{shortened(rest[0].text)}` would go" if rest else None


def _places(atoms: Sequence[Atom]) -> list[tuple[str, int]]:
    """Each deletion with the number of other atoms before it."""
    found, others = [], 0
    for atom in atoms:
        if atom.deletes is None:
            others += 1
        else:
            found.append((atom.text, others))
    return found


def untouched(atom: Atom, paths: Sequence[str]) -> bool:
    """Whether the step is known to neither read nor write anything at or below the paths."""
    from optimizer.facts.paths import mentions

    if atom.instruction is None or (not atom.known and atom.instruction.name == "RUN"):
        return False
    return not any(mentions(atom.instruction, atom.calls, path) for path in paths)


def independent_reader(before: Facts, after: Facts) -> str | None:
    """`dockerfile-parse` (it knows no heredocs) vetoes where it read the original as we do and the result not."""
    if "<<" in before.text or "<<" in after.text:
        return None
    old, new = _by_library(before.text), _by_library(after.text)
    if old is None or old != _ours(before):
        return None
    return None if new == _ours(after) else "an independent reader sees other instructions"


def _ours(facts: Facts) -> list[tuple[str, int, int]]:
    """Each instruction's name, first and last line, counted from 0."""
    found = []
    line = len(facts.tree.directives)
    for instruction, text in facts.sources.items():
        above = len(instruction.leading)
        lines = text.count("\n") + (not text.endswith("\n"))
        found.append((instruction.name, line + above, line + lines - 1))
        line += lines
    return found


def _by_library(text: str) -> list[tuple[str, int, int]] | None:
    from io import BytesIO

    from dockerfile_parse import DockerfileParser

    try:
        parser = DockerfileParser(fileobj=BytesIO(text.encode("utf-8")), cache_content=True)
        return [
            (entry["instruction"], entry["startline"], entry["endline"])
            for entry in parser.structure
            if entry["instruction"] != "COMMENT"
        ]
    except (UnicodeError, ValueError, KeyError, IndexError):
        return None
