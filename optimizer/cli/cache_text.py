"""How `dockopt cache` shows a build or a history: text, a tree in colour on a terminal, JSON."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Sequence
from typing import Any

from msgspec import Struct

from optimizer.cache import Outcome, PlannedStage
from optimizer.cache.reasons import explained, told
from optimizer.cache.replay import Replay
from optimizer.cache.report import Line, Report
from optimizer.cli.output import on_one_line

BUILDERS = {"buildkit": "BuildKit", "containerd": "BuildKit, containerd's store", "classic": "the classic builder"}
_COLOURS = {"hit": "green", "runs": "red", "maybe": "yellow", "fails": "bold red", "unused": "dim"}
_WIDTH = 52


class Shown(Struct, frozen=True):
    """What was found out about one file: a report, or a replay."""

    path: str
    builder: str
    report: Report | None = None
    replay: Replay | None = None


def report_text(shown: Shown) -> str:
    """The report as a tree of stages; in colour where standard output is a terminal."""
    report = shown.report
    if report is None:
        return ""
    head = f"{on_one_line(shown.path)}: {on_one_line(report.change)} ({BUILDERS[shown.builder]})"
    if sys.stdout.isatty() and not os.environ.get("NO_COLOR"):
        return _tree(report, head) + "\n".join(_summary(report)) + "\n"
    rows = [head]
    for stage in report.plan.stages:
        rows.append(_stage(stage, report))
        rows += ["  ".join(("  ", f"{line.word:<6}", *_columns(line, report))).rstrip() for line in _of(stage, report)]
    return "\n".join([*rows, *_summary(report), ""])


def _of(stage: PlannedStage, report: Report) -> Iterator[Line]:
    return (line for line in report.lines if line.verdict.step.stage == stage.stage.number)


def _stage(stage: PlannedStage, report: Report) -> str:
    name = f" {stage.stage.name}" if stage.stage.name else ""
    unused = "" if stage.used else "  (not built: nothing needs it)"
    return on_one_line(f"  stage {stage.stage.number}{name}  FROM {stage.base}{unused}")


def _columns(line: Line, report: Report) -> tuple[str, str, str, str]:
    """Line of the file, what the step says, its seconds, why it runs."""
    step = line.verdict.step
    places = report.plan.build.facts.places
    number = "" if step.trigger else str(places.line(step.instruction) + 1)
    title = on_one_line(step.title)
    title = title if len(title) <= _WIDTH else title[: _WIDTH - 1] + "…"
    seconds = "" if line.verdict.outcome is Outcome.UNUSED else f"{line.seconds:.1f} s"
    cached = " [cached in the log]" if line.logged is not None and line.logged.cached else ""
    why = "" if line.verdict.outcome is Outcome.UNUSED else on_one_line(explained(line.verdict))
    return f"{number:>4}", f"{title:<{_WIDTH}}", f"{seconds:>8}", why + cached


def _summary(report: Report) -> Iterator[str]:
    once, again = report.once, report.again
    if report.fails is not None:
        yield f"the build fails: {on_one_line(explained(report.fails))}; `--context` names another folder"
    whole, some = sum(line.seconds for line in once), sum(line.seconds for line in again)
    measured = sum(line.measured for line in again)
    basis = (
        "" if again and measured == len(again) else f", {measured} of them from the log" if measured else ", estimated"
    )
    yield f"{len(again)} of {len(once)} steps run again: {some:.1f} s of {whole:.1f} s{basis}"


def _tree(report: Report, head: str) -> str:
    from rich.console import Console
    from rich.text import Text
    from rich.tree import Tree

    tree = Tree(Text(head, "bold"), guide_style="dim")
    for stage in report.plan.stages:
        branch = tree.add(Text(_stage(stage, report).strip(), "" if stage.used else "dim"))
        for line in _of(stage, report):
            colour = _COLOURS[line.word]
            number, title, seconds, why = _columns(line, report)
            branch.add(Text.assemble((f"{line.word:<6}", colour), f" {number}  {title} {seconds}  ", (why, colour)))
    console = Console(highlight=False)
    with console.capture() as captured:
        console.print(tree, soft_wrap=True)
    return captured.get()


def replay_text(shown: Shown) -> str:
    """What the commits cost, as the file is and after dockopt, and which steps it is that run so often."""
    replay = shown.replay
    if replay is None:
        return ""
    names = list(replay.rebuilds)
    count = len(replay.rebuilds[names[0]])
    rows = [
        f"{on_one_line(shown.path)}: {count} commits, each built after the one before it ({BUILDERS[shown.builder]})"
    ]
    if count:
        rows.append(f"  {'':<22}" + "".join(f"{name:>16}" for name in names))
        rows.append(f"  {'steps run again':<22}" + "".join(f"{replay.steps(name):>16.1%}" for name in names))
        rows.append(f"  {'seconds run again':<22}" + "".join(f"{replay.seconds(name):>16.1%}" for name in names))
        rows.append(
            f"  {'seconds for a commit':<22}" + "".join(f"{replay.total(name) / count:>16.1f}" for name in names)
        )
        often = sorted(replay.often[names[0]].items(), key=lambda item: -item[1][1])[:5]
        rows += [f"  {times:>5} times, {cost:>8.1f} s  {on_one_line(title)[:_WIDTH]}" for title, (times, cost) in often]
        rows.append(
            "  seconds are estimated; the first commit fills the cache; dockopt rewrites the file that each commit has"
        )
    rows += [f"  {number} commits left out: {why}" for why, number in replay.skipped.items()]
    return "\n".join([*rows, ""])


def written_json(found: Sequence[Shown]) -> str:
    """All files as one JSON array."""
    return json.dumps([_record(shown) for shown in found], indent=2) + "\n"


def _record(shown: Shown) -> dict[str, Any]:
    record: dict[str, Any] = {"path": shown.path, "builder": shown.builder}
    if (report := shown.report) is not None:
        record["change"] = report.change
        record["stages"] = [
            {
                "number": stage.stage.number,
                "name": stage.stage.name,
                "base": stage.base,
                "built": stage.used,
                "steps": [_step(line, report) for line in _of(stage, report)],
            }
            for stage in report.plan.stages
        ]
        record["steps"] = {"all": len(report.once), "again": len(report.again)}
        record["seconds"] = {
            "all": round(sum(line.seconds for line in report.once), 3),
            "again": round(sum(line.seconds for line in report.again), 3),
        }
    if (replay := shown.replay) is not None:
        record["context"] = replay.context
        record["skipped"] = dict(replay.skipped)
        record["replay"] = {name: _replayed(replay, name) for name in replay.rebuilds}
    return record


def _step(line: Line, report: Report) -> dict[str, Any]:
    verdict = line.verdict
    step = verdict.step
    places = report.plan.build.facts.places
    return {
        "line": None if step.trigger else places.line(step.instruction) + 1,
        "instruction": step.title,
        "outcome": verdict.outcome.value,
        "certain": verdict.certain,
        "reasons": [{"cause": r.cause.value, "subject": r.subject, "text": told(r)} for r in verdict.reasons],
        "seconds": round(line.seconds, 3),
        "measured": line.measured,
        "cached_in_log": line.logged.cached if line.logged is not None else None,
    }


def _replayed(replay: Replay, name: str) -> dict[str, Any]:
    return {
        "commits": len(replay.rebuilds[name]),
        "steps_again": replay.steps(name),
        "seconds_again": replay.seconds(name),
        "seconds": replay.total(name),
        "often": {title: {"times": times, "seconds": cost} for title, (times, cost) in replay.often[name].items()},
    }
