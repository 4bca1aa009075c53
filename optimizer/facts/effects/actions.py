"""What one command or instruction does: the sets R (reads), W (writes) and D (deletes), and what else it needs."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct, field
from msgspec.structs import replace

from optimizer.facts.effects.places import EVERYWHERE, Place

Places = frozenset[Place]
Names = frozenset[str]
NOWHERE: Places = frozenset()
NOTHING: Names = frozenset()


class Install(Struct, frozen=True):
    """Packages that come or go. `names`: as written, without versions; None where they are not known.

    `system`: of the system's own manager, whose packages bring programs, libraries and headers.
    """

    family: str
    names: frozenset[str] | None
    system: bool
    removes: bool = False


class Action(Struct, frozen=True):
    """One piece of what a step does. `text` is it in words; `needs`: read, and the build fails where it is missing.

    `programs`: commands that are looked up by their names; `toolchain`: it may compile with what is installed.
    `variables`: patterns of the names that it reads beside those that its text mentions. `sets`: names that it sets.
    `settings`: parts of the image's configuration that it reads; `configures`: those that it writes.
    `users`: names that it looks up; `makes_users`: names that it writes, `*` for any.
    """

    text: str
    reads: Places = NOWHERE
    needs: Places = NOWHERE
    writes: Places = NOWHERE
    deletes: Places = NOWHERE
    programs: Names = NOTHING
    toolchain: bool = False
    variables: Names = NOTHING
    sets: Names = NOTHING
    settings: Names = NOTHING
    configures: Names = NOTHING
    users: Names = NOTHING
    makes_users: Names = NOTHING
    install: Install | None = None
    links: tuple[tuple[str, str], ...] = ()
    """Symbolic links that it makes: from, to."""
    installer: bool = False
    """Whether it only installs packages: names that programs read when they run do not matter to it."""
    barrier: bool = False
    """Whether it does what is not known."""


def barrier(text: str, *, why_folder: bool = True) -> Action:
    """An action of which nothing is known: it reads and writes everything."""
    everywhere = frozenset({EVERYWHERE})
    return Action(
        text,
        reads=everywhere,
        writes=everywhere,
        toolchain=True,
        variables=frozenset({"*"}),
        settings=frozenset({"folder"}) if why_folder else NOTHING,
        users=frozenset({"*"}),
        makes_users=frozenset({"*"}),
        barrier=True,
    )


class Effects(Struct, frozen=True):
    """The actions of a step, in order."""

    actions: tuple[Action, ...] = field(default=())

    @property
    def reads(self) -> Places:
        """R: everything that is read."""
        return frozenset(place for action in self.actions for place in action.reads | action.needs)

    @property
    def writes(self) -> Places:
        """W: everything that is written, modes and owners included."""
        return frozenset(place for action in self.actions for place in action.writes)

    @property
    def deletes(self) -> Places:
        """D: everything that is deleted."""
        return frozenset(place for action in self.actions for place in action.deletes)

    @property
    def known(self) -> bool:
        """Whether all of it could be read."""
        return not any(action.barrier for action in self.actions)

    @property
    def links(self) -> Iterator[tuple[str, str]]:
        """The symbolic links that the step makes."""
        for action in self.actions:
            yield from action.links

    def with_settings(self, *names: str) -> Effects:
        """The same, where each action also reads these parts of the configuration."""
        return Effects(tuple(replace(one, settings=one.settings | set(names)) for one in self.actions))
