"""What a command that installs from a manifest reads of its project and writes there: the rows and the manifests tell.

A reader raises UnreadableError wherever it cannot be certain: then nobody may separate the install from the sources.
"""

from __future__ import annotations

import posixpath
from collections.abc import Sequence
from functools import lru_cache
from importlib import import_module

from msgspec import Struct

from optimizer.facts.calls import Call
from optimizer.facts.manifests.project import NamedError, Project, UnreadableError
from optimizer.facts.sync import in_sync
from optimizer.knowledge import load, row
from optimizer.syntax.nodes import Item, Word

__all__ = ["Install", "InstallRow", "NamedError", "Need", "Project", "UnreadableError", "install_of"]


class InstallRow(Struct, frozen=True):
    """A row of `manifests.toml`."""

    name: str
    commands: tuple[str, ...]
    verbs: tuple[str, ...]
    reader: str
    source: str
    required: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    operands: bool = False
    writes: tuple[str, ...] = ()
    writes_beside: tuple[str, ...] = ()
    locks: tuple[str, ...] = ()
    frozen_verbs: tuple[str, ...] = ()
    fresh_verbs: tuple[str, ...] = ()
    whole: bool = False
    frozen_options: tuple[str, ...] = ()
    folder_options: tuple[str, ...] = ()
    path_options: tuple[str, ...] = ()
    value_options: tuple[str, ...] = ()
    elsewhere_options: tuple[str, ...] = ()
    no_scripts_options: tuple[str, ...] = ()


class Need(Struct, frozen=True):
    """What an install reads and writes, as absolute paths of the image.

    `files` were copied there; `writes` are files or folders; `rewrites` are lock files that it may write anew.
    """

    files: tuple[str, ...]
    writes: tuple[str, ...]
    rewrites: tuple[str, ...] = ()


class Install(Struct, frozen=True):
    """A call that installs what manifests name. `folder` is relative to the one that it runs in, or absolute."""

    row: InstallRow
    verb: str
    options: tuple[tuple[str, str | None], ...]
    """Each option with its value, None where it has none."""
    operands: tuple[str, ...]
    folder: str

    def has(self, names: Sequence[str]) -> bool:
        """Whether one of the options is given, alone or with a value (`--omit` and `--omit=dev` are two spellings)."""
        return any(name in names or f"{name}={value}" in names for name, value in self.options)

    def values(self, names: Sequence[str]) -> tuple[str, ...]:
        """The values of options."""
        return tuple(value for name, value in self.options if name in names and value is not None)

    @property
    def frozen(self) -> bool:
        """Whether it leaves the lock file as it is."""
        return self.verb in self.row.frozen_verbs or self.has(self.row.frozen_options)

    @property
    def starts_afresh(self) -> bool:
        """Whether it deletes what it writes to before it installs."""
        return self.verb in self.row.fresh_verbs

    @property
    def leaves_the_same(self) -> bool:
        """Whether packages that another install of it left change nothing of what it leaves."""
        return self.starts_afresh or (self.row.whole and self.frozen)

    @property
    def runs_scripts(self) -> bool:
        """Whether it runs the scripts of the project."""
        return not self.has(self.row.no_scripts_options)

    def need(self, project: Project) -> Need:
        """What it reads and writes in the project. Raises UnreadableError, which says why that is not certain."""
        missing = [path for path in self.row.required if not project.has(path)]
        if missing:
            raise UnreadableError(f"`{project.at(missing[0])}` is not copied from the build context")
        reader = import_module(f"optimizer.facts.manifests.{self.row.reader}")
        found: dict[str, None] = {}
        for path in (*self.row.required, *self.row.optional, *reader.files(self, project)):
            found |= dict.fromkeys([project.at(path)] if project.has(path) else project.below(path))
        beside = {posixpath.dirname(path) for path in found if path.endswith(self.row.writes_beside)}
        return Need(
            tuple(found),
            tuple(
                sorted(
                    {posixpath.join(folder, path) for folder in beside or {project.at(".")} for path in self.row.writes}
                )
            ),
            tuple(project.at(lock) for lock in self.row.locks if self._may_write(lock, project)),
        )

    def _may_write(self, lock: str, project: Project) -> bool:
        if self.frozen or not project.has(lock):
            return False
        manifest, locked = project.text(self.row.required[0]), project.text(lock)
        return not in_sync(self.row.name, manifest.encode(), locked.encode())


