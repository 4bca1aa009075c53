"""How probable it is that a commit changes one of several steps of a stage: their texts, and the files they take.

Counted over the history of the context's repository, where there is one, with the priors of `changes.toml` as some
commits more; else the priors alone. Files that several steps take are counted once; texts change independently.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping, Sequence
from functools import reduce
from operator import or_

from msgspec import Struct, field
from msgspec.structs import replace

from optimizer.facts import BuildStage, Copy, Facts
from optimizer.facts.context.taken import Absent, taken
from optimizer.facts.copies import is_remote, normalised
from optimizer.facts.effects import EVERYWHERE, Place, commutes, meet
from optimizer.facts.effects.places import canonical
from optimizer.facts.effects.steps import is_file_name
from optimizer.knowledge.costs import changes
from optimizer.syntax.nodes import Instruction


class Exposure(Struct, frozen=True):
    """What a change of makes a step run again, besides what is before it.

    `alone`: the probability that its text, or a file that it names, changes in a commit.
    `manifests`, `others`: the other files that it takes, each with its share in all that the context holds.
    """

    alone: float
    manifests: Mapping[str, float] = field(default_factory=dict)
    others: Mapping[str, float] = field(default_factory=dict)
    commits: int = 0
    """The commits of the history that changed what it takes, as a bit mask."""
    untold: bool = False
    """Whether it takes what the history cannot tell."""

    def with_files(self, other: Exposure) -> Exposure:
        """The same, which takes what the other one takes too."""
        alone = 1 - (1 - self.alone) * (1 - other.alone)
        return Exposure(
            alone,
            {**self.manifests, **other.manifests},
            {**self.others, **other.others},
            self.commits | other.commits,
            self.untold or other.untold,
        )


class Odds:
    """The probabilities for all sets of some steps, as bit masks of their numbers. `below`: what they stand on.

    `commits`: of how many commits the exposures tell, 0 where there is no history.
    """

    def __init__(self, exposures: Sequence[Exposure], below: Exposure, commits: int = 0) -> None:
        self._seen = [one.commits for one in exposures]
        self._untold = [one.untold for one in exposures]
        self._seen_below = below.commits
        self._commits = 0 if below.untold else commits
        self._alone = [one.alone for one in exposures]
        self._below = below.alone
        self._manifests = _grouped([one.manifests for one in exposures], below.manifests)
        self._others = _grouped([one.others for one in exposures], below.others)
        self._known: dict[int, float] = {}

    def __call__(self, mask: int) -> float:
        """The probability that a commit changes one of the steps, or what they stand on."""
        if mask not in self._known:
            self._known[mask] = self._of(mask)
        return self._known[mask]

    def _of(self, mask: int) -> float:
        same = 1 - self._below
        members = [number for number in range(len(self._alone)) if mask >> number & 1]
        for number in members:
            same *= 1 - self._alone[number]
        prior = self._prior(mask)
        if not self._commits or any(self._untold[number] for number in members):
            return 1 - same * (1 - prior)
        seen = reduce(or_, (self._seen[number] for number in members), self._seen_below).bit_count()
        weight = changes().prior_commits
        return 1 - same * (1 - (seen + weight * prior) / (self._commits + weight))

    def _prior(self, mask: int) -> float:
        """The probability that a commit changes a file that the steps take, where nothing is known of the commits."""
        table = changes()
        manifests = _covered(self._manifests, mask)
        others = min(1.0, _covered(self._others, mask))
        by_manifests = min(table.manifest, manifests * table.taken.manifest)
        return float(1 - (1 - by_manifests) * (1 - table.other * others**table.taken.exponent))


_ALWAYS = 0
"""The takers of files on which everything stands."""


def _grouped(taken: Sequence[Mapping[str, float]], below: Mapping[str, float]) -> dict[int, float]:
    """The files by the steps that take them, summed up."""
    takers: dict[str, int] = {}
    shares: dict[str, float] = {}
    for number, files in enumerate(taken):
        for path, share in files.items():
            takers[path] = takers.get(path, 0) | 1 << number
            shares[path] = share
    found: dict[int, float] = {}
    for path, share in {**shares, **below}.items():
        mask = _ALWAYS if path in below else takers[path]
        found[mask] = found.get(mask, 0.0) + share
    return found


def _covered(groups: Mapping[int, float], mask: int) -> float:
    return sum(share for takers, share in groups.items() if takers & mask or takers == _ALWAYS)


def exposure(facts: Facts, instruction: Instruction) -> Exposure:
    """What makes an instruction run again."""
    return facts.remembered(("exposure", instruction), lambda: _exposure(facts, instruction))


def below(facts: Facts, stage: BuildStage) -> Exposure:
    """What makes a stage's base another one."""
    found = Exposure(changes().edits["FROM"])
    return found.with_files(_of_stage(facts, stage.parent)) if stage.parent is not None else found


