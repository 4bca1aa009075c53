"""Who reads the package lists that a RUN fetched: later RUNs, stages built from this one, triggers."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from optimizer.facts import BuildStage, Chain, Facts
from optimizer.facts.calls import Call
from optimizer.facts.lists import (
    copies_lists,
    copy_may_change_sources,
    fetches_first,
    may_change_sources,
    may_use_lists,
    only_refreshes,
    started_with_lists,
)
from optimizer.facts.packages import package_call
from optimizer.facts.texts import argument_text
from optimizer.knowledge import Manager
from optimizer.syntax.nodes import Instruction


class Reader(Struct, frozen=True):
    """A RUN that needs the lists. `at` is the step that needs them first; `fetches`: it fetches them before.

    `chain` is None only for one that fetches.
    """

    run: Instruction
    chain: Chain | None
    at: int
    fetches: bool


class Obstacle(Struct, frozen=True):
    """Something that may read the lists, or may change what an update fetches, and why. `known`: it surely does."""

    at: Instruction
    why: str
    known: bool = False


def refreshes_alone(facts: Facts, instruction: Instruction) -> Manager | None:
    """The manager whose lists a RUN fetches, if it does nothing else."""
    chain = facts.chain(instruction)
    if instruction.name != "RUN" or chain is None or not chain.steps or chain.comment is not None:
        return None
    found = {only_refreshes(step) for step in chain.steps}
    return found.pop() if len(found) == 1 else None


def readers_of(
    facts: Facts, fetch: Instruction, manager: Manager, *, sources_matter: bool
) -> Iterator[Reader | Obstacle]:
    """All that comes after a RUN and may read the lists that it fetched, in source order, stage by stage.

    With `sources_matter` also what may change the sources: another fetch would find other lists behind it. A branch
    ends behind a reader that fetches by itself, and behind an obstacle.
    """
    stage = facts.stage_of[fetch]
    own = stage.instructions
    yield from _Search(facts, manager, sources_matter).below(stage, own[own.index(fetch) + 1 :])


class _Search(Struct, frozen=True):
    facts: Facts
    manager: Manager
    sources_matter: bool

    def below(self, stage: BuildStage, instructions: tuple[Instruction, ...]) -> Iterator[Reader | Obstacle]:
        """What the instructions of the stage hold, then the stages that are built from it."""
        for instruction in instructions:
            for found in self._in(instruction):
                yield found
                if self._ends(found):
                    return
        for path in self.facts.copied_out_of(stage):
            if copies_lists(path, self.manager.family):
                yield Obstacle(stage.node.instructions[0], "another stage copies the package lists", known=True)
                return
        for child in self.facts.stages:
            if child.parent is stage:
                yield from self.below(child, child.instructions)

    def _ends(self, found: Reader | Obstacle) -> bool:
        """Whether nothing behind it matters: it fetches its own lists, or it is known to need these."""
        return found.known or self.sources_matter if isinstance(found, Obstacle) else found.fetches

    def _in(self, instruction: Instruction) -> Iterator[Reader | Obstacle]:
        if instruction.name == "RUN":
            yield from self._in_run(instruction)
        elif instruction.inner.name == "RUN":
            yield from self._in_trigger(instruction)
        elif instruction.name in ("COPY", "ADD") and copy_may_change_sources(argument_text(instruction)):
            yield from self._sources(instruction)
        elif instruction.name in ("CMD", "ENTRYPOINT", "HEALTHCHECK") and started_with_lists(
            argument_text(instruction), self.manager.family
        ):
            yield Obstacle(instruction, "what the container starts installs with these lists", known=True)

    def _sources(self, at: Instruction) -> Iterator[Obstacle]:
        if self.sources_matter:
            yield Obstacle(at, f"a {at.name} may change the sources before the install")

    def _in_run(self, run: Instruction) -> Iterator[Reader | Obstacle]:
        facts, manager = self.facts, self.manager
        chain = facts.chain(run)
        if chain is None:
            yield from self._whole(run)
            return
        variables = facts.scopes[run].variables
        needed = False
        for at, step in enumerate(chain.steps):
            calls = step.calls
            if only_refreshes(step) is not None and _of(calls, manager):
                yield Reader(run, chain, at, fetches=True)
                return
            if may_use_lists(calls, manager.family, variables):
                users = [call for call in calls if may_use_lists((call,), manager.family, variables)]
                if not all(_is_plain(call, manager) for call in users):
                    obstacle = _obstacle(run, calls, manager)
                    yield obstacle
                    if self._ends(obstacle):
                        return
                elif not needed:
                    yield Reader(run, chain, at, fetches=False)
                    needed = True
            if may_change_sources(calls, manager.family, variables):
                yield from self._sources(run)

    def _in_trigger(self, trigger: Instruction) -> Iterator[Obstacle]:
        """A trigger runs in another build, with the lists that this image holds at its end."""
        for found in self._in_run(trigger):
            if isinstance(found, Obstacle):
                yield found
            elif not found.fetches:
                yield Obstacle(trigger, "a build from this image installs with these lists", known=True)
            else:
                return

    def _whole(self, run: Instruction) -> Iterator[Reader | Obstacle]:
        """A RUN that is no chain of steps."""
        facts, family = self.facts, self.manager.family
        variables = facts.scopes[run].variables
        calls = facts.calls(run)
        script = facts.script(run)
        if facts.opaque(run):
            yield Obstacle(run, "a RUN that cannot be read may use the package lists")
        elif script is not None and fetches_first(script, calls, family, variables):
            yield Reader(run, None, 0, fetches=True)
        elif may_use_lists(calls, family, variables):
            yield _obstacle(run, calls, self.manager)
        elif may_change_sources(calls, family, variables):
            yield from self._sources(run)


def _of(calls: tuple[Call, ...], manager: Manager) -> bool:
    package = package_call(calls[0])
    return package is not None and package.manager.family == manager.family


def _is_plain(call: Call, manager: Manager) -> bool:
    """A call of the manager itself that needs lists: an install or an upgrade; not one that looks into them."""
    package = package_call(call)
    if package is None or package.manager.family != manager.family:
        return False
    return package.installs or package.verb in manager.upgrade


def _obstacle(run: Instruction, calls: tuple[Call, ...], manager: Manager) -> Obstacle:
    packages = [p for call in calls if (p := package_call(call)) is not None and p.manager.family == manager.family]
    if any(package.installs for package in packages):
        return Obstacle(run, "the RUN that installs goes on after a failure", known=True)
    if packages:
        return Obstacle(run, f"`{manager.name} {packages[0].verb}` reads the lists", known=True)
    unknown = next((call.name for call in calls if package_call(call) is None and call.name), None)
    return Obstacle(run, f"`{unknown or 'a command'}` may use the package lists")
