"""Jobs and steps of GitHub workflows, and what the matrix of a job gives its runs.

Source: GitHub's workflow syntax. What an anchor or a merge key shares is noted, not resolved.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from itertools import product
from typing import Any

from msgspec import Struct

from optimizer.facts.ci.values import Value

_MOST_RUNS = 256
"""Of one matrix, as GitHub allows."""
_EXPRESSION = re.compile(r"\$\{\{(.*?)\}\}", re.S)
_NAMES = re.compile(r"(?<![\w.'-])([a-z]\w*)((?:\.[\w-]+)*)(?![\w(])")


class Step(Struct, frozen=True):
    """A step. `action` is the path before `@`, in lower case; empty for a step that runs a script."""

    value: Value

    @property
    def action(self) -> str:
        return (self.value.said("uses") or "").partition("@")[0].strip().lower()

    @property
    def version(self) -> str:
        """What stands behind `@`."""
        return (self.value.said("uses") or "").partition("@")[2].strip()

    @property
    def inputs(self) -> Value | None:
        """The mapping under `with`; None where there is none."""
        value = self.value.get("with")
        return value if value is not None and value.pairs is not None else None

    def input(self, name: str) -> str | None:
        """The text of an input, whose names GitHub reads in any case; None where it is not given."""
        pairs = self.inputs.pairs if self.inputs is not None else None
        return next((value.text for key, value in pairs or () if (key.text or "").lower() == name), None)

    @property
    def condition(self) -> str | None:
        return self.value.said("if")


class Job(Struct, frozen=True, dict=True):
    """A job with its steps; of an action, all that it does."""

    name: str
    value: Value
    steps: tuple[Step, ...]

    @property
    def has_matrix(self) -> bool:
        strategy = self.value.get("strategy")
        return strategy is not None and (strategy.text is not None or "matrix" in strategy)

    @property
    def runners(self) -> tuple[str, ...]:
        """The texts under `runs-on`."""
        found = self.value.get("runs-on")
        return () if found is None else tuple(found.texts())

    @cached_property
    def runs(self) -> list[dict[str, Any]] | None:
        """What `matrix` holds in each run of the job; None where that is only known when it runs."""
        strategy = self.value.get("strategy")
        matrix = strategy.get("matrix") if strategy is not None else None
        if matrix is None or matrix.pairs is None or matrix.shared:
            return None
        return _runs(matrix.plain())


def jobs_of(root: Value) -> tuple[Job, ...]:
    """The jobs of a workflow, or that of an action."""
    jobs, runs = root.get("jobs"), root.get("runs")
    if jobs is not None:
        return tuple(Job(name.text or "", job, _steps(job)) for name, job in jobs.pairs or ())
    return (Job("", runs, _steps(runs)),) if runs is not None else ()


def _steps(job: Value) -> tuple[Step, ...]:
    steps = job.get("steps")
    return tuple(Step(step) for step in (steps.items if steps is not None else None) or () if step.pairs is not None)


def _runs(matrix: dict[str, Any]) -> list[dict[str, Any]] | None:
    """The runs as GitHub makes them: the product, less `exclude`, with `include` laid over it or added to it."""
    include, exclude = matrix.pop("include", []), matrix.pop("exclude", [])
    lists = [*matrix.values(), include, exclude]
    if not all(isinstance(one, list) for one in lists):
        return None
    if not all(isinstance(one, dict) and None not in one for one in [matrix, *include, *exclude]):
        return None
    size = 1
    for values in matrix.values():
        size *= len(values)
    if size > _MOST_RUNS:
        return None
    made = [dict(zip(matrix, values, strict=True)) for values in product(*matrix.values())] if matrix else []
    made = [run for run in made if not any(_fits(run, one) for one in exclude)]
    runs, added = [dict(run) for run in made], []
    for one in include:
        own = {name: value for name, value in one.items() if name in matrix}
        below = [run for run, base in zip(runs, made, strict=True) if _fits(base, own)]
        for run in below:
            run.update(one)
        if not below:
            added.append(dict(one))
    return [*runs, *added]


def _fits(run: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    return all(run.get(name) == value for name, value in wanted.items())


def expressions(text: str) -> Iterator[str]:
    """The insides of `${{ ... }}`."""
    return (match[1].strip() for match in _EXPRESSION.finditer(text))


def names_in(text: str) -> Iterator[tuple[str, ...]]:
    """What the expressions in a text refer to: `${{ matrix.os.name }}` gives `("matrix", "os", "name")`."""
    for expression in expressions(text):
        for match in _NAMES.finditer(re.sub(r"'[^']*'", "''", expression)):
            if match[1] not in ("true", "false", "null"):
                yield (match[1], *match[2].split(".")[1:])


def looked_up(run: Mapping[str, Any], path: tuple[str, ...]) -> str | None:
    """The text that `matrix.PATH` has in a run, empty where there is none; None where it is no text."""
    found: Any = run
    for name in path:
        found = found.get(name, "") if isinstance(found, dict) else ""
    return found if isinstance(found, str) else None
