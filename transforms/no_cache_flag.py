"""`no-cache-flag`."""

from collections.abc import Iterator

from optimizer.facts import Facts, PackageCall
from optimizer.facts.bases import knows_option
from optimizer.facts.layout import flag_inserted
from optimizer.syntax.nodes import Instruction
from optimizer.transform import Declined, Proposal, Safety, example, transform, unchanged


@transform(
    Safety.SAFE,
    may_change=set(),
    leeway={"flags"},
    counterparts=("DL3019", "DL3042"),
    may_remove=("/var/cache/apk/**", "/root/.cache/pip/**", "/root/.cache/uv/**", "/home/*/.cache/pip/**"),
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
    "apk keeps an index that nothing reads again",
    """
      FROM alpine:3.20
    - RUN apk add curl
    + RUN apk add --no-cache curl
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

    The cache is written into the image and read by nothing afterwards.

    Safety: not under a mount, which keeps the cache out of the layer; not where the environment or an option of the
    command says where the cache is or that there is none; not where the RUN or a later COPY handles the cache
    itself; not on releases whose tool is older than the option.

    Sources: apk-add(8), pip install --help, uv --help; hadolint DL3019, DL3042.
    """
    for instruction in facts.runs:
        for package in facts.package_calls(instruction):
            manager = package.manager
            if not manager.no_cache or package.verb not in manager.no_cache_verbs:
                continue
            if any(_says(option, manager.no_cache_any) for option in package.options):
                continue
            if (why := _kept(facts, instruction, package)) is not None:
                yield Declined(package.call.node, why)
                continue
            yield Proposal(
                package.call.node,
                f"the download cache of {manager.name} stays in the layer and nothing reads it",
                flag_inserted(package.call.words, package.verb_word, manager.no_cache),
            )


def _says(option: str, names: tuple[str, ...]) -> bool:
    return option.partition("=")[0] in names


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
    if any(name in text for name in (*manager.no_cache_environment, "XDG_CACHE_HOME")):
        return "the environment says where the cache is, or that there is none"
    if not knows_option(facts.stage_of[instruction].system, manager.no_cache):
        return f"the {manager.name} of this release does not know `{manager.no_cache}`"
    if any("cache" in path for path in facts.copied_out_of(facts.stage_of[instruction])):
        return "another stage copies the cache"
    return None
