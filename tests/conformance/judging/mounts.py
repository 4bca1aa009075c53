"""The flags of RUNs, and what cache mounts lie over."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from tests.conformance.build import Build, commands
from tests.conformance.case import Case
from tests.conformance.judging.scenario import built
from tests.conformance.judging.steps import flag_text


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
            yield from (f"{flag} hides {path}" for path in _paths(after, new) if (path + "/").startswith(target + "/"))
    for step in new.steps:
        for flag in set(step.flags) - had:
            if _target(flag).startswith("/root") and step.user not in ("root", "0"):
                yield f"{flag} for the user {step.user}"


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
