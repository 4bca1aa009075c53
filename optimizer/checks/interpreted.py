"""The same for programs that an interpreter reads: both images are variants of one, so only what a build adds may go.

Knows no transform: it reads both trees and the rows of `interpreters.toml`.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from functools import cached_property
from itertools import pairwise

from msgspec.structs import replace

from optimizer.checks.ending import Ending, ending
from optimizer.checks.environments import Installed, filled
from optimizer.checks.staging import Staging
from optimizer.checks.trace import trace
from optimizer.facts import Facts
from optimizer.facts.bases import image_of
from optimizer.facts.calls import Call
from optimizer.facts.demand import started_needs
from optimizer.facts.effects.actions import Action
from optimizer.facts.effects.places import canonical
from optimizer.facts.interpreted.served import served
from optimizer.facts.paths import within
from optimizer.facts.runtime_needs import Kind, runtime_needs
from optimizer.facts.runtime_needs.started import files_of
from optimizer.facts.texts import argument_text, begins, shortened
from optimizer.facts.tools import edition, tool_calls
from optimizer.knowledge import commands
from optimizer.knowledge.effects import effects_table
from optimizer.knowledge.interpreters import Interpreter, interpreters
from optimizer.knowledge.stacks import BuilderImage, RuntimeImage, Stack, matches, stacks
from optimizer.knowledge.variants import variants
from optimizer.syntax.nodes import FILLERS, Instruction
from optimizer.syntax.parser import parse

_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def interpreted(before: Facts, after: Facts, *, told: bool) -> Interpreted:
    """The check for a file whose last stage stands on an interpreter's image."""
    known = interpreters().by_image[image_of(before.stages[-1].base or "")[0]]
    users = {user for one in stacks().runtimes if one.shell for user in one.users} | set(known.users)
    image = BuilderImage(known.images, known.name, _PATH, 0, known.source)
    row = RuntimeImage(
        image=after.stages[-1].base or "",
        links=("glibc", "musl"),
        rank=0,
        path=_PATH,
        size=0,
        source=known.source,
        programs=known.programs,
        shell=True,
        users=tuple(users),
    )
    return Interpreted(before, after, image, row, told, known)


