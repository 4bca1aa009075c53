"""Which values variables and labels have where an instruction stands, whatever the order of independent ones.

Knows no transform. A value is the text that gives it, with the values of the variables that the text names.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator

from msgspec import Struct, field

from optimizer.facts import BuildStage, Facts
from optimizer.facts.effects import reads_variable
from optimizer.facts.texts import argument_text
from optimizer.syntax.nodes import LAYERS, Instruction, Pairs

Value = tuple[str, tuple["Value | str", ...]]
Named = tuple[str, Value | str]

_VARIABLE = re.compile(r"\$\{?(\w+)")


class Environment(Struct):
    """The variables and labels that are in force where an instruction of a stage stands."""

    variables: dict[str, Value] = field(default_factory=dict)
    labels: dict[str, Value] = field(default_factory=dict)
    opaque: tuple[str, ...] = ()
    """ENV, ARG and LABEL that could not be read, in order, with all that was in force."""

    def copy(self) -> Environment:
        """The same, to go on from."""
        return Environment(dict(self.variables), dict(self.labels), self.opaque)

    def of(self, text: str) -> Value:
        """A text with the values of the variables that it names."""
        names = sorted({match[1] for match in _VARIABLE.finditer(text)})
        return text, tuple(self.variables.get(name, name) for name in names)

    def after(self, instruction: Instruction) -> None:
        """Go behind an ENV, ARG or LABEL."""
        if not isinstance(instruction.body, Pairs):
            self.opaque = (
                *self.opaque,
                f"{instruction.name} {argument_text(instruction)} {self.variables} {self.labels}",
            )
            return
        given = {}
        for pair in instruction.body.pairs:
            value = pair.value.text if pair.value is not None else "\0"
            # All pairs of one instruction see what was in force before it.
            given[pair.name.text] = self.of(f"{instruction.name} {value}")
        if instruction.name == "LABEL":
            self.labels.update((str(self.of(name)), value) for name, value in given.items())
        else:
            self.variables.update(given)

    def read_by(self, facts: Facts, run: Instruction) -> tuple[Named, ...]:
        """The variables that a RUN may read, by their names."""
        read = [name for name in self.variables if reads_variable(facts, run, name)]
        return tuple((name, self.variables[name]) for name in sorted(read))


def config_by_values(facts: Facts) -> tuple[tuple[Hashable, ...], ...]:
    """What instructions that make no layer say in each stage: in order, but of ENV, ARG and LABEL only the values."""
    ends: dict[BuildStage, Environment] = {}
    found: list[tuple[Hashable, ...]] = [(d.name, d.value) for d in facts.tree.directives]
    found += [(i.name, argument_text(i)) for i in facts.tree.prologue]
    for stage in facts.stages:
        values = ends[stage.parent].copy() if stage.parent else Environment()
        found.append(tuple(_others(stage, values)))
        ends[stage] = values
        found.append((*sorted(values.variables.items()), "labels", *sorted(values.labels.items()), *values.opaque))
    return tuple(found)


def _others(stage: BuildStage, values: Environment) -> Iterator[tuple[str, Value]]:
    for instruction in stage.instructions:
        if instruction.name in ("ENV", "ARG", "LABEL"):
            values.after(instruction)
        elif instruction.name not in LAYERS:
            yield instruction.name, values.of(argument_text(instruction))
