"""What git ignores: `.gitignore` files and `.git/info/exclude`, read as `gitignore(5)` and git's `wildmatch.c` say.

The question is only asked of paths whose folders are not ignored, so that a pattern speaks of the path itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

_TOKENS = re.compile(
    r"(?P<any>\A\*\*/|(?<=/)\*\*/)|(?P<below>(?<=/)\*\*\Z)|(?P<star>\*+)|(?P<one>\?)"
    r"|\[(?P<not>[!^]?)(?P<class>\]?(?:\\.|\[:\w+:\]|[^\]\\])*)\]|\\(?P<escaped>.)|(?P<plain>[^\\\[])",
    re.S,
)
_MEMBERS = re.compile(r"\[:(?P<name>\w+):\]|\\?(?P<first>.)(?:-\\?(?P<last>.))?", re.S)
_CLASSES = {
    "alpha": "A-Za-z", "digit": "0-9", "alnum": "0-9A-Za-z", "upper": "A-Z", "lower": "a-z", "xdigit": "0-9A-Fa-f",
    "space": r"\s", "blank": r" \t", "punct": r"!-/:-@\[-`{-~", "print": " -~", "graph": "!-~", "cntrl": r"\0-\x1f\x7f",
}  # fmt: skip


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
            relative = path.relative_to(folder).as_posix()
            for rule in self._of(folder):
                text = relative if rule.whole_path else path.name
                if (is_folder or not rule.only_folders) and rule.pattern.fullmatch(text):
                    return rule.ignores
            if folder == self._root:
                break
        return False

    def _of(self, folder: Path) -> tuple[_Rule, ...]:
        """The rules of a folder, the last line first."""
        if folder not in self._rules:
            files = [folder / ".git/info/exclude"] if folder == self._root else []
            texts = [f.read_text("utf-8", "surrogateescape") for f in (*files, folder / ".gitignore") if f.is_file()]
            self._rules[folder] = tuple(_rules("\n".join(texts)))[::-1]
        return self._rules[folder]


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
        case "any":
            return "(?:.*/)?"
        case "below":
            return ".+"
        case "star":
            return "[^/]*"
        case "one":
            return "[^/]"
        case "class":
            members = "".join(map(_member, _MEMBERS.finditer(token["class"])))
            return f"(?!/)[{'^' if token['not'] else ''}{members}]"
        case _:
            return re.escape(token["escaped"] or token["plain"])


def _member(member: re.Match[str]) -> str:
    """A character, a range or a named class inside of brackets."""
    if member["name"]:
        return _CLASSES.get(member["name"], "")
    if member["last"] is None:
        return re.escape(member["first"])
    return f"{re.escape(member['first'])}-{re.escape(member['last'])}" if member["first"] <= member["last"] else ""
