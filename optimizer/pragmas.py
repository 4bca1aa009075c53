"""Comments that tell dockopt to leave something alone, in its own words and in those of hadolint and BuildKit.

# dockopt: ignore[ID, ID] reason     above an instruction; without brackets all transforms
# dockopt: ignore-file               anywhere in the file
# hadolint ignore=DL3009             above an instruction, for the rule's counterpart; `global ignore=` for the file
# check=skip=JSONArgsRecommended     above an instruction, or as a directive for the file
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from optimizer.facts import Facts
from optimizer.syntax.nodes import Instruction

_OURS = re.compile(r"dockopt:\s*ignore(?:\[([^\]]*)\]|(?![-\w]))")
_FILE = re.compile(r"dockopt:\s*ignore-file\b")
_HADOLINT = re.compile(r"hadolint\s+(global\s+)?ignore\s*=\s*([A-Za-z0-9, ]+)")
_CHECK = re.compile(r"check\s*=\s*skip\s*=\s*([A-Za-z, ]+)")


class Pragmas:
    """The pragmas of one file."""

    def __init__(self, facts: Facts) -> None:
        self._whole_file = False
        self._global: set[str] = set()
        self._own: dict[Instruction, set[str]] = {}
        for directive in facts.tree.directives:
            if directive.name == "check":
                self._global |= _names(_CHECK, f"check={directive.value}")
        for instruction in facts.tree.instructions:
            names: set[str] = set()
            for line in instruction.leading:
                if (comment := line.comment) is not None:
                    names |= self._read(comment)
            if names:
                self._own[instruction] = names
        for line in facts.tree.footer:
            self._read(line.comment or "")

    def _read(self, comment: str) -> set[str]:
        """The names that a comment switches off for its instruction; notes those for the file."""
        own = pragma(comment)
        if own is None:
            self._whole_file = True
        found = set(own or ())
        if match := _HADOLINT.match(comment):
            (self._global if match[1] else found).update(_split(match[2]))
        return found | _names(_CHECK, comment)

    def ignores(self, instruction: Instruction, names: Iterable[str]) -> str | None:
        """Why the instruction is to be left alone by a transform with these names; None where it is not."""
        if self._whole_file:
            return "the file says `dockopt: ignore-file`"
        own = self._own.get(instruction, set()) | self._global
        if "*" in own or "all" in own:
            return "a comment says to leave it alone"
        found = next((name for name in names if name in own), None)
        return found and f"a comment says to ignore `{found}`"


def pragma(comment: str) -> frozenset[str] | None:
    """The names that a comment in our own words switches off, `*` for all of them; None: all in the whole file."""
    if _FILE.match(comment):
        return None
    match = _OURS.match(comment)
    return frozenset(_split(match[1]) if match[1] else ("*",)) if match else frozenset()


def _names(pattern: re.Pattern[str], comment: str) -> set[str]:
    match = pattern.match(comment)
    return set(_split(match[1])) if match else set()


def _split(text: str) -> Iterator[str]:
    return (name.strip() for name in text.split(",") if name.strip())
