"""Whether two steps of a stage may change places: `commutes`, the one question that movers ask, and why not."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from fnmatch import fnmatchcase

from msgspec import Struct

from optimizer.facts import BuildStage, Facts
from optimizer.facts.effects.actions import Action, Effects, Install
from optimizer.facts.effects.bases import may_hold
from optimizer.facts.effects.links import earlier, effects
from optimizer.facts.effects.places import Place, first_meeting
from optimizer.facts.effects.programs import added_folders, lookups, may_bring
from optimizer.facts.texts import argument_text
from optimizer.knowledge.effects import effects_table
from optimizer.syntax.nodes import Instruction

_EXPANDS = frozenset("ADD ARG COPY ENV EXPOSE LABEL STOPSIGNAL USER VOLUME WORKDIR".split())


class Conflict(Struct, frozen=True):
    """Why the second of two steps may not run before the first. `why` is a clause, subjects in backticks."""

    first: Instruction
    second: Instruction
    why: str

    def __str__(self) -> str:
        return self.why


def commutes(facts: Facts, a: Instruction, b: Instruction) -> Conflict | None:
    """Why two instructions of one stage, `a` above `b`, may not change places; None where nothing tells them apart.

    Steps between them are not looked at: a mover asks for every pair that it turns round.
    """
    return facts.remembered(("commutes", a, b), lambda: _conflict(facts, a, b))


def dependencies(facts: Facts, stage: BuildStage) -> tuple[Conflict, ...]:
    """All pairs of the stage's instructions (FROM aside) that may not change places, in source order."""
    return facts.remembered(("dependencies", stage.number), lambda: tuple(_pairs(facts, stage)))


def _pairs(facts: Facts, stage: BuildStage) -> Iterator[Conflict]:
    for later, b in enumerate(stage.instructions):
        for a in stage.instructions[:later]:
            if (conflict := commutes(facts, a, b)) is not None:
                yield conflict


def conflicts_between(facts: Facts, a: Instruction, first: Effects, b: Instruction, second: Effects) -> Conflict | None:
    """The same for effects that the caller has at hand: those of chain steps."""
    why = _why(facts, a, first, b, second)
    return None if why is None else Conflict(a, b, why)


def reads_variable(facts: Facts, instruction: Instruction, name: str) -> bool:
    """Whether the instruction may read the variable: its text mentions it, its commands may, or they are not known."""
    return _reads_variable(facts, instruction, name) is not None


def _conflict(facts: Facts, a: Instruction, b: Instruction) -> Conflict | None:
    why = _why(facts, a, effects(facts, a), b, effects(facts, b))
    return None if why is None else Conflict(a, b, why)


def _why(facts: Facts, a: Instruction, first: Effects, b: Instruction, second: Effects) -> str | None:
    for x in first.actions:
        for y in second.actions:
            found = _settings(x, y) or _packages(facts, x, y, a, b) or _places(facts, x, y, a, b) or _users(x, y)
            if found is not None:
                return found
    return _environment(facts, a, first, b, second)


def _settings(x: Action, y: Action) -> str | None:
    """The parts of the configuration that one writes and the other reads or writes."""
    for one, other in ((x, y), (y, x)):
        for name in one.configures:
            if name in other.settings:
                return f"`{other.text}` depends on the {name} that `{one.text}` sets"
            if name in other.configures:
                return f"both `{x.text}` and `{y.text}` set the {name}"
            if name == "label *" and any(each.startswith("label") for each in other.configures):
                return f"both `{x.text}` and `{y.text}` set labels"
    return None


def _environment(facts: Facts, a: Instruction, first: Effects, b: Instruction, second: Effects) -> str | None:
    for setter, sets, reader in ((a, first, b), (b, second, a)):
        for action in sets.actions:
            for name in sorted(action.sets):
                if name == "PATH" and not path_matters(facts, setter, a, b, reader):
                    continue
                why = _reads_variable(facts, reader, name, above=setter is a)
                if why is not None:
                    return f"`{why}` may read `{name.rstrip('=')}`, which `{action.text}` sets"
        names = {name.rstrip("=") for action in sets.actions for name in action.sets}
        if names and setter is a:
            for action in second.actions:
                both = names & {name.rstrip("=") for name in action.sets}
                if both or (action.sets and "*" in names | action.sets):
                    return f"both set `{min(both) if both else 'a variable'}`"
    return None


