"""A walk over a stage of an interpreter's image: which places its steps write, by what facts/effects knows of them."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from optimizer.facts import BuildStage, Copy, Facts
from optimizer.facts.calls import Call
from optimizer.facts.chains import Step
from optimizer.facts.effects.actions import Action
from optimizer.facts.effects.links import raw_effects
from optimizer.facts.effects.places import Place
from optimizer.facts.effects.steps import step_effects
from optimizer.facts.paths import within
from optimizer.facts.scope import Scope
from optimizer.facts.texts import shortened
from optimizer.knowledge.build_packages import build_packages
from optimizer.knowledge.effects import effects_table
from optimizer.knowledge.interpreters import Interpreter, interpreters
from optimizer.syntax.nodes import Instruction

HINT = '`[tool.dockopt.multi-stage] artefacts = "PATH ..."` names what the container needs'
PROGRAMS = '`[tool.dockopt.multi-stage] packages = "NAME ..."` names what brings them'
_MOST_FILES = 12
_USERS = ("useradd", "adduser", "groupadd", "addgroup", "usermod", "groupmod")
_OWNERS = ("chown", "chgrp")
_SYSTEM = ("apt", "apk")


class Unknown(Exception):
    """A fact that a conversion needs is not known; the message says which, and how it could be told."""

    def __init__(self, why: str, at: Instruction | None = None) -> None:
        super().__init__(why)
        self.why = why
        self.at = at


@dataclass(slots=True)
class Survey:
    """What a stage holds at its end, beside its base image."""

    facts: Facts
    stage: BuildStage
    row: Interpreter
    places: dict[str, None] = field(default_factory=dict)
    """What COPYs and RUNs write: paths, with all below them."""
    installs: list[Instruction] = field(default_factory=list)
    """RUNs whose packages lie outside of the project's folder."""
    globals: list[tuple[Instruction, Step]] = field(default_factory=list)
    """Steps that install programs of npm for all."""
    users: list[tuple[Instruction, Step]] = field(default_factory=list)
    owners: list[tuple[Instruction, Step]] = field(default_factory=list)
    elsewhere: list[Instruction] = field(default_factory=list)
    """Copies out of other stages and images."""
    builds: bool = False
    """Whether packages of the system come that only a build needs."""

    def walk(self) -> Survey:
        """Go over the stage. Raises Unknown."""
        for instruction in self.stage.instructions:
            match instruction.name:
                case "COPY" | "ADD":
                    self._copied(instruction)
                case "RUN":
                    self._ran(instruction)
                case "ONBUILD":
                    raise Unknown("`ONBUILD` acts on images that are built from this one", instruction)
        return self

    @property
    def scope(self) -> Scope:
        """What is in force at the end."""
        last = self.stage.node.instructions[-1]
        scope = self.facts.scopes.get(last)
        return scope.after(last, self.facts.tree.escape) if scope is not None else Scope()

    def _copied(self, instruction: Instruction) -> None:
        copy = self.facts.copies.get(instruction)
        if copy is None or copy.destination is None:
            raise Unknown("where it copies to is not known", instruction)
        if copy.origin is not None:
            self.elsewhere.append(instruction)
            return
        place = copy.destination.rstrip("/") or "/"
        for path in [place] if place not in effects_table().standing else self._files(copy, instruction):
            self.places.setdefault(path)

    def _files(self, copy: Copy, instruction: Instruction) -> list[str]:
        """The files that come into a folder of the system, one by one."""
        found = self.facts.placed(copy)
        if found is None or copy.destination is None:
            raise Unknown(f"which files come into `{copy.destination}` is not known", instruction)
        below = {_first_below(path, copy.destination.rstrip("/")) for path in found}
        below = {path for path in below if path not in effects_table().standing} | (below & set(found))
        if len(below) > _MOST_FILES or any(path in effects_table().standing for path in below):
            raise Unknown(f"its files lie in `{copy.destination}`, {self._home(copy.destination)}", instruction)
        return sorted(below)

    def _home(self, path: str) -> str:
        return interpreters().homes.get(path.rstrip("/") or "/", "among those of the system")

    def _ran(self, run: Instruction) -> None:
        if self.facts.opaque(run):
            raise Unknown(f"its commands cannot be read; {HINT}", run)
        chain = self.facts.chain(run)
        if chain is None:
            self._stepped(run, None, self.facts.calls(run), raw_effects(self.facts, run).actions)
            return
        for step in chain.steps:
            self._stepped(run, step, step.calls, step_effects(self.facts, run, step).actions)

    def _stepped(self, run: Instruction, step: Step | None, calls: Sequence[Call], actions: Sequence[Action]) -> None:
        names = {call.name for call in calls}
        if names & {*_USERS, *_OWNERS}:
            if step is None or step.command is None or len(calls) != 1:
                raise Unknown(f"`{shortened(str(sorted(map(str, names))[0]))}` stands in a larger step", run)
            (self.users if names & set(_USERS) else self.owners).append((run, step))
            return
        for action in actions:
            self._acted(run, step, calls, action)

    def _acted(self, run: Instruction, step: Step | None, calls: Sequence[Call], action: Action) -> None:
        install = action.install
        if action.barrier and not self._is_inside(run, calls):
            raise Unknown(f"`{shortened(action.text, 40)}` may write anywhere; {HINT}", run)
        if action.barrier:
            self._write(Place(self.facts.scopes[run].folder or "/", below=True), run)
        elif install is not None and install.family in _SYSTEM:
            names = install.names
            self.builds = self.builds or names is None or any(build_packages().is_build(name) for name in names)
        elif install is not None and install.family == self.row.family == "npm":
            if step is None:
                raise Unknown("what it installs for all stands in a larger step", run)
            if install.names is None or not install.names <= interpreters().builds:
                self.globals.append((run, step))
        elif install is not None and install.family == self.row.family:
            self.installs.append(run)
            for place in action.writes:
                if place.path == self.facts.scopes[run].folder:
                    self._write(place, run)
        elif install is not None:
            raise Unknown(f"`{shortened(action.text, 40)}` installs what is not followed; {HINT}", run)
        else:
            for place in action.writes:
                self._write(place, run)

    def _is_inside(self, run: Instruction, calls: Sequence[Call]) -> bool:
        """Whether all of it is known to write in its folder alone."""
        texts = [" ".join([*(word.text for word in call.words), ""]) for call in calls]
        return self.facts.scopes[run].folder is not None and all(
            any(text.startswith(f"{known} ") for known in interpreters().inside) for text in texts
        )

    def _write(self, place: Place, run: Instruction) -> None:
        path = place.path
        if place.packaged or self._is_ignored(path):
            return
        if any(char in path for char in "*?["):
            raise Unknown(f"where it writes is not known: `{path}`", run)
        if path in effects_table().standing:
            if place.below:
                raise Unknown(f"it writes into `{path}`: {self._home(path)}", run)
            return
        self.places.setdefault(path)

    def _is_ignored(self, path: str) -> bool:
        home = "/root"
        return any(within(path, one.replace("~", home)) for one in interpreters().ignored)


def _first_below(path: str, folder: str) -> str:
    """The path, or the folder in which it lies, right below a folder."""
    rest = posixpath.relpath(path, folder or "/").split("/")
    return posixpath.join(folder or "/", rest[0])


def covering(paths: Sequence[str]) -> Iterator[str]:
    """The paths that do not lie below another one of them, in order."""
    for path in paths:
        if not any(path != other and within(path, other) for other in paths):
            yield path
