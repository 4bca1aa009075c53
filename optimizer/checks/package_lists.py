"""The package lists that a stage holds while its trace is walked: fetched, removed, or those of the base."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from optimizer.facts import BuildStage, Facts
from optimizer.facts.calls import Call
from optimizer.facts.lists import (
    Deletion,
    copies_lists,
    families_named,
    fetches_first,
    may_change_sources,
    may_use_lists,
    removes_lists,
    started_with_lists,
)
from optimizer.facts.packages import package_call
from optimizer.syntax.nodes import ShellScript

Lists = tuple[str, int]
"""Of one package manager: `base`, `fetched` or `removed`; how many steps before the fetch could change its sources."""


class PackageLists:
    """The state of the lists of each family that the file can have to do with."""

    def __init__(self, facts: Facts, *, removed: bool) -> None:
        """`removed`: whether it is known that the base has none."""
        self._states: dict[str, Lists] = dict.fromkeys(
            families_named(facts.text), ("removed" if removed else "base", 0)
        )
        self._changes: dict[str, int] = dict.fromkeys(self._states, 0)

    def copy(self) -> PackageLists:
        """The same, to go on from here."""
        other = PackageLists.__new__(PackageLists)
        other._states, other._changes = dict(self._states), dict(self._changes)
        return other

    def sources_changed(self) -> None:
        """Something may have changed what all families fetch from."""
        self._changes = {family: changes + 1 for family, changes in self._changes.items()}

    def fetched(self, family: str) -> None:
        """The lists of a family are fetched."""
        self._states[family] = ("fetched", self._changes[family])

    def deleted(self, deletes: Deletion) -> None:
        """A deletion, which may remove lists."""
        for family in self._states:
            if removes_lists(deletes, family):
                self._states[family] = ("removed", 0)

    def restored(self, before: PackageLists, target: str) -> None:
        """The lists below a mount are behind its RUN what they were before."""
        lost = [family for family in self._states if copies_lists(target, family)]
        self._states |= {family: before._states[family] for family in lost}

    def below(self, paths: Sequence[str]) -> tuple[tuple[str, Lists], ...]:
        """The lists that lie at one of the paths."""
        return tuple(item for item in self._states.items() if any(copies_lists(path, item[0]) for path in paths))

    def started(self, text: str) -> tuple[tuple[str, Lists], ...]:
        """The lists that a container needs which is started with that command."""
        return tuple(item for item in self._states.items() if started_with_lists(text, item[0]))

    def read(
        self,
        calls: Sequence[Call],
        variables: Mapping[str, str | None],
        script: ShellScript | None,
        *,
        opaque: bool,
        free: bool,
    ) -> tuple[tuple[str, Lists], ...]:
        """The lists that the commands may read, as they find them; counts what may change the sources.

        `script`: what is no chain of steps and may fetch lists before it reads them. `free`: only what calls of package
        managers read counts.
        """
        packages = [package for call in calls if not call.substituted and (package := package_call(call)) is not None]
        found = []
        for family in self._states:
            named = [package for package in packages if package.manager.family == family]
            reads = opaque or may_use_lists(calls, family, variables)
            if (named or not free) and reads and not (script and fetches_first(script, calls, family, variables)):
                found.append((family, self._states[family]))
            if opaque or may_change_sources(calls, family, variables):
                self._changes[family] += 1
            if any(package.updates for package in named):
                self.fetched(family)
        return tuple(found)


def holds_no_lists(stage: BuildStage) -> bool:
    """Whether the stage stands on an official image of Debian or Ubuntu, which come without package lists."""
    return stage.system is not None and stage.system.name in ("debian", "ubuntu")
