"""The words behind a command as options and operands."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from optimizer.facts.effects.places import UNKNOWN

if TYPE_CHECKING:
    from optimizer.facts.effects.commands import Reading
    from optimizer.knowledge.effects import Deed


def split(deed: Deed, words: list[str]) -> tuple[list[tuple[str, str]], list[str]]:
    """Options with their values (empty where they take none), and the operands."""
    valued = {*deed.value_options, *deed.reading_options, *deed.writing_options, *deed.folder_options}
    valued |= set(deed.user_options)
    options: list[tuple[str, str]] = []
    operands: list[str] = []
    at = 0
    while at < len(words):
        word = words[at]
        at += 1
        if word == "--":
            return options, operands + words[at:]
        if not word.startswith("-") or word == "-":
            operands.append(word)
            continue
        if not word.startswith("--") and word not in valued:
            at += _letters(word, words[at] if at < len(words) else "", valued, options)
            continue
        name, equals, value = word.partition("=")
        if equals:
            options.append((name, value))
        elif word in valued:
            options.append((word, words[at] if at < len(words) else ""))
            at += 1
        else:
            options.append((word, ""))
    return options, operands


def _letters(word: str, following: str, valued: set[str], options: list[tuple[str, str]]) -> int:
    """Joined letters such as `-sSLo`; one with a value takes the rest, or the next word: how many words are taken."""
    options.append((word, ""))
    for at, letter in enumerate(word[1:], start=1):
        option = f"-{letter}"
        if option in valued:
            rest = word[at + 1 :]
            options.append((option, rest or following))
            return 0 if rest else 1
        options.append((option, ""))
    return 0


def has(options: list[tuple[str, str]], *names: str) -> bool:
    return any(option in names for option, _ in options)


def user_names(text: str) -> set[str]:
    """The user and group of `app:app`; numbers are looked up nowhere."""
    if UNKNOWN in text:
        return {"*"}
    return {name for name in re.split("[:.]", text) if name and not name.isdigit()} - {"root", "0"}


def owner_options(deed: Deed, options: list[tuple[str, str]], reading: Reading) -> None:
    for option, value in options:
        if option in deed.user_options:
            reading.users.update(user_names(value))
