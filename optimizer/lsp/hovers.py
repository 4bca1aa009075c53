"""What an editor shows over a place: the page of the transform that is about it, and what a build makes of it."""

from __future__ import annotations

from collections.abc import Iterator

from lsprotocol import types

from optimizer.cache import Cause, Outcome, Step
from optimizer.cache.reasons import explained
from optimizer.cli.catalogue import choices, example_lines
from optimizer.cli.errors import SettingsError
from optimizer.engine import Change
from optimizer.lsp.analysis import Analysis
from optimizer.lsp.documents import Document
from optimizer.sizes import counted
from optimizer.syntax.nodes import Instruction
from optimizer.transform import Transform

_PARTS = {
    Cause.ARGUMENT: "`ARG`",
    Cause.ENVIRONMENT: "variables",
    Cause.FILES: "files",
    Cause.STAGE: "stages",
    Cause.REMOTE: "what it fetches:",
    Cause.FLAG: "flags",
}
_KNOWN = {
    Cause.USER: "its user",
    Cause.FOLDER: "its folder",
    Cause.SHELL: "its shell",
    Cause.BASE: "the image below it",
    Cause.EPOCH: "`SOURCE_DATE_EPOCH`",
}
_MOST = 6
"""So many names of one kind are told."""


def hover(document: Document, analysis: Analysis, position: types.Position) -> types.Hover | None:
    """What is to be shown there; None where that is nothing. Raises Stale."""
    try:
        result = analysis.result
    except SettingsError:
        return None
    offset = document.offset(position)
    about = []
    for change in (*result.changes, *result.pending):
        start, end = document.offsets(change.place)
        if start <= offset <= max(end - 1, start):
            about.append(change)
    pages = [_page(change, analysis.transforms) for change in about]
    span = document.span(*document.offsets(about[0].place)) if about else None
    instruction = analysis.instruction_at(offset)
    if instruction is not None and (start := _start(instruction, analysis)) <= offset:
        pages.append("\n\n".join(_facts(instruction, analysis)))
        span = span or document.span(start, start + len(_source(instruction, analysis).rstrip()))
    if not pages:
        return None
    return types.Hover(types.MarkupContent(types.MarkupKind.Markdown, "\n\n---\n\n".join(pages)), span)


def _start(instruction: Instruction, analysis: Analysis) -> int:
    """Where an instruction begins, behind the lines above it."""
    return analysis.facts.places.span(instruction)[1] - len(_source(instruction, analysis))


def _source(instruction: Instruction, analysis: Analysis) -> str:
    text = analysis.facts.sources[instruction]
    return text[sum(len(line.raw) for line in instruction.leading) :]


def _page(change: Change, transforms: tuple[Transform, ...]) -> str:
    """The page of a transform: what it says here, what it says of itself, how to choose it, an example."""
    transform = next(one for one in transforms if one.id == change.transform)
    parts = [f"**{transform.id}** ({change.safety}): {change.why}", transform.doc]
    if said := choices(transform):
        parts.append(said)
    shown = next((one for one in transform.examples if one.changes), None)
    if shown is not None:
        lines = example_lines(shown)
        fence = "~~~~" if any("~~~" in line for line in lines) else "~~~"
        parts.append("\n".join([f"{fence}diff", *lines, fence]))
    return "\n\n".join(parts)


def _facts(instruction: Instruction, analysis: Analysis) -> Iterator[str]:
    """What a build does with an instruction, and whether a change of a source file makes it do that again."""
    if instruction.name == "FROM":
        yield _stage(instruction, analysis)
        return
    steps = [step for stage in analysis.planned.stages for step in stage.steps]
    step = next((one for one in steps if one.instruction is instruction and not one.trigger), None)
    if step is None:
        yield f"`{instruction.name}` makes no layer of its own: it is settings for the steps behind it and the image."
        return
    yield f"`{step.name}` makes a layer. It comes from the cache where nothing of this has changed: {_key(step)}."
    yield _again(step, analysis)


def _stage(instruction: Instruction, analysis: Analysis) -> str:
    """What a stage is made of, and how much of it a change of a source file makes run again."""
    stage = next(one for one in analysis.planned.stages if one.stage.node.instructions[0] is instruction)
    said = f"Stage `{stage.title}` begins here, on `{stage.base}`: {counted(len(stage.steps), 'layer')} of its own."
    if not stage.used:
        return f"{said} It is not built: no stage that is built needs it."
    if analysis.rebuild is None:
        return said
    name, _, told = analysis.rebuild
    lines = [line for line in told.lines if line.verdict.step.stage == stage.stage.number and line.verdict.runs]
    seconds = sum(line.seconds for line in lines)
    return f"{said} After a change of `{name}`, {len(lines)} of them run again, about {seconds:.1f} s."


def _key(step: Step) -> str:
    """What its cache key is made of, in words."""
    said = ["its text"]
    for cause, word in _PARTS.items():
        names = [f"`{part.subject}`" for part in step.parts if part.cause is cause and part.subject]
        names = list(dict.fromkeys(names))
        if names:
            more = f" and {len(names) - _MOST} more" if len(names) > _MOST else ""
            said.append(f"{word} {', '.join(names[:_MOST])}{more}{_count(step) if cause is Cause.FILES else ''}")
    said += [word for cause, word in _KNOWN.items() if any(part.cause is cause for part in step.parts)]
    if step.above:
        said.append("all that is above it in its stage")
    return "; ".join(said)


def _count(step: Step) -> str:
    """How many files of the context it takes, where that is known."""
    files = {path for part in step.parts if part.taken is not None for _, path in part.taken.files}
    return f" ({counted(len(files), 'file')})" if files else ""


def _again(step: Step, analysis: Analysis) -> str:
    """Whether it runs again after a change of a source file, and for how long."""
    if analysis.rebuild is None:
        why = analysis.facts.no_context
        return f"What a change of a source file does is not known: {why}." if why else "No step takes a source file."
    name, many, told = analysis.rebuild
    change = f"a change of `{name}`" + (f" (or of {many - 1} more files)" if many > 1 else "")
    line = next(line for line in told.lines if line.verdict.step.instruction is step.instruction)
    if line.verdict.outcome is Outcome.UNUSED:
        return "It is not built: no stage that is built needs it."
    if line.verdict.outcome is Outcome.FAILS:
        return f"The build fails here: {explained(line.verdict)}."
    if not line.verdict.runs:
        return f"After {change} it comes from the cache."
    return f"After {change} it runs again, about {line.seconds:.1f} s: {explained(line.verdict)}."