_UNTOLD = "\0"
"""Stands for a word that only a shell could tell; it is one word, as it is quoted."""


def _told(word: Word | Item) -> str | None:
    if word.literal is None and word.text[:1] == word.text[-1:] == '"':
        return _UNTOLD
    return word.literal


@lru_cache(maxsize=1)
def _rows() -> dict[tuple[str, str], InstallRow]:
    """The rows by command and verb."""
    table = load("manifests.toml")["install"]
    rows = [row(InstallRow, data, f"manifests.toml: install {number}") for number, data in enumerate(table, start=1)]
    return {(command, verb): one for one in rows for command in one.commands for verb in one.verbs}


@lru_cache(maxsize=4096)
def install_of(call: Call) -> Install | None:
    """The call as an install from a manifest; None where it is none, or where a word cannot be told."""
    told = [_told(word) for word in call.words[1:]]
    if call.name is None or call.substituted or call.fed or None in told:
        return None
    words = [call.name, *(word for word in told if word is not None)]
    if words[1:2] == ["-m"] and words[0].startswith("python"):
        words = words[2:]
    if words[0].startswith("pip") and words[0][3:].replace(".", "").isdigit():
        words[0] = "pip"
    found = _verb(words)
    if found is None:
        return None
    one, verb, rest = found
    if call.name in one.required and call.words[0].literal != f"./{call.name}":
        return None
    return _read(one, verb, rest)


def _verb(words: list[str]) -> tuple[InstallRow, str, list[str]] | None:
    """The row, the verb, and the words without both; the options may stand before the verb."""
    for (command, verb), one in _rows().items():
        named = command.split()
        if words[: len(named)] != named:
            continue
        rest = words[len(named) :]
        wanted = verb.split()
        at = 0 if verb.startswith("-") else _first_operand(one, rest)
        if rest[at : at + len(wanted)] == wanted and (wanted or at == len(rest)):
            return one, verb, rest[:at] + rest[at + len(wanted) :]
    return None


def _first_operand(one: InstallRow, words: list[str]) -> int:
    at = 0
    while at < len(words) and words[at].startswith("-"):
        at += 2 if words[at] in _taking_values(one) else 1
    return at


@lru_cache(maxsize=64)
def _taking_values(one: InstallRow) -> frozenset[str]:
    return frozenset((*one.folder_options, *one.path_options, *one.value_options))


def _read(one: InstallRow, verb: str, words: list[str]) -> Install | None:
    options: list[tuple[str, str | None]] = []
    operands: list[str] = []
    rest = iter(words)
    for word in rest:
        name, equals, value = word.partition("=")
        if not word.startswith("-"):
            operands.append(word)
        elif equals:
            options.append((name, value))
        elif word in _taking_values(one):
            options.append((word, next(rest, None)))
        elif word[:2] in one.path_options and not word.startswith("--") and len(word) > 2:
            options.append((word[:2], word[2:]))
        else:
            options.append((word, None))
    if any(name in one.elsewhere_options for name, _ in options) or (operands and not one.operands):
        return None
    paths = [value for name, value in options if name not in one.value_options]
    if _UNTOLD in (*operands, *(name for name, _ in options), *paths):
        return None
    folders = [value for name, value in options if name in one.folder_options and value]
    return Install(one, verb, tuple(options), tuple(operands), posixpath.join("", *folders))
