"""Whether a stage that builds and runs may be the two stages that it became.

Knows no transform: it reads both trees and the rows of `stacks.toml`. The builder does what the stage did; the image
that is run has its configuration, its files at their places, what starts it, and who runs it.
"""

from __future__ import annotations

import dataclasses
import posixpath
import re
from collections.abc import Container, Iterator, Sequence
from functools import cached_property

from msgspec import Struct, structs

from optimizer.checks.aspects import comments_astray
from optimizer.checks.ending import Ending, ending
from optimizer.checks.trace import Atom, trace
from optimizer.facts import BuildStage, Facts
from optimizer.facts.bases import image_of
from optimizer.facts.calls import Call
from optimizer.facts.effects import EVERYWHERE
from optimizer.facts.effects.places import canonical
from optimizer.facts.packages import package_call
from optimizer.facts.paths import within
from optimizer.facts.permissions import NEW_FOLDER, applied
from optimizer.facts.runtime_needs import Kind, runtime_needs
from optimizer.facts.scope import ROOTS, Scope
from optimizer.facts.stacks.data import embedded, named_in
from optimizer.facts.stacks.needs import needs_of
from optimizer.facts.stacks.started import Start, argument_of, candidates, starts
from optimizer.facts.texts import argument_text, shortened
from optimizer.knowledge import commands
from optimizer.knowledge.build_packages import SUITES, build_packages
from optimizer.knowledge.interpreters import interpreters
from optimizer.knowledge.stacks import BuilderImage, RuntimeImage, Stack, signs, stacks
from optimizer.syntax.nodes import Instruction, Words

_STARTS = ("CMD", "ENTRYPOINT", "HEALTHCHECK")
_ALLOWED = frozenset(
    {*_STARTS, "ENV", "ARG", "LABEL", "EXPOSE", "USER", "WORKDIR", "VOLUME", "STOPSIGNAL", "SHELL", "MAINTAINER"}
)


def staged_wrongly(before: Facts, after: Facts, *, told: bool) -> str | None:
    """Why the new file may not stand; None where it may. `told`: what the container needs is what a person said."""
    if len(after.stages) != len(before.stages) + 1:
        return "not one stage comes"
    if image_of(before.stages[-1].base or "")[0] in interpreters().by_image:
        from optimizer.checks.interpreted import interpreted

        return next(interpreted(before, after, told=told).faults(), None)
    builder = stacks().builders.get(image_of(before.stages[-1].base or "")[0])
    runtime = stacks().runtime(after.stages[-1].base)
    if builder is None or runtime is None:
        return "one of the two base images is not in the table"
    check = Staging(before, after, builder, runtime, told)
    return next(check.faults(), None)


