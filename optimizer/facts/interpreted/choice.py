"""The plan of a conversion: the image that runs the program, what is copied to it, what is installed and done there."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from optimizer.facts import BuildStage, Facts
from optimizer.facts.arrivals import arrived
from optimizer.facts.base_folders import near
from optimizer.facts.bases import image_of
from optimizer.facts.chains import Step
from optimizer.facts.demand import demand, may_build_later, started_needs
from optimizer.facts.effects.places import canonical
from optimizer.facts.effects.steps import step_effects
from optimizer.facts.estimates import of_bases
from optimizer.facts.interpreted.opening import Opening, opening
from optimizer.facts.interpreted.same import (
    brings_idle_tool,
    called_by_settings,
    is_idle_tool,
    left_behind,
    needs_compilers,
    not_worth,
    unseen,
)
from optimizer.facts.interpreted.served import is_made, served
from optimizer.facts.interpreted.survey import PROGRAMS, Survey
from optimizer.facts.paths import covering, within
from optimizer.facts.permissions import NEW_FOLDER, applied
from optimizer.facts.runtime_needs import Kind, Needs, runtime_needs
from optimizer.facts.runtime_needs.dependencies import loaded
from optimizer.facts.runtime_needs.started import effective, files_of
from optimizer.facts.stacks.choice import Plan
from optimizer.facts.stacks.site import Unknown
from optimizer.facts.stacks.survey import HINT
from optimizer.facts.sync import development_names, scripts_of
from optimizer.facts.tools import ToolCall, edition, tool_calls
from optimizer.knowledge import commands
from optimizer.knowledge.build_packages import build_packages
from optimizer.knowledge.ecosystems import ecosystems
from optimizer.knowledge.interpreters import Interpreter, Prune, interpreters
from optimizer.knowledge.runtime_needs import runtime_needs_table
from optimizer.knowledge.stacks import matches
from optimizer.knowledge.variants import variants
from optimizer.syntax.nodes import FILLERS, Instruction


def conversion(
    facts: Facts, stage: BuildStage, artefacts: Sequence[str] = (), packages: Sequence[str] = ()
) -> Plan | None:
    """How the stage would be converted; None where it is none of an interpreter's image, or gains nothing.

    `artefacts`, `packages`: what the settings say that the container needs. Raises Unknown.
    """
    row = interpreters().by_image.get(image_of(stage.base or "")[0])
    if row is None or stage.parent is not None or stage.base is None or facts.tree.escape != "\\":
        return None
    if not any(one.name == "RUN" for one in stage.instructions) or not (row.starts or effective(stage)):
        return None
    return _Choice(facts, stage, row, stage.base, tuple(artefacts), tuple(packages)).made()


_FOR_ALL = {"-g", "--global", "--location=global"}
"""With these npm installs programs that no project has."""


@dataclass(slots=True)
class _Choice:
    """The facts of one stage while its plan is made."""

    facts: Facts
    stage: BuildStage
    row: Interpreter
    base: str
    artefacts: tuple[str, ...]
    named: tuple[str, ...]
    slim: str | None = field(init=False)
    survey: Survey = field(init=False)

    def __post_init__(self) -> None:
        self.slim = self.row.slim(self.base)
        self.survey = Survey(self.facts, self.stage, self.row, bool(self.artefacts))

    def made(self) -> Plan | None:
        """The plan. Raises Unknown."""
        if self.slim is None and not (self.row.same or re.search("slim|alpine", self.base)):
            raise Unknown(f"which slim variant `{self.base}` has is not known")
        if self.facts.context is None:
            raise Unknown(f"the sources are not seen: {self.facts.no_context}")
        closing = self._closing()
        gains = self.slim is not None or closing is not None or self._gains()
        if not gains and served(self.facts, self.stage) is None:
            return None
        self.survey.walk()
        if not self.artefacts and self._is_empty(self.survey.end.folder):
            raise Unknown(f"nothing is copied to `{self.survey.end.folder}`: what it runs comes from elsewhere; {HINT}")
        folder = self._handed_out()
        if not gains and folder is None:
            return None
        needs = runtime_needs(self.facts, self.stage) if folder is None else Needs((), ())
        self._sure(needs)
        opens = opening(self.survey)
        carried = self._carried(opens.path or None, needs) if folder is None else (folder,)
        closing = closing if folder is None else None
        self.survey.elsewhere = [one for one in self.survey.elsewhere if self._is_wanted(one, carried, needs)]
        self._owned(carried)
        self._linked(carried)
        packages = self._packages(needs)
        if (
            self.row.same
            and (why := not_worth(left_behind(self.facts, self.stage, self.row, packages), self.row)) is not None
        ):
            raise Unknown(why)
        estimate = of_bases(self.base, self.slim, packages)
        return Plan(
            self.survey,
            self.slim or self.base,
            carried,
            packages,
            self._repeated(needs, opens),
            tuple(sorted([*self.survey.owners, *self._opened(carried)], key=lambda one: self._place(*one))),
            estimate.bytes if estimate is not None else 0,
            estimate.basis if estimate is not None else "",
            searched=False,
            given=bool(self.artefacts or self.named),
            opening=opens.steps,
            opens=opens.at,
            closing=closing,
        )

    def _handed_out(self) -> str | None:
        """The folder that is all that is read, below those that the steps write; None where more may be."""
        found = served(self.facts, self.stage)
        known = found and any((names or frozenset()) & found.packages for _, _, names in self.survey.globals)
        if found is None or not known or self.survey.owners or self.artefacts or self.survey.installs:
            return None
        inside = any(within(found.folder, place) and place != found.folder for place in self.survey.places)
        return found.folder if inside and is_made(self.facts, self.stage, found.folder) else None

    def _gains(self) -> bool:
        """Whether packages are seen that may stay behind."""
        return bool(left_behind(self.facts, self.stage, self.row)) if self.row.same else self._installs_builders()

    def _installs_builders(self) -> bool:
        """Whether packages come that only builds need, and a later RUN may build: else they go in their own."""
        for run in self.stage.instructions:
            for package in self.facts.package_calls(run) if run.name == "RUN" else ():
                words = [word.literal or "" for word in package.operands if package.installs]
                if any(build_packages().is_build(word) for word in words) and may_build_later(self.facts, run):
                    return True
        return False

    def _owned(self, carried: Sequence[str]) -> None:
        """Raises Unknown where owners are set of what the other image may lack, or before users are made."""
        others = [self._place(run, step) for run, step in self.survey.users]
        others += [self._place(run, step) for run, step, _ in self.survey.globals]
        for run, step in self.survey.owners:
            if any(self._place(run, step) < other for other in others):
                raise Unknown("owners are set before a step that the other image needs as well", run)
            for place in step_effects(self.facts, run, step).writes:
                if not any(within(place.path, canonical(one)) for one in carried):
                    raise Unknown(f"the owner of `{place.path}` is set, which may be missing where it runs", run)

    def _opened(self, carried: Sequence[str]) -> Iterator[tuple[Instruction, Step]]:
        """Steps that set the mode of a folder which the other image has before it is filled, and the later ones.

        Not those after which a new folder is as it was. Raises Unknown.
        """
        there = {
            scope.folder for scope in (*map(self.survey.scopes.__getitem__, self.stage.instructions), self.survey.end)
        }
        filled = {canonical(path) for path in carried if path in there}
        begun = False
        for run, step in self.survey.modes:
            places = step_effects(self.facts, run, step).writes if step is not None else self.facts.effects(run).writes
            fills = any(place.path in filled for place in places) and (
                step is None or self.row.same or not _keeps(step)
            )
            if not fills and not (begun and any(within(place.path, one) for place in places for one in filled)):
                continue
            if step is None:
                raise Unknown("`chmod` stands in a larger step", run)
            begun = True
            yield run, step

    def _is_empty(self, folder: str | None) -> bool:
        """Whether the folder in which it starts gets no file, so that a volume may bring all of it."""
        if folder in (None, "/"):
            return False
        found = [self.facts.copies.get(one) for one in self.stage.instructions]
        places = [copy.destination.rstrip("/") for copy in found if copy is not None and copy.destination is not None]
        return not any(near(place, folder or "/") for place in places)

    def _place(self, run: Instruction, step: Step) -> tuple[int, int]:
        """Where a step stands in the stage."""
        chain = self.facts.chain(run)
        return self.stage.instructions.index(run), chain.steps.index(step) if chain is not None else 0

    def _linked(self, carried: Sequence[str]) -> None:
        """Raises Unknown for links that COPY would not keep, or that lead to what is left behind."""
        for run in (one for one in self.stage.instructions if one.name == "RUN"):
            for link, target in self.facts.effects(run).links:
                if link in map(canonical, carried):
                    raise Unknown(f"`{link}` is a link, which COPY would not keep as one", run)
                if any(within(link, canonical(one)) for one in carried) and not self._there(target, carried):
                    raise Unknown(f"`{link}` leads to `{target}`, which would be left behind", run)

    def _there(self, target: str, carried: Sequence[str]) -> bool:
        """Whether what a link leads to is carried along, or is the system's."""
        of_system = ("/usr", "/bin", "/lib", "/etc", "/dev", "/proc")
        kept = (*carried, *of_system)
        return not target.startswith("/") or any(within(canonical(target), canonical(one)) for one in kept)

    def _is_wanted(self, copy: Instruction, carried: Sequence[str], needs: Needs) -> bool:
        """Whether a copy out of another image is made again: unless it is carried along, or only builds call it."""
        return not self._lands_in(copy, carried) and not brings_idle_tool(self.facts, copy, self.row, needs)

    def _lands_in(self, instruction: Instruction, carried: Sequence[str]) -> bool:
        copy = self.facts.copies.get(instruction)
        place = copy.destination if copy is not None else None
        return place is not None and any(within(place.rstrip("/"), one) for one in carried)

    def _sure(self, needs: Needs) -> None:
        """Raises Unknown where something that the other image might lack may be needed."""
        kinds = (Kind.LIBRARY, Kind.PACKAGE, *((Kind.PROGRAM,) if self.slim is not None else ()))
        for kind in kinds if not self.named else ():
            if (doubt := needs.doubt(kind)) is not None:
                raise Unknown(f"{doubt}; {PROGRAMS}")
        if "own" in needs.names(Kind.CERTIFICATES):
            raise Unknown(needs.why(Kind.CERTIFICATES, "own") or "")
        if "generated" in needs.names(Kind.LOCALE):
            raise Unknown("a `RUN` makes locales, which are not carried along")
        if self.row.same and not self.named:
            self._sure_of_tools(needs)
        for word in self.row.own if self.survey.installs or self.row.carried else ():
            if word in self.facts.text:
                raise Unknown(f"`{word.strip()}` is named: something hangs on where packages lie")
        for path in files_of(self.facts, self.stage).values() if self.row.environment else ():
            head = self.facts.context.head(path, 128) if self.facts.context is not None else None
            line = (head or b"").partition(b"\n")[0].decode("utf-8", "replace").strip()
            if any(word in line for word in self.row.own) and line.startswith("#!") and not self._is_nowhere(line):
                raise Unknown(f"`{path}` begins with `{line}`: another interpreter than that of the packages")

    def _is_nowhere(self, line: str) -> bool:
        """Whether neither image has the interpreter: a file that begins so is read by another one, or never."""
        return line.removeprefix("#!").split()[:1] == ["/usr/bin/python"] and "python-is-python3" not in self.facts.text

    def _sure_of_tools(self, needs: Needs) -> None:
        """Raises Unknown where something may call what would stay behind."""
        left = set(left_behind(self.facts, self.stage, self.row, needs.names(Kind.PACKAGE)))
        if (program := needs_compilers(needs, left)) is not None:
            raise Unknown(f"`{program}` is needed when it runs: {needs.why(Kind.PROGRAM, program)}; {PROGRAMS}")
        for tool, at in self.survey.fetched.items():
            if not is_idle_tool(tool or "", self.row, needs):
                raise Unknown(f"`{tool}` may be needed when it runs, and where it lies is not followed; {HINT}", at)
        programs = [one for name in sorted(left) for one in runtime_needs_table().tools.get(name, ())]
        if not programs:
            return
        if (run := unseen(self.facts, self.stage)) is not None:
            raise Unknown(f"it brings sources that are not seen, which may call `{programs[0]}`; {PROGRAMS}", run)
        if (found := called_by_settings(self.facts, self.stage, programs)) is not None:
            raise Unknown(f"`{found[0]}` is needed when it runs: {found[1]}; {PROGRAMS}")
        if people := sorted(needs.names(Kind.PACKAGE) & set(interpreters().people)):
            raise Unknown(f"`{people[0]}` lets people in, who may want `{programs[0]}`; {PROGRAMS}")

    def _carried(self, environment: str | None, needs: Needs) -> tuple[str, ...]:
        """What is copied out of the builder. Raises Unknown for a folder that holds more than the project."""
        places = [path for path in self.survey.places if not is_idle_tool(path, self.row, needs)]
        found = [*places, *self.artefacts, *((environment,) if environment else ())]
        found += self.row.carried if self.survey.installs else ()
        for path in found:
            if (why := interpreters().homes.get(path)) is not None:
                raise Unknown(f"its files lie in `{path}`: {why}")
        kept = list(covering(found))
        if not self.survey.places and not self.artefacts:
            raise Unknown("no step is seen that brings what it runs")
        return tuple(sorted(kept, key=lambda path: (path != environment, path not in self.row.carried)))

    def _packages(self, needs: Needs) -> tuple[str, ...]:
        """What the image that runs installs. Raises Unknown."""
        found = {need.name for kind in (Kind.PACKAGE, Kind.LIBRARY) for need in needs.of(kind)} | set(self.named)
        found -= {name for name in found if matches(name, self.row.brings)}
        found |= {name for name in needs.names(Kind.FONTS) if name != "any"}
        known = interpreters()
        if self.slim is not None:
            for name in needs.names(Kind.PROGRAM) - set(self.row.programs):
                package = variants().lost(self.row.name, name.removeprefix("/usr/bin/"))
                found |= {package} if package is not None and not self._brings(name) else set()
            found |= set(known.fonts) if "any" in needs.names(Kind.FONTS) else set()
        if needs.of(Kind.CERTIFICATES) and not self.row.certificates and self._says("ca-certificates"):
            found.add("ca-certificates")
        if needs.of(Kind.ZONES) and self._says("tzdata"):
            found.add("tzdata")
        image = self.slim or self.base
        if (strange := sorted(found - self._own_packages())) and not self.row.serves(image):
            raise Unknown(f"whether `{strange[0]}` can be had on the old system of `{image}` is not known")
        if found and self.survey.sources is not None:
            raise Unknown("a step changes where packages come from", self.survey.sources)
        return tuple(sorted(found))

    def _own_packages(self) -> set[str]:
        """The packages that the stage installs itself."""
        runs = [one for one in self.stage.instructions if one.name == "RUN"]
        return {word.text for run in runs for call in self.facts.package_calls(run) for word in call.operands}

    def _brings(self, program: str) -> bool:
        """Whether a COPY out of another image, or a package of the project, brings the program."""
        return any(f"/{program}" in self.facts.sources[one] for one in self.survey.elsewhere)

    def _says(self, word: str) -> bool:
        return any(word in self.facts.sources[one] for one in self.stage.instructions)

    def _repeated(self, needs: Needs, opens: Opening) -> tuple[tuple[Instruction, Step], ...]:
        """Steps that make users, and those that install programs which something may start."""
        kept = [(run, step) for run, step, names in self.survey.globals if self._started(names, needs)]
        found = [*self.survey.users, *self.survey.repeated, *kept, *self._tools(needs, opens)]
        return tuple(sorted(found, key=lambda one: self._place(*one)))

    def _tools(self, needs: Needs, opens: Opening) -> Iterator[tuple[Instruction, Step]]:
        """Installs of tools that something starts, and that the environment does not hold. Raises Unknown."""
        started = needs.names(Kind.PROGRAM)
        for one in opens.tools:
            if not (one.names or frozenset()) & started:
                continue
            if one.step is None or any(call.name in commands().leaves for call in self.facts.calls(one.run)):
                raise Unknown("what installs a tool that is started stands in a larger step", one.run)
            yield one.run, one.step

    def _started(self, names: frozenset[str] | None, needs: Needs) -> bool:
        """Whether packages of npm may bring a program that is needed: those that only build bring it by their names."""
        known = interpreters().builds
        if names is None or not names <= known.keys() or needs.doubt(Kind.PROGRAM) is not None:
            return True
        return any(program in needs.names(Kind.PROGRAM) for name in names for program in known[name])

    def _closing(self) -> str | None:
        """What takes development packages away again; None where they stay."""
        found = list(self._installs())
        if len(found) != 1 or self.row.name != "node":
            return None
        run, call = found[0]
        tool = edition(self.facts, run, call.tool)
        prune = interpreters().prunes.get(tool.name)
        if prune is None or not call.from_manifest or self._leaves_away(run, call):
            return None
        if self._is_elsewhere(run, call) or not self._fits(run, prune):
            return None
        manifest = arrived(self.facts, run, tool.manifest)
        content = manifest.content(self.facts) if manifest is not None else None
        scripts = scripts_of(content) or {}
        if prune.runs_scripts and any(name in scripts for name in ecosystems().lifecycle):
            return None
        if content is None or b'"devDependencies"' not in content or b'"workspaces"' in content:
            return None
        if demand(self.facts, run, call) is None or started_needs(self.facts, self.stage, tool, content) is not None:
            return None
        if loaded(self.facts, self.stage, development_names(content) or frozenset()):
            return None
        old = prune.old and re.match(r"(?:[4-9]|1[0-5])\b", image_of(self.base)[1])
        return prune.old if old else prune.command

    def _installs(self) -> Iterator[tuple[Instruction, ToolCall]]:
        for run in self.stage.instructions:
            for call in tool_calls(self.facts, run) if run.name == "RUN" else ():
                everywhere = {word.text for word in call.call.words} & _FOR_ALL
                if call.tool.manifest == "package.json" and call.verb in call.tool.production_verbs and not everywhere:
                    yield run, call

    def _leaves_away(self, run: Instruction, call: ToolCall) -> bool:
        """Whether development packages are left away already, or the environment decides."""
        if any(o in call.tool.production_any or o.partition("=")[0] in call.tool.production_any for o in call.options):
            return True
        names = {entry.partition("=")[0] for entry in call.tool.production_environment}
        return any(name in self.facts.sources[run] or name in self.facts.scopes[run].variables for name in names)

    def _is_elsewhere(self, run: Instruction, call: ToolCall) -> bool:
        """Whether the install runs in another folder, or as another user, than what stands at the end of the stage."""
        moves = any(one.name in ("cd", "pushd") for one in self.facts.calls(run))
        scope = self.facts.scopes[run]
        end = self.facts.scopes[[one for one in self.stage.instructions if one.name in FILLERS][-1]]
        return moves or scope.folder != end.folder or scope.user != end.user

    def _fits(self, run: Instruction, prune: Prune) -> bool:
        """Whether the files of the project are those that the command wants."""
        if prune.without and arrived(self.facts, run, prune.without) is not None:
            return False
        return not prune.needs or arrived(self.facts, run, prune.needs) is not None


def _keeps(step: Step) -> bool:
    """Whether a `chmod` leaves the mode that a new folder has; what an image brings may have another one."""
    mode = next((word.text for word in step.calls[0].words[1:] if not word.text.startswith("-R")), "")
    return applied(mode, NEW_FOLDER) == NEW_FOLDER
