"""What is in force while a stage is built: the environment in order, user, folder, shell, with this build's values.

Unlike `facts.scope`, which tells what holds in every build, this is one build: arguments have values here. What neither
the file nor a known base sets is taken as unset, `PATH` aside.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping

from msgspec import Struct, field

from optimizer.cache.builds import Base, Build
from optimizer.facts.scope import PLATFORM_ARGUMENTS, Scope
from optimizer.syntax.nodes import ExecForm, Instruction, Pairs, Words

PROXIES = frozenset(
    name
    for lower in ("http_proxy", "https_proxy", "ftp_proxy", "no_proxy", "all_proxy")
    for name in (lower, lower.upper())
)
"""Arguments that reach a RUN undeclared; they are in no key."""

_UNKNOWN = {"PATH": "\0PATH of the base"}


class Variable(Struct, frozen=True):
    """A value in the environment of a RUN; `argument`: the last that set it was an ARG."""

    value: str
    argument: bool


class State(Struct):
    """Moves from instruction to instruction."""

    build: Build
    prologue: Scope
    variables: dict[str, Variable] = field(default_factory=dict)
    inherited: Mapping[str, str] = field(default_factory=dict)
    user: str = ""
    folder: str = "/"
    shell: tuple[str, ...] = ("/bin/sh", "-c")

    @classmethod
    def on(cls, base: Base, build: Build, prologue: Scope) -> State:
        """At the start of a stage that stands on an image."""
        variables = {name: Variable(value, False) for name, value in base.environment.items()}
        return cls(build, prologue, variables, _UNKNOWN, base.user, base.folder)

    def copy(self) -> State:
        """The same, to move on from."""
        return State(
            self.build, self.prologue, dict(self.variables), self.inherited, self.user, self.folder, self.shell
        )

    @property
    def values(self) -> dict[str, str]:
        """The variables as expansions see them."""
        return {**self.inherited, **{name: variable.value for name, variable in self.variables.items()}}

    @property
    def scope(self) -> Scope:
        """The state as the facts know it."""
        return Scope(self.values, complete=True, user=self.user, folder=self.folder, shell=self.shell)

    def expanded(self, text: str) -> str:
        """An argument of an instruction, expanded; as it is where BuildKit would reject it."""
        found = self.scope.expand(text, self.build.facts.tree.escape)
        return text if found is None else found

    def move(self, instruction: Instruction) -> None:
        """Go on behind an instruction."""
        body = instruction.body
        match instruction.name:
            case "ENV" if isinstance(body, Pairs):
                found = [(self.expanded(p.name.text), self.expanded(p.value.text)) for p in body.pairs if p.value]
                for name, value in found:
                    self._set(name, value, argument=False)
            case "ARG" if isinstance(body, Pairs):
                for name, given in self.arguments(body):
                    if given is not None:
                        self._set(name, given, argument=True)
            case "USER" if isinstance(body, Words):
                self.user = self.expanded(body.words[0].text)
            case "WORKDIR" if isinstance(body, Words):
                self.folder = self.entered(self.expanded(body.words[0].text))
            case "SHELL" if isinstance(body, ExecForm):
                self.shell = tuple(item.text for item in body.items)

    def _set(self, name: str, value: str, *, argument: bool) -> None:
        """A variable that is set again moves to the end."""
        self.variables.pop(name, None)
        self.variables[name] = Variable(value, argument)

    def arguments(self, body: Pairs) -> Iterator[tuple[str, str | None]]:
        """The values that an ARG gives in this build; None: it leaves the variable as it is."""
        for pair in body.pairs:
            name = pair.name.text
            if name in self.build.arguments:
                yield name, self.build.arguments[name]
            elif pair.value is not None:
                yield name, self.expanded(pair.value.text)
            else:
                yield name, self.prologue.variables.get(name)

    def entered(self, text: str) -> str:
        """The folder after `WORKDIR text`, as a RUN is given it: a final slash stays."""
        if text.startswith("/"):
            return text
        path = posixpath.normpath(posixpath.join(self.folder, text)) if text else self.folder
        return path + "/" if text.endswith("/") and path != "/" else path


def prologue_of(build: Build) -> Scope:
    """The ARGs above the first FROM, with the values that this build gives."""
    platform = dict.fromkeys(PLATFORM_ARGUMENTS, "")
    platform |= {f"{side}PLATFORM": "linux/amd64" for side in ("BUILD", "TARGET")}
    platform |= {f"{side}{part}": value for side in ("BUILD", "TARGET") for part, value in _PLATFORM}
    scope = Scope(platform, complete=True)
    escape = build.facts.tree.escape
    for instruction in build.facts.tree.prologue:
        if instruction.name != "ARG" or not isinstance(instruction.body, Pairs):
            continue
        for pair in instruction.body.pairs:
            name = pair.name.text
            value = build.arguments.get(name)
            if value is None and pair.value is not None:
                value = scope.expand(pair.value.text, escape)
            if value is not None:
                scope = Scope({**scope.variables, name: value}, complete=True)
    return scope


_PLATFORM = (("OS", "linux"), ("ARCH", "amd64"))
