"""Whether the commands that came into a stage only fetch what the RUN behind each of them fetches by itself.

Knows no transform: it compares the words of both commands by the rows of `fetching.toml`, and asks what the new one
reads. All that was there must be there still, in the same order and state.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from optimizer.checks.trace import Atom
from optimizer.facts import Call, Facts
from optimizer.facts.bases import is_image
from optimizer.facts.installs import Standing, folders, installs_of
from optimizer.facts.manifests import Need, Project, UnreadableError
from optimizer.facts.texts import shortened
from optimizer.knowledge.fetching import FetchRow, rows_for
from optimizer.syntax.nodes import Command, Instruction


def fetched_wrongly(after: Facts, old: Sequence[Atom], new: Sequence[Atom], *, more: bool) -> str | None:
    """Why the new commands may not stand there; None where they may. `more`: they may fetch more than the builds."""
    rest = list(old)
    for atom in new:
        if rest and atom == rest[0]:
            del rest[0]
            continue
        why = _fault(after, atom, more)
        if why is not None:
            return f"`{shortened(atom.text)}` would come: {why}"
    return f"`{shortened(rest[0].text)}` would go, or run in another state" if rest else None


def _fault(after: Facts, atom: Atom, more: bool) -> str | None:
    run = atom.instruction
    chain = after.chain(run) if run is not None and run.name == "RUN" else None
    if run is None or chain is None or run.all_flags:
        return "it cannot be read"
    standing = installs_of(after, run)
    entering = [step.calls[0].name for step in chain.steps[:-1] if step.command is not None and len(step.calls) == 1]
    if len(standing) != 1 or standing[0].at != len(chain.steps) - 1 or entering != ["cd"] * (len(chain.steps) - 1):
        return "it is not one command that fetches"
    own = after.stage_of[run].instructions
    behind = own[own.index(run) + 1 :][:1]
    found = _build(after, behind[0]) if behind and behind[0].name == "RUN" and not behind[0].all_flags else None
    if found is None:
        return "no RUN behind it builds what it fetches"
    rows, call, before, folder = found
    fetch = chain.steps[-1].calls[0]
    here = [place for _, place in folders(chain, after.scopes[run].folder)][-1]
    if folder is None or folder != here:
        return "it runs in another folder than the build"
    faults = [next(_faults(after, run, standing[0], row, fetch, call, before, more), None) for row in rows]
    return None if None in faults else faults[0]


def _build(facts: Facts, run: Instruction) -> tuple[list[FetchRow], Call, list[str], str | None] | None:
    """The first command of a RUN that builds by rows, with the texts of the steps before it and its folder."""
    chain = facts.chain(run)
    before: list[str] = []
    for step, folder in folders(chain, facts.scopes[run].folder) if chain is not None else ():
        call = step.calls[0] if len(step.calls) == 1 and step.command is not None else None
        if call is None or call.wrapped_by:
            return None
        if rows := [row for row in rows_for(call.name or "") if _verb(call) in row.verbs]:
            return rows, call, before, folder
        before.append(" ".join([*_assigned(call), *(word.text for word in call.words)]))
    return None


def _verb(call: Call) -> str:
    return next((word.text for word in call.words[1:] if not word.text.startswith("-")), "")


def _faults(
    after: Facts,
    run: Instruction,
    standing: Standing,
    row: FetchRow,
    fetch: Call,
    build: Call,
    before: Sequence[str],
    more: bool,
) -> Iterator[str]:
    if not row.safe and not more:
        yield f"it may fetch something else than the build: {row.differs}"
    if row.never or not _same_words(row, [w.text for w in fetch.words], [w.text for w in build.words]):
        yield "it is not what the row says that the build fetches with"
    set_for_build, set_for_fetch = _assigned(build), _assigned(fetch)
    for text in set_for_build:
        if text not in set_for_fetch and text.partition("=")[0] not in row.free_variables:
            yield f"the build has `{text}`, which it has not"
    if set(set_for_fetch) - set(set_for_build):
        yield "it has variables that the build has not"
    for text in before:
        known = text.startswith(("cd ", "set -", *row.quiet))
        exported = text.removeprefix("export ").split() if text.startswith("export ") else []
        if not known and not (exported and all(word.partition("=")[0] in row.free_variables for word in exported)):
            yield f"`{shortened(text)}` runs before the build, and may change what it fetches"
    for word in build.words[1:]:
        if "@" in word.text or word.text.partition("=")[0] in row.refuses or word.text[:1] in row.refuses:
            yield f"`{word.text}` may change what the build fetches"
    for entry in row.off_variables:
        name, _, value = entry.partition("=")
        variables = after.scopes[run].variables
        if name in variables and (value == "*" or variables[name] in (None, value)):
            yield f"`{name}` may change what the build fetches"
    stage = after.stage_of[run]
    images = [one.base for one in stage.lineage] + [one.flag("from") for one in stage.instructions]
    if any(is_image(image, row.too_old) for image in images):
        yield "the image does not know it"
    yield from _unsure(after, standing, row)


def _unsure(after: Facts, standing: Standing, row: FetchRow) -> Iterator[str]:
    """Where it reads more than is known, or may change what a later COPY brings."""
    from optimizer.facts.installs import places_before

    places = places_before(after, standing.run)
    if not isinstance(standing.need, Need) or after.context is None or places is None:
        yield f"it is not known what it reads: {standing.need}"
        return
    if standing.need.rewrites or not standing.need.files:
        yield "it may write a lock file, or reads nothing of the project"
    project = Project(after.context, places, after.scopes[standing.run].folder or "/")
    folder = next(iter(standing.need.files), "/").rpartition("/")[0]
    if any(f"{folder}/{path}" in places for path in row.refused_files):
        yield "the project holds what it would fetch"
    try:
        if any(text in project.text(path) for path in standing.need.files for text in row.refused_texts):
            yield "another configuration may name other dependencies"
    except UnreadableError as error:
        yield str(error)


def _assigned(call: Call) -> list[str]:
    return [word.text for word in call.node.assignments] if isinstance(call.node, Command) else []


def _same_words(row: FetchRow, fetch: Sequence[str], build: Sequence[str]) -> bool:
    """Whether the words of the one are those of the other as the row turns them."""
    if row.adds:
        added = list(row.adds)
        return any(
            [*fetch[:at], *fetch[at + len(added) :]] == list(build) and list(fetch[at : at + len(added)]) == added
            for at in range(1, len(fetch))
        )
    step = row.step.split()
    if fetch[0] != build[0] or list(fetch[1 : len(step)]) != step[1:]:
        return False
    return list(fetch[len(step) :]) == [*_operands(row, build), *_options(row, build)]


def _operands(row: FetchRow, build: Sequence[str]) -> list[str]:
    return [text for text in build[1:] if row.operands and text.strip("\"'").endswith(row.operands)][:1]


def _options(row: FetchRow, build: Sequence[str]) -> list[str]:
    exact = {option for option in row.repeats if not option.endswith("*")}
    open_ended = tuple(option[:-1] for option in row.repeats if option.endswith("*"))
    found: list[str] = []
    for text, following in zip(build, [*build[1:], ""], strict=True):
        if text in exact:
            found += [text, following]
        elif text.partition("=")[0] in exact or (
            open_ended and text.startswith(open_ended) and text.partition("=")[0] not in row.alone
        ):
            found.append(text)
    return found
