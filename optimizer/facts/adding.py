"""Whether an ADD only copies: it fetches nothing and unpacks nothing."""

from __future__ import annotations

import re

from msgspec.structs import replace

from optimizer.facts import Facts
from optimizer.facts.context.taken import Absent, placed
from optimizer.facts.copies import Copy, is_remote, normalised
from optimizer.syntax.nodes import Instruction

_SHARED_FLAGS = frozenset({"chown", "chmod", "link", "exclude"})
"""Flags that COPY has as well, with the same meaning."""

_GIT = re.compile(r"github\.com/|[^/]*@[^/]*:")
"""What BuildKit takes for a git repository without a scheme (util/gitutil/git_ref.go)."""


def adds_more(facts: Facts, instruction: Instruction) -> str | None:
    """What an ADD may do that COPY would not; None where it does the same. Anything else than an ADD does more."""
    copy = facts.copies.get(instruction)
    if instruction.name != "ADD" or copy is None:
        return "it is no ADD that can be read"
    if any(flag.name not in _SHARED_FLAGS for flag in instruction.all_flags):
        return "it has a flag that COPY does not have"
    for source in copy.sources:
        if source is None:
            return "a variable may stand for a URL or an archive"
        if is_remote(source) or _GIT.match(source):
            return "it fetches something"
    return _unpacks(facts, copy)


def _unpacks(facts: Facts, copy: Copy) -> str | None:
    """Why it may unpack an archive: only files that are sources are unpacked, not those in a folder that is one."""
    if all(source is not None and _is_folder(source) for source in copy.sources):
        return None
    if facts.context is None:
        return "a file may be an archive, whatever its name; the build context would tell"
    landings = placed(replace(copy, destination=copy.destination or "/"), facts.context)
    if landings is None:
        return "what it takes is not known"
    if isinstance(landings, Absent):
        return f"`{landings.source}` is not in the build context"
    archive = next((landing.file.path for landing in landings if landing.unpacked), None)
    return f"`{archive}` is an archive, or may be one" if archive is not None else None


def _is_folder(source: str) -> bool:
    """Whether a source is a folder as it is written: `.`, `src/`."""
    return normalised(source) == "." or source.rpartition("/")[2] in ("", ".", "..")
