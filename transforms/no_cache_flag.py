"""`no-cache-flag`."""

from collections.abc import Iterator

from optimizer.facts import BuildStage, Facts, PackageCall
from optimizer.facts.bases import knows_option
from optimizer.facts.layout import flag_inserted, without
from optimizer.facts.lists import only_refreshes
from optimizer.facts.readers import Obstacle, readers_of
from optimizer.facts.texts import argument_text
from optimizer.knowledge import Manager
from optimizer.syntax.nodes import Instruction, Node, source
from optimizer.transform import Declined, Proposal, Safety, example, transform, unchanged


@transform(
    Safety.SAFE,
    may_change=set(),
    leeway={"flags", "refresh"},
    counterparts=("DL3019", "DL3042"),
    may_remove=(
        "/var/cache/apk/**",
        *("/root/.cache", "/root/.cache/pip", "/root/.cache/pip/**", "/root/.cache/uv", "/root/.cache/uv/**"),
        *("/home/*/.cache", "/home/*/.cache/pip", "/home/*/.cache/pip/**", "/home/*/.cache/uv", "/home/*/.cache/uv/**"),
    ),
)
@example(
    "every command of the RUN",
    """
      FROM python:3.12-slim
    - RUN pip install flask && python -m pip install -r requirements.txt
    + RUN pip install --no-cache-dir flask && python -m pip install --no-cache-dir -r requirements.txt
    """,
)
@example(
    "apk keeps an index that nothing reads again, and fetches its own with the option",
    """
      FROM alpine:3.20
    - RUN apk add curl
    + RUN apk add --no-cache curl
    - RUN apk update && apk upgrade && apk add git
    + RUN apk upgrade --no-cache && apk add --no-cache git
    - RUN apk --update add bash
    + RUN apk --no-cache add bash
    """,
)
@unchanged(
    "a cache mount keeps the files out of the layer, and the flag would defeat it",
    """
    FROM python:3.12-slim
    RUN --mount=type=cache,target=/root/.cache/pip pip install flask
    """,
)
@unchanged(
    "the environment says so already",
    """
    FROM python:3.12-slim
    ENV PIP_NO_CACHE_DIR=1
    RUN pip install flask
    """,
)
@unchanged(
    "the cache is removed in the same RUN",
    """
    FROM alpine:3.20
    RUN apk update && apk add curl && rm -rf /var/cache/apk/*
    """,
)
@unchanged(
    "something else may read the index",
    """
    FROM alpine:3.20
    RUN apk update && apk add curl && apk search git
    RUN apk update; apk add git
    """,
)
@unchanged(
    "a stage works from the index of this one",
    """
    FROM alpine:3.20 AS base
    RUN apk update && apk add bash
    FROM base
    RUN apk add --no-network curl
    """,
)
@unchanged(
    "the tool of this release does not know the option",
    """
    FROM ubuntu:14.04
    RUN pip install flask
    """,
)
@unchanged(
    "another stage copies the cache",
    """
    FROM python:3.12 AS build
    RUN pip install flask
    FROM python:3.12-slim
    COPY --from=build /root/.cache /root/.cache
    """,
)
@unchanged(
    "pip download and pip wheel make something else",
    """
    FROM python:3.12-slim
    RUN pip download flask && pip wheel flask
    """,
)
def no_cache_flag(facts: Facts) -> Iterator[Proposal | Declined]:
    """Gives `apk add`, `pip install` and `uv` the option that keeps their download cache out of the layer.

    The cache is written into the image and read by nothing afterwards. `apk` fetches its index by itself then, so an
    `apk update` in the same RUN goes.

    Safety: not under a mount, which keeps the cache out of the layer; not where the environment or an option of the
    command says where the cache is or that there is none; not where the RUN or a later COPY handles the cache
    itself; not on releases whose tool is older than the option.

    Sources: apk-add(8), pip install --help, uv --help; hadolint DL3019, DL3042.
    """
    for instruction in facts.runs:
        packages = facts.package_calls(instruction)
        for manager in {package.manager.name: package.manager for package in packages}.values():
            if manager.no_cache:
                yield from _of(facts, instruction, manager, [p for p in packages if p.manager is manager])


