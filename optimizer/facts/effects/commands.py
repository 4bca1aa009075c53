"""A call as an action, read with the rows of `effects.toml`; a call that no row reads for certain is a barrier."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from optimizer.facts.calls import Call
from optimizer.facts.effects.actions import Action, Install, barrier
from optimizer.facts.effects.grammars import GRAMMARS
from optimizer.facts.effects.grammars.options import split
from optimizer.facts.effects.names import plain_name
from optimizer.facts.effects.places import UNKNOWN, Place, canonical, meet
from optimizer.facts.effects.words import Where
from optimizer.facts.packages import PackageCall, package_call
from optimizer.facts.paths import within
from optimizer.knowledge.effects import Deed, effects_table
from optimizer.syntax.nodes import Command, Redirect

_DEVICES = ("/dev", "/proc")
_OTHER_ROOTS = ("--installroot", "--root", "--sysroot", "--destdir", "--admindir", "--instdir", "-p", "-R")
"""Options with which a package manager of the system works in another one."""
_PROGRAM_FOLDERS = ("/bin", "/sbin", "/usr/bin", "/usr/sbin", "/usr/local/bin", "/usr/local/sbin")


class Reading(Struct):
    """What is gathered while the words of one call are read."""

    where: Where
    name: str = ""
    reads: set[Place] = field(default_factory=set)
    needs: set[Place] = field(default_factory=set)
    writes: set[Place] = field(default_factory=set)
    deletes: set[Place] = field(default_factory=set)
    users: set[str] = field(default_factory=set)
    makes_users: set[str] = field(default_factory=set)
    links: list[tuple[str, str]] = field(default_factory=list)
    uses_folder: bool = False
    variables: set[str] = field(default_factory=set)
    programs: set[str] = field(default_factory=set)
    elsewhere: bool = False
    """Whether it does not look at its folder, although its row says so."""
    as_other_user: bool = False
    install: Install | None = None

    def bring(self, family: str, names: frozenset[str] | None, *, removes: bool = False) -> None:
        """Packages of the system that come or go, and where they write."""
        row = effects_table().families[family]
        self.writes |= _brought(row.writes, row.spares, names)
        self.install = Install(family, names, row.system, removes)
        if not removes and _makes_users(names):
            self.makes_users.add("+")

    def at(self, text: str, *, below: bool = False) -> Place:
        """The place that an operand names."""
        self.uses_folder = self.uses_folder or self.where.uses_folder(text)
        return self.where.place(text, below=below)

    def put(self, kind: str, text: str, *, below: bool = False) -> None:
        """One more place that is read, needed, written or deleted."""
        if text and text != "-" and not any(within(text, device) for device in _DEVICES):
            getattr(self, kind).add(self.at(text, below=below))


def action_of(call: Call, where: Where, text: str) -> Action:
    """What the call does, run there."""
    reading = Reading(where, call.name or "")
    _redirects(call, reading)
    name = call.name
    if name is None:
        return barrier(text)
    if name == "":
        return _done(reading, text)
    program = where.value(call.words[0])
    if "/" in program and not _is_known_program(program, name):
        return barrier(text)
    wrappers = frozenset(call.wrapped_by)
    if "chroot" in wrappers:
        return barrier(text)
    reading.as_other_user = bool(wrappers & {"sudo", "gosu"})
    found = _by_manager(call, reading, text) or _by_row(call, reading, text, name)
    if found is None:
        return barrier(text)
    if "/" in program and not any(program == f"{folder}/{name}" for folder in _PROGRAM_FOLDERS):
        root = posixpath.dirname(posixpath.dirname(program))
        own = frozenset({reading.at(root, below=True)})
        found = _plus(found, reads=own, writes=own)
    return _plus(found, programs=wrappers)


def _is_known_program(program: str, name: str) -> bool:
    """Whether a path to a program is that of a known one: in the system's folders, or in the `bin` of a place of it."""
    folder = posixpath.dirname(program)
    if UNKNOWN in program:
        return False
    return folder in _PROGRAM_FOLDERS or (folder.endswith("/bin") and bool(re.match(r"pip|python|npm|gem|conda", name)))


def _redirects(call: Call, reading: Reading) -> None:
    if not isinstance(call.node, Command):
        return
    for redirect in call.node.redirects:
        _redirect(redirect, reading)


