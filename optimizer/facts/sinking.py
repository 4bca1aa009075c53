"""How far a COPY can sink: below steps that have nothing to do with its files, and installs that need few of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from optimizer.facts import Chain, Copy, Facts
from optimizer.facts.calls import Call
from optimizer.facts.chains import leaves
from optimizer.facts.installs import Standing, conflict, inside, installs_of
from optimizer.facts.manifests import Need
from optimizer.facts.packages import package_call
from optimizer.facts.texts import argument_text, shortened
from optimizer.knowledge import load
from optimizer.syntax.nodes import Instruction


@dataclass(frozen=True, slots=True)
class Target:
    """Where the COPY may go: behind the step `at` of a RUN, past these installs.

    `stays`: a WORKDIR between needs the folder that the COPY makes, so the copy of the manifests takes its place.
    `packages`: the commands before which it stood that install packages of the system, where these are all it passes.
    """

    run: Instruction
    at: int
    passed: tuple[Standing, ...]
    stays: bool
    packages: tuple[str, ...] = ()

    @property
    def needed(self) -> tuple[str, ...]:
        """What the installs read, as paths of the image."""
        files = (path for one in self.passed if isinstance(one.need, Need) for path in one.need.files)
        return tuple(dict.fromkeys(files))

    @property
    def rewritten(self) -> frozenset[str]:
        """The lock files that the installs may write."""
        return frozenset(path for one in self.passed if isinstance(one.need, Need) for path in one.need.rewrites)


def taken_above(facts: Facts, copy: Copy) -> Mapping[str, str]:
    """Which file of the context each path holds already, by the copies right above a COPY: no RUN stands between."""
    own = facts.stage_of[copy.instruction].instructions
    found: dict[str, str] = {}
    for other in reversed(own[: own.index(copy.instruction)]):
        if other.name not in ("COPY", "ADD"):
            if other.name in ("RUN", "ONBUILD", "FROM"):
                break
            continue
        above = facts.copies.get(other)
        places = facts.placed(above) if above is not None and above.from_context else None
        if places is None:
            break
        found = {**places, **found}
    return found


def may_lack_rights(facts: Facts, copy: Copy, target: Target) -> bool:
    """Whether an install may be kept from writing into a folder that an early COPY makes in the one that it copies to.

    Such a folder is open to its owner only; in the context it may be open to all, and until then the COPY said so.
    """
    owner = (copy.owner or "").partition(":")[0]
    users = [(facts.scopes[one.run].user or "").partition(":")[0] for one in target.passed]
    return not all(user in ("root", "0") or (user and user == owner) for user in users)


@dataclass(frozen=True, slots=True)
class Stop:
    """An install that the COPY cannot pass, and why."""

    run: Instruction
    why: str


def sinking(
    facts: Facts, copy: Copy, places: Mapping[str, str], behind: Sequence[Instruction]
) -> tuple[Target | None, Stop | None]:
    """The lowest place that a COPY can sink to, behind an install, and what it might have passed if more were known.

    `places`: where the files that it takes come to lie; `behind`: what follows it in its stage.
    """
    walk = _Walk(facts, copy, places)
    stop = walk.through(behind)
    return (walk.targets[-1] if walk.targets else None), stop


def reaches(
    facts: Facts, copy: Copy, places: Mapping[str, str], behind: Sequence[Instruction], run: Instruction, need: Need
) -> str | None:
    """Why a COPY could not sink behind a step right above a RUN, which needs few of its files; None where it could."""
    walk = _Walk(facts, copy, places)
    for other in behind:
        if other is run:
            return walk.covers(need)
        why = walk.into(other) if other.name == "RUN" else (None if walk.passes(other) else "")
        if why is not None:
            return why or f"`{shortened(f'{other.name} {argument_text(other)}')}` stands between and needs the sources"
    return None


class _Walk:
    """The way of a COPY down its stage."""

    def __init__(self, facts: Facts, copy: Copy, places: Mapping[str, str]) -> None:
        self._facts = facts
        self._copy = copy
        self._places = places
        self._passed: list[Standing] = []
        self._stays = False
        stage = facts.stage_of[copy.instruction]
        self._shipped = stage in facts.stages[-1].lineage
        """Whether the layers of the stage are in the image, where parting a RUN may leave in one what it deletes."""
        self.targets: list[Target] = []

    def through(self, behind: Sequence[Instruction]) -> Stop | None:
        """Go as far as nothing needs the files but installs that read few of them."""
        for other in behind:
            if other.name == "RUN":
                why = self.into(other)
                if why is not None:
                    return Stop(other, why) if why else None
            elif not self.passes(other):
                return None
        return None

    def passes(self, other: Instruction) -> bool:
        """Whether an instruction has nothing to do with the files; the COPY in its old place makes the same folder."""
        folder = self._facts.entered(other)
        if folder != self._facts.scopes[other].folder and other.name == "WORKDIR" and self._copy.relative:
            return False
        if conflict(self._facts, self._copy.instruction, other) is None:
            return True
        if folder is None or not inside((self._copy.destination or "").rstrip("/"), (folder,)):
            return False
        self._stays = True
        return True

    def into(self, run: Instruction) -> str | None:
        """Walk through a RUN; None where its end is reached, else why not (empty: it needs the sources)."""
        chain = self._facts.chain(run)
        if chain is None:
            return "" if conflict(self._facts, self._copy.instruction, run) else None
        standing = {one.at: one for one in installs_of(self._facts, run)}
        for at, step in enumerate(chain.steps):
            if at in standing:
                if (why := self._blocked(standing[at])) is not None:
                    return why
                self._passed.append(standing[at])
                if _partable(chain, at):
                    self.targets.append(Target(run, at, tuple(self._passed), self._stays))
            elif conflict(self._facts, self._copy.instruction, run, step):
                self._behind_packages(run, chain, at)
                return ""
        if self._passed and self._passed[-1].run is run:
            self.targets.append(Target(run, len(chain.steps) - 1, tuple(self._passed), self._stays))
        return None

    def _behind_packages(self, run: Instruction, chain: Chain, end: int) -> None:
        """Note the place between the packages that a RUN of a builder installs and the step that needs the files."""
        calls = [call for step in chain.steps[:end] for call in step.calls]
        installs = [found for call in calls if (found := package_call(call)) is not None and found.installs]
        plain = chain.separator == "&&" and chain.comment is None and not any(map(leaves, chain.steps[:end]))
        if installs and plain and not self._shipped and not self._passed:
            names = (f"{one.manager.name} {one.verb}" for one in installs)
            self.targets.append(Target(run, end - 1, (), self._stays, tuple(dict.fromkeys(names))))

    def _blocked(self, install: Standing) -> str | None:
        if not isinstance(install.need, Need):
            return f"the sources must be there for it: {install.need}"
        return self.covers(install.need)

    def covers(self, need: Need) -> str | None:
        """Why the COPY may not come behind an install: it would lie over what that writes."""
        for path, name in self._places.items():
            if inside(path, need.writes) and path not in need.files:
                return f"`{name}` of the build context would lie over what it installs; put it into .dockerignore"
        return None


def _partable(chain: Chain, at: int) -> bool:
    """Whether the steps behind one may go into another RUN: nothing leaks, and they remove nothing of what it left."""
    rest = chain.steps[at + 1 :]
    if chain.separator != "&&" or chain.comment is not None:
        return not rest
    if any(map(leaves, chain.steps[: at + 1])):
        return not rest
    return not any(_removes(call) for step in rest for call in step.calls)


def _removes(call: Call) -> bool:
    """Whether a command may remove what an install left: the space would stay in the layer of the install."""
    package = package_call(call)
    if package is not None and (package.only_cleans or package.verb in package.manager.remove):
        return True
    return any(word.literal in _removing() for word in call.words)


@lru_cache(maxsize=1)
def _removing() -> frozenset[str]:
    return frozenset(load("manifests.toml")["removing"]["words"])
