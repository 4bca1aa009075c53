"""The steps that one build of a file does, stage by stage, with their keys; nothing is compared here.

Sources: BuildKit `dockerfile2llb/convert.go`, `solver/llbsolver/ops/{exec,file}.go`; 257 and 196 experiments on Docker
28.5.2, which the tests replay.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from optimizer.cache.builds import Base, Build, Builder
from optimizer.cache.ingredients import Ingredients
from optimizer.cache.state import State, prologue_of
from optimizer.cache.steps import Step, digest, key_of
from optimizer.facts import BuildStage
from optimizer.facts.mounts import mounts
from optimizer.syntax.nodes import Instruction, Words
from optimizer.syntax.parser import parse


class PlannedStage(Struct, frozen=True, eq=False):
    """A stage of one build. `base`: the image or stage that FROM names, with variables filled in."""

    stage: BuildStage
    base: str
    parent: int | None
    used: bool
    origins: tuple[int, ...]
    """The stages that its steps take files from, in order."""
    steps: tuple[Step, ...]
    chain: str
    """What its last step leaves to the next."""

    @property
    def title(self) -> str:
        """Its name, else its number."""
        return self.stage.name or str(self.stage.number)


class Plan(Struct, frozen=True, eq=False):
    """All stages of one build, in source order."""

    build: Build
    stages: tuple[PlannedStage, ...]

    @property
    def steps(self) -> Iterator[Step]:
        """The steps that are built, in source order."""
        return (step for stage in self.stages if stage.used for step in stage.steps)


def plan(build: Build) -> Plan:
    """The steps of a build. Raises ValueError where the target is no stage of the file."""
    return _Walk(build).plan()


class _Walk:
    """Goes through the stages in source order; a stage starts where the one that it stands on ended."""

    def __init__(self, build: Build) -> None:
        self._build = build
        self._facts = build.facts
        self._prologue = prologue_of(build)
        self._ends: dict[int, tuple[State, str]] = {}
        self._ingredients = Ingredients(build, self._chain_of)

    def plan(self) -> Plan:
        bases = [self._base_text(stage) for stage in self._facts.stages]
        parents = [self._parent(stage, bases[stage.number]) for stage in self._facts.stages]
        origins = [self._origins(stage) for stage in self._facts.stages]
        used = self._used(parents, origins)
        found = []
        for stage in self._facts.stages:
            number = stage.number
            steps = tuple(self._steps(stage, bases[number], parents[number]))
            chain = self._ends[number][1]
            found.append(
                PlannedStage(stage, bases[number], parents[number], number in used, origins[number], steps, chain)
            )
        return Plan(self._build, tuple(found))

    def _chain_of(self, stage: BuildStage) -> str | None:
        """What a stage makes, told by its chain; None for a stage further down."""
        end = self._ends.get(stage.number)
        return end[1] if end else None

    def _base_text(self, stage: BuildStage) -> str:
        body = stage.node.instructions[0].body
        text = body.words[0].text if isinstance(body, Words) and body.words else ""
        return self._prologue.expand(text, self._facts.tree.escape) or text

    def _parent(self, stage: BuildStage, base: str) -> int | None:
        named = [other.number for other in self._facts.stages[: stage.number] if other.name == base]
        return named[-1] if named else None

    def _origins(self, stage: BuildStage) -> tuple[int, ...]:
        names = []
        for instruction in stage.instructions:
            names += [instruction.inner.flag("from")] if instruction.inner.name != "RUN" else []
            names += [mount.source_stage for mount in mounts(instruction.inner)]
        found = (self._facts.stage_named(name) for name in names)
        return tuple(dict.fromkeys(origin.number for origin in found if origin is not None))

    def _used(self, parents: list[int | None], origins: list[tuple[int, ...]]) -> set[int]:
        """The stages that are built: those that the target needs; for the classic builder all before it."""
        stages = self._facts.stages
        last = stages[-1] if stages else None
        target = self._facts.stage_named(self._build.target) if self._build.target else last
        if target is None:
            raise ValueError(f"there is no stage `{self._build.target}`")
        if self._build.builder is Builder.CLASSIC:
            return set(range(target.number + 1))
        wanted = {target.number}
        for number in range(target.number, -1, -1):
            if number in wanted:
                parent = parents[number]
                wanted |= {*origins[number]} | ({parent} if parent is not None else set())
        return wanted

    def _steps(self, stage: BuildStage, base: str, parent: int | None) -> Iterator[Step]:
        if parent is not None:
            end, chain = self._ends[parent]
            state, triggers = end.copy(), self._triggers_of(parent)
        else:
            image = self._image(base)
            state = State.on(image, self._build, self._prologue)
            classic = self._build.builder is Builder.CLASSIC
            chain = digest("image", image.identity or image.layers if classic else image.layers)
            triggers = [line for text in image.triggers for line in _instructions(text)]
        lines = [(line, True) for line in triggers] + [(line, False) for line in stage.instructions]
        for instruction, trigger in lines:
            step = self._step(stage, instruction, state, chain, trigger=trigger)
            if step is not None:
                chain = step.chain
                yield step
            state.move(instruction)
        self._ends[stage.number] = (state, chain)

    def _image(self, base: str) -> Base:
        known = self._build.bases.get(base) or self._build.bases.get(image_name(base))
        return known or Base(layers=image_name(base))

    def _triggers_of(self, parent: int) -> list[Instruction]:
        instructions = self._facts.stages[parent].instructions
        return [i.inner for i in instructions if i.name == "ONBUILD" and i.inner is not i]

    def _step(
        self, stage: BuildStage, instruction: Instruction, state: State, chain: str, *, trigger: bool
    ) -> Step | None:
        """The step that an instruction makes; None where it makes none."""
        found = self._ingredients.of(instruction, state)
        if found is None:
            return None
        above = "" if found.apart else chain
        key = key_of(instruction.name, found.parts, above)
        uncached = bool({"*", stage.name, str(stage.number)} & self._build.uncached)
        return Step(
            stage.number,
            instruction,
            found.parts,
            above,
            key,
            digest("merge", chain, key) if found.apart else key,
            state.values,
            uncached,
            found.missing,
            trigger,
        )


def _instructions(text: str) -> list[Instruction]:
    """The instructions of a line as ONBUILD holds it."""
    return [i for stage in parse(f"FROM scratch\n{text}\n").stages for i in stage.instructions[1:]]


def image_name(text: str) -> str:
    """An image reference in full: `alpine` is `docker.io/library/alpine:latest`."""
    if text == "scratch" or not text:
        return text
    name = text if "@" in text or ":" in text.rpartition("/")[2] else f"{text}:latest"
    first, slash, _ = name.partition("/")
    if slash and ("." in first or ":" in first or first == "localhost"):
        return name
    return f"docker.io/{name}" if slash else f"docker.io/library/{name}"
