"""What a build would do: for each stage its steps, each an atom of work with the state that it runs in.

`RUN a && b` and `RUN a` + `RUN b` have the same trace, unless `a` leaves something in the shell that `b` would see:
then they are one atom. `( a )` is a RUN of its own. Computed from the tree alone, by code that knows no transform.
"""

from __future__ import annotations

import posixpath
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from msgspec import Struct, structs

from optimizer.checks.environment import Environment
from optimizer.checks.mounted import cache_mounts, mounts_file
from optimizer.checks.package_lists import Lists, PackageLists, holds_no_lists
from optimizer.checks.removal import install_text, joined, libraries_kept, removals
from optimizer.checks.wording import empties_cache, lean, named, owners_told, set_aside, worded
from optimizer.facts import BuildStage, Facts
from optimizer.facts.adding import adds_more
from optimizer.facts.calls import Call, calls_in
from optimizer.facts.chains import Chain, Step, heeds_errexit, leaves, may_set_errexit, subshell, without_end
from optimizer.facts.chains import chain as chain_of
from optimizer.facts.lists import Deletion, copy_may_change_sources, deletion, only_refreshes
from optimizer.facts.ownership import Held, Ownership
from optimizer.facts.passing import passing
from optimizer.facts.texts import argument_text, flags_text, tokens
from optimizer.syntax.nodes import Flag, Instruction, ShellScript, source
from optimizer.transform import Leeway

_SETS_STEPS_ASIDE = frozenset({Leeway.PRODUCTION, Leeway.CACHES, Leeway.BUILD_PACKAGES, Leeway.HARDENING})

State = tuple[Hashable, ...]


@dataclass(frozen=True, slots=True)
class Atom:
    """One piece of work. `lists`: the package lists that it may read, in the state that it finds them in."""

    text: str
    state: State
    lists: tuple[tuple[str, Lists], ...] = ()
    owners: tuple[tuple[str, Held], ...] = ()
    """Owner and mode of what it may see; told only where these may be set in another way."""
    kept: tuple[str, ...] = field(default=(), compare=False)
    """Packages and options that the leeway leaves out of the text: such may come, never go."""
    deletes: Deletion | None = field(default=None, compare=False)
    instruction: Instruction | None = field(default=None, compare=False)
    calls: tuple[Call, ...] = field(default=(), compare=False)
    known: bool = field(default=False, compare=False)
    """Whether all commands in it could be read."""


class Trace(Struct, frozen=True):
    """The atoms of each stage, in order."""

    stages: tuple[tuple[Atom, ...], ...]


def trace(facts: Facts, leeway: frozenset[Leeway] = frozenset()) -> Trace:
    """The trace, without what the leeway lets differ."""
    return facts.remembered(("trace", leeway), lambda: _trace(facts, leeway))


def _trace(facts: Facts, leeway: frozenset[Leeway]) -> Trace:
    ends: dict[BuildStage, _Walk] = {}
    found = []
    for stage in facts.stages:
        walk = _Walk(facts, stage, leeway, ends)
        if stage.parent:
            walk.inherit(ends[stage.parent])
        found.append(tuple(walk.atoms(stage)))
        ends[stage] = walk
    return Trace(tuple(found))


