"""What is installed, and whether the package lists are there for it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tests.conformance.build import Build
from tests.conformance.case import Case
from tests.conformance.judging.scenario import built

_INSTALL = re.compile(
    r"^(?:\w+=\S* |sudo )*(?:\S*/)?(?:apt|apt-get|apk|yum|dnf|microdnf|zypper|pip3?)\b.* (?:install|add|in) "
)


def packages(case: Case, before: str, after: str) -> Iterator[str]:
    """What was named to be installed still is."""
    old, new = built(case, before), built(case, after)
    if old is None or new is None or old.broken:
        return
    lost = named(old) - named(new)
    yield from (f"no longer installed: {word}" for word in sorted(lost))


def named(seen: Build) -> set[str]:
    """All that installs name."""
    return {word for step in seen.steps for word in _words(step.text)}


def _words(text: str) -> set[str]:
    """What an install names, with the values of options, which are not told apart."""
    match = _INSTALL.search(text + " ")
    words = text[match.end() :].split() if match else ()
    return {word for word in words if re.match(r"[\w./@'\"$]", word) and ">" not in word}


def lists(case: Case, before: str, after: str) -> Iterator[str]:
    """Each install of apt finds package lists, if it found some before."""
    old, new = built(case, before), built(case, after)
    if old is None or new is None or old.broken:
        return
    found, finds = _finding(old), _finding(new)
    lost = [word for word, reached in found.items() if reached and not finds.get(word, True)]
    yield from (f"finds no package lists: {word}" for word in sorted(lost))


def _finding(seen: Build) -> dict[str, bool]:
    """The words that are installed by apt, and whether lists are there each time."""
    found: dict[str, bool] = {}
    ends: dict[int, bool] = {}
    for stage in seen.stages:
        there = ends.get(id(stage.parent), False)
        mounted = -1
        for step in stage.steps:
            in_mount = any(re.search("type=(cache|tmpfs).*/var/lib/apt", flag) for flag in step.flags)
            if re.search(r"^\S*/?(apt|apt-get)\b.* update\b|^apt-get update", step.text):
                there, mounted = (there, step.number) if in_mount else (True, mounted)
            elif re.search(r"^(rm|find) .*/var/lib/apt/lists|^apt-get dist-clean", step.text) and not in_mount:
                there = False
            elif re.match(r"(\S*/)?apt(-get)? ", step.text):
                reached = mounted == step.number if in_mount else there
                for word in _words(step.text):
                    found[word] = found.get(word, True) and reached
        ends[id(stage)] = there
    return found