def path_matters(facts: Facts, setter: Instruction, a: Instruction, b: Instruction, reader: Instruction) -> bool:
    """Whether folders that are added to PATH may hold a program that the reader runs."""
    if reader.name != "RUN" or re.search(r"\bPATH\b", argument_text(reader)):
        return True
    found = effects(facts, reader)
    if not found.known or any("*" in action.variables and not action.installer for action in found.actions):
        return True
    folders = added_folders(facts, setter)
    programs = {program for action in found.actions for program in action.programs if not program.startswith("=")}
    programs.discard("ca-certificates")
    if not programs:
        return False
    if not folders or None in folders or may_hold(facts, b, folders):
        return True
    places = [Place(f"{folder}/{program}") for folder in folders for program in programs]
    if reader is a and _fills(found, places):
        return True
    return any(
        first_meeting(places, [place for place in action.writes if not place.packaged])
        for step in earlier(facts, b)
        if step not in (setter, a if reader is a else None)
        for action in effects(facts, step).actions
    )


def _fills(found: Effects, places: Sequence[Place]) -> bool:
    """Whether an instruction may put programs into the places and run something afterwards."""
    filling = [
        bool(first_meeting(places, [one for one in action.writes if not one.packaged])) for action in found.actions
    ]
    return True in filling and any(action.programs for action in found.actions[filling.index(True) + 1 :])


def _reads_variable(facts: Facts, instruction: Instruction, name: str, *, above: bool = True) -> str | None:
    """The text of what may read the variable; None where nothing does. `above`: it is set above the instruction.

    What is not known may read all that is set above it, but what only programs at run time read is not assumed to
    matter to it where it stands below.
    """
    plain = name.rstrip("=")
    found = effects(facts, instruction)
    text = argument_text(instruction)
    if instruction.name == "RUN" or instruction.name in _EXPANDS:
        pattern = r"\b{}\b" if instruction.name == "RUN" else r"\$\{{?{}\b"
        if plain == "*" and "$" in text:
            return found.actions[0].text if found.actions else instruction.name
        if re.search(pattern.format(re.escape(plain)), text):
            return next((one.text for one in found.actions if plain in one.text), f"{instruction.name} {text[:40]}...")
    for action in found.actions:
        if not any(_matches(name, pattern) for pattern in action.variables):
            continue
        if (action.barrier and above) or not _only_at_run_time(plain, action):
            return action.text
    return None


def _matches(name: str, pattern: str) -> bool:
    if name == "*":
        return True
    if name == "PATH=" and pattern == "PATH":
        return True
    return fnmatchcase(name, pattern)


def _only_at_run_time(name: str, action: Action) -> bool:
    """Whether an installer, which may read anything, leaves alone a name that the program reads when it runs."""
    if not (action.installer or action.install or action.barrier) or name in action.variables:
        return False
    return any(fnmatchcase(name, pattern) for pattern in effects_table().runtime_variables)


def _users(x: Action, y: Action) -> str | None:
    """Names of users that one makes and the other looks up or makes."""
    if not (x.makes_users or y.makes_users):
        return None
    for one, other in ((x, y), (y, x)):
        if not one.makes_users:
            continue
        if other.makes_users and not (one.install and other.install):
            if one.barrier or other.barrier:
                return f"both `{x.text}` and `{y.text}` may make users"
            return f"both `{x.text}` and `{y.text}` write the users' database"
        for name in sorted(other.users):
            if name in one.makes_users or "*" in one.makes_users or name == "*":
                return f"`{other.text}` looks up `{name}`, which `{one.text}` makes"
            if "+" in one.makes_users and _daemon(one, name):
                return f"`{other.text}` looks up `{name}`, which the packages of `{one.text}` may make"
    return None


def _daemon(action: Action, name: str) -> bool:
    table = effects_table()
    if name in table.base_users:
        return False
    names = action.install.names if action.install else None
    if names is None or name in table.daemon_users:
        return True
    return any(name in package or package in name for package in names)


def _packages(facts: Facts, x: Action, y: Action, a: Instruction, b: Instruction) -> str | None:
    if x.install and y.install and x.install.family == y.install.family:
        return f"`{x.text}` and `{y.text}` both write the database of {x.install.family} packages"
    if x.install is not None and (why := _brings(facts, x, y, b, later=False)):
        return why
    if y.install is not None and (why := _brings(facts, y, x, a, later=True)):
        return why
    return None


