"""A walk over a stage that builds: what each of its steps leaves there, told by the rows of `stacks.toml`.

A step that nobody knows may leave anything: `Unknown`, unless the settings name what the container needs.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator, Sequence
from fnmatch import fnmatchcase

from msgspec import Struct, field
from msgspec.structs import replace

from optimizer.facts import BuildStage, Copy, Facts
from optimizer.facts.bases import defaults_of
from optimizer.facts.calls import Call
from optimizer.facts.chains import Step
from optimizer.facts.packages import PackageCall, package_call
from optimizer.facts.scope import ROOTS, Scope
from optimizer.facts.stacks.c import c
from optimizer.facts.stacks.dotnet import dotnet
from optimizer.facts.stacks.elixir import elixir
from optimizer.facts.stacks.go import go
from optimizer.facts.stacks.java import java
from optimizer.facts.stacks.rust import rust
from optimizer.facts.stacks.site import Ground, Product, Site, Unknown
from optimizer.facts.texts import shortened
from optimizer.knowledge.stacks import BuilderImage, Stack, stacks
from optimizer.syntax.nodes import Command, Instruction

Build = Callable[[Site, Call], "tuple[Product, ...] | None"]
BUILDS: dict[str, Build] = {"go": go, "rust": rust, "c": c, "java": java, "dotnet": dotnet, "elixir": elixir}
"""What makes programs, by the stack."""

MOVED = frozenset({"CMD", "ENTRYPOINT", "HEALTHCHECK", "LABEL", "EXPOSE", "STOPSIGNAL", "VOLUME", "MAINTAINER"})
"""What no build step reads: it belongs to the image that is run."""
STATE = frozenset({"ENV", "ARG", "USER", "WORKDIR", "SHELL"})
HINT = '`[tool.dockopt.multi-stage] artefacts = ["PATH"]` would say what the image holds'


class Survey(Struct):
    """What a stage holds at its end. `given`: the settings name the artefacts, so steps may be anything."""

    facts: Facts
    stage: BuildStage
    builder: BuilderImage
    stack: Stack
    given: bool
    ground: Ground = field(default_factory=Ground)
    scopes: dict[Instruction, Scope] = field(default_factory=dict)
    """What is in force before each instruction, with what the base image is known to set."""
    end: Scope = field(default_factory=Scope)
    packages: dict[str, Instruction] = field(default_factory=dict)
    recommended: bool = False
    """Whether an install takes recommended packages too."""
    repeated: list[tuple[Instruction, Step]] = field(default_factory=list)
    """Steps that make users, or set owners: the image that is run needs them as well."""
    elsewhere: list[Instruction] = field(default_factory=list)
    """Copies out of other stages and images."""

    def walk(self) -> Survey:
        """Go over the stage. Raises Unknown."""
        base = defaults_of(self.stage.base)
        path = {"PATH": self.builder.path}
        self.end = Scope({**self.builder.values, **path}, user=base.user, folder=base.folder)
        for instruction in self.stage.instructions:
            self.scopes[instruction] = self.end
            match instruction.name:
                case "COPY" | "ADD":
                    self._copied(instruction)
                case "RUN":
                    self._ran(instruction)
                    self._hidden(instruction)
                case name if name not in MOVED | STATE:
                    raise Unknown(f"`{name}` acts on images that are built from this one", instruction)
            self.end = self.end.after(instruction, self.facts.tree.escape)
        return self

    def site(self, instruction: Instruction, folder: str | None) -> Site:
        """The place of a command."""
        scope = self.scopes[instruction]
        return Site(self.facts, self.stage, self.builder, self.stack, instruction, scope, folder, self.ground)

    def _copied(self, instruction: Instruction) -> None:
        copy = self.facts.copies.get(instruction)
        if copy is None:
            raise Unknown("what it copies is not known", instruction)
        if copy.origin is not None:
            self.elsewhere.append(instruction)
            return
        owned = copy.owner not in (None, *ROOTS)
        if self.facts.context is None:
            raise Unknown(f"the sources are not seen: {self.facts.no_context}", instruction)
        found = self.facts.placed(self._with_destination(copy))
        if found is None:
            raise Unknown("which files it brings, and where to, is not known", instruction)
        self.ground.files |= found
        self.ground.owned |= set(found) if owned else set()

    def _with_destination(self, copy: Copy) -> Copy:
        """The copy with a destination that depends on the base image's variables or folder."""
        if copy.destination is not None:
            return copy
        site = self.site(copy.instruction, self.scopes[copy.instruction].folder)
        return replace(copy, destination=site.path(copy.words[-1].text))

    def _ran(self, run: Instruction) -> None:
        if self.facts.opaque(run):
            self._give_up(Unknown(f"its commands cannot be read; {HINT}", run))
            return
        chain = self.facts.chain(run)
        folder = self.scopes[run].folder
        if chain is None:
            moves = any(call.name in ("cd", "pushd", "popd", None) for call in self.facts.calls(run))
            self._step(run, None, self.facts.calls(run), None if moves else folder)
            return
        for step in chain.steps:
            self._step(run, step, step.calls, folder)
            if step.command is not None and step.calls and step.calls[0].name == "cd":
                words = step.calls[0].words
                path = self.site(run, folder).path(words[1]) if len(words) == 2 else None
                folder = path.rstrip("/") or "/" if path is not None else None
            elif any(call.name in ("cd", "pushd", "popd") for call in step.calls):
                folder = None

    def _hidden(self, run: Instruction) -> None:
        """What lies in a mount is not in the image."""
        for mount in self.facts.mounts(run):
            folder = (self.site(run, self.scopes[run].folder).path(mount.target or "/") or "/").rstrip("/") + "/"
            gone = [path for path in self.ground.products if path.startswith(folder)]
            for path in gone:
                del self.ground.products[path]

    def _step(self, run: Instruction, step: Step | None, calls: Sequence[Call], folder: str | None) -> None:
        known = stacks().commands
        for call in calls:
            try:
                if call.name not in (*known.users, *known.owners) and not self._opens(run, call, folder):
                    self._called(self.site(run, folder), call)
                elif step is None or step.command is None or len(calls) != 1:
                    raise Unknown(f"`{call.name}` stands in a larger step", run)
                else:
                    self.repeated.append((run, step))
            except Unknown as unknown:
                self._give_up(unknown)

    def _opens(self, run: Instruction, call: Call, folder: str | None) -> bool:
        """Whether it sets the mode of a folder: that of a file goes with it, a folder's is lost on the way."""
        if call.name != "chmod":
            return False
        paths = list(_paths(self.site(run, folder), call))[1:]
        held = (*self.ground.files, *self.ground.products)
        return any(path not in held and not any(fnmatchcase(one, path) for one in held) for path in paths)

    def _give_up(self, unknown: Unknown) -> None:
        if not self.given:
            raise unknown

    def _called(self, site: Site, call: Call) -> None:
        """Take note of one command. Raises Unknown for one that may leave anything."""
        if _writes_file(call):
            raise strange(site, call, "writes a file")
        products = BUILDS[self.stack.name](site, call)
        package = package_call(call)
        if products:
            self.ground.products |= {one.path: one for one in products}
        elif products is not None and not any(word.text == "clean" for word in call.words[1:]):
            return
        elif package is not None and package.manager.family in ("apt", "apk"):
            self._managed(site, package)
        elif call.name in ("rm", "rmdir"):
            self.ground.remove([site.path(word) for word in call.words[1:] if not word.text.startswith("-")])
        elif call.name in self.stack.tools and any(word.text == "clean" for word in call.words[1:]):
            self.ground.remove([site.folder], products=True)
        elif call.name == "mkdir":
            if not site.scope.as_root or any(word.text.startswith(("-m", "--mode")) for word in call.words):
                raise strange(site, call, "makes a folder with an owner or a mode of its own")
            self.ground.folders += [path.rstrip("/") for path in _paths(site, call)]
        elif call.name in ("cp", "mv", "install"):
            self._moved(site, call)
        elif call.name != "chmod" and not self._is_idle(call):
            raise strange(site, call, "may make what the container needs")

    def _is_idle(self, call: Call) -> bool:
        """Whether it leaves nothing that a program needs."""
        known = (*stacks().commands.idle, *self.stack.idle)
        verb = next((word.text for word in call.words[1:] if not word.text.startswith("-")), "")
        return not call.name or call.name in known or any(f"{call.name} {w}" in known for w in (verb, *_first(call)))

    def _managed(self, site: Site, package: PackageCall) -> None:
        if not package.installs:
            return
        self.recommended |= bool(package.manager.lean) and not set(package.options) & set(package.manager.lean_any)
        for word in package.operands:
            name = site.value(word)
            if name is None or name.startswith((".", "/")):
                raise site.unknown(f"which package `{shortened(word.text, 30)}` is, is not known")
            self.packages.setdefault(name, site.instruction)

    def _moved(self, site: Site, call: Call) -> None:
        """Follow what is copied or moved. Raises Unknown where that is not seen."""
        paths = list(_paths(site, call))
        if len(paths) != 2:
            raise strange(site, call, "may make what the container needs")
        origin, target = paths
        into = target.endswith("/") or self.ground.is_folder(target)
        target = posixpath.join(target, posixpath.basename(origin)) if into else target
        if (product := self.ground.product(origin)) is not None and "*" not in target:
            self.ground.products[target] = replace(product, path=target, sure=True)
            if origin in self.ground.products and target != origin:
                self.ground.products[origin] = replace(product, sure=False)
        elif origin in self.ground.files and call.name != "mv":
            self.ground.files[target] = self.ground.files[origin]
        else:
            raise strange(site, call, "may make what the container needs")
        if call.name == "mv" and origin not in self.ground.files:
            self.ground.products.pop(origin, None)


def _first(call: Call) -> tuple[str, ...]:
    return tuple(word.text for word in call.words[1:2])


def strange(site: Site, call: Call, why: str) -> Unknown:
    """That a command is not known, and how the settings could help."""
    name = call.name or (call.words[0].text if call.words else "a command")
    return site.unknown(f"`{shortened(name, 30)}` {why}; {HINT}")


def _writes_file(call: Call) -> bool:
    if not isinstance(call.node, Command) or call.substituted:
        return False
    outputs = [r.target.text for r in call.node.redirects if not r.is_heredoc and ">" in r.operator.text]
    return any(not (text.startswith("/dev/") or text.isdigit()) for text in outputs)


def _paths(site: Site, call: Call) -> Iterator[str]:
    """The operands of a command as paths. Raises Unknown."""
    words = iter(call.words[1:])
    for word in words:
        if word.text in ("-m", "--mode"):
            next(words, None)
        elif not word.text.startswith("-"):
            path = site.path(word)
            if path is None:
                raise strange(site, call, "names a path that is not known")
            yield path
