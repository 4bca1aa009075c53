"""The installs of a stage that read manifests which a COPY took there: where each stands, and what it needs."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct

from optimizer.facts import Facts
from optimizer.facts.chains import Chain, Step
from optimizer.facts.effects import Conflict, commutes, conflicts_between, effects, step_effects
from optimizer.facts.manifests import Install, NamedError, Need, Project, UnreadableError, install_of
from optimizer.facts.paths import within
from optimizer.syntax.nodes import Instruction


class Standing(Struct, frozen=True):
    """One install. `at`: the number of its step in the chain; `need`: what it reads, or why nobody can tell."""

    run: Instruction
    at: int
    install: Install
    need: Need | UnreadableError
    text: str = ""
    """The command as it is written."""


def places_before(facts: Facts, instruction: Instruction) -> Mapping[str, str] | None:
    """Which file of the context each path of the image holds by the COPYs of this stage; None: one cannot be told."""
    stage = facts.stage_of[instruction]
    found: dict[str, str] = {}
    for one in stage.instructions[: stage.instructions.index(instruction)]:
        if one.name not in ("COPY", "ADD"):
            continue
        copy = facts.copies.get(one)
        if copy is None:
            return None
        if not copy.from_context:
            continue
        places = facts.placed(copy)
        if places is None:
            return None
        found |= places
    return found


def installs_of(facts: Facts, run: Instruction) -> tuple[Standing, ...]:
    """The installs that are steps of a RUN's chain, each in the folder in which the shell is by then."""
    return facts.remembered(("installs", run), lambda: tuple(_installs(facts, run)))


def _installs(facts: Facts, run: Instruction) -> Iterator[Standing]:
    chain = facts.chain(run)
    context = facts.context
    places = places_before(facts, run) if context is not None and chain is not None else None
    if context is None or chain is None or places is None:
        return
    for at, (step, folder) in enumerate(folders(chain, facts.scopes[run].folder)):
        install = install_of(step.calls[0]) if len(step.calls) == 1 else None
        if install is not None and folder is not None:
            project = Project(context, places, posixpath.normpath(posixpath.join(folder, install.folder)))
            need = _need(install, project)
            if not isinstance(need, NamedError):
                yield Standing(run, at, install, need, " ".join(word.text for word in step.calls[0].words))


def _need(install: Install, project: Project) -> Need | UnreadableError:
    try:
        return install.need(project)
    except UnreadableError as error:
        return error


def made_anew(facts: Facts, copy: Instruction) -> tuple[str, ...]:
    """Folders that installs behind a COPY empty and fill before anything uses what it took.

    `npm ci` leaves the folder itself, with its owner: where another one installs, it is not made anew.
    """
    return facts.remembered(("made anew", copy), lambda: _made_anew(facts, copy))


def _made_anew(facts: Facts, copy: Instruction) -> tuple[str, ...]:
    own = facts.stage_of[copy].instructions
    fresh: list[str] = []
    for other in own[own.index(copy) + 1 :]:
        if other.name != "RUN":
            if not facts.entered(other) and commutes(facts, copy, other):
                break
            continue
        chain = facts.chain(other)
        standing = {one.at: one for one in installs_of(facts, other)}
        steps: Sequence[Step | None] = chain.steps if chain is not None else (None,)
        for at, step in enumerate(steps):
            one = standing.get(at)
            afresh = one is not None and one.install.starts_afresh and _owns(facts, copy, other)
            if afresh and one is not None and isinstance(one.need, Need):
                fresh += one.need.writes
            elif conflict(facts, copy, other, step) is not None:
                return tuple(fresh)
    return tuple(fresh)


def _owns(facts: Facts, copy: Instruction, run: Instruction) -> bool:
    """Whether a folder that the RUN made would be of the same owner and mode as one that the COPY makes."""
    taken, scope = facts.copies[copy], facts.scopes[run]
    if taken.mode is not None:
        return False
    if taken.owner is None:
        return scope.as_root
    owner, colon, group = taken.owner.partition(":")
    return scope.user == owner and (not colon or group == owner)


def conflict(facts: Facts, above: Instruction, run: Instruction, step: Step | None = None) -> Conflict | None:
    """Why a step below an instruction may not run before it; None where it may. No step: the whole instruction."""
    if step is None:
        return commutes(facts, above, run)
    return conflicts_between(facts, above, effects(facts, above), run, step_effects(facts, run, step))


def folders(chain: Chain, folder: str | None) -> Iterator[tuple[Step, str | None]]:
    """Each step with the folder that it runs in; None where that is not known."""
    for step in chain.steps:
        yield step, folder
        names = [call.name for call in step.calls]
        if "cd" not in names and not {"pushd", "popd"} & set(names):
            continue
        target = step.calls[0].words[1].literal if len(step.calls) == 1 and len(step.calls[0].words) == 2 else None
        known = names == ["cd"] and step.command is not None and target and not target.startswith(("-", "~"))
        folder = posixpath.normpath(posixpath.join(folder, target)) if known and folder and target else None


def inside(path: str, places: Sequence[str]) -> bool:
    """Whether a path is one of the places or lies below one."""
    return any(within(path, place) for place in places)
