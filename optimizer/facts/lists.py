"""Package lists as a state that steps run in: fetched, removed, or whatever the base image holds.

A step that installs, or that cannot be read, runs in that state as it runs in a folder: a rewrite that takes the
lists away from it, or gives it others, changes what it does.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache

from msgspec import Struct

from optimizer.facts.calls import Call
from optimizer.facts.chains import Step
from optimizer.facts.packages import PackageCall, neutral, package_call
from optimizer.knowledge import Manager, commands, families, managers
from optimizer.syntax.nodes import Command, Comment, Gap, Operator, ShellScript


class Deletion(Struct, frozen=True):
    """A step that only deletes literal absolute paths, or only cleans a package manager's caches and lists."""

    paths: tuple[str, ...]
    """Absolute; a final `*` component stands as it is written."""
    regenerable: bool
    """Whether all of it is caches and lists that a package manager fetches again."""
    relative: bool = False
    """Whether it depends on the folder that it runs in."""


@lru_cache(maxsize=4096)
def deletion(step: Step, folder: str | None) -> Deletion | None:
    """The step, run in that folder, as a deletion; None where it does anything else."""
    command = step.command
    if command is None or command.assignments or command.redirects or len(step.calls) != 1:
        return None
    call = step.calls[0]
    if call.wrapped_by and set(call.wrapped_by) != {"sudo"}:
        return None
    package = package_call(call)
    if package is not None:
        if not package.only_cleans or not package.understood:
            return None
        lists = () if package.verb in package.manager.keeps_lists else package.manager.lists
        return Deletion(lists + package.manager.caches, True)
    return _removed(call, folder)


def _removed(call: Call, folder: str | None) -> Deletion | None:
    """`rm -rf` of literal paths (a glob only at the end)."""
    if call.name != "rm":
        return None
    paths: list[str] = []
    relative = False
    for word in call.words[1:]:
        text = word.text
        if text.startswith("-") and word.literal is not None:
            if not set(word.literal.lstrip("-")) <= set("rRfv") and word.literal not in ("--recursive", "--force"):
                return None
            continue
        parent, _, last = text.rpartition("/")
        plain = word.literal if word.literal is not None else (text if _is_glob(parent, last) else None)
        if plain is None:
            return None
        relative = relative or not plain.startswith("/")
        path = posixpath.join(folder or "", plain)
        if not path.startswith("/") or ".." in path.split("/") or path.rstrip("/").count("/") < 2 or "/./" in path:
            return None
        paths.append(path.rstrip("/"))
    if not paths:
        return None
    return Deletion(tuple(paths), not relative and all(_regenerable(path) for path in paths), relative)


def _is_glob(parent: str, last: str) -> bool:
    """A word such as `/var/cache/apk/*` or `/tmp/*.deb`: nothing but `*` needs a shell in it."""
    return all(c.isalnum() or c in "/._-+" for c in parent) and all(c.isalnum() or c in "*._-+" for c in last)


def _regenerable(path: str) -> bool:
    """Whether the path lies in a place that a package manager fetches again, or is one."""
    return any(
        path == place or path.startswith(place + "/")
        for manager in managers().values()
        for place in (*manager.lists, *manager.caches)
    )


def families_named(text: str) -> tuple[str, ...]:
    """The families whose lists a file can have to do with: it names one of their managers."""
    return tuple(
        family
        for family, rows in families().items()
        if any(manager.lists and name in text for manager in rows for name in manager.commands)
    )


def filled(found: Deletion, package: PackageCall) -> bool:
    """Whether a call of a package manager leaves something behind that the deletion, which is regenerable, removes."""
    manager = package.manager
    fills = package.updates or package.installs or package.verb in manager.upgrade
    places = {path.removesuffix("/*") for path in found.paths}
    if fills and not places.isdisjoint(manager.caches):
        return True
    return removes_lists(found, manager.family) and (fills if not manager.needs_update else package.updates)


def removes_lists(found: Deletion, family: str) -> bool:
    """Whether the deletion takes the lists of a family's managers away."""
    return any(
        path in (place, f"{place}/*") or place.startswith(path.removesuffix("/*") + "/") or path.startswith(f"{place}/")
        for path in found.paths
        for manager in families()[family]
        for place in manager.lists
    )


@lru_cache(maxsize=4096)
def only_refreshes(step: Step) -> Manager | None:
    """The manager whose lists the step fetches, if it does nothing else; None otherwise."""
    package = sole_package_call(step)
    return package.manager if package and package.only_updates and package.understood else None


def sole_package_call(step: Step) -> PackageCall | None:
    """The package manager's call that the step is, if it is nothing else."""
    if step.command is None or len(step.calls) != 1:
        return None
    return package_call(step.calls[0])


def fetches_first(script: ShellScript, calls: Sequence[Call], family: str, variables: Mapping[str, str | None]) -> bool:
    """Whether a script that is no chain fetches the family's lists before anything in it may read them."""
    by_node = {call.node: call for call in calls}
    for part in script.parts:
        if isinstance(part, Command) and part in by_node:
            package = package_call(by_node[part])
            if package is not None and package.manager.family == family and package.only_updates:
                return True
            if may_use_lists((by_node[part],), family, variables):
                return False
        elif not isinstance(part, Gap | Comment) and not (isinstance(part, Operator) and part.text in (";", "\n")):
            return False
    return False


def may_use_lists(calls: Sequence[Call], family: str, variables: Mapping[str, str | None]) -> bool:
    """Whether one of the commands may read the lists of a family.

    A command that is not known may; but where the family's managers fetch lists by themselves, it would not need to.
    """
    self_fetching = not families()[family][0].needs_update
    for call in calls:
        package = package_call(call)
        if package is None:
            if not self_fetching and not neutral(call, variables):
                return True
        elif package.manager.family == family and package.needs_lists:
            return True
    return False


def may_change_sources(calls: Sequence[Call], family: str, variables: Mapping[str, str | None]) -> bool:
    """Whether one of the commands may change what an update of the family's managers would fetch."""
    for call in calls:
        package = package_call(call)
        if package is not None and (package.manager.family != family or _keeps_sources(package)):
            continue
        if package is not None or not neutral(call, variables):
            return True
    return False


def copy_may_change_sources(text: str) -> bool:
    """Whether a COPY or ADD with these arguments may write where a package manager looks for its sources."""
    return (
        text.rstrip("/").endswith(("/etc", " /", " "))
        or "$" in text.rpartition(" ")[2]
        or any(place.strip("/") in text for place in commands().places)
    )


def copies_lists(path: str, family: str) -> bool:
    """Whether a path that is copied out of a stage holds lists of the family, or is one."""
    plain = path.removesuffix("*").rstrip("/") + "/"
    return any(
        f"{place}/".startswith(plain) or plain.startswith(f"{place}/")
        for manager in families()[family]
        for place in manager.lists
    )


def started_with_lists(text: str, family: str) -> bool:
    """Whether what a container starts (CMD, ENTRYPOINT, HEALTHCHECK) calls a manager that needs lists."""
    names = {name for manager in families()[family] if manager.needs_update for name in manager.commands}
    return not names.isdisjoint(re.split(r"[^\w.-]+", text))


def _keeps_sources(package: PackageCall) -> bool:
    """An install of named packages from the lists changes no sources; one of a file (`./x.deb`) may."""
    if package.only_updates or package.only_cleans or package.verb in package.manager.reads:
        return True
    if package.verb in package.manager.remove:
        return True
    names = [word.literal for word in package.operands]
    return package.installs and all(name is not None and "/" not in name and ":" not in name for name in names)
