"""What is true of a tree: stages, scopes, commands, package-manager calls. Computed on demand, once.

Facts read the build context only through the `Context` they were given; `None` means: not known.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar, cast

from msgspec import Struct

from optimizer.facts.bases import System, defaults_of, system_of
from optimizer.facts.calls import Call, calls
from optimizer.facts.chains import Chain, chain
from optimizer.facts.context import Context, Missing, Supply
from optimizer.facts.copies import Copy, copies, copy_of
from optimizer.facts.mounts import Mount, mounts
from optimizer.facts.packages import PackageCall, package_call
from optimizer.facts.places import Places
from optimizer.facts.scope import PLATFORM_ARGUMENTS, Scope
from optimizer.facts.values import Defined, Definitions
from optimizer.syntax.nodes import (
    Dockerfile,
    ExecForm,
    Instruction,
    Opaque,
    Pairs,
    ShellScript,
    Stage,
    Words,
)
from optimizer.syntax.problems import Problem, problems

if TYPE_CHECKING:
    from optimizer.facts.effects import Effects

Value = TypeVar("Value")

__all__ = [
    "BuildStage",
    "Call",
    "Chain",
    "Context",
    "Copy",
    "Facts",
    "Mount",
    "PackageCall",
    "Scope",
    "System",
    "analyze",
]


class BuildStage(Struct, frozen=True, eq=False):
    """A stage and what it stands on. `base` is the image or stage as FROM names it, None where a variable hides it."""

    number: int
    node: Stage
    name: str | None
    base: str | None
    parent: BuildStage | None
    system: System | None

    @property
    def instructions(self) -> tuple[Instruction, ...]:
        """The stage's instructions without its FROM."""
        return self.node.instructions[1:]

    @property
    def lineage(self) -> Iterator[BuildStage]:
        """The stage and the stages that it is built from, nearest first."""
        stage: BuildStage | None = self
        while stage is not None:
            yield stage
            stage = stage.parent


