"""The patterns of `.dockerignore`, `--exclude` and `--parents`, as BuildKit matches them.

Source: github.com/moby/patternmatcher (patternmatcher.go), which turns a pattern into a regular expression of Go.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import groupby

from msgspec import Struct, field

from optimizer.facts.context.globs import BadPattern, cleaned, glob
from optimizer.syntax.chars import SPACE

_MOST_DOUBLE_STARS = 8
"""A pattern with more of them is refused: matching might take hours."""

_MOST_RETURNS = 3
"""The most stars to which matching may have to come back: with each, a long name takes a hundred times as long."""

_STAR_AND_TEXT = re.compile(r"\[\^/\]\*((?:[^\[\]\\/.*()|?+^$]|\\[^A-Za-z0-9])+)(?=\[\^/\]\*)")

_MISREAD = re.compile(r"\A\ufeff|\||\{\d+(,\d*)?\}")
"""What patternmatcher reads by mistake as no plain text, where there are wildcards too."""

_ESCAPES = {
    "d": "[0-9]", "D": "[^0-9]", "s": r"[\t\n\f\r ]", "S": r"[^\t\n\f\r ]", "w": "[0-9A-Za-z_]",
    "W": "[^0-9A-Za-z_]", "a": r"\x07", "f": r"\f", "t": r"\t", "n": r"\n", "r": r"\r", "v": r"\v",
}  # fmt: skip
"""What a backslash and a letter mean in Go's regular expressions: `filepath.Match` sees the letter alone in them."""

Matched = tuple[bool, ...]
"""Which groups of patterns match a folder, for what is in it."""


class _Group(Struct):
    """Neighbouring patterns of one kind: those that match, or those that take back (`!`)."""

    takes_back: bool
    exact: set[str] = field(default_factory=set)
    prefixes: tuple[str, ...] = ()
    suffixes: tuple[str, ...] = ()
    regex: re.Pattern[str] | None = None

    def match(self, path: str) -> bool:
        return (
            path in self.exact
            or path.endswith(self.suffixes)
            or path.startswith(self.prefixes)
            or (self.regex is not None and self.regex.fullmatch(path) is not None)
        )


class Patterns:
    """Patterns in order; the last one that speaks of a path decides. Raises BadPattern.

    A path is asked with what was found for its folder, from the top down, as BuildKit walks.
    """

    def __init__(self, patterns: Iterable[str]) -> None:
        parsed = list(_parsed(patterns))
        self._groups = [_group(kind, [text for _, text in found]) for kind, found in groupby(parsed, lambda p: p[0])]
        self._taken_back = [_without_last_star(text) for takes_back, text in parsed if takes_back]
        self.nothing: Matched = (False,) * len(self._groups)
        self._walks_all = any(re.search(r"[*\[\]?^\\]", text) for text in self._taken_back)

    def __bool__(self) -> bool:
        return bool(self._groups)

    def match(self, path: str, above: Matched) -> tuple[bool, Matched]:
        """Whether the path is matched, given its folder's groups (`nothing` at the top); and its own groups."""
        matched = False
        groups = []
        for group, inherited in zip(self._groups, above, strict=True):
            hit = inherited or (group.takes_back == matched and group.match(path))
            groups.append(hit)
            if hit:
                matched = not group.takes_back
        return matched, tuple(groups)

    def matches(self, path: str) -> bool:
        """Whether a path is matched, its folders looked at first."""
        above, matched = self.nothing, False
        for end in [at for at, char in enumerate(path) if char == "/"] + [len(path)]:
            matched, above = self.match(path[:end], above)
        return matched

    def enters(self, folder: str) -> bool:
        """Whether BuildKit looks into a folder that is matched: something in it might be taken back."""
        return self._walks_all or any(text.startswith(folder + "/") for text in self._taken_back)


def _parsed(patterns: Iterable[str]) -> Iterator[tuple[bool, str]]:
    """Whether it takes back, and the text."""
    for pattern in patterns:
        text = pattern.strip(SPACE)
        if not text:
            continue
        text = cleaned(text)
        if text == "!":
            raise BadPattern(text)
        takes_back = text.startswith("!")
        text = text.removeprefix("!")
        glob(text)
        yield takes_back, text