def _redirect(redirect: Redirect, reading: Reading) -> None:
    operator = redirect.operator.text.lstrip("0123456789")
    if redirect.is_heredoc or operator == "<<<":
        return
    target = reading.where.value(redirect.target)
    if operator.endswith("&") and (target.isdigit() or target == "-"):
        return
    if operator.startswith("<"):
        reading.put("reads", target)
        return
    reading.put("writes", target)
    if operator.startswith(">>"):
        reading.put("reads", target)


def _by_manager(call: Call, reading: Reading, text: str) -> Action | None:
    """A call of a package manager of the system."""
    package = package_call(call)
    if package is None or package.manager.family not in effects_table().families:
        return None
    manager, family = package.manager, effects_table().families[package.manager.family]
    if not family.system or any(option.startswith(_OTHER_ROOTS) for option in package.options):
        return None
    reads = frozenset(Place(canonical(path), True, True) for path in family.reads)
    sources = frozenset(Place(canonical(path), True) for path in family.sources)
    lists = frozenset(Place(canonical(path), True) for path in family.lists)
    variables = frozenset(("LD_PRELOAD", *family.variables, *effects_table().fetching_variables))
    programs = frozenset({"ca-certificates"})
    if package.only_cleans:
        caches = frozenset(Place(canonical(path), True) for path in (*manager.caches, *manager.lists))
        keeps = lists if package.verb in manager.keeps_lists else frozenset()
        return _done(reading, text, deletes=caches - keeps)
    if package.only_updates:
        indexes = frozenset(Place(canonical(path), True) for path in family.indexes)
        return _done(reading, text, reads=sources, writes=lists | indexes, variables=variables, programs=programs)
    if package.verb in manager.reads:
        return _done(reading, text, reads=reads | lists | {Place("/var/lib", True, True)})
    removes = package.verb in manager.remove
    if not (package.installs or removes or package.verb in manager.upgrade or manager.short_verbs):
        return None
    names = package_names(package, reading)
    reading.bring(manager.family, names, removes=removes)
    return _done(
        reading,
        text,
        reads=reads | (sources | lists if not removes else frozenset()),
        writes=lists if package.updates or not manager.needs_update else frozenset(),
        variables=variables,
        programs=programs if not removes else frozenset(),
    )


@lru_cache(maxsize=1024)
def _makes_users(names: frozenset[str] | None) -> bool:
    """Whether the packages may bring daemons, which have users of their own."""
    return names is None or any(re.search(pattern, name) for name in names for pattern in effects_table().daemons)


def package_names(package: PackageCall, reading: Reading) -> frozenset[str] | None:
    """The packages that a call names, without versions; None where some of them are not known.

    A file (`./x.deb`) is read and may bring anything.
    """
    names: set[str] = set()
    for word in package.operands:
        value = reading.where.value(word)
        if "/" in value or value.endswith((".deb", ".rpm", ".apk")):
            if "://" not in value:
                reading.put("reads", value)
            return None
        name = re.split(r"[=<>~:!@]", value, maxsplit=1)[0].lower()
        if UNKNOWN in name or not name or "*" in name or name.startswith("."):
            return None
        names.add(name)
    return frozenset(names) if names else None


@lru_cache(maxsize=1024)
def _brought(paths: tuple[str, ...], spares: tuple[str, ...], names: frozenset[str] | None) -> frozenset[Place]:
    """Where packages may write; below /opt only folders that look like one of their names."""
    rarely = effects_table().rarely_written
    kept = (*(canonical(path) for path in spares), *rarely)
    found = {Place(canonical(path), True, True, kept) for path in paths}
    for path, patterns in rarely.items():
        if names is None or any(fnmatchcase(name, pattern) for name in names for pattern in patterns):
            found.add(Place(path, True, True))
    if names is None:
        return frozenset(found | {Place("/opt", True, True)})
    parts = {part for name in names for part in re.split(r"[-_.+\d]+", name) if len(part) > 2}
    return frozenset(found | {Place(f"/opt/*{part}*", True, True) for part in parts})


def _by_row(call: Call, reading: Reading, text: str, name: str) -> Action | None:
    words = [reading.where.value(word) for word in call.words[1:]]
    found = _row(name, words)
    if found is None:
        return None
    deed, rest = found
    if deed.grammar == "barrier":
        return None
    if deed.grammar:
        special = GRAMMARS[deed.grammar]
        if not special(deed, rest, reading):
            return None
    elif not plain(deed, rest, reading):
        return None
    return _from_row(deed, reading, text, name, rest, words)


