"""Into which environment a call of a tool of Python puts packages, read with the rows of `environments.toml`."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from enum import Enum

from msgspec import Struct

from optimizer.facts import Facts
from optimizer.facts.arrivals import arrived
from optimizer.facts.calls import Call
from optimizer.facts.effects.links import raw_effects
from optimizer.facts.effects.names import plain_name
from optimizer.facts.effects.programs import path_folders
from optimizer.facts.interpreted.requires import fits
from optimizer.facts.packages import package_call
from optimizer.facts.runtime_needs.started import files_of
from optimizer.facts.tables import toml_table
from optimizer.facts.texts import begins
from optimizer.knowledge.environments import Tool, environments
from optimizer.syntax.nodes import Instruction

_NAME = re.compile(r"([A-Za-z0-9][\w.-]*)(?:\[[^\]]*\])?\s*(?:[=<>~!].*)?")
_OF_FILES = frozenset({"-r", "--requirement", "-e", "--editable", "-f", "--find-links"})
_YES, _NO = ("true", "1", "yes", "on"), ("false", "0", "no", "off")


class Spot(Enum):
    """In what kind of place packages lie."""

    ENVIRONMENT = "in an environment, at a path"
    BESIDE = "beside the interpreter of the image"
    HIDDEN = "in an environment below the home of the user, under a name that the tool makes up"
    UNKNOWN = "not known"


class Landing(Struct, frozen=True):
    """Where the packages of one call lie. `path`: of the environment; `why`: why the place is not known."""

    spot: Spot
    path: str = ""
    why: str = ""
    activated: bool = False
    """Whether VIRTUAL_ENV, if it were set, would say where."""


class _NotKnownError(Exception):
    """A word, a variable or a file says where, and what it says is not known."""


def landing(facts: Facts, run: Instruction, call: Call) -> Landing | None:
    """Where the packages of a call lie; None where it installs none of Python."""
    words = [word.literal for word in call.words]
    name = plain_name(call.name or "")
    if name == "python" and words[1:2] == ["-m"] and len(words) > 2:
        name, words = words[2] or "", words[2:]
    row = _row(name, [word for word in words[1:] if word is not None and not word.startswith("-")])
    if row is None:
        return None
    try:
        return _Site(facts, run, call, row, name, words).landing()
    except _NotKnownError as error:
        return Landing(Spot.UNKNOWN, why=str(error))


def _row(name: str, verbs: list[str]) -> Tool | None:
    known = environments().by_verb
    return next((known[key] for n in (2, 1) if (key := " ".join([name, *verbs[:n]])) in known), None)


def is_quiet(call: Call) -> bool:
    """Whether a call of a tool installs nothing, although it is a tool that does."""
    text = " ".join([plain_name(call.name or ""), *(word.text for word in call.words[1:])])
    return begins(text, environments().quiet)


def named(call: Call) -> frozenset[str] | None:
    """The packages that a `pip install` names, in small letters; None where files name some."""
    found = package_call(call)
    if found is None or found.manager.family != "pip" or set(found.options) & _OF_FILES or not found.operands:
        return None
    names = [_NAME.fullmatch(word.text.strip("\"'")) for word in found.operands]
    return frozenset(one[1].lower() for one in names if one) if all(names) else None


def made(facts: Facts, run: Instruction) -> tuple[str, ...]:
    """The environments that steps of the stage make, up to a RUN and with it."""
    found: dict[str, None] = {}
    for one in facts.stage_of[run].instructions:
        for path in _made_by(facts, one) if one.name == "RUN" else ():
            found.setdefault(path)
        if one is run:
            break
    return tuple(found)


def _made_by(facts: Facts, run: Instruction) -> Iterator[str]:
    for action in raw_effects(facts, run).actions:
        words = action.text.split()
        text = " ".join([plain_name(words[0]), *words[1:]]) if words else ""
        if begins(text, environments().makers):
            paths = [place.path for place in action.writes]
            folder = facts.scopes[run].folder
            yield from paths or ([posixpath.join(folder, ".venv")] if folder is not None else [])


class _Site(Struct, frozen=True):
    """One call, and what is in force there."""

    facts: Facts
    run: Instruction
    call: Call
    row: Tool
    name: str
    words: list[str | None]

    def landing(self) -> Landing:
        """Where the packages lie. Raises _NotKnownError."""
        self._plain()
        self._projected()
        if self.row.searched and self._says(self.row.beside):
            return self._searched()
        if self.row.active and (active := self._variable("VIRTUAL_ENV")):
            return Landing(Spot.ENVIRONMENT, active, activated=True)
        if (own := posixpath.dirname(self.call.words[0].literal or "")) and self.row.searched:
            return self._beside(own)
        if self.row.always or self._says(self.row.in_project):
            self._fitting()
            return Landing(Spot.ENVIRONMENT, self._in_project(), activated=self.row.active)
        if self.row.always_beside or self._says(self.row.beside):
            return self._searched()
        if self.row.searched and (self.row.folder and self._in_project() in made(self.facts, self.run)):
            return Landing(Spot.ENVIRONMENT, self._in_project(), activated=self.row.active)
        return Landing(Spot.HIDDEN, activated=self.row.active)

    def _beside(self, folder: str) -> Landing:
        """What a program at a path installs for: the environment in which it lies, or the interpreter."""
        root = posixpath.dirname(folder)
        if root in made(self.facts, self.run):
            return Landing(Spot.ENVIRONMENT, root)
        if root in ("/usr/local", "/usr"):
            return Landing(Spot.BESIDE)
        raise _NotKnownError(f"what `{self.call.words[0].text}` is is not known")

    def _searched(self) -> Landing:
        """What the programs in PATH belong to."""
        folders = path_folders(self.facts, self.run)
        found = [one for one in made(self.facts, self.run) if f"{one}/bin" in folders]
        if found and not self.row.searched:
            raise _NotKnownError(f"whether `{self.name}` takes `{found[0]}` hangs on its version; `VIRTUAL_ENV` tells")
        if found:
            return Landing(Spot.ENVIRONMENT, found[-1])
        if folders:
            raise _NotKnownError("`PATH` is set, and to which programs it leads is not known")
        return Landing(Spot.BESIDE, activated=not self.row.searched)

    def _plain(self) -> None:
        """Raises _NotKnownError where an option or a variable leads elsewhere."""
        for sign in self.row.strange:
            if sign.startswith("-"):
                if any(word == sign or (word or "").startswith(f"{sign}=") for word in self.words):
                    raise _NotKnownError(f"`{sign}` says where packages lie, which is not followed")
            elif "." in sign:
                if self._setting(sign) is not None:
                    raise _NotKnownError(f"the setting `{sign}` says where packages lie, which is not followed")
            elif (value := self._variable(sign.partition("=")[0])) and value == (sign.partition("=")[2] or value):
                raise _NotKnownError(f"`{sign.partition('=')[0]}` says where packages lie, which is not followed")
        if any(one.name in ("cd", "pushd", "export", "source", ".") for one in self.facts.calls(self.run)):
            raise _NotKnownError("its `RUN` goes to another folder, or sets variables")

    def _projected(self) -> None:
        """Raises _NotKnownError where the project does not surely lie in the folder in which it runs."""
        if self.row.manifest and arrived(self.facts, self.run, self.row.manifest) is None:
            raise _NotKnownError(f"`{self.row.manifest}` is not seen where it runs")
        folder = self.facts.scopes[self.run].folder or "/"
        files = files_of(self.facts, self.facts.stage_of[self.run])
        while self.row.always and folder != "/":
            folder = posixpath.dirname(folder)
            if posixpath.join(folder, self.row.manifest) in files:
                raise _NotKnownError(f"it may be a part of the workspace in `{folder}`")

    def _in_project(self) -> str:
        folder = self.facts.scopes[self.run].folder
        if folder is None:
            raise _NotKnownError("the folder in which it runs is not known")
        elsewhere = self._variable(self.row.elsewhere) if self.row.elsewhere else None
        return posixpath.normpath(posixpath.join(folder, elsewhere or self.row.folder))

    def _fitting(self) -> None:
        """Raises _NotKnownError where the tool may fetch an interpreter of its own, below the home of the user."""
        if not self.row.fetches or any(self._says((sign,)) for sign in self.row.fetches):
            return
        if (why := fits(self.facts, self.run)) is not None:
            raise _NotKnownError(f"{why}, so that `{self.name}` may fetch one of its own")

    def _says(self, signs: tuple[str, ...]) -> bool:
        """Whether the first that is set says yes."""
        for sign in signs:
            name, _, wanted = sign.partition("=")
            if name.startswith("-"):
                if name in self.words:
                    return True
                continue
            value = self._setting(name) if "." in name else self._variable(name)
            if value is not None:
                return _alike(value, wanted)
        return False

    def _variable(self, name: str) -> str | None:
        """The value of a variable; None where it is not set. Raises _NotKnownError."""
        variables = self.facts.scopes[self.run].variables
        value = variables.get(name)
        if name in self.facts.sources[self.run] or (name in variables and value is None):
            raise _NotKnownError(f"the value of `{name}` is not known")
        return value

    def _setting(self, key: str) -> str | None:
        """What `TOOL config` set, or the file of the project; None where neither did. Raises _NotKnownError."""
        return self._of_file(key) or self._configured(key)

    def _configured(self, key: str) -> str | None:
        found = None
        for one in self.facts.stage_of[self.run].instructions:
            for call in self.facts.calls(one) if one.name == "RUN" else ():
                words = [word.literal for word in call.words]
                if call.name == self.name and words[1:2] == ["config"] and key in words:
                    behind = words[words.index(key) + 1 :]
                    if not behind or behind[0] is None or "--unset" in words:
                        raise _NotKnownError(f"the setting `{key}` is not known")
                    found = behind[0]
            if one is self.run:
                break
        return found

    def _of_file(self, key: str) -> str | None:
        file = arrived(self.facts, self.run, self.row.file) if self.row.file else None
        if file is None:
            return None
        content = file.content(self.facts)
        table = toml_table(content.decode("utf-8", "replace")) if content is not None else None
        if table is None:
            raise _NotKnownError(f"`{self.row.file}` is not known")
        held = table.get(key.partition(".")[0])
        value = held.get(key.partition(".")[2]) if isinstance(held, dict) else None
        return None if value is None else str(value).lower()


def _alike(value: str, wanted: str) -> bool:
    """Whether two values say the same. Raises _NotKnownError for one that says neither yes nor no."""
    for alike in (_YES, _NO):
        if wanted in alike:
            if value.lower() not in (*_YES, *_NO):
                raise _NotKnownError(f"what `{value}` says is not known")
            return value.lower() in alike
    return value == wanted
