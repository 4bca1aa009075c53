"""Whether what a builder installs of Python is there where it runs: where each call lands in the new file is read anew.

Knows no transform: it asks both trees where the packages of each call lie.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from msgspec import Struct

from optimizer.facts import BuildStage, Facts
from optimizer.facts.calls import Call
from optimizer.facts.interpreted.environments import Landing, Spot, landing, named
from optimizer.facts.texts import argument_text, shortened
from optimizer.knowledge.environments import environments
from optimizer.syntax.nodes import Instruction


class Installed(Struct, frozen=True):
    """The installs of one stage before, and of the builder and the stage that is run now."""

    before: Facts
    after: Facts
    whole: BuildStage
    builder: BuildStage
    run: BuildStage
    is_carried: Callable[[str], bool]
    started: frozenset[str]
    """Programs that are needed when it runs."""

    def faults(self) -> Iterator[str]:
        """Packages that would be left behind, or that would come to what they must not be mixed with."""
        old, new = _landings(self.before, self.whole), _landings(self.after, self.builder)
        shared: set[str] = set()
        if len({was.spot for _, call, was in old if not _is_spare(named(call))}) > 1:
            yield "packages that lay in two places would come to one"
        for (_, call, now), (_, _, was) in zip(new, old, strict=False):
            if now.spot is Spot.ENVIRONMENT and was.spot is not Spot.ENVIRONMENT:
                shared |= {now.path} if _is_tool(named(call)) else set()
                if was.spot is Spot.HIDDEN and now.path in shared:
                    yield f"the packages of `{call.name}` would be mixed with its own"
            if now.spot is not Spot.ENVIRONMENT:
                yield from self._beside(call, now)
            elif not self.is_carried(now.path):
                yield f"the packages in `{now.path}` would be left behind"
            elif was.spot is Spot.ENVIRONMENT and was.path != now.path:
                yield f"packages would lie in `{now.path}` instead of `{was.path}`"

    def _beside(self, call: Call, now: Landing) -> Iterator[str]:
        """What is no environment is left behind: nothing that is started may be among it."""
        names = named(call) if now.spot is Spot.BESIDE else None
        if not _is_spare(names):
            yield f"packages would be left behind: {now.why or now.spot.value}"
        elif lost := (names or frozenset()) & self.started & environments().packages:
            text = " ".join(word.text for word in call.words)
            if not any(text in argument_text(one) for one in self.run.instructions if one.name == "RUN"):
                yield f"`{shortened(min(lost))}` is started, and would be left behind"


def filled(facts: Facts, stage: BuildStage) -> Iterator[str]:
    """The environments that installs of a stage fill."""
    yield from (place.path for _, _, place in _landings(facts, stage) if place.spot is Spot.ENVIRONMENT)


def _landings(facts: Facts, stage: BuildStage) -> list[tuple[Instruction, Call, Landing]]:
    calls = ((run, call) for run in stage.instructions if run.name == "RUN" for call in facts.calls(run))
    found = ((run, call, landing(facts, run, call)) for run, call in calls)
    return [(run, call, place) for run, call, place in found if place is not None]


def _is_spare(names: frozenset[str] | None) -> bool:
    return names is not None and names <= environments().packages | environments().upkeep


def _is_tool(names: frozenset[str] | None) -> bool:
    return names is not None and bool(names & environments().packages)