def _of_stage(facts: Facts, stage: BuildStage) -> Exposure:
    found = below(facts, stage)
    for instruction in stage.instructions:
        found = found.with_files(exposure(facts, instruction))
    return found


def _exposure(facts: Facts, instruction: Instruction) -> Exposure:
    found = Exposure(_edited(instruction))
    copy = facts.copies.get(instruction)
    if copy is not None and copy.instruction is instruction and copy.from_context:
        found = found.with_files(_taken(facts, copy))
    for origin, path in _origins(facts, instruction):
        found = found.with_files(_of_path(facts, origin, path))
    if any(one.kind == "bind" and one.source_stage is None for one in facts.mounts(instruction)):
        found = found.with_files(Exposure(0.0, {"*": 1.0}, {"*": 1.0}, untold=True))
    return found


def _origins(facts: Facts, instruction: Instruction) -> Iterator[tuple[BuildStage, str | None]]:
    """What an instruction takes of the stages above: the stage, the path; None where that is not known."""
    here = facts.stage_of[instruction].number
    copy = facts.copies.get(instruction)
    names = [(copy.origin, source) for source in copy.sources] if copy is not None else []
    names += [(mount.source_stage, mount.source) for mount in facts.mounts(instruction)]
    for name, path in names:
        origin = facts.stage_named(name)
        if origin is not None and origin.number < here:
            yield origin, path


def _of_path(facts: Facts, stage: BuildStage, path: str | None) -> Exposure:
    """What makes a path of a stage another one: the steps that write it, and those that these depend on."""
    place = EVERYWHERE if path is None else Place(canonical(path.rstrip("/*") or "/"), below=True)
    found = below(facts, stage)
    wanted: list[Instruction] = []
    for one in reversed(stage.instructions):
        writes = any(meet(place, other) for other in facts.effects(one).writes)
        if writes or any(commutes(facts, one, other) for other in wanted):
            wanted.append(one)
            found = found.with_files(exposure(facts, one))
    return found


def _edited(instruction: Instruction) -> float:
    """How often the text is edited. A RUN's is left out: no move is worth it that only saves on such rare edits."""
    edits = changes().edits
    name = "COPY" if instruction.name == "ADD" else instruction.name
    return edits[name] if name in _EDITED else 0.0


_EDITED = frozenset("COPY ARG ENV USER WORKDIR".split())
"""Other instructions make no step run again."""


def _taken(facts: Facts, copy: Copy) -> Exposure:
    """The files that a COPY takes of the context: what it names by itself, and the content of folders."""
    table = changes().taken
    found = Exposure(0.0)
    words = [word.text for word in copy.words[:-1] if not word.text.startswith("<<")]
    for source, text in zip(copy.sources, words, strict=True):
        if is_remote(text if source is None else source):
            continue
        path = normalised(text if source is None else source)
        known = _of_source(facts, path) if source is not None else None
        if known is None and path in (".", "*"):
            known = Exposure(0.0, {"*": changes().manifest / table.manifest}, {"*": 1.0})
        found = found.with_files(known or Exposure(0.0, others={path: table.folder}))
    return _with_history(facts, copy, found)


def _with_history(facts: Facts, copy: Copy, found: Exposure) -> Exposure:
    """The same with the commits that changed a file which the COPY takes now."""
    context = facts.context
    if context is None or context.history is None:
        return found
    files = taken(copy, context)
    if files is None or isinstance(files, Absent):
        return replace(found, untold=True)
    weight = changes().prior_commits
    share = weight / (context.history.commits + weight)
    return replace(found, alone=found.alone * share, commits=context.history.of(file.path for file in files))


def _of_source(facts: Facts, path: str) -> Exposure | None:
    """What one source takes; None for a folder whose content is not known."""
    table = changes()
    files = facts.context.files if facts.context is not None else {}
    name = posixpath.basename(path)
    if table.is_manifest(name):
        return Exposure(0.0, {path: 1.0})
    if path in files or (is_file_name(name) and not any(one.startswith(path + "/") for one in files)):
        return Exposure(table.taken.file)
    inside = [one for one in files if path == "." or one.startswith(path + "/")]
    if not inside:
        return None
    manifests = [one for one in inside if table.is_manifest(one)]
    share = 1 / max(1, len(files) - sum(map(table.is_manifest, files)))
    return Exposure(
        0.0, dict.fromkeys(manifests, 1.0), dict.fromkeys((one for one in inside if one not in set(manifests)), share)
    )
