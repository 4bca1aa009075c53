"""The proof of a rewrite: both variants are built, compared, judged, tried and measured."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import NamedTuple

from .allowances import Allowance, Problem, Verdict, judge
from .archive import read_image
from .builders import Builder, BuildOptions, Built, Order
from .compare import Difference, Snapshot, compare, snapshot
from .errors import BuildFailed, ProofError, TableError
from .ignoring import with_patterns
from .layer import Layer
from .layers import Analysis, analyze
from .noise import load_noise, measure
from .smoke import Smoke, SmokeTest, smoke_test
from .steps import Progress
from .touch import copy_context, most_changed, touch
from .workshop import Workshop, workshop


class Rewrite(NamedTuple):
    """The Dockerfile after a transform, and all patterns that it and those before it put into the ignore file."""

    transform: str
    text: str
    ignores: tuple[str, ...] = ()


Steps = Sequence[Rewrite]
"""One step a transform; the last one is the rewritten file."""


@dataclass(frozen=True, slots=True)
class ProofOptions:
    """What is asked for. `touch` is a file of the context, or None for the one that git says changes most.

    `ignore` is the text of the ignore file, or None for the one that the builder finds in the context.
    """

    build: BuildOptions = field(default_factory=BuildOptions)
    noise_check: bool = False
    smoke: SmokeTest = field(default_factory=SmokeTest)
    rebuild: bool = True
    rebuilds: int = 1
    """How many rebuilds are measured, of which the median is told; also that of as many in which nothing changed."""
    touch: str | None = None
    ignore: str | None = None


@dataclass(frozen=True, slots=True)
class Measured:
    """One variant in numbers. `rebuild_seconds` is None where no rebuild was measured; `rebuild_steps` ran again.

    `idle_seconds`: what a build takes in which nothing has changed; None where it was not measured.
    """

    analysis: Analysis
    cold_seconds: float
    rebuild_seconds: float | None = None
    rebuild_steps: int | None = None
    steps: int = 0
    idle_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Culprit:
    """A transform with the problems that came with it."""

    transform: str
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class Proof:
    """The outcome. It holds where no problem is left."""

    verdict: Verdict
    culprits: tuple[Culprit, ...]
    difference: Difference | None
    smoke: Smoke | None
    before: Measured
    after: Measured | None
    touched: str | None
    builder: str
    transforms: tuple[str, ...]
    noise_checked: bool
    seconds: float

    @property
    def holds(self) -> bool:
        return self.verdict.holds


def prove(
    before: str,
    steps: Steps,
    context: Path,
    builder: Builder,
    allowances: Mapping[str, Allowance],
    options: ProofOptions | None = None,
    progress: Progress = lambda line: None,
    layers: dict[str, Layer] | None = None,
) -> Proof:
    """Prove that the last step builds the same image as `before`, but for what the transforms said may differ.

    Without steps it is built once: that it builds, runs, and in what time, is all there is.
    `layers` is filled with the layers that were read, and spares the next proof reading those of its base again.

    Raises `BuildFailed` where `before` does not build; an `after` that does not is a problem of the proof.
    """
    if missing := [step.transform for step in steps if step.transform not in allowances]:
        raise TableError(f"the transform `{missing[0]}` has not said what it may change")
    with workshop(builder) as shop:
        bench = _Bench(builder, shop, context, options or ProofOptions(), allowances, progress)
        bench.layers = {} if layers is None else layers
        return bench.prove(Rewrite("", before), tuple(steps))


class _Bench:
    """The work on one proof."""

    def __init__(
        self,
        builder: Builder,
        shop: Workshop,
        context: Path,
        options: ProofOptions,
        allowances: Mapping[str, Allowance],
        progress: Progress,
    ) -> None:
        self.builder, self.shop, self.context, self.options = builder, shop, context, options
        self.allowances, self.progress = allowances, progress
        self.layers: dict[str, Layer] = {}
        self.noise = load_noise()

    def prove(self, before: Rewrite, steps: tuple[Rewrite, ...]) -> Proof:
        begin = time.monotonic()
        names = tuple(dict.fromkeys(step.transform for step in steps))
        touched = self.touched()
        first, one = self.image("before", before)
        if self.options.noise_check:
            _, again = self.image("before, once more", before)
            self.noise = measure(compare(one, again), self.noise)
        try:
            second, two = self.image("after", steps[-1]) if steps else (first, one)
        except BuildFailed as failure:
            verdict = Verdict((Problem("build", "after", str(failure)),))
            culprits = self.find_culprits(one, steps, verdict.problems)
            measured = Measured(analyze(one.image), first.seconds, steps=len(first.steps))
            return self.result(begin, verdict, culprits, None, None, (measured, None), None, names)
        difference = compare(one, two)
        verdict = judge(difference, {name: self.allowances[name] for name in names}, self.noise)
        culprits = self.find_culprits(one, steps, verdict.problems)
        smoke = self.try_both(first, second, one)
        if smoke and not smoke.same:
            problem = Problem("smoke", smoke.what, f"before: {smoke.before}, after: {smoke.after}")
            verdict = Verdict((*verdict.problems, problem), verdict.allowed, verdict.noise)
        measured_before = self.measure(before, first, one, touched)
        measured_after = self.measure(steps[-1], second, two, touched) if steps else measured_before
        return self.result(
            begin, verdict, culprits, difference, smoke, (measured_before, measured_after), touched, names
        )

    def result(
        self,
        begin: float,
        verdict: Verdict,
        culprits: tuple[Culprit, ...],
        difference: Difference | None,
        smoke: Smoke | None,
        measured: tuple[Measured, Measured | None],
        touched: str | None,
        names: tuple[str, ...],
    ) -> Proof:
        seconds = time.monotonic() - begin
        checked = self.options.noise_check
        return Proof(
            verdict, culprits, difference, smoke, *measured, touched, self.builder.name, names, checked, seconds
        )

    def image(self, what: str, variant: Rewrite, *, cached: bool = False) -> tuple[Built, Snapshot]:
        """Build a variant and read the image."""
        self.progress(f"build {what}")
        built = self.build(variant, self.context, cached=cached)
        self.progress(f"built {what} in {built.seconds:.1f} s; reading the image")
        with self.builder.export(built.image) as stream:
            return built, snapshot(read_image(stream, known=self.layers, platform=self.options.build.platform))

    def build(self, variant: Rewrite, context: Path, *, cached: bool) -> Built:
        ignore = with_patterns(self.options.ignore, context, variant.ignores)
        order = Order(variant.text, context, self.shop.tag(), self.shop.scratch(), ignore, no_cache=not cached)
        return self.builder.build(order, self.options.build, self.progress)

    def find_culprits(
        self, one: Snapshot, steps: tuple[Rewrite, ...], problems: tuple[Problem, ...]
    ) -> tuple[Culprit, ...]:
        """Bisect over the steps: for each problem the first step whose image has it."""
        seen: dict[int, frozenset[Problem]] = {len(steps): frozenset(problems)}

        def problems_at(number: int) -> frozenset[Problem]:
            if number not in seen:
                seen[number] = self.problems_after(one, steps[:number])
            return seen[number]

        culprits = []
        rest = frozenset(problems) if steps else frozenset()
        low = 0
        while rest:
            high = len(steps)
            while low + 1 < high:
                middle = (low + high) // 2
                low, high = (low, middle) if problems_at(middle) & rest else (middle, high)
            found = problems_at(high) & rest
            culprits.append(Culprit(steps[high - 1].transform, tuple(sorted(found))))
            rest -= found
            low = high
        return tuple(culprits)

    def problems_after(self, one: Snapshot, steps: tuple[Rewrite, ...]) -> frozenset[Problem]:
        """What is wrong after the first steps, by the allowances of these."""
        try:
            _, snap = self.image(f"after step {len(steps)}, {steps[-1].transform}", steps[-1], cached=True)
        except BuildFailed as failure:
            return frozenset({Problem("build", "after", str(failure))})
        return frozenset(
            judge(
                compare(one, snap), {step.transform: self.allowances[step.transform] for step in steps}, self.noise
            ).problems
        )

    def try_both(self, first: Built, second: Built, one: Snapshot) -> Smoke | None:
        test = (one.image.settings.get("Healthcheck") or {}).get("Test") or []
        healthcheck = bool(test) and test != ["NONE"]
        images = (first.tag, second.tag)
        return smoke_test(self.builder, self.shop, images, self.options.smoke, healthcheck, self.options.build.network)

    def touched(self) -> str | None:
        if not self.options.rebuild:
            return None
        chosen = self.options.touch
        if chosen is not None and not (self.context / chosen).is_file():
            raise ProofError(f"the file to touch, `{chosen}`, is not in the build context")
        return chosen or most_changed(self.context)

    def measure(self, variant: Rewrite, built: Built, snap: Snapshot, touched: str | None) -> Measured:
        """The numbers of a variant; its rebuild is of a copy of the context in which one file differs."""
        analysis = analyze(snap.image)
        if touched is None:
            return Measured(analysis, built.seconds, steps=len(built.steps))
        self.progress(f"rebuild after a change of {touched}")
        copy = copy_context(self.context, self.shop.scratch())
        self.build(variant, copy, cached=True)
        count = self.options.rebuilds
        idle = [self.build(variant, copy, cached=True).seconds for _ in range(count)] if count > 1 else []
        try:
            again = [self.rebuilt(variant, copy, touched) for _ in range(count)]
        except BuildFailed as failure:  # A linter in the build does not like the blanks.
            self.progress(f"the rebuild is not measured: {failure}")
            return Measured(analysis, built.seconds, steps=len(built.steps))
        seconds = median(one.seconds for one in again)
        ran = len(again[-1].ran)
        return Measured(analysis, built.seconds, seconds, ran, len(again[-1].steps), median(idle) if idle else None)

    def rebuilt(self, variant: Rewrite, copy: Path, touched: str) -> Built:
        """A build of a copy of the context in which a file has changed once more."""
        touch(copy, touched)
        return self.build(variant, copy, cached=True)