def _brings(facts: Facts, installs: Action, uses: Action, at: Instruction, *, later: bool) -> str | None:
    """Why the packages of one action may matter to another, which stands at an instruction."""
    install = installs.install
    assert install is not None
    if uses.toolchain and not uses.barrier and _may_be_toolchain(install, later=later):
        return f"`{uses.text}` may compile with what `{installs.text}` {'removes' if install.removes else 'installs'}"
    for program in sorted(uses.programs):
        if may_bring(facts, install, program, at, later=later):
            return f"`{uses.text}` runs `{program.lstrip('=')}`, which `{installs.text}` may bring"
    return None


def _may_be_toolchain(install: Install, *, later: bool) -> bool:
    """Whether packages matter to what compiles: those that stand before it may; those behind it by their names."""
    if not install.system:
        return False
    if not later or install.names is None or install.removes:
        return True
    return any(fnmatchcase(name, pattern) for name in install.names for pattern in effects_table().toolchain_packages)


def _meeting(ours: Iterable[Place], theirs: Iterable[Place], x: Action, y: Action) -> tuple[Place, Place] | None:
    """Two places that meet; packages of known names bring no program of another name."""
    found = first_meeting(ours, theirs)
    if found is None or not (found[0].packaged or found[1].packaged):
        return found
    brings = x if x.install else y
    kept = [
        [one for one in places if not (_one_program(one) and _not_theirs(one, brings))] for places in (ours, theirs)
    ]
    return first_meeting(*kept)


def _one_program(place: Place) -> bool:
    parent, _, name = place.path.rpartition("/")
    return parent in effects_table().lookup and not any(char in name for char in "*?[")


def _not_theirs(place: Place, action: Action) -> bool:
    """Whether an install of known packages, or of a file of requirements and a script, does not bring the program."""
    install = action.install
    if install is None:
        return False
    name = place.path.rpartition("/")[2]
    if install.names is None:
        return name.endswith((".sh", ".py", ".bash")) or "entrypoint" in name
    stem = re.split(r"[^a-z0-9]", name.lower())[0] or name
    return not any(stem in package or package in name for package in install.names)


def _places(facts: Facts, x: Action, y: Action, a: Instruction, b: Instruction) -> str | None:
    if found := _meeting(y.reads | y.needs, x.writes, x, y):
        return f"`{y.text}` reads {found[0]}, which `{x.text}` writes"
    if found := _meeting(x.writes, y.writes, x, y):
        return f"`{x.text}` and `{y.text}` both write {_narrower(*found)}"
    if found := _meeting(x.reads, y.writes, x, y):
        return f"`{x.text}` reads {found[0]}, which `{y.text}` writes"
    if found := _meeting(x.reads | x.writes | x.deletes | x.needs, y.deletes, x, y):
        return f"`{y.text}` deletes {found[1]}, which `{x.text}` {'writes' if found[0] in x.writes else 'reads'}"
    if found := _meeting(y.reads | y.writes | y.needs | y.deletes, x.deletes, x, y):
        return f"`{x.text}` deletes {found[1]}, which `{y.text}` {'writes' if found[0] in y.writes else 'reads'}"
    return _programs(facts, x, y, a, b)


def _programs(facts: Facts, x: Action, y: Action, a: Instruction, b: Instruction) -> str | None:
    """Programs that one puts where the other looks them up."""
    for one, other, at in ((x, y, b), (y, x, a)):
        programs = other.programs | (effects_table().toolchain_programs if other.toolchain else frozenset())
        if not programs or one.install is not None or other.barrier:
            continue
        written = [place for place in one.writes | one.deletes if not place.packaged]
        for program in sorted(programs):
            if found := first_meeting(lookups(facts, at, program), _shadowing(program, written)):
                return f"`{other.text}` runs `{program.lstrip('=')}`, which `{one.text}` may write ({found[1]})"
    return None


def _shadowing(program: str, written: list[Place]) -> list[Place]:
    """The places that may hold the program; that a folder in /usr/local holds one of the base's is not assumed."""
    if not program.startswith("="):
        return written
    return [place for place in written if not place.path.startswith("/usr/local/") or not place.below]


def _narrower(one: Place, other: Place) -> Place:
    return one if len(one.path) >= len(other.path) else other
