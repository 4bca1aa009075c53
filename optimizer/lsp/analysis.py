"""What dockopt says of one version of a text, as `dockopt fix` would: the result, and what mends one place.

It knows no editor. Where a newer version has come meanwhile, the work stops with Stale.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import cast

from msgspec import Struct, field

from optimizer.cache import Build, Plan, plan
from optimizer.cache.report import Report, report
from optimizer.cache.scenarios import edited, source_groups, typical
from optimizer.cli.contexts import ContextOf, Contexts, ignore_file_of
from optimizer.cli.discovery import is_ci_file, is_template, reads_as_template
from optimizer.cli.settings import Settings, settings_for
from optimizer.engine import Change, ChangeKey, Result, optimize
from optimizer.facts import Facts
from optimizer.facts.context import Missing
from optimizer.facts.context.history import change_counts
from optimizer.syntax.nodes import Instruction
from optimizer.syntax.parser import parse
from optimizer.transform import Declined, Proposal, Run, Safety, Transform
from optimizer.workflows import improve


class Stale(Exception):
    """A newer version of the text is there: nobody waits for this one any more."""


class Surroundings:
    """Settings, contexts and histories around the files, remembered until something changes."""

    def __init__(self) -> None:
        settings_for.cache_clear()
        self.contexts = Contexts(None, off=False, quiet=True)


class Analysis(Struct, frozen=True, dict=True):
    """One version of a text, looked at. The text may hold anything; `path` is None where it lies on no disk."""

    text: str
    path: Path | None
    top: Path | None
    """The folder that the user works in, which the context is looked for in."""
    surroundings: Surroundings
    stale: Callable[[], bool] = field(default=lambda: False)

    @cached_property
    def settings(self) -> Settings:
        """Those of the file's folder. Raises SettingsError."""
        return settings_for(self.path.absolute().parent) if self.path is not None else Settings()

    @cached_property
    def ci(self) -> bool:
        """Whether it is a CI file, and no Dockerfile."""
        return self.path is not None and is_ci_file(self.path)

    @cached_property
    def transforms(self) -> tuple[Transform, ...]:
        """Those that the settings choose, each of which stops the work where it is stale."""
        chosen = () if self._named_template else self.settings.chosen()
        return tuple(self._stopping(transform) for transform in chosen)

    @cached_property
    def context(self) -> ContextOf | None:
        """What finds the build context, as the disk has it."""
        if self.path is None or self.ci:
            return None
        data = self.text.encode("utf-8", "replace")
        return self.surroundings.contexts.of(self.path, self.top or self.path.parent, data, named=True)

    @cached_property
    def result(self) -> Result:
        """What `dockopt fix` makes of it. Raises Stale, SettingsError."""
        return self.run(self.transforms, unsafe=self.settings.unsafe)

    @property
    def template(self) -> bool:
        """Whether it is no Dockerfile yet, but what one is made of: it is left as it is."""
        return self._named_template or bool(self.result.problems and reads_as_template(self.text))

    @property
    def _named_template(self) -> bool:
        return self.path is not None and is_template(self.path.name)

    @cached_property
    def without_ignores(self) -> Result:
        """The same for those who cannot write the ignore file: without the transforms that need that."""
        before = 0
        left = set()
        for step in self.result.steps:
            left |= {step.transform} if len(step.ignores) > before else set()
            before = len(step.ignores)
        return self.run([one for one in self.transforms if one.id not in left], unsafe=self.settings.unsafe)

    @property
    def ignore_file(self) -> Path | None:
        """The file that takes the patterns of a result; it need not be there yet."""
        return ignore_file_of(self.context) if self.context is not None else None

    def run(
        self, transforms: Sequence[Transform], *, unsafe: bool, only: Collection[ChangeKey] | None = None
    ) -> Result:
        """What some transforms make of it; `only` as the engine takes it. Raises Stale."""
        if self.ci:
            return improve(self.text, transforms, unsafe=unsafe)
        return optimize(self.text, transforms, unsafe=unsafe, context=self.context, only=only)

    def mended(self, change: Change) -> Result | None:
        """What the transform of a change alone makes of its place, or of the file where it needs more than the place.

        None where it makes nothing of it alone: what others do before it is needed.
        """
        if change.safety is Safety.SUGGESTION:
            return None
        found = next((one for one in self.transforms if one.id == change.transform), None)
        if found is None:
            return None
        if change.key not in self._mended:
            unsafe = change.safety is Safety.UNSAFE
            # CI files have places, too, but what is made of one place alone cannot be asked for.
            ways = [None] if self.ci else [[change.key], None]
            results = (self.run([found], unsafe=unsafe, only=only) for only in ways)
            self._mended[change.key] = next((result for result in results if result.changes), None)
        return self._mended[change.key]

    @cached_property
    def _mended(self) -> dict[ChangeKey, Result | None]:
        return {}

    @cached_property
    def facts(self) -> Facts:
        """What is true of the text, with its context where there is one."""
        return Facts(parse(self.text), self.context)

    def instruction_at(self, offset: int) -> Instruction | None:
        """The instruction that holds a character; None above the first, or where the text is no Dockerfile."""
        return None if self.ci or self.facts.problems else self.facts.places.instruction_at(offset)

    @cached_property
    def planned(self) -> Plan:
        """The steps of its build."""
        return plan(Build(self.facts))

    @cached_property
    def rebuild(self) -> tuple[str, int, Report] | None:
        """The rebuild after a change of the source file that changes most, as `dockopt cache` tells it.

        The file, how many do the same, what happens; None where no step takes a source file.
        """
        groups = source_groups(self.planned)
        chosen = self.context.found.chosen if self.context is not None else None
        if not groups or chosen is None or isinstance(chosen, Missing):
            return None
        found = typical(groups, change_counts(chosen.root))
        if found is None:
            return None
        name, group = found
        after = plan(edited(self.planned.build, [name]))
        return name, len(group.files), report(after, self.planned, f"after a change of `{name}`")

    def _stopping(self, transform: Transform) -> Transform:
        run = transform.run

        def stopping(facts: Facts) -> Iterator[Proposal | Declined]:
            if self.stale():
                raise Stale
            return run(facts)

        return replace(transform, run=cast(Run, stopping))
