"""Images that have no slim variant: both stages stand on the same one, and only what builds stays behind."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Collection, Iterator

from optimizer.facts import BuildStage, Facts
from optimizer.facts.context import text_of
from optimizer.facts.packages import PackageCall
from optimizer.facts.runtime_needs import Kind, Needs
from optimizer.facts.runtime_needs.started import files_of
from optimizer.facts.texts import begins
from optimizer.knowledge.build_packages import build_packages
from optimizer.knowledge.interpreters import Interpreter, interpreters
from optimizer.knowledge.runtime_needs import runtime_needs_table
from optimizer.knowledge.stacks import matches
from optimizer.syntax.nodes import Instruction

_SYSTEM = ("apt", "apk")


def left_behind(facts: Facts, stage: BuildStage, row: Interpreter, kept: Collection[str] = ()) -> tuple[str, ...]:
    """The packages of programs and headers that the stage leaves there, without those that the other image has."""
    calls = [call for run in stage.instructions if run.name == "RUN" for call in facts.package_calls(run)]
    gone = {word.text for call in calls if call.verb in call.manager.remove for word in call.operands}
    if any("$" in name for name in gone):
        return ()
    installs = [call for call in calls if call.installs and call.manager.family in _SYSTEM]
    stay = [call for call in installs if not gone & {word.text for word in call.call.words}]
    found = dict.fromkeys(name for call in stay for name in _names(call) if name not in kept and name not in gone)
    tools = runtime_needs_table().tools
    there = [name for name in found if not matches(name, row.brings)]
    return tuple(name for name in there if build_packages().is_build(name) or name in tools)


def _names(call: PackageCall) -> Iterator[str]:
    for word in call.operands:
        yield from build_packages().stands_for(word.text) or (re.split(r"[=<>~/]", word.text)[0],)


def not_worth(left: Collection[str], row: Interpreter) -> str | None:
    """Why what stays behind is not worth a stage of its own; None where it is."""
    if any(build_packages().is_build(name) or name in row.worth for name in left):
        return None
    names = "`, `".join([*left][:3])
    return f"only `{names}` would stay behind, which is not worth a stage" if left else "nothing would stay behind"


def unseen(facts: Facts, stage: BuildStage) -> Instruction | None:
    """A RUN that brings sources of elsewhere, so that nobody knows what they start; None where none does."""
    known = interpreters().unseen
    for run in (one for one in stage.instructions if one.name == "RUN"):
        if any(begins(call.said, known) for call in facts.calls(run)):
            return run
    return None


def called_by_settings(facts: Facts, stage: BuildStage, programs: Collection[str]) -> tuple[str, str] | None:
    """A program that settings of a scheduler or supervisor name, with the place; None where none does."""
    words = re.compile(rf"(?<![\w.@-])(?:{'|'.join(map(re.escape, programs))})(?![\w.-])")
    for path in sorted(set(files_of(facts, stage).values())):
        is_setting = re.search(r"\.(?:conf|ini|cron|crontab)$|(?:^|/)[\w.-]*cron[^/]*$", path) is not None
        if is_setting and (found := words.search(text_of(facts.context, path))):
            return found[0], f"`{path}` names it"
    for run in (one for one in stage.instructions if one.name == "RUN" and "cron" in facts.sources[one]):
        if any(call.name == "crontab" for call in facts.calls(run)) and (found := words.search(facts.sources[run])):
            return found[0], "a crontab names it"
    return None


def needs_compilers(needs: Needs, left: Collection[str]) -> str | None:
    """Which program something starts that would stay behind with what compiles; None where none is seen."""
    return next((name for name in sorted(needs.names(Kind.PROGRAM)) if posixpath.basename(name) in left), None)


def is_idle_tool(path: str, row: Interpreter, needs: Needs) -> bool:
    """Whether a path is that of a tool of builds, which nothing that runs in a container may call."""
    name = posixpath.basename(path)
    return name in row.tools and needs.doubt(Kind.PROGRAM) is None and name not in needs.names(Kind.PROGRAM)


def brings_idle_tool(facts: Facts, copy: Instruction, row: Interpreter, needs: Needs) -> bool:
    """Whether a COPY out of another image brings such a tool alone."""
    found = facts.copies.get(copy)
    if found is None or found.destination is None or len(found.sources) != 1:
        return False
    source, place = found.sources[0] or "", found.destination
    place = posixpath.join(place, posixpath.basename(source)) if found.into_folder else place
    return is_idle_tool(source, row, needs) and is_idle_tool(place, row, needs)
