"""What is in force where an instruction stands: variables, user, folder, shell; `None` where it is not known."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping

from msgspec import Struct, field
from msgspec.structs import replace

from optimizer.syntax.lexer import Lexer, LexError, UnknownValue
from optimizer.syntax.nodes import ExecForm, Instruction, Pairs, Words

_POSIX_SHELLS = {"sh", "bash", "ash", "dash"}
PLATFORM_ARGUMENTS = frozenset(
    f"{side}{part}" for side in ("BUILD", "TARGET") for part in ("PLATFORM", "OS", "ARCH", "VARIANT")
) | {"TARGETSTAGE"}


ROOTS = ("root", "0", "root:root", "0:0")
"""How the user root is written, with and without his group."""


class Scope(Struct, frozen=True):
    """The state before an instruction. A variable that is set to something unknown has the value None."""

    variables: Mapping[str, str | None] = field(default_factory=dict)
    complete: bool = False
    """Whether a variable that is not in `variables` is known to be unset: the base image is `scratch`."""
    user: str | None = None
    folder: str | None = None
    shell: tuple[str, ...] = ("/bin/sh", "-c")

    @property
    def as_root(self) -> bool:
        """Whether commands surely run as root."""
        return self.user in ROOTS

    @property
    def posix_shell(self) -> bool:
        """Whether the shell form is read by a shell whose grammar we know."""
        name = posixpath.basename(self.shell[0]) if self.shell else ""
        options = self.shell[1:]
        return name in _POSIX_SHELLS and bool(options) and options[-1].startswith("-") and options[-1].endswith("c")

    @property
    def stops_at_errors(self) -> bool:
        """Whether the shell itself is started with `-e`."""
        return any(o.startswith("-") and not o.startswith("--") and "e" in o for o in self.shell[1:])

    def expand(self, text: str, escape: str) -> str | None:
        """An argument as BuildKit expands it; None where a variable is not known or BuildKit rejects the text."""
        if not any(char in text for char in ("$", "'", '"', escape)):
            return text
        try:
            return Lexer(text, self._lookup, escape).expand()
        except (LexError, UnknownValue):
            return None

    def _lookup(self, name: str) -> str | None:
        if name in self.variables:
            value = self.variables[name]
            if value is None:
                raise UnknownValue(name)
            return value
        if self.complete:
            return None
        raise UnknownValue(name)

    def after(self, instruction: Instruction, escape: str) -> Scope:
        """The state behind the instruction."""
        body = instruction.body
        match instruction.name:
            case "ENV" if isinstance(body, Pairs):
                return replace(self, variables={**self.variables, **self._environment(body, escape)})
            case "ARG" if isinstance(body, Pairs):
                # A build may give another value than the default, so the value is never known.
                return replace(self, variables={**self.variables, **{pair.name.text: None for pair in body.pairs}})
            case "USER" if isinstance(body, Words):
                return replace(self, user=self.expand(body.words[0].text, escape))
            case "WORKDIR" if isinstance(body, Words):
                return replace(self, folder=self._entered(body.words[0].text, escape))
            case "SHELL" if isinstance(body, ExecForm):
                return replace(self, shell=tuple(item.text for item in body.items))
            case "ENV" | "ARG":
                return replace(self, variables={}, complete=False)
        return self

    def _environment(self, body: Pairs, escape: str) -> dict[str, str | None]:
        values: dict[str, str | None] = {}
        for pair in body.pairs:
            name = self.expand(pair.name.text, escape)
            if name is not None and pair.value is not None:
                values[name] = self.expand(pair.value.text, escape)
        return values

    def _entered(self, text: str, escape: str) -> str | None:
        target = self.expand(text, escape)
        if target is None:
            return None
        if target.startswith("/"):
            return posixpath.normpath(target)
        return None if self.folder is None else posixpath.normpath(posixpath.join(self.folder, target))
