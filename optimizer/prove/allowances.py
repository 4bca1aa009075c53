"""What each transform said may differ, as data, and the judgement of a difference by it."""

import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from msgspec import Struct

from .compare import SETTINGS, Change, Difference, SettingChange
from .errors import TableError
from .globs import matches
from .noise import Noise, without_noise

DPKG_STATE = (
    *("/var/lib/dpkg/**", "/var/lib/apt/extended_states", "/var/cache/debconf/**", "/etc/ld.so.cache"),
    "/var/lib/systemd/deb-systemd-helper-enabled/**",
    *("/lib/apk/db/**", "/usr/lib/apk/db/**", "/etc/apk/world", "/var/lib/rpm/**", "/usr/lib/sysimage/rpm/**"),
)
"""What is otherwise whenever a package is not installed: the managers' own books, the book of the services
that they enabled (deb-systemd-helper(1p)), and the loader's cache."""


_FORMS = ("", "exec")


def _same_command(before: Any, after: Any) -> bool:
    """Whether a command that a shell ran is now started with the same words: `sh -c "a b"` -> `a`, `b`."""
    if not isinstance(before, list) or not isinstance(after, list) or len(before) < 3 or not before[-2].endswith("c"):
        return False
    try:
        return bool(after == shlex.split(before[-1]))
    except ValueError:
        return False


class Allowance(Struct, frozen=True):
    """The declared effects of a transform on the image; the default is none.

    Globs are of whole paths (see `globs`). Who may drop packages may remove what dpkg or apk says was theirs, and
    change the books of the package managers. Who may change the base may change any path and package; configuration,
    libraries and smoke test must hold all the same. `configuration` names fields that may differ (`Labels`), keys of
    such a field (`Labels.maintainer`), or commands that may change their form (`Cmd:exec`).
    """

    may_remove: tuple[str, ...] = ()
    may_change: tuple[str, ...] = ()
    may_add: tuple[str, ...] = ()
    may_drop_packages: bool = False
    may_change_base: bool = False
    configuration: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        unknown = {name for name in self.configuration if name.partition(":")[0].partition(".")[0] not in SETTINGS}
        unknown |= {name for name in self.configuration if name.partition(":")[2] not in _FORMS}
        if unknown:
            raise TableError(f"unknown field of the configuration `{min(unknown)}`; known are {', '.join(SETTINGS)}")

    def allows(self, setting: SettingChange) -> bool:
        """Whether a field may differ as it does: a whole field, the named keys of one, or only a command's form."""
        name, before, after = setting.name, setting.before, setting.after
        if name in self.configuration:
            return True
        if f"{name}:exec" in self.configuration:
            return _same_command(before, after)
        if not isinstance(before or {}, dict) or not isinstance(after or {}, dict):
            return False
        old, new = before or {}, after or {}
        changed = {key for key in old.keys() | new.keys() if old.get(key) != new.get(key)}
        return bool(changed) and all(f"{name}.{key}" in self.configuration for key in changed)


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """A difference that nobody allowed.

    `kind` is `removed`, `added`, `changed`, `setting`, `package`, `library`, `build` or `smoke`.
    """

    kind: str
    subject: str
    detail: str = field(default="", compare=False)

    def __str__(self) -> str:
        return f"{self.kind} {self.subject}" + (f": {self.detail}" if self.detail else "")


class Verdict(Struct, frozen=True):
    """The problems, the differences that were allowed with the transform that allowed them, and the noise."""

    problems: tuple[Problem, ...]
    allowed: tuple[tuple[str, str], ...] = ()
    noise: tuple[Change, ...] = ()

    @property
    def holds(self) -> bool:
        return not self.problems


def judge(difference: Difference, allowances: Mapping[str, Allowance], noise: Noise | None = None) -> Verdict:
    """Hold a difference against the allowances of the transforms that were applied, by their ids."""
    rest, quiet = without_noise(difference, noise or Noise())
    gone = frozenset(change.path for change in rest.removed)
    problems: list[Problem] = []
    allowed: list[tuple[str, str]] = []

    def weigh(problem: Problem, permitting: Iterable[str]) -> None:
        name = next(iter(permitting), None)
        if name is None:
            problems.append(problem)
        else:
            allowed.append((str(problem), name))

    for change in rest.removed:
        path = change.path
        names = (
            name
            for name, each in allowances.items()
            if matches(path, each.may_remove) or _dropped(path, each, rest, gone)
        )
        weigh(Problem("removed", path), names)
    for change in rest.added:
        path = change.path
        names = (
            name
            for name, each in allowances.items()
            if each.may_change_base or matches(path, each.may_add + _books(each))
        )
        weigh(Problem("added", path), names)
    for change in rest.changed:
        path, detail = change.path, f"{', '.join(change.aspects)}: {change.before} -> {change.after}"
        names = (
            name
            for name, each in allowances.items()
            if each.may_change_base or matches(path, each.may_change + _books(each))
        )
        weigh(Problem("changed", path, detail), names)
    for setting in rest.settings:
        names = (name for name, each in allowances.items() if each.allows(setting))
        weigh(Problem("setting", setting.name, f"{setting.before!r} -> {setting.after!r}"), names)
    for package in rest.dropped:
        names = (name for name, each in allowances.items() if each.may_drop_packages or each.may_change_base)
        weigh(Problem("package", str(package), "dropped"), names)
    for package in rest.gained:
        names = (name for name, each in allowances.items() if each.may_change_base)
        weigh(Problem("package", str(package), "not there before"), names)
    for program, library in rest.missing:
        problems.append(Problem("library", library, f"missing, needed by {program}"))
    return Verdict(tuple(sorted(problems)), tuple(allowed), quiet)


def _books(allowance: Allowance) -> tuple[str, ...]:
    return DPKG_STATE if allowance.may_drop_packages else ()


def _dropped(path: str, allowance: Allowance, difference: Difference, gone: frozenset[str]) -> bool:
    """Whether a path went with a package: it was the package's, or lay in a folder of it that is gone too."""
    if allowance.may_change_base:
        return True
    if not allowance.may_drop_packages:
        return False
    folders = (str(folder) for folder in PurePosixPath(path).parents)
    theirs = path in difference.owned or any(folder in difference.owned and folder in gone for folder in folders)
    return theirs or matches(path, DPKG_STATE)
