"""Where a program is looked up, and which step of a stage may have brought it."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase

from optimizer.facts import Facts
from optimizer.facts.effects.actions import Install
from optimizer.facts.effects.bases import bases_with, constants, deed_of, folders_of_image
from optimizer.facts.effects.links import earlier, links_before, raw_effects, targets
from optimizer.facts.effects.places import EVERYWHERE, Place, canonical
from optimizer.knowledge import commands
from optimizer.knowledge.effects import effects_table
from optimizer.syntax.nodes import Instruction, Pairs


def brought_by_packages(program: str) -> tuple[str, ...]:
    """Patterns of the packages that bring a program."""
    if program == "ca-certificates":
        return effects_table().certificate_packages
    deed = deed_of(program)
    return deed.packages if deed and deed.packages else (program, f"{program}-*", f"{program}[0-9]*")


def named_by(install: Install, program: str) -> bool:
    """Whether the packages are not known, or one of them brings the program by its name."""
    if install.names is None:
        return install.system or install.family in _families(program)
    patterns = brought_by_packages(program)
    return any(fnmatchcase(name, pattern) for name in install.names for pattern in patterns)


def _families(program: str) -> tuple[str, ...]:
    deed = deed_of(program)
    return deed.brought_by if deed else ()


def may_bring(facts: Facts, install: Install, program: str, at: Instruction, *, later: bool) -> bool:
    """Whether an install may have brought (or `later`, would replace) a program that the instruction runs.

    Where an earlier step names a package of that name, that one did; else any install may have, as a dependency,
    unless the base image holds the program.
    """
    if program.startswith("="):
        # A program that every base holds: only a package of its own name (`coreutils`, `tar`) replaces it.
        return install.names is not None and not install.removes and named_by(install, program[1:])
    if install.removes:
        return install.system
    if named_by(install, program):
        return True
    if later or not install.system or program == "ca-certificates":
        return False
    return not any(named_by(one, program) for one in _installs_before(facts, at)) and not _in_base(facts, program, at)


def _installs_before(facts: Facts, at: Instruction) -> Iterator[Install]:
    for step in earlier(facts, at):
        if step.name == "RUN":
            for action in raw_effects(facts, step).actions:
                if action.install is not None and not action.install.removes:
                    yield action.install


def _in_base(facts: Facts, program: str, at: Instruction) -> bool:
    """Whether the image that the stage stands on is known to hold the program, or a step puts it where it is found."""
    stages = list(facts.stage_of[at].lineage)
    base = stages[-1].base
    if base is None:
        return False
    if program in commands().wrappers and program not in ("sudo", "gosu", "eatmydata"):
        return True
    if bases_with(program, base):
        return True
    return any(_writes(facts, step, program) for step in earlier(facts, at))


def _writes(facts: Facts, step: Instruction, program: str) -> bool:
    """Whether a COPY puts exactly this program where it is looked up."""
    if step.name not in ("COPY", "ADD"):
        return False
    return any(place.path.endswith(f"/bin/{program}") for place in raw_effects(facts, step).writes)


def lookups(facts: Facts, at: Instruction, program: str) -> frozenset[Place]:
    """The files that a name may stand for where the instruction runs: in every folder of PATH, links followed."""
    return facts.remembered(("lookups", at, program), lambda: frozenset(_lookups(facts, at, program)))


def _lookups(facts: Facts, at: Instruction, program: str) -> Iterator[Place]:
    if program == "ca-certificates":
        return
    if program.startswith("="):
        # A file of just this name may come before it; a whole folder takes its place only where it lies itself.
        yield from (Place(f"{folder}/{program[1:]}") for folder in effects_table().lookup)
        return
    links = links_before(facts, at)
    folders = path_folders(facts, at)
    for folder in (*effects_table().lookup, *folders_of_image(facts, at), *folders):
        if folder is None:
            yield EVERYWHERE
            continue
        file = Place(f"{folder.rstrip('/')}/{program}")
        yield file
        if folder in folders and (home := _home_of_program(folder)) not in effects_table().standing:
            yield Place(home, below=True)
        for target in targets(file, links):
            yield target
            yield Place(_home_of_program(posixpath.dirname(target.path)), below=True)


def _home_of_program(folder: str) -> str:
    """The folder that holds the whole of a program: above its `bin`."""
    parent = posixpath.dirname(folder) if posixpath.basename(folder) in ("bin", "sbin") else folder
    return parent if parent not in effects_table().standing else folder


def path_folders(facts: Facts, at: Instruction) -> tuple[str | None, ...]:
    """The folders that ENV puts into PATH above an instruction, base folders aside; None for one that is not known."""
    found: list[str | None] = []
    for step in earlier(facts, at):
        if step.name == "ENV":
            found += added_folders(facts, step)
    return tuple(dict.fromkeys(found))


def added_folders(facts: Facts, step: Instruction) -> tuple[str | None, ...]:
    """The folders that one ENV adds to PATH."""
    pairs = step.body.pairs if isinstance(step.body, Pairs) else ()
    values = [pair.value.text for pair in pairs if pair.name.text == "PATH" and pair.value is not None]
    return tuple(folder for value in values for folder in _folders(facts, step, value))


def _folders(facts: Facts, step: Instruction, value: str) -> Iterator[str | None]:
    scope = facts.scopes[step]
    known = {**constants(facts, step), **{k: v for k, v in scope.variables.items() if v is not None}}
    for part in _parts(value.strip("\"'")):
        if part in ("$PATH", "${PATH}", ""):
            continue
        for name, text in known.items():
            part = part.replace(f"${{{name}}}", text).replace(f"${name}", text) if name != "PATH" else part
        part = part.replace("$HOME", "/root").replace("${HOME}", "/root")
        yield None if "$" in part or not part.startswith("/") else canonical(part)


def _parts(value: str) -> Iterable[str]:
    return value.split(":") if "${" not in value or ":-" not in value else [value]
