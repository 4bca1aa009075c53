"""Whether a build can do without the files of its context that a rewrite no longer sends. Knows no transform."""

from __future__ import annotations

from collections.abc import Iterator

from optimizer.facts import Facts
from optimizer.facts.copies import normalised
from optimizer.facts.installs import inside, installs_of, made_anew
from optimizer.facts.manifests import Need, UnreadableError


def lost(before: Facts, after: Facts, *, declared: bool, covered: bool) -> str | None:
    """What the build would miss; None where it misses nothing.

    `declared`: files that nothing names may be missing; `covered`: those that an install makes anew.
    """
    if before.context is None or after.context is None:
        return "the build context is not known"
    gone = before.context.files.keys() - after.context.files.keys()
    return next((why for why in _missing(before, after, gone, declared=declared, covered=covered) if why), None)


def _missing(
    before: Facts, after: Facts, gone: frozenset[str] | set[str], *, declared: bool, covered: bool
) -> Iterator[str | None]:
    yield _unnamed(before, gone)
    for instruction, copy in after.copies.items():
        old = before.copies.get(instruction)
        was = before.placed(old) if old is not None else None
        now = after.placed(copy)
        if copy.from_context and was is not None and now is None:
            yield f"`{copy.words[0].text}` would not be there to be copied"
        if was is None and copy.from_context and gone:
            yield "it is not certain what a COPY takes"
        left = {path for path, name in (was or {}).items() if name in gone}
        anew = made_anew(before, instruction) if left and covered and not declared else ()
        if left and not declared and not all(inside(path, anew) for path in left):
            yield f"`{(was or {})[min(left)]}` would not be copied"
    yield _needs(before, after)


def _unnamed(before: Facts, gone: frozenset[str] | set[str]) -> str | None:
    """No COPY and no mount names one of the files."""
    for copy in before.copies.values():
        for source in copy.sources:
            if source is not None and copy.origin is None and normalised(source) in gone:
                return f"`{source}` would not be there to be copied"
    for run in before.runs:
        for mount in before.mounts(run):
            if mount.kind == "bind" and mount.source_stage is None and gone:
                return "a RUN mounts the build context"
    return None


def _needs(before: Facts, after: Facts) -> str | None:
    """Each install finds what it found."""
    for run in after.runs:
        for was, now in zip(installs_of(before, run), installs_of(after, run), strict=False):
            if isinstance(was.need, Need) and was.need != now.need:
                return f"an install of `{was.install.row.name}` would not find what it needs"
            if isinstance(was.need, UnreadableError) != isinstance(now.need, UnreadableError):
                return f"an install of `{was.install.row.name}` would find something else"
    return None
