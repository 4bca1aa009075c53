"""Go's `filepath.Match` as Python regular expressions, and what of a path is a wildcard to COPY.

Source: path/filepath/match.go; fsutil's copy/copy.go. Slashes only: a build runs on Linux.
"""

from __future__ import annotations

import posixpath
import re
from functools import lru_cache

NEVER = "(?!)"
"""A regular expression that matches nothing."""


class BadPattern(ValueError):
    """Go refuses the pattern, and the build fails; or it is so odd that we do not say what it matches."""


def cleaned(path: str) -> str:
    """The path as Go's `filepath.Clean` leaves it."""
    found = posixpath.normpath(path) if path else "."
    return "/" + found.lstrip("/") if found.startswith("/") else found


def has_wildcard(name: str) -> bool:
    """Whether COPY takes the name for a pattern; an escaped character is none."""
    return re.search(r"[*?\[]", re.sub(r"\\.", "", name, flags=re.S)) is not None


def split_wildcards(path: str) -> tuple[str, str]:
    """The folders before the first segment with a wildcard (`.` for none), then the rest; empty without wildcards."""
    parts = path.split("/")
    first = next((i for i, part in enumerate(parts) if has_wildcard(part)), len(parts))
    return "/".join(parts[:first]) or ".", "/".join(parts[first:])


@lru_cache(maxsize=1024)
def glob(pattern: str) -> re.Pattern[str]:
    """What `filepath.Match` matches, for `fullmatch`. Raises BadPattern.

    Go takes the first place where the text behind a star fits and never comes back, unless that text is the last.
    """
    first, *others = _chunks(pattern)
    middle = "".join(f"(?>[^/]*?{chunk})" for chunk in others[:-1])
    return re.compile(first + middle + "".join(f"[^/]*{chunk}" for chunk in others[-1:]), re.S)


def _chunks(pattern: str) -> list[str]:
    """Regular expressions for what stands before, between and behind the stars."""
    found, at = [""], 0
    while at < len(pattern):
        char = pattern[at]
        if char == "[":
            members, at = _members(pattern, at + 1)
            found[-1] += members
            continue
        if char == "*":
            found.append("")
        elif char == "?":
            found[-1] += "[^/]"
        else:
            at += char == "\\"
            if at == len(pattern):
                raise BadPattern(pattern)
            found[-1] += re.escape(pattern[at])
        at += 1
    return found


def _members(pattern: str, at: int) -> tuple[str, int]:
    """The class that begins behind its bracket, and where it ends."""
    negated = pattern[at : at + 1] == "^"
    at += negated
    ranges: list[tuple[str, str]] = []
    while pattern[at : at + 1] != "]" or not ranges:
        first, at = _member(pattern, at)
        last = first
        if pattern[at : at + 1] == "-":
            last, at = _member(pattern, at + 1)
        ranges.append((first, last))
    found = "".join(f"{re.escape(first)}-{re.escape(last)}" for first, last in ranges if first <= last)
    if not found:
        return ("." if negated else NEVER), at + 1
    return f"[{'^' if negated else ''}{found}]", at + 1


def _member(pattern: str, at: int) -> tuple[str, int]:
    if pattern[at : at + 1] in ("", "-", "]"):
        raise BadPattern(pattern)
    at += pattern[at] == "\\"
    if at + 1 >= len(pattern):
        raise BadPattern(pattern)
    return pattern[at], at + 1
