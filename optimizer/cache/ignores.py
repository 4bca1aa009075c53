"""`.dockerignore`: which paths a pattern file leaves out of the context."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator
from functools import lru_cache


@lru_cache(maxsize=256)
def ignores(text: str) -> Callable[[str], bool]:
    """A predicate over paths: whether the last pattern that matches a path or a folder above it leaves it out."""
    rules = list(_rules(text))
    if not rules:
        return lambda _: False
    known: dict[str, bool] = {}

    def is_ignored(path: str) -> bool:
        if path not in known:
            known[path] = next((out for out, matches in reversed(rules) if matches(path)), False)
        return known[path]

    return is_ignored


def _rules(text: str) -> Iterator[tuple[bool, Callable[[str], object]]]:
    for line in text.removeprefix("\ufeff").splitlines():
        pattern = line if line.startswith("#") else line.strip()
        if not pattern or pattern.startswith("#"):
            continue
        out = not pattern.startswith("!")
        pattern = pattern.lstrip("!").strip()
        pattern = posixpath.normpath(pattern).lstrip("/") if pattern else ""
        if pattern and pattern != ".":
            yield out, re.compile(_regular(pattern) + r"(?:/.*)?", re.S).fullmatch


def _regular(pattern: str) -> str:
    out: list[str] = []
    at = 0
    while at < len(pattern):
        if pattern.startswith("**", at):
            at += 2
            if pattern.startswith("/", at):
                at += 1
                out.append("(?:.*/)?")
            else:
                out.append(".*")
            continue
        char = pattern[at]
        end = pattern.find("]", at + 2) if char == "[" else -1
        if end > 0:
            out.append("[" + pattern[at + 1 : end].replace("\\", "\\\\") + "]")
            at = end
        else:
            out.append({"*": "[^/]*", "?": "[^/]"}.get(char) or re.escape(char))
        at += 1
    return "".join(out)