def _row(name: str, words: list[str]) -> tuple[Deed, list[str]] | None:
    """The row for a command and its verb, and the words behind them."""
    table = effects_table()
    name = plain_name(name)
    if name in ("python", "pypy") and len(words) > 1 and words[0] == "-m":
        name, words = f"python -m {words[1]}", words[2:]
        module = words and table.deeds.get(f"{name} {words[0]}")
        name = name.removeprefix("python -m ") if name.removeprefix("python -m ") in ("pip",) else name
        if module:
            return module, words[1:]
    if name not in table.verbed:
        deed = table.deeds.get(name)
        return (deed, words) if deed else None
    verbs = list(_verbs(words, table.deeds.get(name)))
    for length in (2, 1):
        key = " ".join([name, *(word for _, word in verbs[:length])])
        if len(verbs) >= length and key in table.deeds:
            taken = {at for at, _ in verbs[:length]}
            return table.deeds[key], [word for at, word in enumerate(words) if at not in taken]
    if verbs and not _only_asks(words):
        return None
    deed = table.deeds.get(name)
    return (deed, words) if deed else None


def _only_asks(words: list[str]) -> bool:
    return words in (["version"], ["--version"], ["-v"], ["-V"], ["help"], ["--help"], ["env"])


def _verbs(words: list[str], deed: Deed | None) -> Iterator[tuple[int, str]]:
    """The first words that are no options, with where they stand."""
    valued = {*deed.value_options, *deed.folder_options} if deed else set()
    skip = False
    for at, word in enumerate(words):
        if skip:
            skip = False
        elif word in valued:
            skip = True
        elif not word.startswith(("-", "+")):
            yield at, word


def plain(deed: Deed, words: list[str], reading: Reading) -> bool:
    """Options and operands as the keys of the row say; False where they cannot be read."""
    options, operands = split(deed, words)
    recursive = deed.trees or any(option in deed.recursive for option, _ in options)
    for option, value in options:
        if value:
            _option(deed, option, value, reading)
    return _operands(deed, operands[deed.skip :], recursive, reading)


def _valued(deed: Deed) -> tuple[str, ...]:
    return (
        *deed.value_options,
        *deed.reading_options,
        *deed.writing_options,
        *deed.folder_options,
        *deed.user_options,
    )


def _option(deed: Deed, option: str, value: str, reading: Reading) -> None:
    if option in deed.reading_options and "://" not in value:
        reading.put("reads", value)
    elif option in deed.writing_options:
        reading.put("writes", value, below=True)
    elif option in deed.folder_options:
        reading.where = reading.where.entering(reading.at(value).path if UNKNOWN not in value else None)
    elif option in deed.user_options:
        reading.users.update(user for user in value.split(":") if user)


def _operands(deed: Deed, operands: list[str], recursive: bool, reading: Reading) -> bool:
    match deed.operands:
        case "none":
            return True
        case "reads" | "needs" | "writes" | "deletes":
            for text in operands:
                if "://" not in text:
                    reading.put(deed.operands, text, below=recursive)
        case "changes":
            for text in operands:
                reading.put("reads", text, below=recursive)
                reading.put("writes", text, below=recursive)
        case "reads-writes-last":
            for text in operands[:-1]:
                reading.put("reads", text, below=recursive)
            for text in operands[-1:]:
                reading.put("writes", text, below=recursive)
                reading.put("reads", text)
        case _:
            return False
    return True


def _from_row(deed: Deed, reading: Reading, text: str, name: str, words: list[str], verbs: list[str]) -> Action:
    table = effects_table()
    variables = {"LD_PRELOAD", *deed.variables, *reading.variables} | set(
        table.core_variables if deed.core else ("PATH", "LD_LIBRARY_PATH")
    )
    programs = {f"={name}"} if deed.core else {name}
    if deed.builtin:
        programs = set()
    programs |= {*deed.runs, *reading.programs}
    if deed.fetches:
        variables |= set(table.fetching_variables)
        programs |= {"ca-certificates"}
    reading.reads |= _fixed(deed.reads, reading)
    if deed.toolchain:
        reading.reads |= _fixed(table.toolchain_reads, reading)
    reading.writes |= {replace(place, packaged=False) for place in _fixed(deed.writes, reading)}
    reading.deletes |= {replace(place, packaged=False) for place in _fixed(deed.deletes, reading)}
    for_all = not deed.global_options or bool(set(deed.global_options) & {*words, *verbs})
    if (not deed.global_options or not for_all) and not reading.elsewhere:
        _folder(deed, reading)
    if deed.installs:
        _language_install(deed, reading, words, for_all)
        variables |= set(table.families[deed.installs].variables)
    return _done(
        reading,
        text,
        variables=frozenset(variables),
        programs=frozenset(programs),
        toolchain=deed.toolchain,
        users=frozenset({"*"}) if deed.users == "reads" else frozenset(),
        installer=bool(deed.installs),
    )


