"""Builds that fetch by themselves: the rows of `fetching.toml`."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from optimizer.knowledge import KnowledgeError, load, row


@dataclass(frozen=True, slots=True)
class FetchRow:
    """A tool whose build fetches, and how it fetches only; see the table for what the fields say."""

    name: str
    commands: tuple[str, ...]
    verbs: tuple[str, ...]
    source: str
    step: str = ""
    adds: tuple[str, ...] = ()
    operands: tuple[str, ...] = ()
    repeats: tuple[str, ...] = ()
    alone: tuple[str, ...] = ()
    fetched_by: tuple[str, ...] = ()
    refuses: tuple[str, ...] = ()
    quiet: tuple[str, ...] = ()
    repeated_variables: tuple[str, ...] = ()
    free_variables: tuple[str, ...] = ()
    off_variables: tuple[str, ...] = ()
    refused_files: tuple[str, ...] = ()
    refused_texts: tuple[str, ...] = ()
    too_old: tuple[str, ...] = ()
    safe: bool = False
    differs: str = ""
    what: str = "all dependencies"
    never: str = ""

    def repeats_beginning(self, text: str) -> bool:
        """Whether the step is given an option too for how it begins."""
        beginnings = tuple(option[:-1] for option in self.repeats if option.endswith("*"))
        return bool(beginnings) and text.startswith(beginnings) and text.partition("=")[0] not in self.alone


@lru_cache(maxsize=1)
def _rows() -> dict[str, tuple[FetchRow, ...]]:
    data = load("fetching.toml")
    if unknown := sorted(data.keys() - {"fetch"}):
        raise KnowledgeError(f"fetching.toml: unknown table `{unknown[0]}`")
    found: dict[str, tuple[FetchRow, ...]] = {}
    for number, item in enumerate(data["fetch"], start=1):
        one = row(FetchRow, item, f"fetching.toml: fetch {number}")
        if bool(one.step) + bool(one.adds) + bool(one.never) != 1:
            raise KnowledgeError(f"fetching.toml: fetch {number}: one of `step`, `adds`, `never` is wanted")
        for command in one.commands:
            found[command] = (*found.get(command, ()), one)
    return found


def rows_for(command: str) -> tuple[FetchRow, ...]:
    """The rows of a command, by its name without folders."""
    return _rows().get(command, ())