@dataclass
class Facts:
    """All facts of one tree. `supply`: the build context, or what finds it when a fact asks.

    `measured`: the seconds that instructions took, as far as anybody measured them.
    """

    tree: Dockerfile
    supply: Supply | None = field(default=None, repr=False)
    measured: Mapping[Instruction, float] = field(default_factory=dict, repr=False)
    _scripts: dict[Instruction, ShellScript | None] = field(default_factory=dict, repr=False)
    _calls: dict[Instruction, tuple[Call, ...]] = field(default_factory=dict, repr=False)
    _package_calls: dict[Instruction, tuple[PackageCall, ...]] = field(default_factory=dict, repr=False)
    _chains: dict[Instruction, Chain | None] = field(default_factory=dict, repr=False)
    _memory: dict[Hashable, object] = field(default_factory=dict, repr=False)

    def inherit(self, other: Facts) -> None:
        """Take over what is known of the instructions that both trees share and that run in the same shell."""
        scopes = other.scopes
        shared = {i for i, scope in self.scopes.items() if i in scopes and scopes[i].shell == scope.shell}
        self._scripts |= {i: known for i, known in other._scripts.items() if i in shared}
        self._calls |= {i: known for i, known in other._calls.items() if i in shared}
        self._package_calls |= {i: known for i, known in other._package_calls.items() if i in shared}
        self._chains |= {i: known for i, known in other._chains.items() if i in shared}

    def remembered(self, key: Hashable, compute: Callable[[], Value]) -> Value:
        """What was computed under this key before, or is now: projections of the tree are asked for again and again."""
        if key not in self._memory:
            self._memory[key] = compute()
        return cast(Value, self._memory[key])

    @cached_property
    def _supplied(self) -> Context | Missing:
        if self.supply is None:
            return Missing("no build context was given")
        return self.supply() if callable(self.supply) else self.supply

    @property
    def context(self) -> Context | None:
        """The build context; None where there is none, or it is not known. The first question may list it."""
        return None if isinstance(self._supplied, Missing) else self._supplied

    @property
    def no_context(self) -> str | None:
        """Why there is no context, for people; None where there is one."""
        return self._supplied.why if isinstance(self._supplied, Missing) else None

    @cached_property
    def problems(self) -> tuple[Problem, ...]:
        """What BuildKit would reject."""
        return problems(self.tree, list(self.sources.values()))

    @cached_property
    def globals(self) -> Scope:
        """The ARGs above the first FROM, for the FROM lines. A build can override each of them."""
        scope = Scope(complete=True)
        for instruction in self.tree.prologue:
            if instruction.name == "ARG" and isinstance(instruction.body, Pairs):
                scope = scope.after(instruction, self.tree.escape)
        return Scope({**scope.variables, **dict.fromkeys(PLATFORM_ARGUMENTS)}, complete=True)

    @cached_property
    def stages(self) -> tuple[BuildStage, ...]:
        """The build stages in source order."""
        found: list[BuildStage] = []
        by_name: dict[str, BuildStage] = {}
        for number, node in enumerate(self.tree.stages):
            body = node.instructions[0].body
            words = [word.text for word in body.words] if isinstance(body, Words) else []
            base = (self.globals.expand(words[0], self.tree.escape) or None) if words else None
            name = words[2].lower() if len(words) == 3 and words[1].lower() == "as" else None
            parent = by_name.get(base) if base else None
            system = parent.system if parent else system_of(base)
            stage = BuildStage(number, node, name, base, parent, system)
            found.append(stage)
            if name:
                by_name[name] = stage
        return tuple(found)

    @cached_property
    def scopes(self) -> dict[Instruction, Scope]:
        """What is in force before each instruction of a stage."""
        found: dict[Instruction, Scope] = {}
        at_end: dict[BuildStage, Scope] = {}
        for stage in self.stages:
            scope = at_end[stage.parent] if stage.parent else _of_base(stage)
            for instruction in stage.instructions:
                found[instruction] = scope
                scope = scope.after(instruction, self.tree.escape)
            at_end[stage] = scope
        return found

    @cached_property
    def pairs(self) -> dict[Instruction, Defined]:
        """Names and values of each ENV, LABEL and ARG of a stage that can be read."""
        found: dict[Instruction, Defined] = {}
        at_end: dict[BuildStage, Definitions] = {}
        for stage in self.stages:
            definitions = at_end[stage.parent].copy() if stage.parent else Definitions()
            for instruction in stage.instructions:
                if (pairs := definitions.read(instruction, self.tree.escape)) is not None:
                    found[instruction] = pairs
            at_end[stage] = definitions
        return found

    @cached_property
    def copies(self) -> dict[Instruction, Copy]:
        """Each COPY and ADD that can be read, those that ONBUILD holds too (under the ONBUILD)."""
        return dict(copies(self.stage_of, self.scopes, self.tree.escape))

    def entered(self, instruction: Instruction) -> str | None:
        """The folder that a WORKDIR enters; None for any other instruction, or where it is not known."""
        return (
            self.scopes[instruction].after(instruction, self.tree.escape).folder
            if instruction.name == "WORKDIR"
            else None
        )

    def behind(self, stage: BuildStage) -> Scope | None:
        """What is in force at the end of a stage; None where that is not known."""
        last = stage.node.instructions[-1]
        return self.scopes[last].after(last, self.tree.escape) if last in self.scopes else None

    def placed(self, copy: Copy) -> Mapping[str, str] | None:
        """Where the files of the context come to lie that a copy takes: path of the image -> path of the context.

        None where that is not certain, or a source is not there.
        """
        return self.remembered(("placed", copy), lambda: self._placed(copy))

    def _placed(self, copy: Copy) -> Mapping[str, str] | None:
        from optimizer.facts.context.taken import Absent, placed

        landings = placed(copy, self.context) if self.context is not None else None
        if landings is None or isinstance(landings, Absent):
            return None
        if any(one.unpacked for one in landings):
            return None
        if not all(one.sure for one in landings) and self._is_folder(copy):
            return {one.path if one.sure else one.inside: one.file.path for one in landings}
        if not all(one.sure or one.named_alike for one in landings):
            return None
        return {one.path: one.file.path for one in landings}

    def landed(self, copy: Copy) -> Mapping[str, str] | None:
        """The same, where it is not certain under each path at which a file may lie; None where no file is seen.

        Below `?` where the destination is not known.
        """
        from msgspec.structs import replace

        from optimizer.facts.context.taken import Absent, placed

        certain = self.placed(copy)
        copy = copy if copy.destination is not None else replace(copy, destination="?/")
        landings = placed(copy, self.context) if certain is None and self.context is not None else None
        if landings is None or isinstance(landings, Absent) or any(one.unpacked for one in landings):
            return certain
        return {path: one.file.path for one in landings for path in (one.path, *(() if one.sure else (one.inside,)))}

    def _is_folder(self, copy: Copy) -> bool:
        """Whether the destination is a folder for certain: a WORKDIR or a `mkdir` above makes it, or one in it."""
        from optimizer.facts.ownership import made

        stage = self.stage_of.get(copy.instruction)
        destination = (copy.destination or "").rstrip("/") + "/"
        for one in stage.lineage if stage is not None else ():
            own = one.instructions
            above = own[: own.index(copy.instruction)] if one is stage else own
            folders = [self.entered(other) for other in above if other.name == "WORKDIR"]
            for run in (other for other in above if other.name == "RUN"):
                chain = self.chain(run)
                moves = chain is None or any(call.name in ("cd", "pushd", "rmdir", "rm") for call in self.calls(run))
                steps = chain.steps if chain is not None and not moves else ()
                folders += [path for step in steps for path in made(step, self.scopes[run], self.tree.escape)]
            if any(f"{folder}/".startswith(destination) for folder in folders if folder is not None):
                return True
        return False

    @cached_property
    def stage_of(self) -> dict[Instruction, BuildStage]:
        """The stage in which each instruction stands."""
        return {instruction: stage for stage in self.stages for instruction in stage.node.instructions}

    @cached_property
    def sources(self) -> dict[Instruction, str]:
        """The text of each instruction, with the lines above it."""
        return dict(zip(self.tree.instructions, self.tree.texts, strict=True))

    @cached_property
    def places(self) -> Places:
        """Where things stand in the text."""
        return Places(self.tree)

    @property
    def text(self) -> str:
        """The whole file."""
        return self.places.text

    @cached_property
    def newline(self) -> str:
        """How most lines of the file end."""
        return "\r\n" if self.text.count("\r\n") * 2 > self.text.count("\n") else "\n"

    @property
    def runs(self) -> Iterator[Instruction]:
        """All RUN instructions, those that ONBUILD holds too (the ONBUILD is given)."""
        return (i for stage in self.stages for i in stage.instructions if i.inner.name == "RUN")

    def stage_named(self, name: str | None) -> BuildStage | None:
        """The stage that `COPY --from=` or a mount names, by its name or number; None where it is an image."""
        if name is None:
            return None
        found = [stage for stage in self.stages if name.lower() in (stage.name, str(stage.number))]
        return found[-1] if found else None

    def children(self, stage: BuildStage) -> tuple[BuildStage, ...]:
        """The stages built FROM this one, directly or not."""
        return tuple(other for other in self.stages if other is not stage and stage in other.lineage)

    def script(self, instruction: Instruction) -> ShellScript | None:
        """What a POSIX shell runs for a RUN (also one in an ONBUILD); None for JSON form, other shells, opaque text."""
        if instruction not in self._scripts:
            self._scripts[instruction] = self._script(instruction)
        return self._scripts[instruction]

    def _script(self, instruction: Instruction) -> ShellScript | None:
        run = instruction.inner
        scope = self.scopes.get(instruction)
        if run.name != "RUN" or scope is None or not scope.posix_shell or self.tree.escape != "\\":
            return None
        if isinstance(run.body, Words) and len(run.heredocs) == 1:
            return run.heredocs[0].body if isinstance(run.heredocs[0].body, ShellScript) else None
        return run.body if isinstance(run.body, ShellScript) else None

    def chain(self, instruction: Instruction) -> Chain | None:
        """The script of a RUN as a chain; None where it is none."""
        if instruction not in self._chains:
            script = self.script(instruction)
            stops = self.scopes[instruction].stops_at_errors if script else False
            self._chains[instruction] = chain(instruction, script, stops_at_errors=stops) if script else None
        return self._chains[instruction]

    def calls(self, instruction: Instruction) -> tuple[Call, ...]:
        """The commands that a RUN runs."""
        if instruction not in self._calls:
            found = self.chain(instruction)
            self._calls[instruction] = (
                tuple(call for step in found.steps for call in step.calls)
                if found
                else calls(instruction, self.script(instruction))
            )
        return self._calls[instruction]

    def package_calls(self, instruction: Instruction) -> tuple[PackageCall, ...]:
        """The calls of package managers that stand in a RUN, those in substitutions aside."""
        if instruction not in self._package_calls:
            found = (package_call(call) for call in self.calls(instruction) if not call.substituted)
            self._package_calls[instruction] = tuple(call for call in found if call is not None)
        return self._package_calls[instruction]

    def opaque(self, instruction: Instruction) -> bool:
        """Whether a RUN runs something that cannot be read."""
        run = instruction.inner
        if isinstance(run.body, ExecForm) or run.body is None:
            return False
        return self.script(instruction) is None or any(isinstance(doc.body, Opaque) for doc in run.heredocs)

    def effects(self, instruction: Instruction) -> Effects:
        """What an instruction reads, writes and deletes."""
        from optimizer.facts.effects import effects  # it is made of these facts

        return effects(self, instruction)

    def first_match(self, stage: BuildStage, pattern: re.Pattern[str]) -> int:
        """Where the instruction begins that first says something in a stage or its bases; past the end: nowhere."""
        return self.remembered((stage.number, pattern), lambda: self._first_match(stage, pattern))

    def _first_match(self, stage: BuildStage, pattern: re.Pattern[str]) -> int:
        found = [len(self.text)]
        for one in stage.lineage:
            for instruction in one.node.instructions:
                if pattern.search(self.sources[instruction]):
                    found.append(self.places.span(instruction)[0])
                    break
        return min(found)

    def needed_for(self, stage: BuildStage) -> tuple[BuildStage, ...]:
        """The stages that a build of this one builds, itself included, in source order: by FROM, COPY and mounts."""
        wanted = {stage.number}
        for other in reversed(self.stages[: stage.number + 1]):
            if other.number not in wanted:
                continue
            wanted |= {other.parent.number} if other.parent else set()
            wanted |= {origin.number for origin, at in self._origins if at is other}
        return tuple(other for other in self.stages if other.number in wanted)

    @cached_property
    def _origins(self) -> list[tuple[BuildStage, BuildStage]]:
        """Each stage that another one copies or mounts from, with that other one."""
        return [(origin, self.stage_of[at]) for at, origin, _ in self._copies_between]

    def ships(self, stage: BuildStage) -> bool:
        """Whether the stage is an image, or a base of one: images are the last stage and those that nothing uses."""
        for one in self.stages:
            last = one is self.stages[-1]
            if (last or not (self.copied_out_of(one) or self.children(one))) and stage in one.lineage:
                return True
        return False

    def copied_out_of(self, stage: BuildStage) -> tuple[str, ...]:
        """The paths that other stages take out of a stage by COPY or by a mount, as they are written."""
        return tuple(path for _, origin, path in self._copies_between if origin is stage)

    @cached_property
    def _copies_between(self) -> list[tuple[Instruction, BuildStage, str]]:
        """Each COPY or mount out of a stage: the instruction, the stage, the path."""
        found: list[tuple[Instruction, BuildStage, str]] = []
        for instruction in self.stage_of:
            inner = instruction.inner
            if not inner.flags:
                continue
            origin = self.stage_named(inner.flag("from"))
            if origin is not None and (copy := copy_of(instruction, self.scopes.get(instruction), self.tree.escape)):
                found += [(instruction, origin, word.text) for word in copy.words[:-1]]
            for mount in mounts(inner):
                origin = self.stage_named(mount.source_stage)
                found += [(instruction, origin, mount.source or "/")] if origin is not None else []
        return found

    def mounts(self, instruction: Instruction) -> tuple[Mount, ...]:
        """The mounts of a RUN."""
        return mounts(instruction.inner)


def _of_base(stage: BuildStage) -> Scope:
    """What a stage starts with, as far as its image is known."""
    if stage.base and "windows" in stage.base:
        return Scope(shell=("cmd", "/S", "/C"))
    defaults = defaults_of(stage.base)
    return Scope(complete=stage.base == "scratch", user=defaults.user, folder=defaults.folder)


def analyze(tree: Dockerfile, context: Supply | None = None) -> Facts:
    """The facts of a tree, and of the build context where there is one."""
    return Facts(tree, context)
