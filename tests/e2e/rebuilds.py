"""A rebuild after a change of one source file: what ran again, in what time, and what the cache model had foretold."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from msgspec import Struct

from optimizer.cache import Build, judge, plan
from optimizer.cache.logs import assigned, log_of
from optimizer.cache.plans import Plan
from optimizer.facts import Facts
from optimizer.facts.context import Missing
from optimizer.facts.context.disk import listed
from optimizer.facts.context.ignore import ignore_file
from optimizer.facts.context.narrowed import narrowed
from optimizer.prove.builders import Builder, BuildOptions, Order
from optimizer.prove.ignoring import with_patterns
from optimizer.prove.touch import copy_context, touch
from optimizer.syntax.parser import parse

from .corpus import Project

PREFIX = "dockopt-rebuild-"
FOLLOWS = "copy-manifests-first"
HEAD = """\
| project | changed | rebuild before | after | steps run again before | after | foretold before | after |
|---|---|---:|---:|---:|---:|---:|---:|
"""
LEGEND = f"""
The projects that `{FOLLOWS}` changes, without `--unsafe`. *Rebuild*: seconds of a build with a warm cache after the
file has changed. *Foretold*: of how many steps the cache model says hit or miss as the builder then did; *open*:
steps of which it says that they hang on what another stage makes.
"""


class Told(Struct, frozen=True):
    """A step of a rebuild. `certain`: whether the model is sure, or another stage's output decides."""

    title: str
    ran: bool
    foretold: bool
    certain: bool


class Rebuild(Struct, frozen=True):
    """One rebuild."""

    seconds: float
    steps: tuple[Told, ...]

    @property
    def ran(self) -> int:
        """How many steps ran again."""
        return sum(step.ran for step in self.steps)

    @property
    def wrong(self) -> tuple[Told, ...]:
        """Where the model said something else than the builder did."""
        return tuple(step for step in self.steps if step.certain and step.ran != step.foretold)

    @property
    def open(self) -> int:
        """Of how many steps the model says nothing certain."""
        return sum(not step.certain for step in self.steps)


def rebuild(
    project: Project, text: str, ignores: Sequence[str], builder: Builder, changed: str | None, timeout: float = 600
) -> Rebuild:
    """Build a project with that Dockerfile, change the file (None: no file), and build it again."""
    here = BuildOptions.from_environment()
    options = BuildOptions(timeout=timeout, network=here.network, drop_syntax=here.drop_syntax)
    with TemporaryDirectory() as name:
        folder = Path(name)
        context = copy_context(project.folder, folder)
        order = Order(text, context, f"{PREFIX}{project.name}:x", folder, with_patterns(None, context, ignores))
        try:
            builder.build(order, options, _ignored)
            before = _planned(text, context, ignores)
            if changed:
                touch(context, changed)
            after = _planned(text, context, ignores)
            built = builder.build(order, options, _ignored)
        finally:
            builder.clean(PREFIX)
    seen = assigned(log_of(built.steps), after)
    assert set(seen) == set(after.steps)
    verdicts = [verdict for verdict in judge(after, before) if verdict.step in seen]
    return Rebuild(
        built.seconds,
        tuple(Told(each.step.title, not seen[each.step].cached, each.runs, each.certain) for each in verdicts),
    )


def _planned(text: str, context: Path, ignores: Sequence[str]) -> Plan:
    ignore = ignore_file(context / "Dockerfile", context)
    assert not isinstance(ignore, Missing)
    found = listed(context, ignore)
    assert not isinstance(found, Missing)
    return plan(Build(Facts(parse(text), narrowed(found, ignores))))


def _ignored(line: str) -> None:
    """What a build says as it goes."""


def is_followed(project: Project) -> bool:
    """Whether its rebuilds are measured."""
    return any(step.transform == FOLLOWS for step in project.optimized().steps)


def row(project: Project, builder: Builder) -> str:
    """One line of the table."""
    result, changed = project.optimized(), project.touched
    pair = [
        rebuild(project, text, ignores, builder, changed)
        for text, ignores in ((result.before, ()), (result.after, result.ignores))
    ]
    cells = [project.name, f"`{changed}`"]
    cells += [f"{each.seconds:.1f} s" for each in pair]
    cells += [f"{each.ran} of {len(each.steps)}" for each in pair]
    cells += [_foretold(each) for each in pair]
    return f"| {' | '.join(cells)} |"


def _foretold(each: Rebuild) -> str:
    sure = len(each.steps) - each.open
    return f"{sure - len(each.wrong)} of {sure}" + (f", {each.open} open" if each.open else "")


def agrees(line: str) -> bool:
    """Whether a line says that nothing was foretold wrongly."""
    cells = [cell.strip() for cell in line.strip("|\n ").split("|")]
    return all(re.match(r"(\d+) of \1\b", cell) for cell in cells[-2:])
