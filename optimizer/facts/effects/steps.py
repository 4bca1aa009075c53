"""What each instruction does to the image that is being built, and to its configuration."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from msgspec.structs import replace

from optimizer.facts import Facts
from optimizer.facts.chains import Step
from optimizer.facts.copies import Copy, copy_of, is_remote, normalised
from optimizer.facts.effects.actions import Action, Effects, barrier
from optimizer.facts.effects.bases import constants, starting_folder
from optimizer.facts.effects.commands import action_of
from optimizer.facts.effects.places import EVERYWHERE, UNKNOWN, Place, canonical, meet, place
from optimizer.facts.effects.scripts import actions_by_step, actions_in
from optimizer.facts.effects.words import Where
from optimizer.facts.scope import Scope
from optimizer.facts.texts import argument_text
from optimizer.knowledge.effects import effects_table
from optimizer.syntax.nodes import ExecForm, Instruction, Pairs, Words, source

_LONGEST = 60
_CONFIGURES = {
    "USER": "user",
    "SHELL": "shell",
    "CMD": "command",
    "ENTRYPOINT": "entry point",
    "HEALTHCHECK": "health check",
    "STOPSIGNAL": "stop signal",
    "ONBUILD": "triggers",
    "MAINTAINER": "maintainer",
}


def effects_of(facts: Facts, instruction: Instruction) -> Effects:
    """The effects of an instruction of a stage."""
    text = _text(instruction)
    match instruction.name:
        case "RUN":
            return Effects(tuple(_run(facts, instruction, text)))
        case "COPY" | "ADD":
            return Effects((_copied(facts, instruction, text),))
        case "WORKDIR":
            return Effects((_entered(facts, instruction, text),))
        case "ENV" | "ARG":
            return Effects((_variables(instruction, text),))
        case "LABEL":
            return Effects((Action(text, configures=_labels(instruction)),))
        case "VOLUME":
            return Effects((_volume(facts, instruction, text),))
        case "EXPOSE":
            return Effects((Action(text),))
        case "USER":
            users = frozenset(
                name
                for word in argument_text(instruction).split()[:1]
                for name in word.split(":")
                if not name.isdigit()
            )
            return Effects((Action(text, configures=frozenset({"user"}), users=users - {"root"}),))
    configured = _CONFIGURES.get(instruction.name)
    if configured is None:
        return Effects((barrier(text),))
    shell_form = instruction.name in ("CMD", "ENTRYPOINT", "HEALTHCHECK") and not _json(instruction)
    return Effects(
        (
            Action(
                text,
                configures=frozenset({configured}),
                settings=frozenset({"shell"} if shell_form else ()),
            ),
        )
    )


def step_effects(facts: Facts, instruction: Instruction, step: Step) -> Effects:
    """The effects of one step of the chain that a RUN is, where the steps before it leave the shell.

    For a step that no longer stands in its chain use the whole instruction.
    """
    by_step = facts.remembered(("effects by step", instruction), lambda: _by_step(facts, instruction))
    found = by_step.get(step)
    return effects_of(facts, instruction) if found is None else found


def _by_step(facts: Facts, instruction: Instruction) -> dict[Step, Effects]:
    chain = facts.chain(instruction)
    if chain is None:
        return {}
    actions = actions_by_step(instruction, (step.parts for step in chain.steps), where_of(facts, instruction))
    return {step: _in_run(facts, instruction, list(one)) for step, one in zip(chain.steps, actions, strict=True)}


def _text(instruction: Instruction) -> str:
    flags = [flag.text for flag in instruction.all_flags]
    body = source(instruction.body) if instruction.body is not None else ""
    text = " ".join([instruction.name, *flags, *body.replace("\\\n", " ").split()])
    return text if len(text) <= _LONGEST else text[: _LONGEST - 3] + "..."


def _json(instruction: Instruction) -> bool:
    inner = instruction.inner
    return isinstance(inner.body, ExecForm) or inner.body is None


def home_of(user: str | None, variables: object) -> str | None:
    """The home of a user, as far as its name tells; None where it does not."""
    if user is None:
        return None
    name = user.partition(":")[0]
    if name in ("root", "0"):
        return "/root"
    return None if not name or name.isdigit() else f"/home/{name}"


def scope_of(facts: Facts, instruction: Instruction) -> Scope:
    """The scope, with what the image below is known to set."""
    return facts.remembered(("scope of", instruction), lambda: _scope_of(facts, instruction))


def _scope_of(facts: Facts, instruction: Instruction) -> Scope:
    scope = facts.scopes[instruction]
    known, folder = constants(facts, instruction), starting_folder(facts, instruction)
    if not known and folder is None:
        return scope
    stages = list(facts.stage_of[instruction].lineage)[::-1]
    start = facts.scopes[stages[0].instructions[0]] if stages[0].instructions else scope
    found = replace(start, variables={**known, **start.variables}, folder=start.folder or folder)
    for stage in stages:
        for one in stage.instructions:
            if one is instruction:
                return found
            found = found.after(one, facts.tree.escape)
    return scope


def where_of(facts: Facts, instruction: Instruction) -> Where:
    """Where a RUN starts."""
    scope = scope_of(facts, instruction)
    variables = dict(scope.variables)
    home = scope.variables.get("HOME") if "HOME" in scope.variables else home_of(scope.user, variables)
    return Where(canonical(scope.folder) if scope.folder else None, home, variables)


def _run(facts: Facts, instruction: Instruction, text: str) -> Iterator[Action]:
    where = where_of(facts, instruction)
    if facts.opaque(instruction) or (facts.script(instruction) is None and not _json(instruction)):
        found = [barrier(text)]
    elif isinstance(instruction.body, ExecForm):
        found = [action_of(call, where, text) for call in facts.calls(instruction)]
    else:
        script = facts.script(instruction)
        found = list(actions_in(instruction, script.parts, where)) if script else []
    yield from _in_run(facts, instruction, found).actions


def _in_run(facts: Facts, instruction: Instruction, actions: list[Action]) -> Effects:
    """Every command runs as a user, in a shell; what is mounted is read, and may be written."""
    settings = {"user"} if _json(instruction) else {"user", "shell"}
    mounted = list(_mounted(facts, instruction))
    local = _local_sources(facts) if facts.package_calls(instruction) else frozenset()
    sources = [Action(_text(instruction), reads=local)] if local else []
    return Effects((*actions, *mounted, *sources, _run_at_all(instruction))).with_settings(*settings)


_LOCAL = re.compile(r"\b(?:file|copy|cdrom):(?://)?(/[\w./+-]*)")


def _local_sources(facts: Facts) -> frozenset[Place]:
    """The folders that the file names as sources of packages: `deb file:/srv/repo ./`; any manager may read them."""
    return facts.remembered(
        "local sources", lambda: frozenset(place(path, None, below=True) for path in _LOCAL.findall(facts.text))
    )


def _run_at_all(instruction: Instruction) -> Action:
    """What any RUN needs, whatever it does: packages leave that as they find it."""
    table = effects_table()
    paths = table.every_run if _json(instruction) else table.every_run + table.every_shell
    return Action(_text(instruction), reads=frozenset(Place(path, packaged=True) for path in paths))


def _mounted(facts: Facts, instruction: Instruction) -> Iterator[Action]:
    folder = scope_of(facts, instruction).folder
    for mount in facts.mounts(instruction):
        text = f"--mount={mount.kind}"
        if mount.kind in ("secret", "ssh"):
            continue
        if mount.target is None:
            yield barrier(text)
            continue
        where = place(mount.target, canonical(folder) if folder else None, below=mount.kind == "cache")
        reads_folder = frozenset({"folder"} if not mount.target.startswith("/") else ())
        kept = frozenset({where})
        yield Action(text, reads=kept, writes=kept, settings=reads_folder)


def _copied(facts: Facts, instruction: Instruction, text: str) -> Action:
    found = copy_of(instruction, scope_of(facts, instruction), facts.tree.escape)
    if found is None:
        return replace(barrier(text), settings=frozenset({"folder"}), variables=frozenset(), toolchain=False)
    owner = found.owner or ""
    users = {"*"} if "$" in owner else {name for name in owner.split(":") if name and not name.isdigit()} - {"root"}
    relative = not found.words[-1].text.startswith(("/", "$"))
    settings = frozenset({"folder"} if relative or "$" in found.words[-1].text else ())
    if found.destination is None:
        return Action(
            text,
            reads=frozenset({EVERYWHERE}),
            writes=frozenset({EVERYWHERE}),
            settings=settings,
            users=frozenset(users),
        )
    writes, reads = _written_by_copy(facts, found)
    written_users = any(meet(one, Place(file)) for one in writes for file in effects_table().users_files)
    return Action(
        text,
        reads=frozenset(reads),
        writes=frozenset(writes),
        settings=settings,
        users=frozenset(users),
        makes_users=frozenset({"*"} if written_users else ()),
    )


def _written_by_copy(facts: Facts, copy: Copy) -> tuple[set[Place], set[Place]]:
    """What a copy writes, and what it looks at: whether the destination is a folder that is there."""
    destination = canonical(copy.destination or "/")
    folder = bool(copy.into_folder) or destination in effects_table().standing or _is_entered(facts, copy, destination)
    writes: set[Place] = set()
    for taken in copy.sources:
        writes |= set(_landing(facts, copy, taken, destination, folder))
    for document in copy.instruction.heredocs:
        into = destination in effects_table().standing or (copy.destination or "").endswith("/")
        writes.add(
            Place(canonical(posixpath.join(destination, document.name)) if into else destination, below=not into)
        )
    reads = set() if copy.into_folder or destination in effects_table().standing else {Place(destination)}
    return writes, reads


def _is_entered(facts: Facts, copy: Copy, destination: str) -> bool:
    """Whether a WORKDIR above makes the destination a folder."""
    return any(
        step.name == "WORKDIR" and scope_of(facts, step).after(step, facts.tree.escape).folder == destination
        for stage in facts.stage_of[copy.instruction].lineage
        for step in stage.instructions
        if stage is not facts.stage_of[copy.instruction] or step in _above(stage.instructions, copy.instruction)
    )


def _above(steps: tuple[Instruction, ...], at: Instruction) -> tuple[Instruction, ...]:
    return steps[: steps.index(at)]


def _landing(facts: Facts, copy: Copy, source: str | None, destination: str, folder: bool) -> Iterator[Place]:
    """Where one source goes: a folder's content into the destination, a file under its name if that is a folder."""
    whole = Place(destination, below=True)
    if source is None or copy.parents:
        yield whole
        return
    name = posixpath.basename(source.partition("?")[0].rstrip("/"))
    in_context = copy.origin is None and not is_remote(source)
    if in_context and facts.context is not None:
        yield from _by_context(facts, copy, source, destination, folder)
        return
    unpacks = copy.instruction.name == "ADD" and (
        name.endswith((".tar", ".gz", ".tgz", ".xz", ".bz2", ".txz", ".zst")) or not name
    )
    if unpacks or source.endswith(".git") or (is_remote(source) and not name):
        yield whole
        if not is_remote(source):
            return
    if is_remote(source):
        yield Place(canonical(posixpath.join(destination, name)), below=False) if folder and name else whole
        return
    if not is_file_name(name) or source.endswith("/"):
        if folder and copy.origin is not None and destination in effects_table().standing and _is_program(source):
            yield Place(canonical(posixpath.join(destination, name)))
            return
        yield whole
        return
    yield Place(canonical(posixpath.join(destination, name)) if folder else destination, below=not folder)