class _Walk:
    """The state while a stage is walked: what is in force, and the package lists."""

    def __init__(
        self, facts: Facts, stage: BuildStage, leeway: frozenset[Leeway], ends: Mapping[BuildStage, _Walk]
    ) -> None:
        self._facts = facts
        self._ends = ends
        self._leeway = leeway
        self._environment: State = ()
        self._user = ""
        self._folder = ""
        self._shell = ""
        self._lists = PackageLists(facts, removed=Leeway.CACHES in leeway and holds_no_lists(stage))
        parent = ends[stage.parent]._owners if stage.parent else None
        self._owners: Ownership | None = Ownership(facts, stage, parent) if Leeway.OWNERSHIP in leeway else None
        self._values: Environment | None = Environment() if Leeway.ENVIRONMENT in leeway else None
        self._aside: list[str] = []
        """Steps that the leeway leaves out: they may come, never go."""
        free = Leeway.MOUNT in leeway
        self._passing = {one.run: one for one in passing(facts) if one.why is None} if free else {}

    def inherit(self, parent: _Walk) -> None:
        """Begin where the parent stage ended."""
        self._environment, self._user = parent._environment, parent._user
        self._folder, self._shell = parent._folder, parent._shell
        self._lists = parent._lists.copy()
        self._values = parent._values.copy() if parent._values else None

    def atoms(self, stage: BuildStage) -> Iterator[Atom]:
        """The atoms of the stage; triggers run after it, in the stage that is built from it."""
        triggers = []
        for instruction in stage.instructions:
            text = argument_text(instruction, named(self._facts, instruction, self._leeway))
            match instruction.name:
                case "RUN":
                    yield from self._run(instruction)
                case "COPY" | "ADD" if any(one.copy is instruction for one in self._passing.values()):
                    continue
                case "COPY" | "ADD":
                    yield self._copy(instruction, text)
                case "ONBUILD":
                    triggers.append(instruction)
                case "VOLUME" if self._owners:
                    self._owners.declared(instruction)
                case "LABEL" if self._values:
                    self._values.after(instruction)
                case "ENV" | "ARG":
                    if self._values:
                        self._values.after(instruction)
                    if self._owners:
                        self._owners.declared(instruction)
                    self._environment = (*self._environment, *self._defined(instruction))
                case "USER":
                    self._user = self._with_values(text)
                    if Leeway.HARDENING in self._leeway:
                        self._aside.append(f"USER {text}")
                case "WORKDIR":
                    self._folder = self._with_values(self._entered(instruction, text))
                    if self._owners:
                        self._owners.entered(instruction)
                    state = (self._user, *self._expanded_in(text))
                    yield Atom(f"WORKDIR {self._folder}", state, instruction=instruction)
                case "SHELL":
                    self._shell = text
                case "CMD" | "ENTRYPOINT" | "HEALTHCHECK":
                    yield from self._started(instruction, text)
        for trigger in triggers:
            if trigger.inner.name == "RUN":
                yield from self._run(trigger)
        if self._leeway & _SETS_STEPS_ASIDE:
            yield Atom("", (), kept=tuple(self._aside))
        if self._owners:
            held = sorted((key, thing.held) for key, thing in self._owners.things.items())
            yield Atom("the files", (), owners=tuple(held))

    def _defined(self, instruction: Instruction) -> Iterator[Hashable]:
        """What an ENV or ARG puts into the environment: names and values, whatever their form."""
        pairs = self._facts.pairs.get(instruction)
        if pairs is None:
            yield instruction.name, argument_text(instruction)
        else:
            yield from ((instruction.name, *pair) for pair in pairs)

    def _entered(self, instruction: Instruction, text: str) -> str:
        """The folder behind a WORKDIR, as BuildKit joins it; as written where it is not known."""
        found = self._facts.entered(instruction)
        if found is not None:
            return text if text.startswith("/") else found
        return text if text.startswith("/") else posixpath.join(self._folder, text)

    def _copy(self, instruction: Instruction, text: str) -> Atom:
        if copy_may_change_sources(text):
            self._lists.sources_changed()
        if self._owners and self._owners.copied(instruction):
            text = argument_text(instruction, owners_told(instruction, self._leeway))
        plain = Leeway.ADD in self._leeway and adds_more(self._facts, instruction) is None
        name = "COPY" if plain else instruction.name
        copy = self._facts.copies.get(instruction)
        relative = copy is None or copy.relative
        state = ((self._folder,) if relative else ()) + self._expanded_in(text)
        return Atom(f"{name} {text}", state, self._copied(instruction), instruction=instruction)

    def _expanded_in(self, text: str) -> State:
        """What BuildKit may put into the text of an instruction."""
        if self._values:
            return (self._values.of(text), *self._values.opaque)
        return self._environment if "$" in text else ()

    def _with_values(self, text: str) -> str:
        """A text that the builder expands, with the values of the variables that it names, where order is free."""
        return str(self._values.of(text)) if self._values and "$" in text else text

    def _copied(self, instruction: Instruction) -> tuple[tuple[str, Lists], ...]:
        """The lists that are copied out of another stage, as that stage leaves them."""
        origin = self._facts.stage_named(instruction.flag("from"))
        copy = self._facts.copies.get(instruction)
        if origin is None or origin not in self._ends or copy is None:
            return ()
        return self._ends[origin]._lists.below([word.text for word in copy.words[:-1]])

    def _started(self, instruction: Instruction, text: str) -> Iterator[Atom]:
        """What a container starts, where it needs the lists that the image holds."""
        if lists := self._lists.started(text):
            yield Atom(f"{instruction.name} {text}", (), lists, instruction=instruction)

    def _state(self, instruction: Instruction) -> State:
        run = instruction.inner
        names = named(self._facts, instruction, self._leeway)
        gone = [*self._mounted_files(run), *self._caches(instruction)]
        flags = flags_text(run, {**names, **dict.fromkeys(gone, "")})
        documents = "\0".join(source(doc.body) for doc in run.heredocs) if not self._is_lone(instruction) else ""
        trigger = "ONBUILD" if run is not instruction else ""
        environment = self._environment
        if self._values:
            environment = (self._values.read_by(self._facts, instruction), *self._values.opaque)
            flags = self._with_values(flags)
        return (*environment, self._user, self._folder, self._shell, flags, documents, trigger)

    def _mounted_files(self, run: Instruction) -> list[Flag]:
        """The flags that the leeway takes as the files that they mount."""
        return [flag for flag in run.all_flags if mounts_file(flag)] if Leeway.MOUNT in self._leeway else []

    def _caches(self, instruction: Instruction) -> list[Flag]:
        """The cache mounts of a RUN that the leeway lets come; these are noted."""
        if Leeway.CACHES not in self._leeway or instruction.inner.name != "RUN":
            return []
        free = cache_mounts(self._facts, instruction)
        self._aside += [f"--mount of {mount.target}" for mount in free.values()]
        self._aside += lean(self._facts.calls(instruction), [mount.target or "" for mount in free.values()])
        return list(free)

    def _is_lone(self, instruction: Instruction) -> bool:
        script = self._facts.script(instruction)
        return script is not None and any(doc.body is script for doc in instruction.inner.heredocs)

    def _run(self, instruction: Instruction) -> Iterator[Atom]:
        """A RUN; lists that it fetched into a mount are not there behind it."""
        before = self._lists.copy()
        yield from self._run_steps(instruction)
        for mount in self._facts.mounts(instruction):
            if mount.kind == "cache" and mount.target is not None:
                self._lists.restored(before, mount.target)

    def _run_steps(self, instruction: Instruction) -> Iterator[Atom]:
        state = self._state(instruction)
        chain = self._facts.chain(instruction)
        for flag in self._mounted_files(instruction):
            yield Atom(f"mount {flag.value}", (), instruction=instruction)
        if (one := self._passing.get(instruction)) is not None:
            chain = structs.replace(one.chain, steps=(*one.chain.steps[: one.at], *one.chain.steps[one.at + 1 :]))
            yield Atom(f"mount type=bind,source={one.source},target={one.path}", (), instruction=instruction)
        if chain is None:
            yield self._whole(instruction, state, self._facts.script(instruction), self._facts.calls(instruction))
        else:
            yield from self._chain(instruction, chain, state)

    def _subshell(
        self, instruction: Instruction, script: ShellScript, state: State, *, ignored: bool
    ) -> Iterator[Atom]:
        """What `( ... )` does in a shell that is as it was started: the same as a RUN of its own.

        `ignored`: it stands left of `&&`, where no shell stops by itself at errors.
        """
        stops = self._facts.scopes[instruction].stops_at_errors
        found = chain_of(instruction, script, stops_at_errors=stops)
        if found is not None and not (ignored and found.separator == ";"):
            yield from self._chain(instruction, found, state, ignored=ignored)
            return
        atom = self._whole(instruction, state, script, calls_in(instruction, script.parts))
        errexit = stops or may_set_errexit(script.parts)
        yield _unheeded(atom) if ignored and errexit and heeds_errexit(script.parts) else atom

    def _chain(self, instruction: Instruction, chain: Chain, state: State, *, ignored: bool = False) -> Iterator[Atom]:
        left: set[str] = set()
        free_standing: list[Atom] = []
        fused: list[Atom] = []
        errexit = self._facts.scopes[instruction].stops_at_errors
        for step in chain.steps:
            off = ignored or (chain.separator == "&&" and step is not chain.steps[-1])
            inner = subshell(step)
            if inner is not None and not left and not leaves(step):
                free_standing.extend(self._subshell(instruction, inner, state, ignored=off))
                continue
            errexit = errexit or may_set_errexit(step.parts)
            atom = self._step(instruction, step, state, alone=left <= {"options"})
            if atom is not None and off and errexit and heeds_errexit(step.parts):
                atom = _unheeded(atom)
            if atom is not None and not left and not leaves(step):
                free_standing.append(atom)
            elif atom is not None:
                fused.append(atom)
            left |= leaves(step)
        yield from _installs_joined(free_standing)
        fused = list(_installs_joined(fused))
        free: list[Atom] = []
        while len(fused) > 1 and _is_free(fused[-1], left):
            free.insert(0, fused.pop())
        yield from [_fuse(fused), *free] if fused else []

    def _set_aside(self, instruction: Instruction, step: Step) -> str | None:
        scope = self._facts.scopes[instruction]
        leeway = self._leeway if scope.user in ("root", "0") else self._leeway - {Leeway.HARDENING}
        return set_aside(step, leeway, scope.folder)

    def _step(self, instruction: Instruction, step: Step, state: State, *, alone: bool) -> Atom | None:
        """The atom of one step; None where the leeway leaves it out. Moves the states on.

        `alone`: whether the steps before it left nothing in the shell that matters to it.
        """
        settled = self._owners.settled(instruction, step) if self._owners and alone else None
        if settled is not None and not settled.rest:
            return None
        owners = self._owners.ran(instruction, step, settled, alone=alone) if self._owners else ()
        if self._leeway & _SETS_STEPS_ASIDE and (aside := self._set_aside(instruction, step)) is not None:
            self._aside.append(aside)
            return None
        if Leeway.BUILD_PACKAGES in self._leeway:
            gone = self._facts.remembered(("removals", instruction), lambda: removals(self._facts, instruction))
            if step in gone:
                self._aside.append(f"the removal of {gone[step]}")
                return None
        refreshed = only_refreshes(step)
        if refreshed is not None:
            self._lists.fetched(refreshed.family)
        if refreshed is not None and Leeway.REFRESH in self._leeway:
            return None
        deletes = deletion(step, self._facts.scopes[instruction].folder)
        if deletes is not None:
            self._lists.deleted(deletes)
            if deletes.regenerable and Leeway.CLEANUP in self._leeway:
                return None
        if Leeway.CACHES in self._leeway and empties_cache(step, self._facts.calls(instruction)):
            return None
        lists = () if refreshed or deletes else self._read(instruction, step.calls)
        text, kept = worded(step.parts, step.calls, self._words_leeway(instruction))
        if Leeway.BUILD_PACKAGES in self._leeway and (said := install_text(self._facts, instruction, step)) is not None:
            text, kept = said, libraries_kept(self._facts, instruction, step)
        if settled is not None:
            text = " ".join(token for part in step.parts for token in tokens(part, dict.fromkeys(settled.paths, "")))
        return Atom(text, state, lists, owners, kept, deletes, instruction, step.calls, known=True)

    def _words_leeway(self, instruction: Instruction) -> frozenset[Leeway]:
        """What may differ in the words: `sudo` matters where the user may be another one than root."""
        root = self._facts.scopes[instruction].as_root
        trigger = instruction.inner is not instruction
        return self._leeway if root and not trigger else self._leeway - {Leeway.SUDO}

    def _whole(
        self, instruction: Instruction, state: State, script: ShellScript | None, calls: tuple[Call, ...]
    ) -> Atom:
        """A RUN, or a subshell, that is no chain of steps, as one atom."""
        opaque = self._facts.opaque(instruction)
        lists = self._read(instruction, calls, script, opaque=opaque)
        body = instruction.inner.body
        parts = without_end(script.parts) if script else [body] if body is not None else []
        text, kept = worded(parts, calls, self._words_leeway(instruction))
        owners = self._owners.ran(instruction, None) if self._owners else ()
        return Atom(text, state, lists, owners, kept, instruction=instruction, calls=calls, known=not opaque)

    def _read(
        self,
        instruction: Instruction,
        calls: tuple[Call, ...],
        script: ShellScript | None = None,
        *,
        opaque: bool = False,
    ) -> tuple[tuple[str, Lists], ...]:
        """The lists that the commands may read as they find them."""
        variables = self._facts.scopes[instruction].variables
        return self._lists.read(calls, variables, script, opaque=opaque, free=Leeway.LISTS in self._leeway)


