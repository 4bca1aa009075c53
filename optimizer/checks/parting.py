"""Whether what was installed may come into the last stage by itself, before the sources.

Knows no transform: it holds the steps of the builder against those of the one or two stages that it became, and what
the last stage takes against what it took.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property

from msgspec import Struct, field

from optimizer.checks.aspects import comments_astray
from optimizer.checks.trace import Atom, trace
from optimizer.facts import BuildStage, Copy, Facts
from optimizer.facts.effects.places import Place, meet
from optimizer.facts.installs import Standing, installs_of
from optimizer.facts.manifests import Need
from optimizer.facts.paths import within
from optimizer.facts.tables import json_object
from optimizer.facts.texts import argument_text, begins, shortened
from optimizer.knowledge.ecosystems import ecosystems
from optimizer.knowledge.interpreters import interpreters
from optimizer.syntax.nodes import FILLERS, Instruction

_RUNNERS = ("npm", "npx", "yarn", "pnpm", "pnpx")


_SYSTEMS = ("apt", "apk", "npm")
"""Families of installs that know no environment to which PATH leads."""


def parted_wrongly(before: Facts, after: Facts) -> str | None:
    """Why the new stages may not stand; None where they may."""
    if len(after.stages) - len(before.stages) not in (0, 1) or len(before.stages) < 2:
        return "more than one stage comes, or one goes"
    changed = [one for one in _origins(before, before.stages[-1]) if one is not None]
    for builder in dict.fromkeys(changed):
        check = Parted(before, after, builder)
        if check.concerns:
            return next(check.faults(), None)
    return "no builder is parted"


def _origins(facts: Facts, stage: BuildStage) -> list[BuildStage | None]:
    return [facts.stage_named(one.flag("from")) for one in stage.instructions if one.name == "COPY"]


class Parted(Struct, dict=True):
    """One builder, and what it became."""

    before: Facts
    after: Facts
    old: BuildStage
    moved: list[Instruction] = field(default_factory=list)
    """COPYs of sources that the builder lost."""
    emptied: list[str] = field(default_factory=list)
    """What the builder deletes at its end."""

    @property
    def extra(self) -> bool:
        """Whether a stage came."""
        return len(self.after.stages) > len(self.before.stages)

    @property
    def first(self) -> BuildStage:
        """The stage that installs."""
        return self.after.stages[self.old.number]

    @property
    def builder(self) -> BuildStage:
        """The stage that builds."""
        return self.after.stages[self.old.number + self.extra]

    @property
    def concerns(self) -> bool:
        """Whether it is this builder that changed."""
        new = "".join(self.after.sources[one] for one in self.first.node.instructions)
        return new != "".join(self.before.sources[one] for one in self.old.node.instructions)

    def faults(self) -> Iterator[str]:
        """All that speaks against it."""
        yield from self._heads()
        yield from comments_astray(self.before, self.after, int(self.extra))
        yield from self._alone()
        yield from self._steps()
        yield from self._taken()

    def _heads(self) -> Iterator[str]:
        """The other stages are as they were; the builder stands on what it stood on."""
        number = self.old.number
        others = [*self.before.stages[:number], *self.before.stages[number + 1 : -1]]
        same = [*self.after.stages[:number], *self.after.stages[number + 1 + self.extra : -1]]
        if [_text(self.before, one) for one in others] != [_text(self.after, one) for one in same]:
            yield "another stage would change"
        if self.before.stages[-1].name != self.after.stages[-1].name or self.builder.name != self.old.name:
            yield "a stage would have another name"
        if self.first.base != self.old.base or self.first.parent is not self._parent:
            yield "what is installed would be installed on another image"
        kept = [_told(one) for stage in self._became for one in stage.instructions if one.name not in FILLERS]
        if kept != [_told(one) for one in self.old.instructions if one.name not in FILLERS]:
            yield "the builder would be set up otherwise"
        if self.extra and (self.builder.parent is not self.first or self.first.name in self._names):
            yield "the builder would not stand on what was installed, or the name means something else"

    @property
    def _became(self) -> tuple[BuildStage, ...]:
        return (self.first, self.builder) if self.extra else (self.first,)

    @property
    def _parent(self) -> BuildStage | None:
        return self.after.stages[self.old.parent.number] if self.old.parent is not None else None

    @cached_property
    def _names(self) -> set[str | None]:
        used = set(re.findall(r"from=([\w.-]+)", self.before.text.lower()))
        return {*(one.name for one in self.before.stages), *(one.base for one in self.before.stages), None, *used}

    def _alone(self) -> Iterator[str]:
        """Nothing but the last stage has to do with the builder."""
        if self.before.children(self.old) or any(one.name == "ONBUILD" for one in self.old.instructions):
            yield "another stage stands on the builder"
        for stage in self.before.stages:
            for one in stage.instructions:
                names = [mount.source_stage for mount in self.before.mounts(one)]
                names += [one.inner.flag("from")] if stage is not self.before.stages[-1] else []
                if any(name is not None and self.before.stage_named(name) is self.old for name in names):
                    yield "something else takes files of the builder"

    def _steps(self) -> Iterator[str]:
        """The builder does what it did, but for what leaves packages away, empties it, or moves out of its end."""
        rest = list(trace(self.before).stages[self.old.number])
        atoms = trace(self.after).stages
        first = list(atoms[self.old.number])
        second = list(atoms[self.old.number + 1]) if self.extra else []
        new = [*first, *second]
        full = True
        for number, atom in enumerate(new):
            following = new[number + 1] if number + 1 < len(new) else None
            if rest and atom == rest[0]:
                full = full and number != len(first) - 1
                del rest[0]
            elif rest and self._is_lean(atom, rest[0]):
                yield from self._may_be_lean(atom, rest[0], following, last=number == len(first) - 1)
                full = False
                rest = rest if self.extra else rest[1:]
            elif following is None and self._empties(atom):
                rest = [one for one in rest if not _prunes(one.text)] if not full else rest
            else:
                yield f"the builder would do `{shortened(atom.text)}` otherwise, or anew"
                return
        if not self.extra and not full:
            rest = [one for one in rest if not _prunes(one.text)]
        self.moved = [one.instruction for one in rest if one.instruction is not None]
        for one in rest:
            copy = self.before.copies.get(one.instruction) if one.instruction is not None else None
            if self.extra or copy is None or not copy.from_context:
                yield f"the builder would lose `{shortened(one.text)}`"

    def _empties(self, atom: Atom) -> bool:
        """Whether it only deletes folders of packages."""
        words = atom.text.split()
        folder = self.after.scopes[atom.instruction].folder if atom.instruction is not None else None
        if words[:2] != ["rm", "-rf"] or folder is None or not self.extra:
            return False
        self.emptied = [posixpath.normpath(posixpath.join(folder, word)) for word in words[2:]]
        return bool(self.emptied) and all(path in self._modules for path in self.emptied)

    @cached_property
    def _standing(self) -> list[Standing]:
        """The installs of the stage that installs."""
        return [one for run in self.first.instructions if run.name == "RUN" for one in installs_of(self.after, run)]

    @cached_property
    def _modules(self) -> list[str]:
        """The folders of packages that the stage that installs surely makes."""
        found = [path for one in self._standing if isinstance(one.need, Need) for path in one.need.writes]
        return [
            path for path in found if posixpath.basename(path) == "node_modules" and self._manifest.get("dependencies")
        ]

    @cached_property
    def _manifest(self) -> Mapping[str, object]:
        """The `package.json` that was installed; empty where there is none, or more than one."""
        files = {path for one in self._standing if isinstance(one.need, Need) for path in one.need.files}
        manifests = [path for path in files if posixpath.basename(path) == "package.json"]
        content = self._content(manifests[0]) if len(manifests) == 1 else None
        return json_object(content) or {} if content is not None else {}

    @property
    def _scripts(self) -> Mapping[str, object]:
        scripts = self._manifest.get("scripts")
        return scripts if isinstance(scripts, dict) else {}

    def _content(self, path: str) -> bytes | None:
        for one in self.first.instructions:
            copy = self.after.copies.get(one)
            origin = (self.after.placed(copy) or {}).get(path) if copy is not None else None
            if origin is not None and self.after.context is not None:
                return self.after.context.content(origin)
        return None

    def _is_lean(self, atom: Atom, full: Atom) -> bool:
        """Whether it is the other install, told to leave development packages away."""
        return any(_without(atom.text, tool.production_option) == full.text for tool in ecosystems().tools.values()
                   if tool.production_option and tool.manifest == "package.json")  # fmt: skip

    def _may_be_lean(self, atom: Atom, full: Atom, following: Atom | None, *, last: bool) -> Iterator[str]:
        """The builder installs all behind it, and took the rest away before."""
        old = trace(self.before).stages[self.old.number]
        run = full.instruction
        standing = installs_of(self.before, run) if run is not None else ()
        if atom.state != full.state or atom.lists != full.lists:
            yield f"`{shortened(atom.text)}` would run in another state"
        if not any(_prunes(one.text) for one in old[-1:]):
            yield "development packages would go"
        if self.extra and (not last or following != full):
            yield f"`{shortened(full.text)}` would not be done for the build"
        if len(standing) != 1 or not standing[0].install.leaves_the_same:
            yield f"what `{shortened(full.text)}` leaves of it is not known"
        if not self.extra and any(
            one.name == "RUN" for one in self.old.instructions[self.old.instructions.index(run) + 1 : -1] if run
        ):
            yield "a step behind it may need development packages"
        if not self._manifest or any(name in ecosystems().lifecycle for name in self._scripts):
            yield "a script that runs when it is installed may need development packages"

    def _taken(self) -> Iterator[str]:
        """The last stage has the same files as before, at the same places."""
        old = list(self.before.stages[-1].instructions)
        new = list(self.after.stages[-1].instructions)
        came: list[Instruction] = []
        for one in new:
            if old and _told(one) == _told(old[0]) and not self._is_whole(old[0]):
                del old[0]
            elif old and self._is_whole(old[0]):
                came.append(one)
                if self._is_enough(came, old[0]):
                    yield from self._fits(came, old[0])
                    del old[0]
                    came = []
            elif old and self._is_redirected(one, old[0]):
                yield from self._untouched(self.before.copies[old[0]])
                del old[0]
            else:
                yield f"`{shortened(_told(one))}` would come, or stand elsewhere"
                return
        if old or came:
            yield "the last stage would lose a step, or what it takes"

    def _is_whole(self, one: Instruction) -> bool:
        """Whether it is the COPY that may be parted: of the folder in which what moves, or what is emptied, lies."""
        copy = self.before.copies.get(one) if one.name == "COPY" else None
        if copy is None or self.before.stage_named(copy.origin) is not self.old:
            return False
        folder = (copy.destination or "").rstrip("/")
        if [posixpath.normpath(source or "") for source in copy.sources] != [folder]:
            return False
        moved = [self.before.copies[other].destination or "" for other in self.moved]
        return any(within(path.rstrip("/"), folder) for path in (*moved, *self.emptied))

    def _is_enough(self, came: Sequence[Instruction], whole: Instruction) -> bool:
        """Whether all has come that may stand in its place."""
        if self.extra:
            return _told(came[-1]) == _told(whole)
        return len([one for one in came if one.flag("from") is None]) == len(self.moved)

    def _fits(self, came: Sequence[Instruction], whole: Instruction) -> Iterator[str]:
        folder = (self.before.copies[whole].destination or "").rstrip("/")
        owner = self.before.copies[whole].owner
        packages = [path for path in self._modules if within(path, folder)]
        brought = []
        for one in came:
            copy = self.after.copies.get(one)
            if copy is None or (one.name != "COPY" and one.flag("from") is not None):
                yield f"`{shortened(_told(one))}` would come"
            elif copy.origin is not None and _told(one) != _told(whole):
                place = (copy.destination or "").rstrip("/")
                alien = self.after.stage_named(copy.origin) is not self.first or copy.owner != owner
                if alien or list(copy.sources) != [place]:
                    yield f"`{shortened(_told(one))}` would bring something else"
                brought.append(place)
        if sorted(brought) != sorted(packages) or (self.extra and sorted(self.emptied) != sorted(packages)):
            yield "packages would be left behind, come twice, or come from nowhere"
        for path in packages:
            yield from self._left_alone(path, owned=owner is not None)
        if not self.extra and owner is not None:
            yield "the sources would have another owner"
        if not self.extra:
            yield from self._straight([one for one in came if one.flag("from") is None], folder)

    def _left_alone(self, path: str, *, owned: bool) -> Iterator[str]:
        """Nothing behind the install writes into a folder of packages. `owned`: COPY sets the owner of all."""
        place = Place(path, below=True)
        for one in self._behind:
            copy = self.before.copies.get(one)
            if copy is not None and any(within(other, path) for other in self.before.placed(copy) or {path: ""}):
                yield f"`{shortened(_told(one))}` may bring packages"
            if one.name != "RUN" or _prunes(argument_text(one)):
                continue
            if owned and {call.name for call in self.before.calls(one)} == {"chown"}:
                continue
            scripts = self._scripts.values()
            words = " ".join([argument_text(one), *map(str, scripts), *self._names_of_packages])
            if re.search(r"node_modules(?!/\.bin\b)", words) or set(interpreters().generates) & set(words.split()):
                yield f"`{shortened(_told(one))}` may write into `{path}`"
            known = all(call.name in _RUNNERS for call in self.before.calls(one)) and not installs_of(self.before, one)
            effects = self.before.effects(one)
            if not known and (
                not effects.known or any(meet(other, place) for other in effects.writes | effects.deletes)
            ):
                yield f"`{shortened(_told(one))}` may change `{path}`"

    @cached_property
    def _names_of_packages(self) -> list[str]:
        kinds = (self._manifest.get("dependencies"), self._manifest.get("devDependencies"))
        return [name for kind in kinds if isinstance(kind, dict) for name in kind]

    @cached_property
    def _behind(self) -> list[Instruction]:
        """The steps of the old builder behind those of the stage that installs."""
        steps = list(self.old.instructions)
        runs = [one for one in steps if one.name == "RUN" and installs_of(self.before, one)]
        return steps[steps.index(runs[-1]) + 1 :] if runs else steps

    def _is_redirected(self, one: Instruction, old: Instruction) -> bool:
        """Whether it takes the same out of the stage that installs."""
        copy, was = self.after.copies.get(one), self.before.copies.get(old)
        if copy is None or was is None or not self.extra or self.before.stage_named(was.origin) is not self.old:
            return False
        same = argument_text(one).split()[1:] == argument_text(old).split()[1:] and one.name == old.name
        return same and self.after.stage_named(copy.origin) is self.first

    def _untouched(self, copy: Copy) -> Iterator[str]:
        for one in self._behind:
            effects = self.before.effects(one)
            inside = all(call.name in _RUNNERS for call in self.before.calls(one)) or begins(
                argument_text(one), interpreters().inside
            )
            if (
                one.name == "RUN"
                and inside
                and not within(copy.sources[0] or "", self.before.scopes[one].folder or "/")
            ):
                continue
            places = [Place(posixpath.normpath(path or "/"), below=True) for path in copy.sources]
            gains = [one.install for one in effects.actions if one.install and one.install.family not in _SYSTEMS]
            if gains or not effects.known or any(meet(place, other) for place in places for other in effects.writes):
                yield f"`{shortened(_told(one))}` may write what is taken before it"

    def _straight(self, came: Sequence[Instruction], folder: str) -> Iterator[str]:
        """The sources land where they did, and nothing else was there."""
        comes: dict[str, str] = {}
        for one, old in zip(came, self.moved, strict=True):
            copy, was = self.after.copies.get(one), self.before.copies[old]
            if copy is None or _told(one) != _told(old) or copy.destination != was.destination or "$" in _told(one):
                yield f"`{shortened(_told(old))}` would bring something else"
                return
            if not within((was.destination or "").rstrip("/"), folder):
                yield f"`{shortened(_told(old))}` would come, which was not taken"
            comes |= self.before.placed(was) or {}
        for one in self.first.instructions:
            copy = self.after.copies.get(one)
            if copy is not None:
                placed = self.after.placed(copy)
                known = placed is not None and copy.from_context
                if not known or any(
                    within(path, folder) and comes.get(path) != origin for path, origin in (placed or {}).items()
                ):
                    yield f"what `{shortened(_told(one))}` brings would be left behind"
            elif one.name == "RUN":
                yield from self._leaves(one, folder)

    def _leaves(self, run: Instruction, folder: str) -> Iterator[str]:
        standing = installs_of(self.after, run)
        chain = self.after.chain(run)
        if standing and chain is not None and len(chain.steps) == len(standing):
            for one in standing:
                writes = one.need.writes if isinstance(one.need, Need) else (folder,)
                if any(within(path, folder) and path not in self._modules for path in writes):
                    yield f"what `{shortened(one.text)}` leaves would be left behind"
            return
        for place in self.after.effects(run).writes:
            if within(place.path, folder) or (place.below and within(folder, place.path)):
                yield f"`{place.path}`, which `{shortened(_told(run))}` may write, would be left behind"


def _text(facts: Facts, stage: BuildStage) -> str:
    return "".join(facts.sources[one] for one in stage.node.instructions)


def _told(instruction: Instruction) -> str:
    return f"{instruction.name} {argument_text(instruction)}"


def _without(text: str, option: str) -> str:
    return " ".join(word for word in text.split() if word != option)


def _prunes(text: str) -> bool:
    """Whether a RUN takes development packages away."""
    known = {said for one in interpreters().prunes.values() for said in (one.command, one.old)}
    frozen = {tool.frozen_option for tool in ecosystems().tools.values() if tool.manifest == "package.json"}
    return not known.isdisjoint({text, *(_without(text, option) for option in frozen)})