def _of(
    facts: Facts, instruction: Instruction, manager: Manager, packages: list[PackageCall]
) -> Iterator[Proposal | Declined]:
    """One proposal for each command, or one for all of the RUN where an update must go as well."""
    wanted = [p for p in packages if p.verb in manager.no_cache_verbs and not _says_already(p)]
    for package in wanted:
        if (why := _kept(facts, instruction, package)) is not None:
            yield Declined(package.call.node, why)
            return
    why = f"the download cache of {manager.name} stays in the layer and nothing reads it"
    inserted = [_flagged(package) for package in wanted]
    if not any(package.updates for package in packages):
        for package, edits in zip(wanted, inserted, strict=True):
            yield Proposal(package.call.node, why, edits)
        return
    if not manager.no_cache_replaces_update or not any(p.verb in manager.no_cache_verbs for p in packages):
        return
    gone = _updates(facts, instruction, packages)
    readers = readers_of(facts, instruction, manager, sources_matter=False)
    if gone is None or any(isinstance(reader, Obstacle) or not reader.fetches for reader in readers):
        yield Declined(instruction, "something else may read the package lists that the RUN fetches")
        return
    together = {node: text for one in (*inserted, gone) for node, text in one.items()}
    yield Proposal(packages[0].call.node, why, together)


def _flagged(package: PackageCall) -> dict[Node, str]:
    """The edit that gives the command the option, in the place of one that means nothing beside it."""
    manager = package.manager
    for word in package.call.words:
        if word.literal in manager.no_cache_instead_of and word.text == word.literal:
            return {word: source(word).replace(word.text, manager.no_cache)}
    return dict(flag_inserted(package.call.words, package.verb_word, manager.no_cache))


def _updates(facts: Facts, instruction: Instruction, packages: list[PackageCall]) -> dict[Node, str] | None:
    """The edits that take the updates out of the RUN; None where they are no steps of their own or are needed."""
    manager = packages[0].manager
    chain = facts.chain(instruction)
    if chain is None or any(not (p.updates or p.verb in (*manager.no_cache_verbs, *manager.remove)) for p in packages):
        return None
    steps = [i for i, s in enumerate(chain.steps) if only_refreshes(s) is manager]
    if len(steps) != sum(package.updates for package in packages) or len(steps) == len(chain.steps):
        return None
    edits: dict[Node, str] = {}
    for i in steps:
        gone = without(chain, range(i, i + 1))
        if gone is None:
            return None
        edits.update(gone)
    return edits


def _says_already(package: PackageCall) -> bool:
    return any(option.partition("=")[0] in package.manager.no_cache_any for option in package.options)


def _kept(facts: Facts, instruction: Instruction, package: PackageCall) -> str | None:
    """Why the cache is to be left to itself; None where it is not."""
    manager = package.manager
    if any(mount.kind in ("cache", "tmpfs", "bind") for mount in facts.mounts(instruction)):
        return "the RUN has a mount, which may hold the cache"
    variables = facts.scopes[instruction].variables
    assigned = {word.text.partition("=")[0] for word in getattr(package.call.node, "assignments", ())}
    if any(name in variables or name in assigned for name in manager.no_cache_environment):
        return "the environment says where the cache is, or that there is none"
    text = " ".join(word.text for call in facts.calls(instruction) for word in call.words if call is not package.call)
    if any(place.lstrip("~") in text or place in text for place in (*manager.caches, *manager.lists)):
        return "the RUN handles the cache itself"
    if any(name in text for name in (*manager.no_cache_environment, "XDG_CACHE_HOME", "no-cache-dir")):
        return "the environment says where the cache is, or that there is none"
    if not knows_option(facts.stage_of[instruction].system, manager.no_cache):
        return f"the {manager.name} of this release does not know `{manager.no_cache}`"
    stage = facts.stage_of[instruction]
    if any("cache" in path for path in facts.copied_out_of(stage)):
        return "another stage copies the cache"
    if facts.remembered((stage, "cache"), lambda: _brings_cache(stage)):
        return "a cache is copied into this stage"
    return None


def _brings_cache(stage: BuildStage) -> bool:
    """Whether a COPY or ADD brings a cache into the stage, or into one that it is built from."""
    copies = (i for one in stage.lineage for i in one.instructions if i.name in ("COPY", "ADD"))
    return any("cache" in argument_text(copy) for copy in copies)
