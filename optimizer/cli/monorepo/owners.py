"""Who owns a file: CODEOWNERS of GitHub and of GitLab. The last line that matches decides, in each section.

Sources: GitHub Docs, "About code owners"; GitLab Docs, "Syntax of CODEOWNERS file" and "Advanced CODEOWNERS".
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from msgspec import Struct

from optimizer.cli.ignores import WILD

_PLACES = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS", ".gitlab/CODEOWNERS")
"""The first that is there is read. GitLab looks into the root first; who has several does not use `.github/` there."""
_LARGEST = 3_000_000
"""Bytes; GitHub reads no larger one."""
_SECTION = re.compile(r"\^?\[(?P<name>[^\]]+)\](?:\[\d+\])?(?P<owners>(?:\s.*)?)")
_PATTERN = re.compile(r"(?:\\.|[^\\\s])+")
_TOKENS = re.compile(r"(?P<folders>\*\*/)|(?P<rest>\*\*)|(?P<star>\*)|(?P<one>\?)|\\?(?P<plain>.)", re.S)
NOBODY = "(no owner)"


class _Rule(Struct, frozen=True):
    section: str
    matches: re.Pattern[str]
    owners: tuple[str, ...]
    excludes: bool = False
    """GitLab's `!pattern`: nobody owns it in this section, whatever stands elsewhere."""


class Owners:
    """The owners of files: each by the CODEOWNERS of its repository."""

    def __init__(self) -> None:
        self._rules = cache(_read)
        self._root = cache(_root)

    def of(self, path: Path) -> tuple[str, ...]:
        """The owners as the file names them, in order; none where nobody is named."""
        real = Path(os.path.realpath(path))
        root = self._root(real.parent)
        if root is None:
            return ()
        name = real.relative_to(root).as_posix()
        decided: dict[str, _Rule] = {}
        excluded = set()
        for rule in self._rules(root):
            if rule.matches.fullmatch(name):
                decided[rule.section] = rule
                if rule.excludes:
                    excluded.add(rule.section)
        found = [owner for rule in decided.values() if rule.section not in excluded for owner in rule.owners]
        return tuple(dict.fromkeys(found))

    def named(self, path: Path) -> str:
        """The owners in one text, for tables and commits."""
        return " ".join(self.of(path)) or NOBODY


def _root(folder: Path) -> Path | None:
    """The top of the repository, or the nearest folder with a CODEOWNERS; None where there is neither."""
    for above in (folder, *folder.parents):
        if (above / ".git").exists():
            return above
    return next((above for above in (folder, *folder.parents) if any((above / p).is_file() for p in _PLACES)), None)


def _read(root: Path) -> tuple[_Rule, ...]:
    for place in _PLACES:
        path = root / place
        try:
            if path.is_file():
                content = path.read_bytes()
                return tuple(rules(content.decode("utf-8", "surrogateescape"))) if len(content) < _LARGEST else ()
        except OSError:
            return ()
    return ()


def rules(text: str) -> Iterator[_Rule]:
    """The rules of a file. One with sections is read as GitLab does, any other as GitHub."""
    lines = [line.strip() for line in text.splitlines()]
    gitlab = any(_SECTION.fullmatch(line) for line in lines)
    section = ""
    default: tuple[str, ...] = ()
    for line in lines:
        if not line or line.startswith("#"):
            continue
        if gitlab and (head := _SECTION.fullmatch(line)):
            section, default = head["name"].strip().lower(), _named(head["owners"])
            continue
        excludes = gitlab and line.startswith("!")
        if not gitlab and (line.startswith("!") or "[" in line.split()[0]):
            continue  # GitHub knows neither and passes over such a line
        pattern = _PATTERN.match(line.removeprefix("!") if excludes else line)
        if pattern is None:
            continue
        rest = line.removeprefix("!")[pattern.end() :] if excludes else line[pattern.end() :]
        owners = _named(rest) or (default if gitlab else ())
        yield _Rule(section, re.compile(_regex(pattern.group(), gitlab=gitlab), re.S), owners, excludes)


def _named(text: str) -> tuple[str, ...]:
    """The owners on the rest of a line: `@name`, `@group/team`, addresses; a comment ends it."""
    return tuple(word for word in text.partition(" #")[0].split() if "@" in word)


def _regex(pattern: str, *, gitlab: bool) -> str:
    """What paths from the root match. A slash inside binds a pattern to the root for GitHub, not for GitLab."""
    path = pattern.removesuffix("/")
    anchored = path.startswith("/") or (not gitlab and "/" in path)
    body = path.removeprefix("/")
    out = "".join(map(_translated, _TOKENS.finditer(body)))
    if pattern.endswith("/"):
        out += "/.*" if body else ".*"
    elif not gitlab and not body.endswith("*"):
        out += "(?:/.*)?"  # a folder's name owns what is in it
    return out if anchored or body.startswith("**/") else "(?:.*/)?" + out


def _translated(token: re.Match[str]) -> str:
    return WILD.get(token.lastgroup or "") or re.escape(token["plain"])
