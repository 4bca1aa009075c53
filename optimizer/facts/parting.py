"""How a stage that takes a whole folder out of a builder could take what was installed by itself.

What was installed changes seldom, sources with every commit: where both come in one COPY, both come anew each time.
Raises `Unknown` where it is not certain what a step behind the install does to what was installed.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Sequence

from msgspec import Struct

from optimizer.facts import BuildStage, Facts
from optimizer.facts.arrivals import arrived
from optimizer.facts.effects import EVERYWHERE
from optimizer.facts.effects.places import Place, canonical, meet
from optimizer.facts.effects.steps import step_effects
from optimizer.facts.installs import Standing, installs_of
from optimizer.facts.manifests import Need
from optimizer.facts.paths import within
from optimizer.facts.permissions import setting
from optimizer.facts.stacks.site import Unknown
from optimizer.facts.sync import scripts_of
from optimizer.facts.tables import json_object
from optimizer.facts.texts import argument_text, begins, shortened
from optimizer.facts.tools import edition, tool_calls
from optimizer.knowledge.ecosystems import Tool
from optimizer.knowledge.interpreters import interpreters
from optimizer.syntax.nodes import FILLERS, Instruction

_ELSEWHERE = frozenset({"apt", "apk", "npm"})
"""Families of installs whose packages lie where they always do."""
MODULES = "node_modules"
_NAMES_MODULES = re.compile(r"node_modules(?!/\.bin\b)")


class Parting(Struct, frozen=True):
    """What goes its own way. Paths are absolute."""

    builder: BuildStage
    stage: BuildStage
    """The last stage, which takes out of the builder."""
    install: Standing
    """The last install above the sources."""
    packages: tuple[str, ...]
    """Folders below the one that is taken, in which packages lie."""
    taken: Instruction
    """The COPY that takes the whole folder."""
    others: tuple[Instruction, ...]
    """COPYs that take something else out of the builder, which nothing behind the install writes."""
    sources: tuple[Instruction, ...]
    """COPYs of the context behind the install."""
    builds: tuple[Instruction, ...]
    """RUNs behind the install, but for the one that takes development packages away."""
    leaves: tuple[str, ...]
    """What else installs may leave in the folder that is taken."""
    prune: Instruction | None
    """The RUN that takes development packages away, at the end."""


def parting(facts: Facts) -> Parting | None:
    """How the last stage and its builder would be parted; None where there is nothing to part. Raises Unknown."""
    stage = facts.stages[-1] if len(facts.stages) > 1 else None
    for taken, builder, folder in _taken(facts, stage) if stage is not None else ():
        install = _install(facts, builder)
        if stage is not None and install is not None and within(facts.scopes[install.run].folder or "", folder):
            return _Parted(facts, stage, builder, taken, folder, install).made()
    return None


def _taken(facts: Facts, stage: BuildStage) -> Iterator[tuple[Instruction, BuildStage, str]]:
    """The COPYs that take a whole folder to where it was, with their origin and the folder."""
    for one in stage.instructions:
        copy = facts.copies.get(one) if one.name == "COPY" else None
        origin = facts.stage_named(copy.origin) if copy is not None else None
        if copy is None or origin is None or not {flag.name for flag in one.all_flags} <= {"from", "chown"}:
            continue
        folder = (copy.destination or "").rstrip("/")
        if folder and [posixpath.normpath(source or "") for source in copy.sources] == [folder]:
            yield one, origin, folder


def _install(facts: Facts, builder: BuildStage) -> Standing | None:
    """The last install behind which a COPY brings sources."""
    steps = builder.instructions
    copies = [number for number, one in enumerate(steps) if one.name in ("COPY", "ADD")]
    for one in reversed(steps[: copies[-1]] if copies else ()):
        standing = installs_of(facts, one) if one.name == "RUN" else ()
        if standing:
            parted = builder.parent is not None and not isinstance(standing[-1].need, Need)
            return standing[-1] if not parted else None
    return None


class _Parted(Struct):
    facts: Facts
    stage: BuildStage
    builder: BuildStage
    taken: Instruction
    folder: str
    install: Standing

    def made(self) -> Parting:
        """All of it. Raises Unknown."""
        behind = self._behind
        sources = tuple(one for one in behind if one.name in ("COPY", "ADD"))
        runs = [one for one in behind if one.name == "RUN"]
        prune = runs[-1] if runs and self._prunes(runs[-1]) and behind[-1] is runs[-1] else None
        builds = tuple(one for one in runs if one is not prune)
        packages, leaves = self._packages()
        self._used_elsewhere()
        for one in sources:
            self._brings(one, packages)
        for one in builds:
            self._builds(one, packages)
        others = tuple(one for one in self._others() if self._stays(one, builds))
        if builds and not (packages or others):
            raise Unknown("a step behind the install may install into what goes along", builds[0])
        return Parting(
            self.builder, self.stage, self.install, packages, self.taken, others, sources, builds, leaves, prune
        )

    @property
    def _behind(self) -> list[Instruction]:
        """What makes layers behind the install."""
        steps = self.builder.instructions
        return [one for one in steps[steps.index(self.install.run) + 1 :] if one.name in FILLERS]

    def _prunes(self, run: Instruction) -> bool:
        tool = self.tool(run)
        words = [word for word in argument_text(run).split() if tool is None or word != tool.frozen_option]
        return " ".join(words) in {
            command for one in interpreters().prunes.values() for command in (one.command, one.old)
        }

    def _packages(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The folders of packages that were installed in the project, and what else may be there. Raises Unknown."""
        packages: list[str] = []
        leaves: list[str] = []
        for run in (one for one in self.builder.instructions if one.name == "RUN"):
            for one in installs_of(self.facts, run):
                if not isinstance(one.need, Need):
                    raise Unknown(str(one.need), run)
                own = [path for path in one.need.writes if within(path, self.folder)]
                modules = [path for path in own if posixpath.basename(path) == MODULES]
                if modules and not self._holds_packages(one):
                    raise Unknown(f"what `{shortened(one.text)}` leaves in `{self.folder}` is not known", run)
                packages += modules
                leaves += own if not modules else ()
        return tuple(dict.fromkeys(packages)), tuple(dict.fromkeys(leaves))

    def _holds_packages(self, one: Standing) -> bool:
        """Whether it surely makes `node_modules`, and nothing else. Raises Unknown."""
        tool = self.tool(one.run)
        manifest = arrived(self.facts, one.run, "package.json") if tool is not None else None
        found = json_object(manifest.content(self.facts)) if manifest is not None else None
        if tool is None or found is None or tool.name not in ("npm", "yarn", "pnpm"):
            return False
        if found.get("workspaces"):
            raise Unknown("packages of workspaces lie in more than one place", one.run)
        if not found.get("dependencies"):
            raise Unknown("no package may be left of it", one.run)
        return True

    def tool(self, run: Instruction) -> Tool | None:
        """The tool of JavaScript that installs in a RUN."""
        calls = [call for call in tool_calls(self.facts, run) if call.tool.manifest == "package.json"]
        return edition(self.facts, run, calls[-1].tool) if calls else None

    def _used_elsewhere(self) -> None:
        """Raises Unknown where something else takes of the builder, or stands on it."""
        if self.facts.children(self.builder) or any(one.name == "ONBUILD" for one in self.builder.instructions):
            raise Unknown("another stage stands on the one that installs")
        for stage in self.facts.stages:
            for one in stage.instructions if stage is not self.stage else ():
                froms = [one.inner.flag("from"), *(mount.source_stage for mount in self.facts.mounts(one))]
                if any(name is not None and self.facts.stage_named(name) is self.builder for name in froms):
                    raise Unknown("another stage takes files of the one that installs", one)

    def _brings(self, one: Instruction, packages: Sequence[str]) -> None:
        """Raises Unknown where a COPY brings something into what was installed."""
        copy = self.facts.copies.get(one)
        places = self.facts.placed(copy) if copy is not None and copy.from_context else None
        if copy is None or copy.documents or places is None:
            raise Unknown("what comes behind the install is not known", one)
        if any(within(path, folder) for path in places for folder in packages):
            raise Unknown("the context holds packages that come over those that were installed", one)

    def _builds(self, run: Instruction, packages: Sequence[str]) -> None:
        """Raises Unknown where a RUN may change what was installed."""
        chain = self.facts.chain(run)
        if chain is None or installs_of(self.facts, run):
            raise Unknown("what it does to what was installed is not known", run)
        texts = [argument_text(run), *self._scripts()] if packages else []
        for text in texts:
            if _NAMES_MODULES.search(text) or (name := self._generates(text)):
                why = f"`{name}` writes" if not _NAMES_MODULES.search(text) else f"`{shortened(text)}` may write"
                raise Unknown(f"{why} into `{MODULES}`", run)
        owned = self.facts.copies[self.taken].owner is not None
        for step in chain.steps:
            said = setting(step) if owned else None
            if said is not None and said.mode is None:
                continue  # What is taken gets its owner then.
            if self._is_inside(step.calls[0].name if len(step.calls) == 1 else None, run):
                continue
            effects = step_effects(self.facts, run, step)
            touched = {*effects.writes, *effects.deletes}
            if not effects.known or any(
                meet(place, Place(canonical(one), below=True)) for place in touched for one in packages
            ):
                raise Unknown("it may change what was installed", run)

    def _is_inside(self, name: str | None, run: Instruction) -> bool:
        """Whether it runs a script of the project, which keeps to the project's own files."""
        if name in ("npx", "pnpx", "bunx"):
            return True
        calls = [call for call in tool_calls(self.facts, run) if call.call.name == name]
        scripts = bool(calls) and all(
            call.tool.manifest == "package.json" and call.verb not in call.tool.production_verbs for call in calls
        )
        text = argument_text(run)
        return scripts or begins(text, interpreters().inside)

    def _scripts(self) -> Iterator[str]:
        """The scripts of the project, and the names of its packages."""
        manifest = arrived(self.facts, self.install.run, "package.json")
        content = manifest.content(self.facts) if manifest is not None else None
        yield from (scripts_of(content) or {}).values()
        found = json_object(content) or {}
        for kind in ("dependencies", "devDependencies"):
            section = found.get(kind)
            yield from section if isinstance(section, dict) else ()

    def _generates(self, text: str) -> str | None:
        """A package that writes into the folder of packages when it is run."""
        words = re.findall(r"[\w@/.-]+", text)
        return next((name for name in interpreters().generates if name in words), None)

    def _others(self) -> Iterator[Instruction]:
        for one in self.stage.instructions:
            copy = self.facts.copies.get(one) if one.name == "COPY" and one is not self.taken else None
            if copy is not None and self.facts.stage_named(copy.origin) is self.builder:
                yield one

    def _stays(self, one: Instruction, builds: Sequence[Instruction]) -> bool:
        """Whether nothing behind the install writes what a COPY takes."""
        copy = self.facts.copies[one]
        paths = [posixpath.normpath(path) for path in copy.sources if path is not None]
        if len(paths) < len(copy.sources) or any(within(path, self.folder) for path in paths):
            return False
        for run in builds:
            if self._is_inside(next((call.name for call in self.facts.calls(run)), None), run):
                continue
            effects = self.facts.effects(run)
            if any(one.install is not None and one.install.family not in _ELSEWHERE for one in effects.actions):
                return False  # into the environment that PATH leads to, wherever that is
            for place in effects.writes:
                if place == EVERYWHERE or any(meet(place, Place(canonical(path), below=True)) for path in paths):
                    return False
        return True