def _is_free(atom: Atom, left: set[str]) -> bool:
    """Whether a step does the same whatever the steps before it left in the shell."""
    if atom.deletes is None or "control" in left:
        return False
    return not (atom.deletes.relative and "directory" in left)


def _unheeded(atom: Atom) -> Atom:
    """The step where `set -e` does not stop it midway."""
    return replace(atom, text=f"unless it fails midway: {atom.text}")


def _installs_joined(atoms: Sequence[Atom]) -> Iterator[Atom]:
    """Installs right behind one another, where a leeway lets the packages be told apart, as one."""
    waiting: Atom | None = None
    for atom in atoms:
        text = joined([waiting.text, atom.text]) if waiting is not None else None
        if waiting is not None and text is not None:
            waiting = replace(waiting, text=text, kept=(*waiting.kept, *atom.kept), calls=(*waiting.calls, *atom.calls))
            continue
        if waiting is not None:
            yield waiting
        waiting = atom
    if waiting is not None:
        yield waiting


def _fuse(atoms: Sequence[Atom]) -> Atom:
    return replace(
        atoms[0],
        text=" && ".join(atom.text for atom in atoms),
        lists=tuple(found for atom in atoms for found in atom.lists),
        owners=tuple(found for atom in atoms for found in atom.owners),
        kept=tuple(name for atom in atoms for name in atom.kept),
        deletes=atoms[0].deletes if len(atoms) == 1 else None,
        calls=tuple(call for atom in atoms for call in atom.calls),
    )