class Staging(Struct, frozen=True, dict=True):
    """What was one stage, and the two that it became."""

    before: Facts
    after: Facts
    image: BuilderImage
    row: RuntimeImage
    told: bool

    @property
    def whole(self) -> BuildStage:
        """The stage as it was."""
        return self.before.stages[-1]

    @property
    def builder(self) -> BuildStage:
        """The stage that builds."""
        return self.after.stages[-2]

    @property
    def run(self) -> BuildStage:
        """The stage that is run."""
        return self.after.stages[-1]

    @property
    def stack(self) -> Stack:
        return stacks().stacks[self.image.stack]

    def faults(self) -> Iterator[str]:
        """All that speaks against it."""
        yield from self._heads()
        yield from comments_astray(self.before, self.after, 2)
        yield from self._steps()
        yield from self._instructions()
        was, now = self._was(), self._now()
        yield from was.faults(now, self.image, self.row)
        yield from self._programs(now)
        yield from self._users(now)
        yield from self._libraries() if not self.row.stacks else ()
        yield from self._always_linked()
        if not self.told:
            yield from self._files()

    def _was(self) -> Ending:
        base = {**dict.fromkeys(self.image.environment), **self.image.values, "PATH": self.image.path}
        return ending(self.before, self.whole, base)

    def _now(self) -> Ending:
        return ending(self.after, self.run, {**dict.fromkeys(self.row.environment), "PATH": self.row.path})

    def _heads(self) -> Iterator[str]:
        """The other stages are as they were, the builder stands on the same image, the last stage has the same name."""
        old = [self.before.sources[one] for one in self.before.tree.prologue]
        old += [self.before.sources[one] for stage in self.before.stages[:-1] for one in stage.node.instructions]
        new = [self.after.sources[one] for one in self.after.tree.prologue]
        new += [self.after.sources[one] for stage in self.after.stages[:-2] for one in stage.node.instructions]
        if old != new:
            yield "another stage would change"
        if _from(self.whole) != _from(self.builder):
            yield "the builder would stand on another image"
        if _from(self.whole)[0] != _from(self.run)[0]:
            yield "the flags of FROM would change"
        if self.run.name != self.whole.name:
            yield "the last stage would have another name"
        name = self.builder.name
        used = {stage.name for stage in self.before.stages} | {stage.base for stage in self.before.stages}
        if name is None or name in used or f"from={name}" in self.before.text.lower():
            yield "the name of the builder means something else"

    def _steps(self) -> Iterator[str]:
        """The builder does what the stage did, in the same order and state."""
        old = _work(trace(self.before).stages[-1])
        new = [_less(atom, old) for atom in _work(trace(self.after).stages[-2])]
        for one, other in zip(old, new, strict=False):
            if one != other:
                yield f"the builder would do `{shortened(other.text)}` otherwise, or instead of `{shortened(one.text)}`"
                return
        if len(old) != len(new):
            longer = old if len(old) > len(new) else new
            verb = "lose" if len(old) > len(new) else "gain"
            yield f"the builder would {verb} `{shortened(longer[min(len(old), len(new))].text)}`"

    def _instructions(self) -> Iterator[str]:
        """Each step of the last stage brings what the builder has, to the same place, or is one that was there."""
        old = [(atom.text, _user(atom)) for atom in trace(self.before).stages[-1]]
        reached = 0
        steps = {
            one: [a for a in trace(self.after).stages[-1] if a.instruction is one] for one in self.run.instructions
        }
        for one in self.run.instructions:
            if one.name == "COPY" and (one.flag("from") or "").lower() == self.builder.name:
                yield from self._taken(one)
            elif one.name in ("COPY", "ADD"):
                if argument_text(one) not in [argument_text(other) for other in self.whole.instructions]:
                    yield f"`{shortened(argument_text(one))}` was not copied before"
            elif one.name == "RUN":
                if self._installs(one):
                    continue
                for atom in steps[one]:
                    known = (self._was_recursive(atom), _user(atom))
                    if known not in old[reached:]:
                        yield f"`{shortened(atom.text)}` would run where it did not, or in another order"
                        return
                    reached = old.index(known, reached) + 1
            elif one.name not in _ALLOWED:
                yield f"`{one.name}` would come"

    def _taken(self, one: Instruction) -> Iterator[str]:
        copy = self.after.copies.get(one)
        if (
            copy is None
            or copy.destination is None
            or None in copy.sources
            or not {f.name for f in one.all_flags} <= {"from", "chown"}
        ):
            yield f"what `{shortened(argument_text(one))}` takes is not known"
            return
        if copy.owner is not None and not all(self._gives(copy.owner, path or "") for path in copy.sources):
            yield f"`{shortened(argument_text(one))}` would have another owner"
        for path in copy.sources:
            place = posixpath.normpath(path or "")
            lands = (
                posixpath.join(copy.destination, posixpath.basename(place)) if copy.into_folder else copy.destination
            )
            if place != lands or not place.startswith("/"):
                yield f"`{path}` would come to another place"
            elif not self.told and not self._holds(place):
                yield f"the builder does not surely have `{path}`"

    @cached_property
    def _folder(self) -> str:
        """In which the last stage starts."""
        return self._now().folder or "/"

    @cached_property
    def _files_held(self) -> dict[str, str]:
        """Where files of the context lay in the stage."""
        return self._placed(self.before, self.whole)

    @cached_property
    def _carried(self) -> list[str]:
        """The paths that the last stage takes out of the builder."""
        found = []
        for one in self.run.instructions:
            copy = self.after.copies.get(one) if one.name == "COPY" else None
            if copy is not None and (copy.origin or "").lower() == self.builder.name:
                found += [posixpath.normpath(path or "/") for path in copy.sources]
        return found

    def _is_carried(self, path: str) -> bool:
        return any(within(path, one) for one in self._carried)

    def _holds(self, path: str) -> bool:
        """Whether a step of the builder is known to write the path, or something below it."""
        if any(within(place, path) for place in self._files_held):
            return True
        path = canonical(path)
        for one in (one for one in self.builder.instructions if one.name == "RUN"):
            strange = any(call.name in self.stack.tools for call in self.after.calls(one))
            for place in self.after.effects(one).writes:
                if place == EVERYWHERE and strange:
                    return True  # a tool of the stack; a path that it does not make stops the build
                if place != EVERYWHERE and (place.path == path or (place.below and path.startswith(place.path + "/"))):
                    return True
        return False

    def _placed(self, facts: Facts, stage: BuildStage) -> dict[str, str]:
        """Where files of the context lie in a stage: path of the image -> path of the context."""
        found: dict[str, str] = {}
        base = {**self.image.values, "PATH": self.image.path}
        for one in stage.instructions:
            copy = facts.copies.get(one) if one.name in ("COPY", "ADD") else None
            if copy is None or copy.origin is not None:
                continue
            if copy.destination is None:
                copy = structs.replace(
                    copy, destination=ending(facts, stage, base, until=one).placed(copy.words[-1].text)
                )
            found |= facts.placed(copy) or {}
        return found

    def _installs(self, run: Instruction) -> bool:
        """Whether a RUN only installs what the stage installed, or the runtime libraries of that."""
        calls = [package_call(call) for call in self.after.calls(run)]
        lists = [call for call, package in zip(self.after.calls(run), calls, strict=True) if package is None]
        if not any(calls) or any(
            call.name != "rm" or "/var/lib/apt/lists" not in call.words[-1].text for call in lists
        ):
            return False
        names = {
            word.text for package in calls if package is not None and package.installs for word in package.operands
        }
        return self.told or names <= self._installable()

    def _installable(self) -> set[str]:
        old = [
            p
            for one in self.whole.instructions
            if one.name == "RUN"
            for p in self.before.package_calls(one)
            if p.installs
        ]
        names = {word.text for package in old for word in package.operands}
        libraries = {library for name in names for library in build_packages().all_libraries.get(name, ())}
        linked = (*filter(None, self.stack.libraries.values()), *self.stack.linked, *self.stack.linked_of_alpine)
        libraries |= {library for name in linked for library in build_packages().all_libraries.get(name, ())}
        rows = stacks().packages
        tools = {rows.programs.get(name, name) for name in (*rows.weak, *rows.programs)}
        return names | libraries | tools

    def _packages(self) -> set[str]:
        found = [
            p for one in self.run.instructions if one.name == "RUN" for p in self.after.package_calls(one) if p.installs
        ]
        return {word.text for package in found for word in package.operands}

    def _programs(self, now: Ending) -> Iterator[str]:
        """What is started was copied, is of the system, or is brought by a package."""
        scope = Scope({"PATH": now.environment.get("PATH")}, folder=now.folder)
        started = starts(self.after, self.run, scope)
        if not started:
            yield "nothing would be started"
        shell = posixpath.basename(self.after.scopes[self.run.instructions[-1]].shell[0])
        if self.row.shell and shell not in self.row.programs:
            yield f"the shell `{shell}` would not be there"
        for word in (word for one in started for word in one.words if word.endswith(self.stack.made or ("\0",))):
            if not self._is_carried(posixpath.normpath(posixpath.join(now.folder or "/", word))):
                yield f"`{word}` is named where it starts, and would not be there"
        for one in started:
            if (one.shell or self.stack.shell) and not self.row.shell:
                yield f"`{one.instruction.name}` needs a shell, which `{self.row.image}` has not"
            if not self._has_program(one.name or "", scope) and not (self.told and self._packages()):
                yield f"`{one.name}` is started, and would not be there"
        for need in () if self.told else runtime_needs(self.before, self.whole).of(Kind.PROGRAM):
            given = need.name == argument_of(self.whole) and not self._is_script(started)
            if not given and not self._has_program(need.name, scope):
                yield f"`{need.name}` would not be there: {need.why}"

    def _is_script(self, started: Sequence[Start]) -> bool:
        """Whether the context holds what ENTRYPOINT starts: it may start what CMD says."""
        names = {posixpath.basename(one.name or "") for one in started if one.instruction.name == "ENTRYPOINT"}
        held = self._placed(self.before, self.whole)
        return any(posixpath.basename(path) in names for path in held)

    def _has_program(self, program: str, scope: Scope) -> bool:
        """Whether a program is copied, or of the image, or of a package."""
        name = posixpath.basename(program)
        if any(self._is_carried(path) for path in candidates(program, scope)):
            return True
        of_system = self.row.shell and (name in commands().builtins or name in stacks().commands.system)
        packaged = name in self._packages() or stacks().packages.programs.get(name) in self._packages()
        return of_system or packaged or name in self.row.programs

    def _users(self, now: Ending) -> Iterator[str]:
        """Who runs it is known in the last stage, and what was given to him is his."""
        made = {word.text for atom in trace(self.after).stages[-1] for call in atom.calls for word in call.words[1:]}
        for name in (now.user or "").split(":"):
            if name and not name.isdigit() and name not in ("root", *self.row.users, *made):
                yield f"the user `{name}` would not be there"
        if now.user not in (None, *ROOTS):
            yield from self._given_away()
        new = {atom.text for atom in trace(self.after).stages[-1]}
        for atom in trace(self.before).stages[-1]:
            if atom.text in new or self._is_given(atom, new):
                continue
            if any(self._owns(call) for call in atom.calls):
                yield f"`{shortened(atom.text)}` would be left out, which sets an owner"

    @cached_property
    def _gifts(self) -> dict[str, tuple[str, str]]:
        """The steps that give a folder with all in it to a user and a group: text -> owner, folder."""
        found = {}
        for atom in trace(self.before).stages[-1]:
            words = atom.text.split()
            if len(words) == 4 and words[:2] == ["chown", "-R"] and re.fullmatch(r"[\w-]+:[\w-]+", words[2]):
                found[atom.text] = (words[2], posixpath.normpath(posixpath.join(str(_folder(atom)), words[3])))
        return found

    def _gives(self, owner: str, path: str) -> bool:
        """Whether a step gave a path, with a folder in which it lies, to a user and a group."""
        return any(owner == one and within(posixpath.normpath(path), folder) for one, folder in self._gifts.values())

    def _was_recursive(self, atom: Atom) -> str:
        """The text of the step that gave a folder and all in it, where this one gives the folder alone."""
        for text, (owner, folder) in self._gifts.items():
            if atom.text == f"chown {owner} {folder}":
                return text
        return atom.text

    def _is_given(self, atom: Atom, new: Container[str]) -> bool:
        """Whether what the last stage takes is given to the same by COPY, and a folder that is there by a step."""
        owner, folder = self._gifts.get(atom.text, ("", ""))
        if not owner or (within(self._folder, folder) and f"chown {owner} {self._folder}" not in new):
            return False
        if within(self._folder, folder) and folder != self._folder:
            return False
        for one in self.run.instructions:
            copy = self.after.copies.get(one) if one.name == "COPY" else None
            if copy is None or (copy.origin or "").lower() != self.builder.name:
                continue
            paths = [posixpath.normpath(path or "/") for path in copy.sources]
            if any(within(folder, path) and path != folder for path in paths):
                return False
            if copy.owner != owner and any(within(path, folder) for path in paths):
                return False
        return True

    def _given_away(self) -> Iterator[str]:
        """Folders that a COPY gave to a user: a copy of a folder is root's."""
        for one in self.whole.instructions:
            copy = self.before.copies.get(one)
            if copy is None or copy.owner in (None, *ROOTS):
                continue
            for path in self.before.placed(copy) or {}:
                folder = next((other for other in self._carried if path.startswith(other + "/")), None)
                if folder is not None and folder not in self._files_held:
                    yield f"`{folder}` would lose its owner"

    def _is_folder(self, path: str) -> bool:
        made = {self.after.entered(one) for one in self.builder.instructions}
        made |= {word.text for atom in trace(self.before).stages[-1] for call in atom.calls
                 if call.name == "mkdir" for word in call.words}  # fmt: skip
        return path in made or any(one.startswith(path + "/") for one in self._files_held)

    def _owns(self, call: Call) -> bool:
        """Whether a command sets the owner of something that the last stage holds, or the mode of a folder there."""
        if call.name not in (*stacks().commands.owners, "chmod"):
            return False
        paths = [word.text.rstrip("/") for word in call.words[1:] if not word.text.startswith("-")][1:]
        mode = next((word.text for word in call.words[1:] if not word.text.startswith("-R")), "")
        if call.name == "chmod" and applied(mode, NEW_FOLDER) == NEW_FOLDER:
            return False  # a folder has that mode where it is made anew; the files in it keep theirs
        if call.name == "chmod":
            paths = [path for path in paths if self._is_folder(path)]
        return any(within(one, path) for path in paths for one in (*self._carried, self._folder))

    def _files(self) -> Iterator[str]:
        """No file that the program may read is left behind, and nothing that its sources show a need of."""
        files = self._files_held
        context = self.before.context
        if context is None:
            yield "the sources are not seen"
            return
        inside = embedded(set(files.values()), self.stack, context)
        words = [word for one in starts(self.before, self.whole, Scope()) for word in one.words]
        named = named_in(words, files, self._folder)
        for path, origin in sorted(files.items()):
            is_named = any(within(path, one) for one in named) or self.stack.is_beside(path, self._folder, origin)
            if (is_named or not (self.stack.is_source(origin) or origin in inside)) and not self._is_carried(path):
                yield f"`{path}` would be left behind, which the program may read"
        needs = needs_of(files, self.stack, context)
        packages = self._packages()
        for wanted, had, what in (
            (needs.certificates, self.row.certificates or "ca-certificates" in packages, "CA certificates"),
            (needs.zones, self.row.zones or "tzdata" in packages, "time zones"),
            (needs.temporary, self.row.temporary, "folder for temporary files"),
        ):
            if wanted and not had:
                yield f"there would be no {what}"
        if set(self.row.links) == {"none"} and not self.row.shell and not signs(self.stack.static).search(self._text()):
            yield "what was built may be linked to a library that would not be there"

    def _libraries(self) -> Iterator[str]:
        """The libraries of development packages that the stage installs are there, unless nothing is linked."""
        system = self.whole.system
        suite = "alpine" if system is not None and system.name == "alpine" else (system.release if system else None)
        if (
            self.told
            or suite not in (*SUITES, "alpine")
            or suite is None
            or signs(self.stack.static).search(self._text())
        ):
            return
        there = {*self._packages(), *stacks().packages.present}
        for run in (one for one in self.whole.instructions if one.name == "RUN"):
            for word in (word for one in self.before.package_calls(run) if one.installs for word in one.operands):
                if not word.text.endswith("-dev") or word.text in self.row.libraries:
                    continue
                for library in build_packages().libraries(suite, word.text) or ():
                    if library not in there:
                        yield f"the library `{library}` would not be there"

    def _always_linked(self) -> Iterator[str]:
        """What all that the stack builds links is there: of the release of either image."""
        alpine = self.row.system == "alpine"
        system = self.after.stages[-1].system
        suites = {"alpine"} if alpine else {system.release if system is not None else None, self.row.release}
        there = {*self._packages(), *stacks().packages.present}
        for name in self.stack.linked_of_alpine if alpine else self.stack.linked:
            wanted = [build_packages().libraries(suite, name) for suite in suites if suite in (*SUITES, "alpine")]
            if not any(libraries is not None and set(libraries) <= there for libraries in wanted):
                yield f"the libraries of `{name}` would not be there"

    def _text(self) -> str:
        return "".join(self.before.sources[one] for one in self.whole.instructions)