def _is_program(source: str) -> bool:
    """Whether a source in another stage is by its place one program: `/usr/local/bin/tool`, `/app/target/release/x`."""
    parent, _, name = source.rstrip("/").rpartition("/")
    return parent.endswith(("/bin", "/sbin", "/release", "/debug")) and name not in ("*", "")


def _by_context(facts: Facts, copy: Copy, source: str, destination: str, folder: bool) -> Iterator[Place]:
    assert facts.context is not None
    files = facts.context.files
    wanted = normalised(source)
    if wanted in files:
        name = posixpath.basename(wanted)
        if copy.instruction.name == "ADD" and name.endswith((".tar", ".gz", ".tgz", ".xz", ".bz2")):
            yield Place(destination, below=True)
        else:
            yield Place(canonical(posixpath.join(destination, name)) if folder else destination, below=not folder)
        return
    prefix = "" if wanted == "." else wanted + "/"
    below = [path for path in files if path.startswith(prefix)]
    if not below or len(below) > 2000 or any(char in source for char in "*?["):
        if any(char in source for char in "*?[") and is_file_name(posixpath.basename(source)):
            yield Place(canonical(posixpath.join(destination, posixpath.basename(source))), below=True)
            return
        yield Place(destination, below=True)
        return
    if destination not in effects_table().standing and not _is_entered(facts, copy, destination):
        yield Place(destination)
    for path in {path[len(prefix) :].partition("/")[0] for path in below}:
        yield Place(canonical(posixpath.join(destination, path)), below=prefix + path not in files)


