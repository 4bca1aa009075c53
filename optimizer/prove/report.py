"""A proof, or the analysis of an image, as text for a terminal, as JSON, and as Markdown for a pull request."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from msgspec.structs import asdict

from .layers import Analysis
from .proof import Measured, Proof
from .remedies import Group

SHOWN = 20
"""Problems that are shown of one transform; the JSON has all."""

WIDTH = 60
"""Characters of an instruction in a table."""


def megabytes(count: int) -> str:
    """Bytes as people read them."""
    return f"{count / 1e6:.1f} MB" if count >= 100_000 else f"{count / 1e3:.1f} kB"


def render_text(proof: Proof) -> str:
    """For a terminal."""
    lines = [_headline(proof), ""]
    for name, problems in _blame(proof):
        lines.append(f"{name}:")
        lines += [f"  {problem}" for problem in problems[:SHOWN]]
        lines += [f"  ... and {len(problems) - SHOWN} more"] if len(problems) > SHOWN else []
    lines += [f"{name:24} {before:>12} {after:>12}" for name, before, after in _rows(proof)]
    if proof.smoke:
        lines.append(f"smoke test: {proof.smoke.what}: {proof.smoke.before} / {proof.smoke.after}")
    lines += ["", _fineprint(proof)]
    return "\n".join(lines) + "\n"


def render_markdown(proof: Proof) -> str:
    """For a pull request."""
    lines = [f"**{_headline(proof)}**", "", "| | before | after |", "|---|---:|---:|"]
    lines += [f"| {name} | {before} | {after} |" for name, before, after in _rows(proof)]
    if proof.smoke:
        lines.append(f"| {_cell(proof.smoke.what)} | {proof.smoke.before} | {proof.smoke.after} |")
    for name, problems in _blame(proof):
        lines += ["", f"`{name}`:", ""]
        lines += [f"- {_cell(str(problem))}" for problem in problems[:SHOWN]]
        lines += [f"- ... and {len(problems) - SHOWN} more"] if len(problems) > SHOWN else []
    return "\n".join([*lines, "", _fineprint(proof)]) + "\n"


def document(proof: Proof) -> dict[str, Any]:
    """What the JSON holds; the keys stay."""
    return {
        "holds": proof.holds,
        "transforms": list(proof.transforms),
        "problems": [_problem(problem) for problem in proof.verdict.problems],
        "culprits": {each.transform: [_problem(problem) for problem in each.problems] for each in proof.culprits},
        "allowed": [{"difference": text, "by": name} for text, name in proof.verdict.allowed],
        "noise": [change.path for change in proof.verdict.noise],
        "smoke": _smoke(proof),
        "before": _measured(proof.before),
        "after": _measured(proof.after) if proof.after else None,
        "touched": proof.touched,
        "builder": proof.builder,
        "noise_checked": proof.noise_checked,
        "seconds": round(proof.seconds, 1),
    }


def render_image(analysis: Analysis, groups: Sequence[Group]) -> str:
    """The layers of an image for a terminal, and the groups of wasted files with the transform for each."""
    lines = [f"{'bytes':>10} {'wasted':>10} {'files':>7}  instruction"]
    lines += [
        f"{megabytes(row.bytes):>10} {megabytes(row.wasted):>10} {row.files:7}  {_short(row.instruction)}"
        for row in analysis.rows
    ]
    total = f"{megabytes(analysis.bytes):>10} {megabytes(analysis.wasted):>10}"
    lines.append(f"{total}          efficiency {analysis.efficiency:.1%}")
    for group in groups[:SHOWN]:
        files = "1 file" if group.files == 1 else f"{group.files} files"
        undone = group.how if group.undid is None else f"{group.how} by `{_short(group.undid)}`"
        mended = f"mended by {group.transform}" if group.transform else "no transform is known to mend it"
        lines += ["", f"{megabytes(group.bytes)} in {files}, written by `{_short(group.wrote)}`,"]
        lines += [f"  {undone}", f"  {mended}"]
    return "\n".join(lines) + "\n"


def render_image_json(analysis: Analysis, groups: Sequence[Group]) -> str:
    """The same for a program; the keys stay."""
    return json.dumps({**_analysis(analysis), "groups": [asdict(group) for group in groups]}, indent=2) + "\n"


def _headline(proof: Proof) -> str:
    count = len(proof.verdict.allowed if proof.holds else proof.verdict.problems)
    differences = f"{count} difference{'' if count == 1 else 's'}"
    if proof.holds:
        return f"proved: nothing was lost ({differences}, all declared)"
    return f"not proved: {differences} that no transform declared"


def _blame(proof: Proof) -> list[tuple[str, tuple[Any, ...]]]:
    named = {problem for each in proof.culprits for problem in each.problems}
    rest = tuple(problem for problem in proof.verdict.problems if problem not in named)
    blamed: list[tuple[str, tuple[Any, ...]]] = [(each.transform, each.problems) for each in proof.culprits]
    return blamed + ([("no single transform", rest)] if rest else [])


def _rows(proof: Proof) -> Iterable[tuple[str, str, str]]:
    one, two = proof.before, proof.after
    if two is None:
        return
    yield "image", megabytes(one.analysis.bytes), megabytes(two.analysis.bytes)
    yield "wasted", megabytes(one.analysis.wasted), megabytes(two.analysis.wasted)
    yield "layers", str(len(one.analysis.rows)), str(len(two.analysis.rows))
    yield "build from nothing", f"{one.cold_seconds:.1f} s", f"{two.cold_seconds:.1f} s"
    if one.rebuild_seconds is not None and two.rebuild_seconds is not None:
        yield f"rebuild, {proof.touched}", f"{one.rebuild_seconds:.1f} s", f"{two.rebuild_seconds:.1f} s"
        yield "steps that ran", f"{one.rebuild_steps} of {one.steps}", f"{two.rebuild_steps} of {two.steps}"


def _fineprint(proof: Proof) -> str:
    count = len(proof.verdict.noise)
    noise = f"{count} difference{'' if count == 1 else 's'} that two builds of one file show as well"
    checked = ", measured by building the original twice" if proof.noise_checked else ""
    return f"Built with {proof.builder} in {proof.seconds:.0f} s; not counted: {noise}{checked}."


def _measured(measured: Measured) -> dict[str, Any]:
    return {
        **_analysis(measured.analysis),
        "cold_seconds": round(measured.cold_seconds, 2),
        "rebuild_seconds": None if measured.rebuild_seconds is None else round(measured.rebuild_seconds, 2),
        "rebuild_steps": measured.rebuild_steps,
        "steps": measured.steps,
    }


def _analysis(analysis: Analysis) -> dict[str, Any]:
    return {
        "bytes": analysis.bytes,
        "wasted": analysis.wasted,
        "efficiency": round(analysis.efficiency, 4),
        "layers": [{"instruction": row.instruction, "bytes": row.bytes, "wasted": row.wasted} for row in analysis.rows],
    }


def _problem(problem: Any) -> dict[str, str]:
    return {"kind": problem.kind, "subject": problem.subject, "detail": problem.detail}


def _smoke(proof: Proof) -> dict[str, Any] | None:
    smoke = proof.smoke
    return (
        None
        if smoke is None
        else {"what": smoke.what, "before": smoke.before, "after": smoke.after, "same": smoke.same}
    )


def _short(instruction: str) -> str:
    line = " ".join(instruction.split())
    return line if len(line) <= WIDTH else line[: WIDTH - 3] + "..."


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
