"""What `chown`, `chgrp` and `chmod` say, and what a symbolic mode makes of a known one."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from msgspec import Struct

from optimizer.facts.chains import Step
from optimizer.facts.scope import Scope
from optimizer.syntax.nodes import Command, Word

SYSTEM_UMASK = 0o022
"""The umask that BuildKit and buildah give to a RUN."""
NEW_FOLDER = f"{0o777 & ~SYSTEM_UMASK:03o}"
"""The mode of a folder that WORKDIR or COPY makes."""

_OCTAL = re.compile(r"0?[0-7]{3}")
_CLAUSE = re.compile(r"([ugoa]*)([-+=])([rwxX]*)")
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]*")
_VARIABLE = re.compile(r"\$(?:(\w+)|\{(\w+)\})")
_SHELLS_OWN = re.compile(r"\$\{?(UID|EUID|PPID|HOME|HOSTNAME|RANDOM|GROUPS|PWD)\b")
"""Variables to which a shell or the builder gives a value of its own."""

_BITS = {"r": 0o444, "w": 0o222, "x": 0o111}
_CLASSES = {"u": 0o700, "g": 0o070, "o": 0o007}


@dataclass(frozen=True, slots=True)
class Account:
    """A user or group. `name`: a name, an ID, or a variable; `0` for root; empty: the main group of the user.

    `version`: how often the accounts, or the variable, could have changed before: the name may mean another one.
    """

    name: str
    version: tuple[int, ...] = ()
    written: str = field(default="", compare=False)
    """As a flag would say it."""


ROOT = Account("0", (), "0")


class Setting(Struct, frozen=True):
    """A call of `chown`, `chgrp` or `chmod` that was read for certain.

    `user` and `group`: as written, None where they stay; an empty group is the user's own. `mode`: as written.
    """

    command: Command
    user: str | None
    group: str | None
    mode: str | None
    recursive: bool
    value: Word
    """The word that says the owner or the mode."""
    paths: tuple[Word, ...]


def setting(step: Step) -> Setting | None:
    """The step as a setting of owner or mode; None where it is anything else, or has an option that is not known."""
    command = step.command
    if command is None or command.assignments or command.redirects or len(step.calls) != 1:
        return None
    call = step.calls[0]
    if call.name not in ("chown", "chgrp", "chmod") or (call.wrapped_by and set(call.wrapped_by) != {"sudo"}):
        return None
    words = [word for word in call.words[1:] if isinstance(word, Word)]
    options = {word.text for word in words if word.text.startswith("-")}
    operands = [word for word in words if not word.text.startswith("-")]
    if not options <= {"-R", "--recursive", "-v", "-c", "-Rv", "-vR"} or len(operands) < 2:
        return None
    value, *paths = operands
    user, group = _owner(value.text) if call.name == "chown" else (None, None)
    mode = value.literal if call.name == "chmod" else None
    if call.name == "chgrp":
        group = _unquoted(value.text)
    if user is None and group is None and mode is None:
        return None
    recursive = any("R" in option or option == "--recursive" for option in options)
    return Setting(command, user, group, mode, recursive, value, tuple(paths))


def _owner(text: str) -> tuple[str | None, str | None]:
    """User and group of chown's operand; (None, None) where it is not plain."""
    text = _unquoted(text)
    user, colon, group = text.partition(":")
    if ":" in group or not (user or group) or "." in user:
        return None, None
    return user or None, group if colon else None


def _unquoted(text: str) -> str:
    return text.replace('"', "")


def account(
    text: str, scope: Scope, escape: str, accounts: Callable[[], int], declared: Mapping[str, int]
) -> Account | None:
    """The user or group that a text names where it stands; None where that is not known.

    `accounts`: how many steps before could change them; `declared`: variable -> how many ENV and ARG before give it
    a value that is not empty.
    """
    if not text:
        return Account("")
    if _SHELLS_OWN.search(text):
        return None
    known = scope.expand(text, escape)
    if known is not None:
        if known in ("0", "root"):
            return Account("0", (), text)
        if known.isdecimal():
            return Account(str(int(known)), (), text)
        return Account(known, (accounts(),), text) if _NAME.fullmatch(known) else None
    match = _VARIABLE.fullmatch(text)
    name = (match[1] or match[2]) if match else ""
    if not match or not declared.get(name):
        return None
    return Account(text, (accounts(), declared[name]), text)


def octal(mode: str) -> str | None:
    """A mode of three octal digits, without a leading zero; None for any other."""
    return mode.removeprefix("0").rjust(3, "0")[-3:] if _OCTAL.fullmatch(mode) else None


def applied(mode: str, before: str | None) -> str | None:
    """What chmod makes of a file's mode (octal, or None if not known); None where that is not known.

    Source: chmod(1), POSIX chmod; without a class the bits of the umask stay as they are.
    """
    if (plain := octal(mode)) is not None:
        return plain
    if before is None:
        return None
    bits = int(before, 8)
    for clause in mode.split(","):
        match = _CLAUSE.fullmatch(clause)
        if match is None or (match[2] == "=" and not match[1]):
            return None
        bits = _changed(bits, *match.groups())
    return f"{bits:03o}"


def _changed(bits: int, classes: str, operator: str, letters: str) -> int:
    reach = 0o777 if "a" in classes else sum(_CLASSES[one] for one in set(classes)) or 0o777 & ~SYSTEM_UMASK
    if "X" in letters and bits & 0o111:
        letters += "x"
    named = sum(_BITS[letter] for letter in set(letters) - {"X"}) & reach
    if operator == "+":
        return bits | named
    if operator == "-":
        return bits & ~named
    return (bits & ~reach) | named