class Interpreted(Staging, frozen=True, dict=True):
    """What was one stage, and the two that it became, on variants of one image."""

    known: Interpreter

    @property
    def stack(self) -> Stack:
        """No sources are compiled."""
        return Stack(self.known.name, (), (), (), (), self.known.source)

    def faults(self) -> Iterator[str]:
        """All that speaks against it."""
        old, new = self.whole.base or "", self.run.base or ""
        if new not in (self.known.slim(old), old if self.known.slim(old) is None else None):
            yield f"`{new}` is no variant of `{old}` that holds the same"
        if not self.told and not self.known.serves(new):
            own = " ".join(self.before.sources[one] for one in self.whole.instructions).split()
            yield from (f"`{name}` may not be had on `{new}`" for name in self._packages() if name not in own)
        yield from super().faults()

    @cached_property
    def _opening(self) -> tuple[Instruction, ...]:
        """The step that makes an environment, and the ENV that leads to it, side by side in the builder."""
        path = f"ENV PATH={self.known.environment}/bin:$PATH"
        envs = (path, f"{path} VIRTUAL_ENV={self.known.environment}")
        for pair in pairwise(self.builder.instructions) if self.known.environment else ():
            made, leads = (f"{one.name} {argument_text(one)}".replace("\0", " ") for one in pair)
            if made == f"RUN {self.known.step}" and leads in envs:
                return pair
        return ()

    @cached_property
    def _closing(self) -> tuple[Instruction, ...]:
        """The step at the end of the builder that takes development packages away."""
        layers = [one for one in self.builder.instructions if one.name in FILLERS]
        commands = {command for prune in interpreters().prunes.values() for command in (prune.command, prune.old)}
        was = [argument_text(one) for one in self.whole.instructions]
        last = layers[-1:]
        return tuple(one for one in last if argument_text(one) in commands and argument_text(one) not in was)

    def _steps(self) -> Iterator[str]:
        """Without what the rows let come, the builder does what the stage did."""
        come = (*self._opening, *self._closing)
        if come:
            text = "".join(source for one, source in self.after.sources.items() if one not in come)
            less = Facts(parse(text), self.after.supply)
            yield from replace(self, after=less)._steps()
            yield from self._may_open() if self._opening else ()
            yield from self._may_close() if self._closing else ()
            return
        yield from super()._steps()

    def _may_open(self) -> Iterator[str]:
        """Nothing hangs on where packages lay before, and root put them there."""
        if any(word in self.before.text for word in self.known.own) or self.known.environment in self.before.text:
            yield "something hangs on where packages lie"
        for path in files_of(self.before, self.whole).values() if self.before.context is not None else ():
            line = (self.before.context.head(path, 128) or b"").splitlines()[:1] if self.before.context else []
            own = line[:1] != [b"#!/usr/bin/python"] and any(word.encode() in b"".join(line) for word in self.known.own)
            if line and line[0].startswith(b"#!") and own:
                yield f"`{path}` would be read by an interpreter without packages"
        if not self._is_carried(self.known.environment):
            yield "the packages would be left behind"
        if not self.after.scopes[self._opening[0]].as_root and self.after.scopes[self._opening[0]].user is not None:
            yield "another user than root would make the environment"
        for run in self.whole.instructions:
            scope = self.before.scopes[run]
            if run.name == "RUN" and not scope.as_root and scope.user is not None and self._installs_packages(run):
                yield "another user than root would install packages"

    def _installs_packages(self, run: Instruction) -> bool:
        actions = self.before.effects(run).actions
        return any(one.install is not None and one.install.family == self.known.family for one in actions)

    def _may_close(self) -> Iterator[str]:
        """Nothing that is started needs a development package."""
        for run in self.whole.instructions:
            for call in tool_calls(self.before, run) if run.name == "RUN" else ():
                if call.tool.manifest == "package.json" and call.verb in call.tool.production_verbs:
                    yield from self._started(run, edition(self.before, run, call.tool).name)

    def _started(self, run: Instruction, name: str) -> Iterator[str]:
        from optimizer.knowledge.ecosystems import ecosystems

        prune = interpreters().prunes.get(name)
        path = f"{self.before.scopes[run].folder}/package.json"
        origin = self._placed(self.before, self.whole).get(path)
        content = self.before.context.content(origin) if self.before.context is not None and origin else None
        if prune is None or argument_text(self._closing[0]) not in (prune.command, prune.old) or content is None:
            yield "development packages would go in a way that does not fit"
        elif (why := started_needs(self.before, self.whole, ecosystems().tools[name], content)) is not None:
            yield f"development packages would go: {why}"
        if self.after.scopes[self._closing[0]].user != self.before.scopes[run].user:
            yield "another user would take development packages away"

    def _now(self) -> Ending:
        """With the PATH that it would have without the environment in front."""
        found = super()._now()
        front = f"{self.known.environment}/bin:"
        if self._opening and found.environment.get("VIRTUAL_ENV") == self.known.environment:
            found.environment.pop("VIRTUAL_ENV")
            found.written -= {"VIRTUAL_ENV"}
        if self._opening and found.environment.get("PATH", "").startswith(front):
            found.environment["PATH"] = found.environment["PATH"].removeprefix(front)
            old = ending(self.before, self.whole, {"PATH": _PATH})
            found.written -= {"PATH"} - old.written
        elif self._opening:
            found.environment["PATH"] = "an environment that is not in PATH"
            found.written.add("PATH")
        return found

    def _installable(self) -> set[str]:
        needs = runtime_needs(self.before, self.whole)
        wanted = {name for kind in (Kind.PACKAGE, Kind.LIBRARY, Kind.FONTS) for name in needs.names(kind)}
        return super()._installable() | wanted | {*variants().packages, *interpreters().fonts}

    def _holds(self, path: str) -> bool:
        held = (*self.known.carried, *((self.known.environment,) if self._opening else ()))
        held += tuple(filled(self.after, self.builder)) if self.known.environment else ()
        return path in held or super()._holds(path) or any(copy == path for copy in self._brought())

    def _taken(self, one: Instruction) -> Iterator[str]:
        yield from super()._taken(one)
        copy = self.after.copies.get(one)
        for path in copy.sources if copy is not None and not self.told else ():
            for run in (run for run in self.whole.instructions if run.name == "RUN"):
                if any(within(canonical(path or "/"), place.path) for place in self.before.effects(run).deletes):
                    yield f"the builder may have deleted `{path}`"

    def _is_carried(self, path: str) -> bool:
        return super()._is_carried(path) or any(within(path, canonical(one)) for one in self._carried)

    def _brought(self) -> Iterator[str]:
        """Where COPYs of the context lead."""
        for one in self.whole.instructions:
            copy = self.before.copies.get(one)
            if copy is not None and copy.origin is None and copy.destination is not None:
                yield copy.destination.rstrip("/")

    def _programs(self, now: Ending) -> Iterator[str]:
        """What is needed when it runs is in the other image, or is installed there."""
        if self._hands_out:
            return
        needs = runtime_needs(self.before, self.whole)
        named = {*needs.names(Kind.LIBRARY), *needs.names(Kind.PACKAGE)}
        there = {*self._packages(), *(one for one in named if matches(one, self.known.brings))}
        if self.run.base == self.whole.base:
            lost = {name for kind in (Kind.PACKAGE, Kind.LIBRARY) for name in needs.names(kind)} - there
        else:
            programs = needs.names(Kind.PROGRAM) - set(self.known.programs)
            lacking = {name: variants().lost(self.known.name, name) for name in programs}
            brought = {package for name, package in lacking.items() if package and not self._copied_in(name)}
            lost = {name for kind in (Kind.PACKAGE, Kind.LIBRARY) for name in needs.names(kind)} | brought
            lost -= there
            if (doubt := needs.doubt(Kind.PROGRAM)) is not None and not self.told:
                yield doubt
        if lost and not self.told:
            yield f"`{min(lost)}` would not be there"
        yield from self._tools() if self.known.same else ()
        yield from self._copies_of_images()

    def _tools(self) -> Iterator[str]:
        """What compiles, and what only a build calls, is started by nothing that is seen."""
        needs = runtime_needs(self.before, self.whole)
        calls = [
            call for one in self.whole.instructions if one.name == "RUN" for call in self.before.package_calls(one)
        ]
        installed = {word.text for call in calls if call.installs for word in call.operands}
        for name in needs.names(Kind.PROGRAM) if not self.told else ():
            if (name in installed and name not in self._packages() | set(self.known.programs)) or (
                name in self.known.tools and not self._copied_in(name) and not self._carries(name)
            ):
                yield f"`{name}` would not be there: {needs.why(Kind.PROGRAM, name)}"

    def _carries(self, name: str) -> bool:
        return any(path.endswith(f"/{name}") for path in self._carried)

    def _copies_of_images(self) -> Iterator[str]:
        """What other images bring comes again, is carried along, or is a tool of builds."""
        now = [argument_text(one) for one in self.run.instructions if one.name in FILLERS]
        for one in self.whole.instructions:
            copy = self.before.copies.get(one)
            if copy is None or copy.origin is None or argument_text(one) in now:
                continue
            place = (copy.destination or "/").rstrip("/")
            names = {posixpath.basename(path or "/") for path in copy.sources}
            names |= set() if copy.into_folder else {posixpath.basename(place)}
            if not self._is_carried(place) and not all(self._is_tool(name) for name in names):
                yield f"`{shortened(argument_text(one))}` would be left out"

    def _is_tool(self, name: str) -> bool:
        """Whether it is a program of builds that nothing may call."""
        needs = runtime_needs(self.before, self.whole)
        free = needs.doubt(Kind.PROGRAM) is None and name not in needs.names(Kind.PROGRAM)
        return name in self.known.tools and free

    def _owns(self, call: Call) -> bool:
        """A copy of a folder keeps the modes of all below it; its own only where it was not there before."""
        paths = {canonical(word.text) for word in call.words[1:] if word.text.startswith("/")}
        there = {self.after.entered(one) for one in self.run.instructions} | {self._folder}
        filled = {canonical(path) for path in self._carried if path in there}
        return super()._owns(call) and (call.name != "chmod" or not paths.isdisjoint(filled))

    def _libraries(self) -> Iterator[str]:
        """They are among what is needed when it runs."""
        return iter(())

    def _copied_in(self, program: str) -> bool:
        """Whether another image brings it."""
        copies = [self.after.sources[one] for one in self.run.instructions if one.name == "COPY"]
        return any(f"/{program}" in text for text in copies)

    @cached_property
    def _gone(self) -> list[str]:
        """What some step deletes."""
        runs = [one for one in self.whole.instructions if one.name == "RUN"]
        return [place.path for run in runs for place in self.before.effects(run).deletes]

    @cached_property
    def _hands_out(self) -> bool:
        """Whether all that is started hands out one folder, which is carried, by a server that is installed again."""
        found = served(self.before, self.whole)
        if found is None or self.known.environment or found.folder not in map(canonical, self._carried):
            return False
        runs = [one for one in self.run.instructions if one.name == "RUN"]
        installs = (one.install for run in runs for one in self.after.effects(run).actions)
        return any(one is not None and (one.names or frozenset()) & found.packages for one in installs)

    def _files(self) -> Iterator[str]:
        """No file of the context, and nothing that a step writes, is left behind, unless nothing reads it."""
        if self._hands_out:
            for run in (one for one in self.whole.instructions if one.name == "RUN"):
                for action in self.before.effects(run).actions:
                    yield from self._linked(action)
            return
        if self.known.environment:
            started = runtime_needs(self.before, self.whole).names(Kind.PROGRAM)
            stages = (self.whole, self.builder, self.run)
            yield from Installed(self.before, self.after, *stages, self._is_carried, started).faults()
        for path in sorted(files_of(self.before, self.whole)):
            if not self._is_carried(path) and not any(within(canonical(path), one) for one in self._gone):
                yield f"`{path}` would be left behind"
        for run in (one for one in self.whole.instructions if one.name == "RUN"):
            if any(begins(one.said, interpreters().unfollowed) for one in self.before.calls(run)):
                yield "packages would lie where it is not followed"
            for action in self.before.effects(run).actions:
                yield from self._left(run, action)
                yield from self._linked(action)
        yield from self._repeats()
        if any(self._installs_packages(one) for one in self.whole.instructions if one.name == "RUN"):
            missing = [path for path in self.known.carried if not self._is_carried(path)]
            yield from (f"`{path}` would be left behind, where packages lie" for path in missing)

    def _linked(self, action: Action) -> Iterator[str]:
        """COPY follows a link that it is given; one in a folder leads where it led."""
        for link, target in action.links:
            inside = any(within(link, canonical(one)) and link != canonical(one) for one in self._carried)
            if not inside and self._hands_out:
                continue
            system = ("/usr", "/bin", "/lib", "/etc", "/dev", "/proc")
            kept = not target.startswith("/") or any(within(canonical(target), one) for one in system)
            if not inside or not (kept or self._is_carried(canonical(target))):
                yield f"the link `{link}` would lead nowhere, or be no link"

    def _repeats(self) -> Iterator[str]:
        """What changes the image itself is done in the last stage as well, and nothing of its settings is deleted."""
        now = {atom.text for atom in trace(self.after).stages[-1]}
        for atom in trace(self.before).stages[-1]:
            if atom.text not in now and any(call.name in self.known.repeated for call in atom.calls):
                yield f"`{shortened(atom.text)}` would be left out"
        for path in self._gone:
            if any(within(path, folder) for folder in self.known.settings):
                yield f"`{path}` would be there again"

    def _fetches(self, run: Instruction, text: str) -> bool:
        """Whether a command, whose text may be cut, only fetches a tool of builds."""
        words = [" ".join(word.text for word in call.words) for call in self.before.calls(run)]
        head = text.removesuffix("...")
        begun = [one for one in words if one == text or (head != text and one.startswith(head))]
        tools = [interpreters().fetched(one, self.before.sources[run]) for one in begun]
        return bool(tools) and all(tool in self.known.tools for tool in tools)

    def _left(self, run: Instruction, action: Action) -> Iterator[str]:
        if action.text.split(" ")[0] in self.known.repeated or self._fetches(run, action.text):
            return
        if action.barrier:
            folder = self.before.scopes[run].folder
            if not begins(action.text, interpreters().inside) or folder is None or not self._is_carried(folder):
                yield f"`{shortened(action.text)}` may write what would be left behind"
            return
        if action.install is not None:
            return
        for place in action.writes:
            known = place.packaged or self._is_carried(place.path) or self._goes_without_saying(place.path)
            if not known and not any(within(place.path, one) for one in self._gone):
                yield f"`{place.path}`, which `{shortened(action.text)}` writes, would be left behind"

    def _goes_without_saying(self, path: str) -> bool:
        """Whether nobody misses it, the system has it, or a step that is there again writes it."""
        ignored = [one.replace("~", "/root") for one in interpreters().ignored]
        name = posixpath.basename(path)
        if self._is_tool(name) or (name in self.known.tools and (self._copied_in(name) or self._carries(name))):
            return True
        accounts = r"/etc/(passwd|group|shadow|gshadow|subuid|subgid).*|/home/.*"
        if any(within(path, one) for one in ignored) or path in effects_table().standing:
            return True
        if any(within(path, one) for one in commands().places if one.startswith("/")):
            return not self._packages()
        return re.fullmatch(accounts, path) is not None
