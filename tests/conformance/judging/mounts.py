"""The flags of RUNs, and what cache mounts lie over."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from tests.conformance.build import Build, commands
from tests.conformance.case import Case
from tests.conformance.judging.scenario import built
from tests.conformance.judging.steps import KEEPS_ARCHIVES, flag_text


def mounts(case: Case, before: str, after: str) -> Iterator[str]:
    """No flag of a RUN goes; new cache mounts lie over nothing that is copied, worked in or somebody else's."""
    old, new = built(case, before), built(case, after)
    if old is None or new is None or old.broken:
        return
    had, has = ({flag_text(flag) for step in each.steps for flag in step.flags} for each in (old, new))
    yield from (f"flag lost: {flag}" for flag in had - has if not re.match("--ch(own|mod)", flag))
    taken = {_target(flag) for flag in had}
    for flag in has - had:
        target = _target(flag)
        if not flag.startswith("--mount=type=cache") and not flag.startswith(("--chown", "--chmod")):
            yield f"new flag: {flag}"
        elif target and target not in taken:
            yield from (f"{flag} hides {path}" for path in _paths(after, new) if _lies_in(path, target))
    for step in new.steps:
        for flag in set(step.flags) - had:
            if _target(flag).startswith("/root") and step.user not in ("root", "0"):
                yield f"{flag} for the user {step.user}"

    yield from _kept_archives(old, new)
    yield from _missing(new, had)


def _missing(new: Build, had: set[str]) -> Iterator[str]:
    """What is copied out of a stage may not lie in a mount of that stage."""
    for step in new.steps:
        name = next((flag.partition("=")[2] for flag in step.flags if flag.startswith("--from=")), "")
        origin = [s for i, s in enumerate(new.stages) if name and name.lower() in (s.name.lower(), str(i))]
        flags = {flag for stage in origin for each in stage.steps for flag in each.flags} - had
        for target in {_target(flag) for flag in flags if flag.startswith("--mount=type=cache")}:
            sources = [posixpath.normpath(word) for word in step.text.split()[1:-1]]
            yield from (f"a mount at {target} is not copied: {step.text}" for s in sources if _lies_in(target, s))


def _lies_in(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip("/") + "/")


def _kept_archives(old: Build, new: Build) -> Iterator[str]:
    """Where apt is told to keep its archives, each install keeps them in a mount."""
    told: dict[int, bool] = {}
    known = any(step.text == KEEPS_ARCHIVES for step in old.steps)
    for stage in new.stages:
        kept = told.get(id(stage.parent), False)
        for step in stage.steps:
            kept = kept or step.text == KEEPS_ARCHIVES
            mounted = any(re.search("type=cache.*/var/cache/apt", flag) for flag in step.flags)
            if kept and not known and not mounted and re.match(r"(apt|apt-get)\b.* install\b", step.text):
                yield f"apt's archives stay in the layer: {step.text}"
        told[id(stage)] = kept


def _target(flag: str) -> str:
    match = re.search(r"(?:target|dst|destination)=([^,]+)", flag)
    return match[1].rstrip("/") if match else ""


def _paths(text: str, seen: Build) -> set[str]:
    """The paths that are copied out of stages or into them, or worked in."""
    found = {stage.config.folder for stage in seen.stages} - {"/"}
    for one in commands(text) or ():
        if one.cmd.upper() == "COPY":
            outer = any(flag.startswith("--from") for flag in one.flags)
            found |= set(one.value if outer else one.value[-1:])
        found |= {match[1] for flag in one.flags if (match := re.search(r"from=.*(?:source|src)=([^,]+)", flag))}
    return {posixpath.normpath(path) for path in found if path.startswith("/")}
