"""Who owns what COPY brought, and with which mode: followed through a stage, as far as it can be told.

One COPY, with the folders that it makes, is owned as its flags say; a later chown or chmod of all that it brought
reads as if its flags said so. What may see the difference in between is asked of every other step.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from msgspec import Struct, field
from msgspec.structs import replace

from optimizer.facts.base_folders import ancestry, existing, held_by_base, is_file_name, is_free, near
from optimizer.facts.calls import Call
from optimizer.facts.chains import Step, leaves
from optimizer.facts.copies import Copy, is_remote, normalised
from optimizer.facts.effects import Effects, Place, effects, meet, step_effects
from optimizer.facts.effects.places import canonical
from optimizer.facts.packages import package_call
from optimizer.facts.paths import within
from optimizer.facts.permissions import ROOT, Account, Setting, account, applied, octal, setting
from optimizer.facts.scope import Scope
from optimizer.knowledge import commands
from optimizer.knowledge.effects import effects_table
from optimizer.knowledge.folders import folders
from optimizer.syntax.nodes import ExecForm, Instruction, Pairs, Word

if TYPE_CHECKING:
    from optimizer.facts import BuildStage, Facts

_SOURCE = Account("as in the source")
_MAKER = Account("who makes it")


class Held(Struct, frozen=True):
    """Owner and mode of something. `mode`: octal digits where known, else where it comes from."""

    user: Account
    group: Account
    mode: str


class Thing(Struct):
    """A file, a folder, or all that one COPY brought. `path`: the place at or below which it lies."""

    path: str
    held: Held
    copy: Copy | None = None
    """The COPY that brought it; None for a folder that another step made."""
    kind: str = "file"
    """`file`, `folder` (itself, not what is in it), `tree` (of a COPY), `maybe` (a folder that may have been there)."""
    covered: bool = False
    """Whether a later COPY may have put something else there."""
    seen_by: list[Instruction] = field(default_factory=list)
    """The steps since it was brought that may look at it."""
    plain: bool = True
    """Whether a change of owner takes nothing else from it (setuid bits, capabilities)."""
    accounts: Callable[[], int] = int
    """How many steps before it could change the accounts."""
    declared: Mapping[str, int] = field(default_factory=dict)
    """How often each variable was given a value before it."""


class Settled(Struct, frozen=True):
    """What a step that sets owner or mode does to known things. `paths`: the words of them; `rest`: the other words.

    `things`: all things that are known, as they are before it.
    """

    setting: Setting
    paths: tuple[Word, ...]
    rest: tuple[Word, ...]
    things: Mapping[str, Thing]
    after: Mapping[str, Held]


class _Step:
    """A step that is no setting; what it does is asked for only where it matters. `settled`: paths that it sets."""

    def __init__(
        self, facts: Facts, instruction: Instruction, step: Step | None, settled: frozenset[str | None]
    ) -> None:
        self._facts, self._instruction, self._step, self._settled = facts, instruction, step, settled

    @cached_property
    def effects(self) -> Effects:
        """What it reads, writes and deletes, without the paths that are settled."""
        step = self._step
        if step is None:
            return effects(self._facts, self._instruction)
        found = self._facts.remembered(("effects", step), lambda: step_effects(self._facts, self._instruction, step))
        if not self._settled:
            return found
        return Effects(
            tuple(
                replace(one, reads=self._rest(one.reads), needs=self._rest(one.needs), writes=self._rest(one.writes))
                for one in found.actions
            )
        )

    def _rest(self, places: frozenset[Place]) -> frozenset[Place]:
        return frozenset(place for place in places if place.path not in self._settled)


class Ownership:
    """The things of a stage while it is walked, in source order."""

    def __init__(self, facts: Facts, stage: BuildStage, parent: Ownership | None) -> None:
        self._facts = facts
        self._escape = facts.tree.escape
        self.things: dict[str, Thing] = {key: replace(t) for key, t in parent.things.items()} if parent else {}
        self._steps: list[_Step] = list(parent._steps) if parent else []
        self._strange: list[str] = list(parent._strange) if parent else []
        self._copied_accounts: int = parent._copied_accounts if parent else 0
        self._declared: dict[str, int] = dict(parent._declared) if parent else {}
        self._copies: int = parent._copies if parent else 0
        root = list(stage.lineage)[-1]
        self._stage = stage
        self._holds = held_by_base(root.base) if root.system else None
        self._exists: set[str] = set(parent._exists if parent else existing(root.system))
        self._volumes: list[str] = list(parent._volumes) if parent else []
        self.why: str | None = None
        """Why the last step is not settled, where it has to do with what COPY brought."""

    def declared(self, instruction: Instruction) -> None:
        """ENV, ARG or VOLUME."""
        body = instruction.body
        if instruction.name == "VOLUME":
            texts = [word.text for word in body.words] if body is not None and hasattr(body, "words") else []
            self._volumes += [item.text for item in body.items] if isinstance(body, ExecForm) else texts
            return
        for pair in body.pairs if isinstance(body, Pairs) else ():
            valued = pair.value is not None and pair.value.text.strip("'\"") != ""
            self._declared[pair.name.text] = (self._declared.get(pair.name.text, 0) + 1) if valued else 0

    def entered(self, instruction: Instruction) -> None:
        """WORKDIR: it makes the folder and those above it where they are missing."""
        after = self._facts.entered(instruction)
        if after is None:
            self._strange.append("/")
            return
        self._make(after, None, Held(_MAKER, _MAKER, "755"))

    def copied(self, instruction: Instruction) -> bool:
        """COPY or ADD; whether it could be read, so that its flags for owner and mode are in `things`."""
        copy = self._facts.copies.get(instruction)
        self._copies += 1
        held = self._flags(instruction, copy) if copy is not None else None
        if copy is None or held is None or copy.destination is None:
            place = copy.destination if copy is not None else None
            self._strange.append(place or "/")
            self._cover(place or "/")
            self._copied_accounts += near(place or "/", "/etc/passwd")
            return False
        destination = copy.destination.rstrip("/") or "/"
        files = self._files(copy, destination)
        into = bool(copy.into_folder) or destination in self._exists
        self._make(destination if into else posixpath.dirname(destination), copy, held)
        if files is None:
            self._cover(destination)
            self._exists |= {destination} if into else set()
            tree = Thing(destination, held, copy, "tree", plain=self._plain(copy))
            self._bring(f"COPY {self._copies} to {destination}", tree)
        for path, mode in files or ():
            self._cover(path)
            known = replace(held, mode=mode) if mode and held.mode == "source" else held
            self._bring(path, Thing(path, known, copy, plain=self._plain(copy)))
        self._copied_accounts += any(near(destination, file) for file in effects_table().users_files)
        return True

    def _bring(self, key: str, thing: Thing) -> None:
        thing.accounts, thing.declared = self._accounts(), dict(self._declared)
        self.things[key] = thing

    def settled(self, instruction: Instruction, step: Step) -> Settled | None:
        """What a step sets of things that are known; does it. None where there is none such: `why` may say why."""
        self.why = None
        found = setting(step)
        if found is None or instruction.name != "RUN":
            return None
        scope = self._facts.scopes[instruction]
        after: dict[str, Held] = {}
        paths = []
        for word in found.paths:
            path = absolute(word, scope, self._escape)
            keys = self._reached(instruction, found, path) if path else "a path is not known"
            changed = self._changed(found, keys, scope) if not isinstance(keys, str) else keys
            if not isinstance(changed, str):
                after |= changed
                paths.append(word)
            elif path is None or any(thing.copy and near(thing.path, path) for thing in self.things.values()):
                self.why = changed
        if not paths:
            return None
        things = dict(self.things)
        for key, held in after.items():
            self.things[key] = replace(self.things[key], held=held)
        rest = tuple(word for word in found.paths if word not in paths)
        return Settled(found, tuple(paths), rest, things, after)

    def ran(
        self, instruction: Instruction, step: Step | None, found: Settled | None = None, *, alone: bool = True
    ) -> tuple[tuple[str, Held], ...]:
        """Any other step, or a RUN that is no chain of steps: what it may see, as it finds it.

        `found`: what of it is settled; `alone`: whether the steps before it left nothing in the shell.
        """
        folders_made = list(made(step, self._facts.scopes[instruction], self._escape)) if step and alone else []
        if folders_made:
            for path in folders_made:
                self._make(path, None, Held(_MAKER, _MAKER, "as mkdir makes it"))
            return ()
        done = _Step(self._facts, instruction, step, self._settled_paths(instruction, found))
        self._steps.append(done)
        seen = []
        if any(thing.copy is not None for thing in self.things.values()):
            touched = done.effects.reads | done.effects.writes | done.effects.deletes
            for key, thing in self.things.items():
                if _meets(touched, thing.path):
                    thing.seen_by.append(instruction)
                    seen.append((key, thing.held))
        return tuple(sorted(seen, key=lambda pair: pair[0]))

    def _settled_paths(self, instruction: Instruction, found: Settled | None) -> frozenset[str | None]:
        scope = self._facts.scopes[instruction]
        return frozenset(absolute(word, scope, self._escape) for word in found.paths) if found else frozenset()

    def _accounts(self) -> Callable[[], int]:
        """How many steps so far could change the accounts; told when asked."""
        steps, copied = list(self._steps), self._copied_accounts
        return lambda: copied + sum(any(action.makes_users for action in one.effects.actions) for one in steps)

    def _make(self, folder: str, copy: Copy | None, held: Held) -> None:
        """The folders down to this one that are missing; a COPY gives them its owner, not surely its mode."""
        if copy is not None:
            mode = "755" if held.mode in ("source", "755") else f"755 or {held.mode}"
            default = ROOT if held.user == _SOURCE else held.user
            held = Held(default, ROOT if held.group == _SOURCE else held.group, mode)
        for path in ancestry(folder):
            if path in self._exists:
                continue
            if self._missing(path):
                self._bring(path, Thing(path, held, copy, "folder"))
            elif f"{path}?" not in self.things:
                self._bring(f"{path}?", Thing(path, held, copy, "maybe"))
            self._exists.add(path)

    def _missing(self, path: str) -> bool:
        """Whether there surely is nothing at the path: neither in the base, nor made by a step that we know of."""
        if self._holds is None or not is_free(path, self._holds):
            return False
        if any(thing.kind == "tree" and within(path, thing.path) for thing in self.things.values()):
            return False
        return self._untouched(path)

    def _untouched(self, path: str) -> bool:
        """Whether no step can have made anything there, beside what is in `things`."""
        if any(near(place, path) for place in self._strange):
            return False
        return not any(_meets(step.effects.writes | step.effects.deletes, path) for step in self._steps)

    def _reached(self, instruction: Instruction, found: Setting, path: str) -> list[str] | str:
        """The things that the setting of a path reaches, all of them; or why it may reach others."""
        if any(mount.covers(path) for mount in self._facts.mounts(instruction)):
            return "it may change what lies in a mount"
        if any("$" in volume or near(volume, path) for volume in self._volumes):
            return "the path lies in a volume"
        thing = self.things.get(path)
        if thing is not None and not thing.covered and (thing.kind == "file" or not found.recursive):
            return [path]
        return self._below(path) if found.recursive else "it may be a folder, or another file than COPY brought"

    def _below(self, path: str) -> list[str] | str:
        if self._holds is None:
            return "what the base image holds is not known"
        if not is_free(path, self._holds):
            return "the base image may have files there"
        if not self._untouched(path):
            return "a step may have made other files there"
        if any(t.kind == "tree" and t.path != path and within(path, t.path) for t in self.things.values()):
            return "only a part of what COPY brings is meant"
        keys = [key for key, thing in self.things.items() if within(thing.path, path)]
        return keys if any(self.things[key].path == path for key in keys) else "no COPY is seen to bring it"

    def _changed(self, found: Setting, keys: Sequence[str], scope: Scope) -> dict[str, Held] | str:
        """Owner and mode of the things after the setting, or why they are not known."""
        after: dict[str, Held] = {}
        for key in keys:
            thing = self.things[key]
            if found.mode is not None:
                known = thing.held.mode if octal(thing.held.mode) and thing.kind == "file" else None
                mode = applied(found.mode, known)
                if mode is None:
                    return f"the mode is not known that `{found.mode}` makes; the build context would tell"
                after[key] = replace(thing.held, mode=mode)
                continue
            if not thing.plain:
                return "it may have setuid bits or capabilities, which chown would take"
            held = thing.held
            for name, text in (("user", found.user), ("group", found.group)):
                if text is None:
                    continue
                one = account(text, scope, self._escape, self._accounts(), self._declared)
                if one is None:
                    return f"`{text}` is not known"
                held = replace(held, user=one) if name == "user" else replace(held, group=one)
            if not held.group.name and (found.user or "").isdecimal():
                return "the group of a number is not known"
            after[key] = _with_main_group(held)
        return after

    def _flags(self, instruction: Instruction, copy: Copy) -> Held | None:
        """Owner and mode that the flags give; None for a copy that is not followed."""
        if instruction.name != "COPY" or copy.link or copy.parents or copy.excludes:
            return None
        scope = self._facts.scopes[instruction]
        held = Held(_SOURCE, _SOURCE, "source") if copy.origin is not None else Held(ROOT, ROOT, "source")
        if copy.mode is not None:
            mode = octal(scope.expand(copy.mode, self._escape) or "")
            if mode is None:
                return None
            held = replace(held, mode=mode)
        if copy.owner is not None:
            user, colon, group = copy.owner.partition(":")
            names = [account(part, scope, self._escape, self._accounts(), self._declared) for part in (user, group)]
            if names[0] is None or names[1] is None or not user or (colon and not group):
                return None
            one, other = names[0], names[1]
            alone = Account(one.name) if one.name.isdecimal() else Account("")
            held = _with_main_group(replace(held, user=one, group=other if colon else alone))
        return held

    def _files(self, copy: Copy, destination: str) -> list[tuple[str, str | None]] | None:
        """The files that a copy makes, with their modes where known; None where a folder may be among them."""
        documents = [doc.name for doc in copy.instruction.heredocs]
        names: list[tuple[str, str | None]] = [(name, "644") for name in documents]
        for source in copy.sources:
            if source is None or is_remote(source) or any(char in source for char in "*?["):
                return None
            mode = self._mode(copy, source)
            if mode is None:
                return None
            names.append((posixpath.basename(normalised(source)), mode or None))
        if not copy.into_folder and destination not in self._exists:
            if not names or not (self._missing(destination) or is_file_name(destination) or self._started(destination)):
                return None
            return [(destination, names[0][1])]
        return [(posixpath.join(destination, name), mode) for name, mode in names]

    def _mode(self, copy: Copy, source: str) -> str | None:
        """The mode of a source that is a file, empty where it is not known; None for what may be a folder."""
        context = self._facts.context
        if copy.origin is None and context is not None:
            file = context.files.get(normalised(source))
            if file is None or file.link is not None:
                return None
            return f"{file.mode & 0o7777:03o}" if not file.mode & 0o7000 else None
        destination = copy.destination or ""
        target = posixpath.join(destination, posixpath.basename(source)) if copy.into_folder else destination
        return "" if is_file_name(source) or self._started(target) else None

    def _started(self, path: str) -> bool:
        """Whether a container of this stage, or of one built from it, starts the path: then it is a program."""
        stages = (self._stage, *self._facts.children(self._stage))
        for instruction in (i for stage in stages for i in stage.instructions):
            if instruction.name not in ("CMD", "ENTRYPOINT") or not isinstance(instruction.body, ExecForm):
                continue
            items = [item.text for item in instruction.body.items]
            programs = items[:1] + [items[at + 1] for at, item in enumerate(items[:-1]) if item == "--"]
            if path in programs:
                return True
            if posixpath.dirname(path) in folders().file_folders and posixpath.basename(path) in programs:
                return True
        return False

    def _plain(self, copy: Copy) -> bool:
        """Whether what is copied surely has no setuid bits and no capabilities: neither does a checkout have them."""
        context = self._facts.context
        if copy.origin is None:
            return context is None or not any(file.mode & 0o6000 for file in context.files.values())
        stage = self._facts.stage_named(copy.origin)
        if stage is None:
            return False
        text = "".join(self._facts.sources[i] for one in stage.lineage for i in one.node.instructions)
        if re.search(r"setcap|\+s|[^\d][2467]\d{3}\b|--from", text):
            return False
        runs = [i for one in stage.lineage for i in one.instructions if i.name == "RUN"]
        if any(self._facts.opaque(run) or not all(map(_is_known, self._facts.calls(run))) for run in runs):
            return False
        system = {"bin", "sbin", "lib", "lib64", "usr", ""}
        return all(
            source is not None
            and source.startswith("/")
            and (posixpath.normpath(source).split("/")[1] not in system or source.startswith("/usr/src/"))
            for source in copy.sources
        )

    def _cover(self, place: str) -> None:
        for thing in self.things.values():
            if within(thing.path, place) and (thing.path != place or thing.kind != "folder"):
                thing.covered = True


def _meets(places: Iterable[Place], path: str) -> bool:
    """Whether one of the places may be the path, lie below it, or hold it."""
    return any(meet(place, Place(canonical(path), below=True)) for place in places)


def _is_known(call: Call) -> bool:
    """Whether the program is one that we have rows for, so that it gives nothing setuid bits or capabilities."""
    return call.name in commands().neutral or package_call(call) is not None


def settings(facts: Facts) -> Iterator[tuple[Instruction, int, Settled | str]]:
    """Each step of a RUN that sets owner or mode of what COPY brought: the RUN, the step's number, what it does.

    A text says why that is not known.
    """
    ends: dict[BuildStage, Ownership] = {}
    for stage in facts.stages:
        known = ends[stage] = Ownership(facts, stage, ends[stage.parent] if stage.parent else None)
        for instruction in stage.instructions:
            match instruction.name:
                case "RUN":
                    yield from _settings_of(facts, known, instruction)
                case "COPY" | "ADD":
                    known.copied(instruction)
                case "WORKDIR":
                    known.entered(instruction)
                case "ENV" | "ARG" | "VOLUME":
                    known.declared(instruction)


def _settings_of(facts: Facts, known: Ownership, run: Instruction) -> Iterator[tuple[Instruction, int, Settled | str]]:
    chain = facts.chain(run)
    if chain is None:
        known.ran(run, None)
        return
    left: frozenset[str] = frozenset()
    for number, step in enumerate(chain.steps):
        known.why = None
        found = known.settled(run, step) if left <= {"options"} else None
        if found is not None:
            yield run, number, found
        elif known.why is not None:
            yield run, number, known.why
        if found is None or found.rest:
            known.ran(run, step, found, alone=left <= {"options"})
        left |= leaves(step)


def _with_main_group(held: Held) -> Held:
    """The owner with root's group for root: the main group of root is root."""
    return replace(held, group=ROOT) if not held.group.name and held.user == ROOT else held


def made(step: Step, scope: Scope, escape: str) -> Iterator[str]:
    """The folders that a plain `mkdir -p` makes."""
    command = step.command
    if command is None or command.redirects or len(step.calls) != 1:
        return
    call = step.calls[0]
    if call.name != "mkdir" or call.wrapped_by:
        return
    words = [word for word in call.words[1:] if isinstance(word, Word)]
    paths = [absolute(word, scope, escape) for word in words if not word.text.startswith("-")]
    if {word.text for word in words if word.text.startswith("-")} <= {"-p", "-v", "-pv"} and None not in paths:
        yield from (path for path in paths if path is not None)


def absolute(word: Word, scope: Scope, escape: str) -> str | None:
    """The path that a word of a command names where it stands; None where that is not known."""
    text = word.literal
    if text is None:
        text = scope.expand(word.text, escape) if not re.search(r"[*?\[~`(]|'", word.text) else None
    if not text or any(char in text for char in "*?["):
        return None
    if not text.startswith("/"):
        if scope.folder is None:
            return None
        text = posixpath.join(scope.folder, text)
    return "/" + posixpath.normpath(text).lstrip("/")
