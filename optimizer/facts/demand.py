"""Who may need the development packages of an install: what runs after it, there and where its files are copied to."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from optimizer.facts import BuildStage, Facts
from optimizer.facts.arrivals import arrived
from optimizer.facts.calls import Call
from optimizer.facts.context import Start
from optimizer.facts.packages import package_call
from optimizer.facts.sync import development_names, scripts_of
from optimizer.facts.texts import argument_text, shortened
from optimizer.facts.tools import ToolCall, tool_call
from optimizer.knowledge import commands
from optimizer.knowledge.ecosystems import Tool, ecosystems
from optimizer.syntax.nodes import Instruction, source

_SCRIPT = re.compile(r"\b(?:npm|yarn|pnpm|bun)\s+(?:(?:run|run-script|-\S+)\s+)*([\w:.-]+)")
_RUNNER = re.compile(r"\b(?:npx|pnpx|bunx)\b")


def demand(facts: Facts, instruction: Instruction, found: ToolCall) -> str | None:
    """Why the packages may be needed; None where nothing that is seen needs them."""
    calls = facts.calls(instruction)
    behind = calls[calls.index(found.call) + 1 :]
    stage = facts.stage_of[instruction]
    manifest = arrived(facts, instruction, found.tool.manifest) if found.tool.manifest == "package.json" else None
    content = manifest.content(facts) if manifest else None
    watch = _Watch(facts, found.tool, scripts_of(content) or {}, development_names(content) or frozenset())
    return (
        watch.installing()
        or watch.running(behind)
        or watch.after(stage, instruction)
        or (None if watch.reaches else "its packages reach no image")
        or (None if watch.started else "nothing says what the container runs")
    )


def started_needs(facts: Facts, stage: BuildStage, tool: Tool, manifest: bytes) -> str | None:
    """Why what a container of the stage starts may need development packages; None where nothing seen does."""
    watch = _Watch(facts, tool, scripts_of(manifest) or {}, development_names(manifest) or frozenset())
    starts = ("CMD", "ENTRYPOINT", "HEALTHCHECK")
    found = [watch.needed_by(one) for each in stage.lineage for one in each.instructions if one.name in starts]
    found += map(watch.started_by, facts.context.starts if facts.context is not None else ())
    return next((why for why in found if why is not None), None)


class _Watch:
    """The search through the stages. `reaches`: whether the packages get into the last stage."""

    def __init__(self, facts: Facts, tool: Tool, scripts: Mapping[str, str], names: frozenset[str]) -> None:
        self._facts = facts
        self._tool = tool
        self._scripts = scripts
        self._names = names
        self._seen: set[BuildStage] = set()
        self.reaches = False
        self.started = False

    def installing(self) -> str | None:
        """What the package manager itself runs while it installs."""
        for name in ecosystems().lifecycle:
            if self._needs(self._scripts.get(name, "")):
                return f"the script `{name}` of `{self._tool.manifest}` needs them"
        return None

    def after(self, stage: BuildStage, start: Instruction | None) -> str | None:
        """What a stage runs behind an instruction (None: all that it runs), and the stages that take from it."""
        if start is None and stage in self._seen:
            return None
        self._seen.add(stage)
        self.reaches = self.reaches or stage is self._facts.stages[-1]
        instructions = stage.instructions
        for instruction in instructions[instructions.index(start) + 1 if start else 0 :]:
            if (why := self.needed_by(instruction)) is not None:
                return why
        if stage is self._facts.stages[-1]:
            self.started = any(i.name in ("CMD", "ENTRYPOINT") for one in stage.lineage for i in one.instructions)
        for other, at in self._takers(stage):
            if (why := self.after(other, at)) is not None:
                return why
        return None

    def started_by(self, start: Start) -> str | None:
        """Why what somebody else starts may need them; None where nothing seen does."""
        text = " ".join(start.words)
        return f"{start.by} may need them" if self._started(text) else None

    def running(self, calls: Sequence[Call]) -> str | None:
        """The first of some commands that may need them."""
        needed = next((call for call in calls if not self._is_plain(call)), None)
        return None if needed is None else f"`{_short(source(needed.node))}` may need them"

    def _takers(self, stage: BuildStage) -> Iterator[tuple[BuildStage, Instruction | None]]:
        yield from ((other, None) for other in self._facts.stages if other.parent is stage)
        for instruction, copy in self._facts.copies.items():
            if copy.origin is not None and self._facts.stage_named(copy.origin) is stage:
                yield self._facts.stage_of[instruction], instruction

    def needed_by(self, instruction: Instruction) -> str | None:
        """Why an instruction may need them; None where nothing seen does."""
        match instruction.name:
            case "RUN" if self._facts.opaque(instruction):
                return "a later RUN cannot be read"
            case "RUN":
                return self.running(self._facts.calls(instruction))
            case "ONBUILD":
                return "a trigger may need them"
            case "CMD" | "ENTRYPOINT" | "HEALTHCHECK":
                text = _words(argument_text(instruction))
                return f"`{_short(text)}` may need them" if self._started(text) else None
        return None

    def _started(self, text: str) -> bool:
        """Whether what a container starts may need them: a script counts by what the build context shows of it."""
        names = _SCRIPT.findall(text)
        if _RUNNER.search(text) or any(name not in self._scripts for name in names):
            return True
        return self._needs(text) or any(self._needs(self._scripts[name]) for name in names)

    def _needs(self, text: str) -> bool:
        words = (*self._tool.development_words, *self._names)
        return any(re.search(rf"(?<![\w./-]){re.escape(word)}(?![\w/-])", text) for word in words)

    def _is_plain(self, call: Call) -> bool:
        """Whether the command runs nothing of the project."""
        if call.name is None:
            return False
        if package_call(call) is not None and tool_call(call) is None:
            return True
        tool = tool_call(call)
        if tool is not None:
            system = tool.tool.name in ("apt", "apk", "dnf", "pip", "gem")
            return system or tool.verb in tool.tool.idle_verbs
        return call.name == "" or call.name in commands().plain


def _words(text: str) -> str:
    """The arguments without the signs of the JSON form."""
    return " ".join(text.replace("\0", " ").split()).removeprefix("[ ").removesuffix(" ]").replace(" , ", " ")


def _short(text: str) -> str:
    return shortened(" ".join(text.split()), 40)


def may_build_later(facts: Facts, instruction: Instruction) -> bool:
    """Whether something behind a RUN may compile: in its stage, in those built from it, in a build from the image."""
    stage = facts.stage_of[instruction]
    later = stage.instructions[stage.instructions.index(instruction) + 1 :]
    for one in (*later, *(i for child in facts.children(stage) for i in child.instructions)):
        if one.name == "ONBUILD" or (one.name == "RUN" and facts.opaque(one)):
            return True
        if one.name == "RUN" and not all(map(builds_nothing, facts.calls(one))):
            return True
    return False


def builds_nothing(call: Call) -> bool:
    """Whether a command surely compiles nothing: one of the system's plain ones, or an installer of built packages."""
    package = package_call(call)
    if package is not None:
        return package.manager.family not in ("pip", "uv")
    return call.name is not None and (call.name == "" or call.name in commands().plain)
