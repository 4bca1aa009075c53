"""What git ignores: `.gitignore` files and `.git/info/exclude`, read as `gitignore(5)` and git's `wildmatch.c` say.

The question is only asked of paths whose folders are not ignored, so that a pattern speaks of the path itself.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

WILD = {"folders": "(?:.*/)?", "rest": ".*", "star": "[^/]*", "one": "[^/]"}
"""What `**/`, a last `**`, `*` and `?` of a pattern match, as a regular expression."""

_CLASSES = {
    "alpha": "A-Za-z", "digit": "0-9", "alnum": "0-9A-Za-z", "upper": "A-Z", "lower": "a-z", "xdigit": "0-9A-Fa-f",
    "space": r" \t-\r", "blank": r" \t", "punct": r"!-/:-@\[-`{-~", "print": " -~", "graph": "!-~",
    "cntrl": r"\0-\x1f\x7f",
}  # fmt: skip
_NAMED = rf"\[:(?:{'|'.join(_CLASSES)}):\]"
_TOKENS = re.compile(
    r"(?P<folders>\*\*+/)|(?P<rest>\*\*+\Z)|(?P<star>\*+)|(?P<one>\?)"
    rf"|\[(?P<not>[!^]?)(?P<class>\]?(?:\\.|{_NAMED}|(?!\[:)[^\]\\])*)\]|\\(?P<escaped>.)|(?P<plain>[^\\\[])",
    re.S,
)
_MEMBERS = re.compile(r"\[:(?P<name>\w+):\]|\\?(?P<first>.)(?:-\\?(?P<last>.))?", re.S)


class _Rule(NamedTuple):
    """One line of a file: what it matches, and whether that is ignored."""

    pattern: re.Pattern[str]
    ignores: bool
    only_folders: bool
    whole_path: bool


class Ignores:
    """The files that hold for a folder: its own, and those above it up to the repository's top.

    A folder that is ignored itself was asked for by name: then only the files in and below it hold.
    """

    def __init__(self, top: Path) -> None:
        self._rules: dict[Path, tuple[_Rule, ...]] = {}
        self._root = next((folder for folder in (top, *top.parents) if (folder / ".git").exists()), top)
        between = [folder for folder in (top, *top.parents) if self._root in folder.parents]
        if any(self.match(folder, is_folder=True) for folder in between):
            self._root = top

    def match(self, path: Path, *, is_folder: bool) -> bool:
        """Whether git would ignore the path; in the nearest file that speaks of it, the last line decides."""
        for folder in path.parents:
            decided = _decided(self._of(folder), path, folder, is_folder=is_folder)
            if decided is not None:
                return decided
            if folder == self._root:
                break
        return False

    def _of(self, folder: Path) -> tuple[_Rule, ...]:
        """The rules of a folder, the last line first."""
        if folder not in self._rules:
            files = [folder / ".git/info/exclude"] if folder == self._root else []
            texts = [f.read_bytes().decode("latin-1") for f in (*files, folder / ".gitignore") if f.is_file()]
            self._rules[folder] = tuple(_rules("\n".join(texts)))[::-1]
        return self._rules[folder]


class Globs:
    """Patterns as `.gitignore` has them, of one folder; asked as `Ignores` is."""

    def __init__(self, folder: Path, patterns: Sequence[str]) -> None:
        self._folder = folder
        self._rules = tuple(_rules("\n".join(_text(pattern) for pattern in patterns)))[::-1]

    def match(self, path: Path, *, is_folder: bool) -> bool:
        """Whether the last pattern that speaks of the path takes it; no pattern speaks of what lies elsewhere."""
        if not self._rules or not path.is_relative_to(self._folder):
            return False
        return bool(_decided(self._rules, path, self._folder, is_folder=is_folder))


def _decided(rules: Sequence[_Rule], path: Path, folder: Path, *, is_folder: bool) -> bool | None:
    """What the first rule says that speaks of the path; None where none does."""
    if not rules:
        return None
    name, relative = _text(path.name), _text(path.relative_to(folder).as_posix())
    for rule in rules:
        if (is_folder or not rule.only_folders) and rule.pattern.fullmatch(relative if rule.whole_path else name):
            return rule.ignores
    return None


def _text(path: str) -> str:
    """The path with a character a byte: git knows no others."""
    return os.fsencode(path).decode("latin-1")


def _rules(text: str) -> Iterator[_Rule]:
    for line in text.split("\n"):
        line = re.sub(r"((?:[^\\ ]|\\.| +(?=[^ ]))*) *", r"\1", line.removesuffix("\r"))
        if line.startswith("#"):
            continue
        glob = line.removeprefix("!")
        path = glob.removesuffix("/")
        regex = _regex(path.removeprefix("/"))
        if regex:
            yield _Rule(re.compile(regex, re.S), glob == line, path != glob, "/" in path)


def _regex(glob: str) -> str:
    """The regular expression for a glob; empty for one that matches nothing."""
    out, at = "", 0
    while at < len(glob):
        token = _TOKENS.match(glob, at)
        if token is None:
            return ""
        out += _translated(token)
        at = token.end()
    return out


def _translated(token: re.Match[str]) -> str:
    match token.lastgroup:
        case "folders" | "rest" if not _spans_folders(token):
            return "[^/]*" + ("/" if token["folders"] else "")
        case "folders" | "rest" | "star" | "one":
            return WILD[token.lastgroup]
        case "class":
            members = "".join(map(_member, _MEMBERS.finditer(token["class"]))) or "/"
            return f"(?!/)[{'^' if token['not'] else ''}{members}]"
        case _:
            return re.escape(token["escaped"] or token["plain"])


def _spans_folders(token: re.Match[str]) -> bool:
    """Whether `**` stands for folders: behind `/`, and, as git passes over a plain beginning, behind any such."""
    before = token.string[: token.start()]
    return before.endswith("/") or not re.search(r"[*?\[\\]", before)


def _member(member: re.Match[str]) -> str:
    """A character, a range or a named class inside of brackets."""
    if member["name"]:
        return _CLASSES[member["name"]]
    first, last = member["first"], member["last"] or member["first"]
    return f"{re.escape(first)}-{re.escape(last)}" if first <= last else ""