def is_file_name(name: str) -> bool:
    """Whether a source is a file by its name; a glob is if its end is."""
    table = effects_table()
    if UNKNOWN in name or not name:
        return False
    if name in table.file_names or name.rstrip("*") in table.file_names:
        return True
    _, dot, suffix = name.rpartition(".")
    return bool(dot) and suffix.rstrip("*") in table.file_suffixes


def _entered(facts: Facts, instruction: Instruction, text: str) -> Action:
    scope = scope_of(facts, instruction)
    path = scope.after(instruction, facts.tree.escape).folder
    words = argument_text(instruction)
    relative = frozenset({"folder"} if not words.startswith("/") else ())
    made = EVERYWHERE if path is None else Place(canonical(path))
    standing = made.path in effects_table().standing and not made.below
    return Action(
        text,
        writes=frozenset(() if standing else {made}),
        settings=frozenset({"user"} | relative) if not standing else relative,
        configures=frozenset({"folder"}),
    )


def _variables(instruction: Instruction, text: str) -> Action:
    body = instruction.body
    if not isinstance(body, Pairs):
        return Action(text, sets=frozenset({"*"}))
    names = {pair.name.text for pair in body.pairs}
    for pair in body.pairs:
        value = pair.value.text if pair.value else ""
        if pair.name.text == "PATH" and not any(part in value for part in ("$PATH", "${PATH", "/usr/bin")):
            names.add("PATH=")
    return Action(text, sets=frozenset({"*"} if any("$" in name for name in names) else names))


def _labels(instruction: Instruction) -> frozenset[str]:
    body = instruction.body
    if not isinstance(body, Pairs) or any("$" in pair.name.text for pair in body.pairs):
        return frozenset({"label *"})
    return frozenset(f"label {pair.name.text.strip(chr(34))}" for pair in body.pairs)


def _volume(facts: Facts, instruction: Instruction, text: str) -> Action:
    """A later write below a volume is lost on some builders, so a volume writes all of it."""
    body = instruction.body
    if isinstance(body, ExecForm):
        words = [item.text for item in body.items]
    elif isinstance(body, Words):
        words = [word.text for word in body.words]
    else:
        return Action(text, writes=frozenset({EVERYWHERE}))
    scope = facts.scopes[instruction]
    paths = [scope.expand(word, facts.tree.escape) for word in words]
    kept = frozenset(EVERYWHERE if path is None else Place(canonical(path), below=True) for path in paths)
    return Action(text, reads=kept, writes=kept)
