"""Runs the transforms of CI files: each insertion is made by itself and checked; what fails is dropped."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import cast

from optimizer.checks.workflows import violation
from optimizer.engine import Change, Refusal, Result, Step, StoodBack
from optimizer.facts.ci import Workflow
from optimizer.facts.ci.values import BadYaml, read
from optimizer.origins import Place, whole_line
from optimizer.pragmas import pragma
from optimizer.syntax.problems import Problem
from optimizer.transform import Insertion, Safety, Subject, Transform, WorkflowRun


def improve(data: bytes | str, transforms: Sequence[Transform] | None = None, *, unsafe: bool = False) -> Result:
    """The CI file after all transforms that are about such files. Never raises on any text."""
    if transforms is None:
        from transforms import PIPELINE

        transforms = [transform for transform in PIPELINE if transform.default]
    text = data if isinstance(data, str) else data.decode("utf-8", "surrogateescape")
    try:
        session = _Session(text, unsafe)
        for transform in transforms:
            if transform.subject is Subject.WORKFLOW:
                session.run(transform)
    except BadYaml as error:
        return Result(text, text, problems=(Problem(error.line, str(error)),))
    return session.result()


class _Session:
    """The work on one file."""

    def __init__(self, text: str, unsafe: bool) -> None:
        self._before = text
        self._workflow = Workflow(text, read(text))
        self._unsafe = unsafe
        self._lines: list[int] = [*range(1, len(text.splitlines()) + 2)]
        self._changes: list[Change] = []
        self._pending: dict[tuple[str, int, str], Change] = {}
        self._refusals: list[Refusal] = []
        self._stood_back: dict[tuple[str, int, str], StoodBack] = {}
        self._steps: list[Step] = []

    def result(self) -> Result:
        return Result(
            self._before,
            self._workflow.text,
            tuple(sorted(self._changes, key=lambda change: change.line)),
            tuple(self._pending.values()),
            tuple(self._refusals),
            tuple(self._stood_back.values()),
            steps=tuple(self._steps),
        )

    def run(self, transform: Transform) -> None:
        """One transform."""
        started, lines, made = self._workflow, list(self._lines), len(self._changes)
        # From the last line to the first, so that those of the others stay true.
        for item in sorted(self._wanted(transform), key=lambda item: -item.after):
            self._make(transform, item)
        if len(self._changes) == made:
            return
        if again := next(self._wanted(transform), None):
            self._workflow, self._lines = started, lines
            del self._changes[made:]
            self._refuse(transform, again, "it asks for changes again after its own")
            return
        self._steps.append(Step(transform.id, self._workflow.text))

    def _wanted(self, transform: Transform) -> Iterator[Insertion]:
        """The insertions that may be made now; the others are recorded."""
        workflow = self._workflow
        for item in cast(WorkflowRun, transform.run)(workflow):
            line = self._lines[item.line - 1]
            why = item.why
            if not isinstance(item, Insertion):
                self._stood_back[transform.id, line, why] = StoodBack(transform.id, self._place(line), why)
                continue
            safety = item.safety or transform.safety
            if (ignored := _ignored(workflow, transform, item)) is not None:
                self._stood_back[transform.id, line, ignored] = StoodBack(transform.id, self._place(line), ignored)
            elif safety is Safety.SUGGESTION or (safety is Safety.UNSAFE and not self._unsafe):
                self._pending[transform.id, line, why] = Change(transform.id, self._place(line), why, safety)
            elif not any((refusal.transform, refusal.line) == (transform.id, line) for refusal in self._refusals):
                yield item

    def _make(self, transform: Transform, item: Insertion) -> None:
        lines = list(self._workflow.lines)
        last = lines[item.after - 1]
        end = last[len(last.rstrip("\r\n")) :]
        new = [line + (end or _end_of(lines)) for line in item.lines]
        if not end:
            lines[item.after - 1] += _end_of(lines)
            new[-1] = new[-1].rstrip("\r\n")
        text = "".join([*lines[: item.after], *new, *lines[item.after :]])
        if why := violation(self._workflow.text, self._workflow.root, text):
            self._refuse(transform, item, why)
            return
        self._workflow = Workflow(text, read(text))
        line = self._lines[item.line - 1]
        self._lines[item.after : item.after] = [self._lines[item.after - 1]] * len(new)
        self._changes.append(Change(transform.id, self._place(line), item.why, item.safety or transform.safety))

    def _place(self, line: int) -> Place:
        return whole_line(self._before.splitlines(), line)

    def _refuse(self, transform: Transform, item: Insertion, why: str) -> None:
        self._refusals.append(Refusal(transform.id, self._place(self._lines[item.line - 1]), why))


def _end_of(lines: Sequence[str]) -> str:
    """How the first line ends."""
    return "\r\n" if lines[0].endswith("\r\n") else "\n"


def _ignored(workflow: Workflow, transform: Transform, item: Insertion) -> str | None:
    """Why a comment keeps the transform from it; None where there is none."""
    file = any(pragma(comment) is None for comment in workflow.comments(1, len(workflow.lines)))
    if file:
        return "the file says `dockopt: ignore-file`"
    for comment in workflow.comments(item.line, item.after):
        names = pragma(comment) or frozenset()
        if "*" in names:
            return "a comment says to leave it alone"
        if transform.id in names:
            return f"a comment says to ignore `{transform.id}`"
    return None