def _language_install(deed: Deed, reading: Reading, words: list[str], for_all: bool) -> None:
    """Packages of a language: into the system, or into the folder (which the row tells)."""
    family = effects_table().families[deed.installs]
    reading.reads |= _fixed(family.reads, reading)
    if for_all:
        reading.install = Install(deed.installs, _language_packages(deed, words), False)
        reading.writes |= _fixed(family.writes, reading)


def _fixed(paths: Sequence[str], reading: Reading) -> set[Place]:
    """The paths of a row, and all below them; `~` is the home of the user, or any home where that is not known."""
    home = reading.where.home
    homes = [home] if home is not None and not reading.as_other_user else ["/root", "/home"]
    found = set()
    for path in paths:
        if not path.startswith("~"):
            found.add(Place(canonical(path), True, True))
        elif len(homes) == 1:
            found.add(Place(canonical(homes[0] + path[1:]), True))
        else:
            found |= {Place(each, True) for each in homes}
    return found


def _folder(deed: Deed, reading: Reading) -> None:
    """What a command makes of the folder that it runs in."""
    where = reading.where
    if not deed.folder and not deed.manifests and not deed.makes:
        return
    reading.uses_folder = reading.uses_folder or where.by_setting
    here = where.place(".", below=True)
    project = Place(project_root(here.path), True)
    if deed.folder in ("reads", "builds"):
        reading.reads.add(project)
    if deed.folder == "builds":
        reading.writes.add(project)
    if deed.folder == "needs":
        reading.needs.add(here)
    reading.reads |= {where.place(path, below=True) for path in deed.manifests}
    reading.writes |= {where.place(path, below=True) for path in deed.makes}


def project_root(path: str) -> str:
    """The highest folder above a path that is no folder of the system: `/usr/src/app` of `/usr/src/app/client`."""
    standing = effects_table().standing
    if path in standing:
        return path
    while (parent := posixpath.dirname(path)) not in standing:
        path = parent
    return path


def _language_packages(deed: Deed, words: list[str]) -> frozenset[str] | None:
    """The packages that a language's installer names; None where a file names them."""
    names: set[str] = set()
    skip = False
    for word in words:
        if skip:
            skip = False
        elif word in (*deed.reading_options, "-e", "--editable", "-f"):
            return None
        elif word in _valued(deed):
            skip = True
        elif not word.startswith("-"):
            name = re.split(r"(?<=.)[=<>~!@\[ ;:]", word, maxsplit=1)[0].lower()
            if UNKNOWN in name or ("/" in name.removeprefix("@") and not name.startswith("@")) or name == ".":
                return None
            names.add(name)
    return frozenset(names) if names else None


def _done(reading: Reading, text: str, **more: Any) -> Action:
    """The action out of all that was read, and more."""
    files = effects_table().users_files
    named = [one for one in reading.writes if not one.packaged]
    if any(meet(one, Place(file)) for one in named for file in files):
        reading.makes_users.add("*")
    action = Action(
        text,
        reads=frozenset(reading.reads),
        needs=frozenset(reading.needs),
        writes=frozenset(reading.writes),
        deletes=frozenset(reading.deletes),
        users=frozenset(reading.users),
        makes_users=frozenset(reading.makes_users),
        settings=frozenset({"folder"} if reading.uses_folder else ()),
        links=tuple(reading.links),
        install=reading.install,
    )
    return _plus(action, **more)


def _plus(action: Action, **more: Any) -> Action:
    """The action with more in its sets, and with other values."""
    values = {
        key: getattr(action, key) | value if isinstance(value, frozenset) else value for key, value in more.items()
    }
    return replace(action, **values)
