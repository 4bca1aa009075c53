"""The message of a commit, for the person who reviews it: what, why, in which files, how to undo it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from textwrap import fill
from typing import NamedTuple

from optimizer.cli import VERSION
from optimizer.cli.monorepo.run import By
from optimizer.cli.output import on_one_line
from optimizer.engine import Change
from optimizer.transform import Safety, Transform

_WIDTH = 72
_MOST = 100
"""Files that are listed."""
_MOST_REASONS = 8
"""Of one file."""
_PROMISES = {
    Safety.SAFE: "The image holds the same files, less what a package manager can fetch again.",
    Safety.UNSAFE: "The image does the same job with other content: asked for with --unsafe.",
}


class Entry(NamedTuple):
    """One file of a commit."""

    path: str
    changes: Sequence[Change]


def message(by: By, title: str, entries: Sequence[Entry]) -> str:
    """The whole message."""
    from transforms import PIPELINE

    ids = dict.fromkeys(change.transform for entry in entries for change in entry.changes)
    chosen = [transform for transform in PIPELINE if transform.id in ids]
    count = f"{len(entries)} {'file' if len(entries) == 1 else 'files'}"
    place = on_one_line(entries[0].path if len(entries) == 1 else count)
    subject = f"dockopt: {title} in {place}" if by is By.TRANSFORM else f"dockopt: {count} of {on_one_line(title)}"
    if len(subject) > _WIDTH and by is By.TRANSFORM:
        subject = f"dockopt: {title} in {count}"
    parts = [subject, *_why(chosen, whole=by is By.TRANSFORM), _checked(chosen), "\n".join(_files(entries))]
    return "\n\n".join([*parts, _undo(chosen)]) + "\n"


def _why(chosen: Iterable[Transform], *, whole: bool) -> Iterator[str]:
    """What the transforms do; `whole`: and why, as their pages say."""
    for transform in chosen:
        if not whole:
            yield fill(f"{transform.id}: {transform.summary}", _WIDTH, subsequent_indent="  ")
            continue
        for paragraph in transform.doc.split("\n\n"):
            if re.match(r"\s*(Safety|Sources):", paragraph):
                break
            yield fill(" ".join(paragraph.split()), _WIDTH)


def _checked(chosen: Sequence[Transform]) -> str:
    safeties = dict.fromkeys(transform.safety for transform in chosen)
    told = " ".join(_PROMISES[safety] for safety in safeties if safety in _PROMISES)
    return fill(f"{told} dockopt {VERSION} checked every step: nothing else differs in what a build does.", _WIDTH)


def _files(entries: Sequence[Entry]) -> Iterator[str]:
    yield "Files, with lines as they were before dockopt ran:"
    for entry in entries[:_MOST]:
        yield f"  {on_one_line(entry.path)}"
        changes = sorted(entry.changes, key=lambda change: change.line)
        for change in changes[:_MOST_REASONS]:
            why = f"{change.line}: {on_one_line(change.why)}"
            yield fill(why, _WIDTH, initial_indent="    ", subsequent_indent="      ", break_long_words=False)
        if len(changes) > _MOST_REASONS:
            yield f"    and {len(changes) - _MOST_REASONS} more"
    if len(entries) > _MOST:
        yield f"  and {len(entries) - _MOST} more"


def _undo(chosen: Sequence[Transform]) -> str:
    ids = ", ".join(f'"{transform.id}"' for transform in chosen)
    one = chosen[0].id if chosen else "ID"
    text = (
        "To undo: git revert this commit. So that it does not come again: "
        f"`ignore = [{ids}]` in dockopt.toml, or the comment `# dockopt: ignore[{one}]` above the instruction."
    )
    return fill(text, _WIDTH, break_long_words=False, break_on_hyphens=False)