def _from(stage: BuildStage) -> tuple[tuple[str, ...], str]:
    """The flags and the image of a FROM, as written."""
    head = stage.node.instructions[0]
    words = head.body.words if isinstance(head.body, Words) else ()
    return tuple(flag.text for flag in head.all_flags), words[0].text if words else ""


def _work(atoms: Sequence[Atom]) -> list[Atom]:
    """The atoms up to the last that makes files, without what a container starts."""
    found = [atom for atom in atoms if atom.instruction is None or atom.instruction.name not in _STARTS]
    while found and found[-1].instruction is not None and found[-1].instruction.name == "WORKDIR":
        found.pop()
    return found


def _less(atom: Atom, others: Sequence[Atom]) -> Atom:
    """The atom without the lists of package managers that the old file does not name."""
    families = {family for other in others for family, _ in other.lists}
    return dataclasses.replace(atom, lists=tuple(one for one in atom.lists if one[0] in families))


def _folder(atom: Atom) -> object:
    """In which folder an atom runs."""
    return atom.state[-5] if len(atom.state) >= 6 else "/"


def _user(atom: Atom) -> object:
    """As whom an atom runs: the state ends in user, folder, shell, flags, documents, trigger."""
    return atom.state[-6] if len(atom.state) >= 6 else None