def _without_last_star(text: str) -> str:
    return text.removesuffix("/**").removesuffix("/*") + "/"


def _group(takes_back: bool, patterns: Iterable[str]) -> _Group:
    group = _Group(takes_back)
    regexes = []
    for pattern in patterns:
        kind, regex = _translated(pattern)
        match kind:
            case "exact":
                group.exact.add(pattern)
            case "prefix":
                group.prefixes += (pattern[:-2],)
            case "suffix":
                group.suffixes += (pattern[2:],)
                group.exact |= {pattern[3:]} if pattern[2:].startswith("/") else set()
            case _:
                regexes.append(regex)
    if regexes:
        group.regex = re.compile("|".join(regexes))
    return group


def _translated(pattern: str) -> tuple[str, str]:
    """How a pattern is matched, and its regular expression, as patternmatcher's `compile` decides it."""
    kind, out, at, doubles = "exact", "", 0, 0
    while at < len(pattern):
        start, char = at, pattern[at]
        at += 1
        if pattern.startswith("**", start):
            at = start + (3 if pattern.startswith("/", start + 2) else 2)
            if at < len(pattern):
                out += "" if out.endswith("(?:.*/)?") else "(?:.*/)?"
                doubles += 1
                kind = "regex"
            elif kind == "exact":
                kind = "prefix"
            else:
                out, kind = out + ".*", "regex"
            kind = "suffix" if start == 0 else kind
        elif char == "*":
            out, kind = out + "[^/]*", "regex"
        elif char == "?":
            out, kind = out + "[^/]", "regex"
        elif char == "[":
            members, at = _class(pattern, at)
            out, kind = out + members, "regex"
        elif char == "\\" and at < len(pattern):
            out, kind = out + _escaped(pattern[at], pattern), "regex"
            at += 1
        elif char == "]":
            out, kind = out + r"\]", "regex"
        else:
            out += "^" if char == "^" else re.escape(char)
    if doubles > _MOST_DOUBLE_STARS or (kind != "exact" and _MISREAD.search(pattern)):
        raise BadPattern(pattern)
    return kind, _bounded(out, pattern) if kind == "regex" else out


def _bounded(regex: str, pattern: str) -> str:
    """The regex with each star and the plain text behind it as one piece, where another star follows.

    The first place that fits is then as good as any, so that ten stars do not take hours. Raises BadPattern where that
    does not help.
    """
    found = _STAR_AND_TEXT.sub(r"(?>[^/]*?\1)", regex)
    if len(re.findall(r"\[\^/\]\*(?![/?]|$)", found)) > _MOST_RETURNS:
        raise BadPattern(pattern)
    return found


def _escaped(char: str, pattern: str) -> str:
    """What a backslash and a character mean to Go; those that it refuses, and rare ones, are refused."""
    if char in _ESCAPES:
        return _ESCAPES[char]
    if char.isascii() and not char.isalnum() and char != "_":
        return re.escape(char)
    raise BadPattern(pattern)


_MEMBER = re.compile(r"(\\?)(.)(?:-(\\?)(.))?", re.S)


def _class(pattern: str, at: int) -> tuple[str, int]:
    """The class that begins behind its bracket, and where it ends; refused where Go would read it in an odd way."""
    negated = pattern.startswith("^", at)
    at += negated
    found = ""
    while not pattern.startswith("]", at):
        member = _MEMBER.match(pattern, at)
        if member is None:
            raise BadPattern(pattern)
        first, last = member[2], member[4] or member[2]
        odd = "[" in (first, last) or "*" in (first, last) or "?" in (first, last)
        letters = (member[1] and first.isalnum()) or (member[3] and last.isalnum())
        if odd or letters or first > last:
            raise BadPattern(pattern)
        found += f"{re.escape(first)}-{re.escape(last)}"
        at = member.end()
    return f"[{'^' if negated else ''}{found}]", at + 1
