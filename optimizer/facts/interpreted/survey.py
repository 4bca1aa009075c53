"""A walk over a stage of an interpreter's image: which places its steps write, by what facts/effects knows of them."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase

from msgspec import Struct, field

from optimizer.facts import BuildStage, Copy, Facts
from optimizer.facts.calls import Call
from optimizer.facts.chains import Step
from optimizer.facts.effects.actions import Action
from optimizer.facts.effects.links import raw_effects
from optimizer.facts.effects.places import Place, canonical
from optimizer.facts.effects.steps import step_effects
from optimizer.facts.interpreted.environments import Landing, Spot, is_quiet, landing, named
from optimizer.facts.paths import within
from optimizer.facts.scope import Scope
from optimizer.facts.stacks.site import Ground, Unknown
from optimizer.facts.stacks.survey import HINT
from optimizer.facts.texts import begins, shortened
from optimizer.knowledge import commands
from optimizer.knowledge.effects import effects_table
from optimizer.knowledge.interpreters import Interpreter, interpreters
from optimizer.syntax.nodes import Instruction

PROGRAMS = '`[tool.dockopt.multi-stage] packages = "NAME ..."` names what brings them'
_MOST_FILES = 12
_USERS = ("useradd", "adduser", "groupadd", "addgroup", "usermod", "groupmod")
_OWNERS = ("chown", "chgrp")
_SYSTEM = ("apt", "apk")


class Beside(Struct, frozen=True):
    """An install whose packages lie beside the interpreter. `names`: None where a manifest names them."""

    run: Instruction
    step: Step | None
    names: frozenset[str] | None
    landing: Landing


class Survey(Struct):
    """What a stage holds at its end, beside its base image."""

    facts: Facts
    stage: BuildStage
    row: Interpreter
    given: bool = False
    """Whether the settings name what the container needs, so that steps may be anything."""
    ground: Ground = field(default_factory=Ground)
    places: dict[str, None] = field(default_factory=dict)
    """What COPYs and RUNs write: paths, with all below them."""
    installs: list[Instruction] = field(default_factory=list)
    """RUNs whose packages lie outside of the project's folder."""
    beside: list[Beside] = field(default_factory=list)
    """The same, of Python, with those of tools."""
    environments: dict[str, None] = field(default_factory=dict)
    """Environments that installs fill."""
    globals: list[tuple[Instruction, Step, frozenset[str] | None]] = field(default_factory=list)
    """Steps that install programs of npm for all, with the names of the packages."""
    users: list[tuple[Instruction, Step]] = field(default_factory=list)
    owners: list[tuple[Instruction, Step]] = field(default_factory=list)
    repeated: list[tuple[Instruction, Step]] = field(default_factory=list)
    """Steps that change what the other image has, too."""
    modes: list[tuple[Instruction, Step | None]] = field(default_factory=list)
    """Steps that set modes: those of folders that are there already are lost on the way."""
    fetched: dict[str | None, Instruction] = field(default_factory=dict)
    """Tools that an installer brings, to a place that is not followed."""
    elsewhere: list[Instruction] = field(default_factory=list)
    """Copies out of other stages and images."""
    sources: Instruction | None = None
    """A step that may change where packages of the system come from."""
    recommended: bool = False
    """Whether an install takes recommended packages too."""

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
    def scopes(self) -> Mapping[Instruction, Scope]:
        """What is in force before each instruction."""
        return self.facts.scopes

    @property
    def end(self) -> Scope:
        """What is in force at the end."""
        return self.facts.behind(self.stage) or Scope()

    def _copied(self, instruction: Instruction) -> None:
        copy = self.facts.copies.get(instruction)
        if copy is None or copy.destination is None:
            raise Unknown("where it copies to is not known", instruction)
        if copy.origin is not None:
            self.elsewhere.append(instruction)
            return
        place = copy.destination.rstrip("/") or "/"
        standing = canonical(place) in effects_table().standing
        for path in self._files(copy, instruction) if standing else [place]:
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
            self._give_up(Unknown(f"its commands cannot be read; {HINT}", run))
            return
        chain = self.facts.chain(run)
        if chain is None:
            self._stepped(run, None, self.facts.calls(run), raw_effects(self.facts, run).actions)
            return
        for step in chain.steps:
            self._stepped(run, step, step.calls, step_effects(self.facts, run, step).actions)

    def _stepped(self, run: Instruction, step: Step | None, calls: Sequence[Call], actions: Sequence[Action]) -> None:
        names = {call.name for call in calls}
        if names & {*_USERS, *_OWNERS, *self.row.repeated}:
            stays = any(call.name in commands().leaves for call in self.facts.calls(run))
            if step is None or step.command is None or len(calls) != 1 or stays:
                raise Unknown(f"`{shortened(str(sorted(map(str, names))[0]))}` stands in a larger step", run)
            self._kind(names).append((run, step))
            return
        if "chmod" in names:
            self.modes.append((run, step if len(calls) == 1 else None))
        tools = {interpreters().fetched(call.said, self.facts.sources[run]) for call in calls} - {None}
        if tools:
            self.fetched |= dict.fromkeys(tools, run)
            return
        for text in (call.said for call in calls):
            if begins(text, interpreters().unfollowed):
                self._give_up(Unknown(f"where `{shortened(text, 40)}` puts packages is not followed; {HINT}", run))
        for action in actions:
            try:
                self._acted(run, step, calls, action)
            except Unknown as unknown:
                self._give_up(unknown)
        for call in calls if self.row.environment else ():
            try:
                self._landed(run, step, call)
            except Unknown as unknown:
                self._give_up(unknown)
        for package in self.facts.package_calls(run):
            if package.installs and package.manager.lean and package.call in calls:
                self.recommended |= not set(package.options) & set(package.manager.lean_any)

    def _kind(self, names: set[str | None]) -> list[tuple[Instruction, Step]]:
        """Which steps a step belongs to that is done in both stages."""
        if names & set(self.row.repeated):
            return self.repeated
        return self.users if names & set(_USERS) else self.owners

    def _give_up(self, unknown: Unknown) -> None:
        if not self.given:
            raise unknown

    def _acted(self, run: Instruction, step: Step | None, calls: Sequence[Call], action: Action) -> None:
        install = action.install
        if action.barrier and not self._is_inside(run, calls):
            raise Unknown(f"`{shortened(action.text, 40)}` may write anywhere; {HINT}", run)
        if action.barrier:
            self._write(Place(self.facts.scopes[run].folder or "/", below=True), run)
        elif install is not None and install.family in _SYSTEM:
            return
        elif install is not None and install.family == self.row.family == "npm":
            if step is None or any(call.name in commands().leaves for call in self.facts.calls(run)):
                raise Unknown("what it installs for all stands in a larger step", run)
            self.globals.append((run, step, install.names))
        elif install is not None and install.family == self.row.family:
            known = self.row.environment and all(is_quiet(call) or landing(self.facts, run, call) for call in calls)
            if not known:
                self._laid(run, step, None, Landing(Spot.BESIDE))
            for place in action.writes:
                if place.path == self.facts.scopes[run].folder:
                    self._write(place, run)
        elif install is not None:
            raise Unknown(f"`{shortened(action.text, 40)}` installs what is not followed; {HINT}", run)
        else:
            for place in action.writes:
                if posixpath.basename(place.path) not in {call.name for call in calls} & set(self.row.tools):
                    self._write(place, run)
            for place in action.deletes:
                self._delete(place, run)

    def _landed(self, run: Instruction, step: Step | None, call: Call) -> None:
        """Where the packages of a call lie. Raises Unknown."""
        found = landing(self.facts, run, call)
        if found is None:
            return
        if found.spot is Spot.UNKNOWN:
            raise Unknown(f"where `{shortened(f'{call.name} ...', 40)}` puts packages: {found.why}; {HINT}", run)
        if found.spot is Spot.ENVIRONMENT:
            self.environments.setdefault(found.path)
            if not any(canonical(one) == canonical(found.path) for one in self.places):
                self.places.setdefault(found.path)
            return
        self._laid(run, step, named(call), found)

    def _laid(self, run: Instruction, step: Step | None, names: frozenset[str] | None, found: Landing) -> None:
        self.installs.append(run)
        if self.row.environment:
            self.beside.append(Beside(run, step, names, found))

    def _is_inside(self, run: Instruction, calls: Sequence[Call]) -> bool:
        """Whether all of it is known to write in its folder alone."""
        texts = (" ".join(word.text for word in call.words) for call in calls)
        return self.facts.scopes[run].folder is not None and all(begins(text, interpreters().inside) for text in texts)

    def _write(self, place: Place, run: Instruction) -> None:
        path = place.path
        if place.packaged or self._is_ignored(path):
            return
        if any(within(path, one) for one in commands().places if one.startswith("/")):
            self.sources = run
            return
        if re.search(r"/[^/*?\[]*\*[^/]*$", path) and not re.search(r"[*?\[]", folder := posixpath.dirname(path)):
            place, path = Place(folder, below=True), folder
        if any(char in path for char in "*?["):
            raise Unknown(f"where it writes is not known: `{path}`; {HINT}", run)
        if path in effects_table().standing:
            if place.below:
                raise Unknown(f"it writes into `{path}`: {self._home(path)}; {HINT}", run)
            return
        if not any(canonical(one) == path for one in self.places):
            self.places.setdefault(path)

    def _delete(self, place: Place, run: Instruction) -> None:
        """What is deleted is not carried. Raises Unknown where it is not certain what that is."""
        if any(within(place.path, folder) for folder in self.row.settings):
            raise Unknown(f"`{place.path}` is deleted, and would be there again", run)
        for path in list(self.places):
            if within(canonical(path), place.path):
                del self.places[path]
            elif "*" in place.path and fnmatchcase(canonical(path), place.path):
                raise Unknown(f"whether `{path}` is still there is not known", run)

    def _is_ignored(self, path: str) -> bool:
        home = "/root"
        return any(within(path, one.replace("~", home)) for one in interpreters().ignored)


def _first_below(path: str, folder: str) -> str:
    """The path, or the folder in which it lies, right below a folder."""
    rest = posixpath.relpath(path, folder or "/").split("/")
    return posixpath.join(folder or "/", rest[0])
