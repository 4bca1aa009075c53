"""Calls of package managers, read with the rows of `package_managers.toml`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from msgspec import Struct

from optimizer.facts.calls import Call
from optimizer.knowledge import Manager, commands, managers
from optimizer.syntax.nodes import Command, Item, Word, source

_PIP = re.compile(r"pip[23]?(\.\d+)?")
_VARIABLE = re.compile(r"\$\{?(\w+)")
_PYTHON = re.compile(r"python[23]?(\.\d+)?|pypy3?")


class PackageCall(Struct, frozen=True, eq=False):
    """One call of a package manager whose verb is known.

    `options` are the literal options, `operands` what remains (packages, for an install). `understood` says that every
    word was read for certain: no variable, no option that is not in the table.
    """

    call: Call
    manager: Manager
    verb: str
    verb_word: Word | Item
    options: tuple[str, ...]
    operands: tuple[Word | Item, ...]
    understood: bool

    @property
    def installs(self) -> bool:
        """Whether it fetches and installs packages."""
        if self.manager.short_verbs:
            return self.verb in self.manager.install and bool(self.operands or "u" in self._letters)
        return self.verb in self.manager.install

    @property
    def updates(self) -> bool:
        """Whether it fetches the package lists."""
        return "y" in self._letters if self.manager.short_verbs else self.verb in self.manager.update

    @property
    def only_updates(self) -> bool:
        """Whether fetching the lists is all that it does."""
        if self.manager.short_verbs:
            return self.updates and not self.operands and "u" not in self._letters
        return self.updates

    @property
    def only_cleans(self) -> bool:
        """Whether it only removes caches and lists."""
        if self.manager.short_verbs:
            return self.verb == "S" and "c" in self._letters
        if self.verb in self.manager.cleans:
            return True
        first = self.operands[0].literal if self.operands else None
        return f"{self.verb} {first}" in self.manager.cleans

    @property
    def needs_lists(self) -> bool:
        """Whether it reads package lists that are there: an apt install, `apk search`, `dnf -C install`."""
        manager = self.manager
        if self.only_updates or self.only_cleans or self.verb in manager.remove:
            return False
        if manager.needs_update:
            return True
        return self.verb in manager.reads or any(option in manager.offline_options for option in self.options)

    @property
    def confirmed(self) -> bool:
        """Whether it goes on without asking."""
        return any(option in self.manager.yes_any for option in self.options)

    @property
    def _letters(self) -> str:
        """The small letters of a short verb such as `-Syu`."""
        literal = self.verb_word.literal or ""
        return literal[2:] if self.manager.short_verbs else ""


@lru_cache(maxsize=4096)
def package_call(call: Call) -> PackageCall | None:
    """The call as one of a package manager; None where it is none, or where its verb cannot be told."""
    name = call.name
    if not name:
        return None
    words = call.words[1:]
    if _PYTHON.fullmatch(name) and len(words) > 1 and words[0].literal == "-m":
        module = words[1].literal or ""
        manager = managers().get(module)
        return _read(call, manager, words[2:]) if manager and manager.module == module else None
    manager = managers().get("pip" if _PIP.fullmatch(name) else name)
    return _read(call, manager, words) if manager else None


def _read(call: Call, manager: Manager, words: tuple[Word | Item, ...]) -> PackageCall | None:
    options: list[str] = []
    operands: list[Word | Item] = []
    verb_word: Word | Item | None = None
    verb = ""
    understood = True
    at = 0
    while at < len(words):
        word = words[at]
        literal = word.literal
        at += 1
        if literal is None:
            if verb_word is None:
                return None
            understood = False
            operands.append(word)
        elif verb_word is None and manager.short_verbs and re.match(r"-[A-Z]", literal):
            verb_word, verb = word, literal[1]
        elif literal.startswith("-") and literal != "-":
            options.append(literal)
            if literal in manager.value_options:
                at += 1
            elif literal not in manager.flag_options and not _has_value(literal, manager):
                understood = False
        elif verb_word is None and literal in manager.prefixes:
            continue
        elif verb_word is None:
            verb_word, verb = word, literal
        else:
            operands.append(word)
    if verb_word is None:
        return None
    return PackageCall(call, manager, verb, verb_word, tuple(options), tuple(operands), understood)


def _has_value(literal: str, manager: Manager) -> bool:
    """Whether the option carries its value in the same word: `--target=x`, `-oDebug::X=1`, `-rfile`."""
    if literal.startswith("--"):
        return "=" in literal
    return literal[:2] in manager.value_options and len(literal) > 2


def neutral(call: Call, variables: Mapping[str, str | None]) -> bool:
    """Whether the command runs no package manager of the system and writes nowhere near its lists and sources."""
    name = call.name
    if name is None:
        return False
    known = commands()
    if name and name not in known.neutral and not _PIP.fullmatch(name):
        return False
    if not isinstance(call.node, Command):
        return not any(place in word.text for word in call.words for place in known.places)
    targets = [r.target for r in call.node.redirects if not r.is_heredoc and ">" in r.operator.text]
    if name in known.writes_operands:
        targets += [word for word in call.words[1:] if isinstance(word, Word)]
    text = source(call.node)
    if any(place in text for place in known.places):
        return False
    return all(_elsewhere(target.text, variables) for target in targets)


def _elsewhere(text: str, variables: Mapping[str, str | None]) -> bool:
    """Whether a word with variables in it cannot name one of the places."""
    text = text.strip("\"'")
    for name in _VARIABLE.findall(text):
        value = variables.get(name) or ""
        text = text.replace(f"${name}", value).replace(f"${{{name}}}", value) if value else text
    fixed = re.split("[$`*?]", text, maxsplit=1)[0]
    if fixed == text:
        return not any(place in text for place in commands().places)
    if not fixed.startswith("/"):
        return bool(fixed) and not fixed.startswith("~")
    return not any(place.startswith(fixed) for place in commands().places)
