"""Builds that fetch the dependencies of their project by themselves, and the command that only fetches these.

Rows of `fetching.toml`. A build whose dependencies were fetched above is none of them.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import takewhile

from optimizer.facts import Call, Facts
from optimizer.facts.bases import is_image
from optimizer.facts.installs import folders, places_before
from optimizer.facts.manifests import Install, Need, Project, UnreadableError, install_of
from optimizer.knowledge.fetching import FetchRow, rows_for
from optimizer.syntax.nodes import Command, Instruction, Item, Word
from optimizer.syntax.parser import parse


@dataclass(frozen=True, slots=True)
class Fetching:
    """A step that may stand above a RUN that builds: `text` is its command, `need` what it reads of the project."""

    run: Instruction
    call: Call
    row: FetchRow
    text: str
    install: Install
    need: Need

    @property
    def verb(self) -> str:
        """What the build is told to do."""
        return _verb(self.call)


def _verb(call: Call) -> str:
    return next((word.text for word in call.words[1:] if not word.text.startswith("-")), "")


def row_of(call: Call) -> FetchRow | None:
    """The row of a command that builds a project and fetches what that needs; None for any other."""
    return next(matching_rows(call), None)


def matching_rows(call: Call) -> Iterator[FetchRow]:
    """The rows of such a command: it may fetch in more than one way."""
    if call.substituted or call.fed or not call.name:
        return
    for row in rows_for(call.name):
        if _verb(call) in row.verbs and not refused_word(call, row):
            yield row


def refused_word(call: Call, row: FetchRow) -> str | None:
    """A word of the call for which it is not certain what it fetches."""
    for word in call.words[1:]:
        text = word.text
        if (text.partition("=")[0] if text.startswith("-") else text[:1]) in row.refuses or "@" in text:
            return text
    return None


def fetched_above(facts: Facts, run: Instruction, call: Call, row: FetchRow) -> Call | None:
    """A call of the same tool that ran before, in this stage or one that it is built from, and fetched."""
    stage = facts.stage_of[run]
    for one in stage.lineage:
        own = one.instructions
        for other in own[: own.index(run) + 1] if one is stage else own:
            calls = facts.calls(other) if other.name == "RUN" else ()
            for earlier in takewhile(lambda each: each.node is not call.node, calls):
                if earlier.name in row.commands and _fetches(earlier, row):
                    return earlier
    return None


def _fetches(call: Call, row: FetchRow) -> bool:
    said = {word.literal for word in call.words[1:]}
    return bool(said & set(row.fetched_by)) or bool(said & set(row.verbs) and not any("@" in (w or "") for w in said))


def first_build(facts: Facts, run: Instruction) -> tuple[int, Call, str | None] | None:
    """The first step of a RUN that builds and fetches by itself: its number, call and folder."""
    chain = facts.chain(run)
    if chain is None:
        return None
    for at, (step, folder) in enumerate(folders(chain, facts.scopes[run].folder)):
        call = step.calls[0] if len(step.calls) == 1 and step.command is not None else None
        row = row_of(call) if call is not None else None
        if call is not None and row is not None and fetched_above(facts, run, call, row) is None:
            return at, call, folder
    return None


def fetching(facts: Facts, run: Instruction) -> Fetching | str | None:
    """The step that may stand above a RUN; a text says why there is none; None where the RUN builds nothing."""
    found = first_build(facts, run)
    if found is None or facts.context is None:
        return None
    at, call, folder = found
    why: Fetching | str | None = None
    for row in matching_rows(call):
        if row.never:
            why = why or row.never
            continue
        why = _by_row(facts, run, at, call, row, folder)
        if isinstance(why, Fetching):
            return why
    return why


def _by_row(
    facts: Facts, run: Instruction, at: int, call: Call, row: FetchRow, folder: str | None
) -> Fetching | str | None:
    if (why := _uncertain(facts, run, call, row)) is not None:
        return why
    places, context = places_before(facts, run), facts.context
    if folder is None or places is None or context is None:
        return "it is not known where it runs, or what was copied there"
    if not _quiet_before(facts, run, at, row):
        return "a step before it in its RUN may change what is fetched"
    text = _text(call, row)
    install = _install(text)
    if install is None:
        return f"`{text}` cannot be read"
    if folder != facts.scopes[run].folder:
        text = f"cd {folder} && {text}"
    project = Project(context, places, posixpath.normpath(folder))
    return _readable(Fetching(run, call, row, text, install, Need((), ())), project)


def _readable(found: Fetching, project: Project) -> Fetching | str:
    try:
        need = found.install.need(project)
        for path in need.files:
            if any(text in project.text(path) for text in found.row.refused_texts):
                return f"`{path}` may name other dependencies for another configuration"
    except UnreadableError as error:
        return str(error)
    present = next((path for path in found.row.refused_files if project.has(path)), None)
    if present is not None:
        return f"`{present}` says that they are there already, or come from elsewhere"
    if need.rewrites:
        return f"the lock file `{need.rewrites[0]}` may not fit"
    if not need.files:
        return "it reads nothing of the project"
    return Fetching(found.run, found.call, found.row, found.text, found.install, need)


def _uncertain(facts: Facts, run: Instruction, call: Call, row: FetchRow) -> str | None:
    if run.all_flags:
        return "its RUN has options: a mount may keep what is fetched"
    stage = facts.stage_of[run]
    images = [list(stage.lineage)[-1].base, *(one.flag("from") for one in stage.instructions)]
    if any(is_image(image, row.too_old) for image in images):
        return "the image is too old for it"
    variables = facts.scopes[run].variables
    for entry in row.off_variables:
        name, _, value = entry.partition("=")
        if name in variables and (value == "*" or variables[name] in (value, None)):
            return f"`{name}` decides what is fetched"
    known = {*row.free_variables, *row.repeated_variables}
    for name in _exported(facts, run, call):
        if name not in row.free_variables:
            return f"`{name}` is set for it"
    if call.wrapped_by:
        return f"`{call.wrapped_by[0]}` runs it"
    assigned = call.node.assignments if isinstance(call.node, Command) and not row.adds else ()
    strange = [name for word in assigned if (name := word.text.partition("=")[0]) not in known]
    return f"`{strange[0]}` is set for it" if strange else None


def _exported(facts: Facts, run: Instruction, call: Call) -> Iterator[str]:
    """The variables that steps before a call set for it."""
    for other in takewhile(lambda each: each.node is not call.node, facts.calls(run)):
        if other.name == "export":
            yield from (word.text.partition("=")[0] for word in other.words[1:])
        elif other.name == "" and isinstance(other.node, Command):
            yield from (word.text.partition("=")[0] for word in other.node.assignments)


def _quiet_before(facts: Facts, run: Instruction, at: int, row: FetchRow) -> bool:
    """Whether the steps before one in its RUN only enter folders, or do what the row says has no effect."""
    chain = facts.chain(run)
    for step in chain.steps[:at] if chain is not None else ():
        said = " ".join(word.text for word in step.calls[0].words) if len(step.calls) == 1 else ""
        if step.command is None or not said.startswith(("cd ", "set -", "export ", *row.quiet)):
            return False
    return chain is not None


def _text(call: Call, row: FetchRow) -> str:
    """The command that only fetches, in the words of the call."""
    words = list(call.words)
    if row.adds:
        said = [*(word.text for word in words), *row.adds]
    else:
        named = [word.text for word in words[1:] if (word.literal or "").endswith(row.operands or ("\0",))][:1]
        said = [words[0].text, *row.step.split()[1:], *named, *_repeated(words, row)]
    return " ".join([*_repeated_variables(call, row), *said])


def _repeated_variables(call: Call, row: FetchRow) -> Iterator[str]:
    if isinstance(call.node, Command):
        for word in call.node.assignments:
            if row.adds or word.text.partition("=")[0] in row.repeated_variables:
                yield word.text


def _repeated(words: list[Word | Item], row: FetchRow) -> Iterator[str]:
    """The options that the step is given too."""
    for at, word in enumerate(words):
        option, equals, _ = word.text.partition("=")
        if option in row.repeats and not equals and at + 1 < len(words):
            yield from (word.text, words[at + 1].text)
        elif (option in row.repeats and equals) or row.repeats_beginning(word.text):
            yield word.text


@lru_cache(maxsize=256)
def _install(text: str) -> Install | None:
    facts = Facts(parse(f"FROM scratch\nRUN {text}\n"))
    calls = facts.calls(facts.stages[0].instructions[-1])
    return install_of(calls[0]) if len(calls) == 1 else None
