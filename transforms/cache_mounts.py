"""`cache-mounts`."""

from collections.abc import Iterator

from msgspec import Struct

from optimizer.facts import BuildStage, Chain, Facts
from optimizer.facts.caches import Owner, cached_calls, folders, needed_later, obstacle, owner
from optimizer.facts.emptied import defeats, empties, lasting, without_cleaning
from optimizer.facts.layout import LINE_LENGTH, inserted
from optimizer.facts.lists import deletion, may_use_lists, removes_lists
from optimizer.facts.readers import Obstacle, readers_of
from optimizer.facts.tools import ToolCall, edition, tool_calls
from optimizer.knowledge.ecosystems import Tool
from optimizer.syntax.nodes import Command, Instruction, Node, source
from optimizer.transform import Declined, Leeway, Proposal, Safety, example, transform, unchanged


@transform(
    Safety.SAFE,
    may_change={"copied"},
    leeway={"caches"},
    may_remove=(
        *("/root/.cache/**", "/root/.cache", "/root/.npm/**", "/root/.npm", "/usr/local/share/.cache/**"),
        *("/home/*/.cache/**", "/home/*/.npm/**", "/var/cache/**", "/var/lib/apt/lists/**"),
        *(
            "/etc/apt/apt.conf.d/docker-clean",
            "/go/pkg/mod/**",
            "/root/go/**",
            "/usr/local/cargo/**",
            "/root/.cargo/**",
        ),
        *("/root/.m2/**", "/root/.gradle/**", "/root/.nuget/**", "/usr/local/bundle/cache/**", "/tmp/cache/**"),
        *("/root/.local/share/pnpm/**", "/root/.bun/**", "/home/gradle/.gradle/**"),
    ),
    may_change_paths=(
        *("/root/.npm", "/root/.cache", "/root/.cache/*", "/go/pkg/mod", "/var/cache/*", "/root/.m2/**"),
        *("/home/*/.npm", "/home/*/.cache/*", "/usr/local/share/.cache/**", "/usr/local/cargo/*", "/root/.cargo/**"),
        *("/root/.gradle/**", "/root/.nuget/**", "/root/.local/**", "/root/.bun/**", "/usr/local/bundle/cache"),
        *("/var/lib/apt/lists/lock", "/var/lib/apt/lists/partial"),
    ),
    default=False,
)
@example(
    "the option that would keep the cache empty goes",
    """
      FROM python:3.12-slim
    - RUN pip install --no-cache-dir flask
    + RUN --mount=type=cache,target=/root/.cache/pip pip install flask
    """,
)
@example(
    "what would empty it goes too",
    r"""
      FROM node:20
      WORKDIR /app
      COPY package.json package-lock.json ./
    - RUN npm ci && npm cache clean --force
    + RUN --mount=type=cache,target=/root/.npm npm ci
      USER node
    - RUN npm install express
    + RUN --mount=type=cache,target=/home/node/.npm,uid=1000,gid=1000 npm install express
    """,
)
@example(
    "apt: the lists and the packages, where the RUN fetches the lists itself",
    r"""
      FROM debian:bookworm-slim
    - RUN apt-get update && \
    + RUN --mount=type=cache,target=/var/cache/apt,sharing=locked,id=var-cache-apt-debian-bookworm \
    +     --mount=type=cache,target=/var/lib/apt/lists,sharing=locked,id=var-lib-apt-lists-debian-bookworm \
    +     rm -f /etc/apt/apt.conf.d/docker-clean && \
    +     apt-get update && \
          apt-get install -y --no-install-recommends curl && \
    -     rm -rf /var/lib/apt/lists/* /tmp/*
    +     rm -rf /tmp/*
    """,
)
@example(
    "apk keeps packages where it is told a folder",
    r"""
      FROM alpine:3.20
    - RUN apk add --no-cache curl
    + RUN --mount=type=cache,target=/var/cache/apk,sharing=locked,id=var-cache-apk-alpine-3.20 \
    +     apk add --cache-dir /var/cache/apk curl
    """,
)
@example(
    "a compiler and what it fetches",
    r"""
      FROM golang:1.24 AS build
      WORKDIR /src
      COPY go.mod go.sum ./
    - RUN go mod download
    + RUN --mount=type=cache,target=/go/pkg/mod \
    +     --mount=type=cache,target=/root/.cache/go-build \
    +     go mod download
      COPY . .
    - RUN go build -o /app .
    + RUN --mount=type=cache,target=/go/pkg/mod \
    +     --mount=type=cache,target=/root/.cache/go-build \
    +     go build -o /app .
      FROM scratch
      COPY --from=build /app /app
      ENTRYPOINT ["/app"]
    """,
)
@unchanged(
    "it is mounted already",
    """
    FROM python:3.12-slim
    RUN --mount=type=cache,target=/root/.cache pip install flask
    """,
)
@unchanged(
    "the environment, or an option, says where the cache is",
    """
    FROM python:3.12-slim
    RUN pip install --cache-dir /wheels flask
    ENV PIP_NO_CACHE_DIR=1
    RUN pip install requests
    """,
)
@unchanged(
    "the file names a syntax that has no mounts",
    """
    # syntax=docker/dockerfile:1.1
    FROM python:3.12-slim
    RUN pip install flask
    """,
)
@unchanged(
    "the home of the user is not known",
    """
    FROM python:3.12-slim
    USER app
    RUN pip install flask
    """,
)
@unchanged(
    "a later RUN installs with lists that lie in the layer",
    """
    FROM debian:bookworm-slim
    RUN apt-get update && apt-get install -y curl
    RUN apt-get install -y git
    """,
)
@unchanged(
    "a script may read the lists that lie in the layer",
    """
    FROM debian:bookworm-slim
    RUN apt-get update && apt-get install -y curl
    RUN ./setup.sh
    """,
)
@unchanged(
    "a command behind the clean-up may look for the lists",
    """
    FROM debian:bookworm-slim
    RUN apt-get update && apt-get install -y curl && rm -rf /var/lib/apt/lists/* && ./setup.sh
    """,
)
@unchanged(
    "something is copied into the folder, or out of it",
    """
    FROM maven:3-eclipse-temurin-21 AS build
    COPY settings.xml /root/.m2/repository/
    RUN mvn package
    FROM python:3.12
    RUN pip install flask
    FROM python:3.12-slim
    COPY --from=1 /root/.cache/pip /wheels
    """,
)
@unchanged(
    "something else may need what the cache holds",
    """
    FROM golang:1.24
    COPY . .
    RUN go mod download
    RUN make
    CMD ["./server"]
    FROM golang:1.24
    COPY . .
    RUN go mod download
    CMD ["go", "run", "."]
    """,
)
@unchanged(
    "what one RUN restores, the other needs: a mount may be empty by then",
    """
    FROM mcr.microsoft.com/dotnet/sdk:8.0
    COPY . .
    RUN dotnet restore
    RUN dotnet publish --no-restore -o /app
    """,
)
@unchanged(
    "yarn's Plug'n'Play runs out of the cache",
    """
    FROM node:20
    COPY package.json yarn.lock .yarnrc.yml ./
    RUN corepack enable && yarn install --immutable
    """,
)
@unchanged(
    "a heredoc, and a trigger",
    """
    FROM python:3.12-slim
    ONBUILD RUN pip install flask
    RUN <<EOF
    pip install requests
    EOF
    """,
)
def cache_mounts(facts: Facts) -> Iterator[Proposal | Declined]:
    """Gives installs and builds a cache that outlives the layer: `RUN --mount=type=cache`.

    A rebuild fetches only what is new, and no cache lies in the image. It needs BuildKit, and gains nothing where each
    build gets a fresh builder; so it is off by default and in the profile `fast`.

    Safety: the folder is the one of the user in force, with its number; nothing is mounted where the user, the base
    image or the place of the cache is not known for certain, where something is copied into the folder or out of it,
    or where another instruction names it. apt only where the RUN fetches its lists, never `/var/lib/apt` itself, which
    holds the marks of packages installed automatically; its setting `docker-clean` goes, so all installs of the stage
    must be mounted. What compilers fetch only where nothing but their own calls may need it. Never a folder of results
    such as cargo's `target`. What would empty the mount goes: `--no-cache-dir`, `rm -rf /var/lib/apt/lists/*` ...

    Sources: BuildKit reference.md (`RUN --mount=type=cache`), apk(8), uv and Docker guides; domain.md 1.0 and 1.1;
    peers.md 6.1.
    """
    for stage in facts.stages:
        plans = list(_plans(facts, stage))
        barred: dict[str, str] = {}
        for plan in plans:
            if plan.why is not None and (plan.tool.cache_holds or plan.tool.cache_step):
                barred.setdefault(plan.tool.name, plan.why)
        for instruction in stage.instructions:
            here = [plan for plan in plans if plan.instruction is instruction]
            wanted = [plan for plan in here if plan.why is None and plan.tool.name not in barred]
            for plan in here:
                if plan not in wanted:
                    yield Declined(instruction, f"{plan.tool.name}: {plan.why or barred[plan.tool.name]}")
            if wanted:
                yield _proposal(facts, instruction, wanted)


class _Plan(Struct, frozen=True):
    """One RUN and one tool. `why`: why it cannot be; `doubt`: why a person has to say yes."""

    instruction: Instruction
    tool: Tool
    calls: list[ToolCall]
    targets: tuple[str, ...]
    owner: Owner
    why: str | None
    doubt: str | None = None


def _plans(facts: Facts, stage: BuildStage) -> Iterator[_Plan]:
    for instruction in stage.instructions:
        if instruction.name != "RUN":
            continue
        tools = {edition(facts, instruction, call.tool).name: call.tool for call in tool_calls(facts, instruction)}
        home = owner(facts, instruction)
        for tool in [edition(facts, instruction, tool) for tool in tools.values()]:
            calls = cached_calls(facts, instruction, tool)
            if not calls or not tool.places or _mounted_already(facts, instruction, tool):
                continue
            targets = folders(facts, instruction, tool, home) if home else ()
            if home is None or not targets:
                yield _Plan(instruction, tool, calls, (), Owner("/"), "where its cache lies is not known here")
                continue
            why = obstacle(facts, instruction, tool, targets) or _undoable(facts, instruction, tool, calls, targets)
            doubt = None
            if why is None and tool.cache_holds:
                why = needed_later(facts, stage, tool)
            if why is None:
                why, doubt = _read_later(facts, instruction, calls)
            yield _Plan(instruction, tool, calls, targets, home, why, doubt)


def _mounted_already(facts: Facts, instruction: Instruction, tool: Tool) -> bool:
    return any(mount.kind == "cache" and tool.is_place(mount.target or "") for mount in facts.mounts(instruction))


def _cleans(facts: Facts, instruction: Instruction, family: str) -> bool:
    """Whether the RUN removes the lists of the family already."""
    chain, folder = facts.chain(instruction), facts.scopes[instruction].folder
    found = [deletion(step, folder) for step in chain.steps] if chain else []
    return any(one is not None and removes_lists(one, family) for one in found)


def _read_later(facts: Facts, instruction: Instruction, calls: list[ToolCall]) -> tuple[str | None, str | None]:
    """Who reads the lists that stay in the layer now: why it cannot be, or why a person has to say yes."""
    nodes = {call.call.node for call in calls}
    fetched = [p for p in facts.package_calls(instruction) if p.updates and p.manager.lists]
    fetched = [p for p in fetched if p.call.node in nodes or p.manager.name in {call.tool.name for call in calls}]
    if not fetched or _cleans(facts, instruction, fetched[0].manager.family):
        return None, None
    doubt = None
    for reader in readers_of(facts, instruction, fetched[0].manager, sources_matter=False):
        if isinstance(reader, Obstacle):
            if reader.known:
                return reader.why, None
            doubt = doubt or reader.why
        elif not reader.fetches:
            return "a later RUN works with these lists", None
    return None, doubt


def _undoable(
    facts: Facts, instruction: Instruction, tool: Tool, calls: list[ToolCall], targets: tuple[str, ...]
) -> str | None:
    """Why the RUN cannot be written so; None where it can."""
    chain = facts.chain(instruction)
    rewrites = tool.cache_step or tool.cache_option or any(defeats(call) for call in calls)
    if any(not isinstance(call.call.node, Command) for call in calls) and rewrites:
        return "the JSON form is not rewritten"
    if tool.cache_step:
        system = facts.stage_of[instruction].system
        if system is None or system.name not in ("debian", "ubuntu"):
            return "its own cleaning is only known of Debian and Ubuntu"
        if chain is None or calls[0].verb != tool.cache_needs_verb or calls[0].call.wrapped_by:
            return f"the RUN does not begin with `{tool.name} {tool.cache_needs_verb}`, or goes on after a failure"
        if _looks_behind(facts, instruction, chain, tool):
            return "a command behind the clean-up may look for the lists"
    edits = without_cleaning(facts, instruction, chain, [tool])
    if edits is None:
        return "the RUN empties the cache in a way that cannot be taken out"
    return None


def _looks_behind(facts: Facts, instruction: Instruction, chain: Chain, tool: Tool) -> bool:
    """Whether a step behind the one that empties the cache may find there what it did not find before."""
    cleaned = [any(empties(call.words, [tool]) for call in step.calls) for step in chain.steps]
    if True not in cleaned:
        return False
    behind = [call for step in chain.steps[cleaned.index(True) + 1 :] for call in step.calls]
    return may_use_lists(behind, tool.name, facts.scopes[instruction].variables)


def _proposal(facts: Facts, instruction: Instruction, plans: list[_Plan]) -> Proposal:
    chain = facts.chain(instruction)
    edits: dict[Node, str] = dict(without_cleaning(facts, instruction, chain, [plan.tool for plan in plans]) or {})
    for plan in plans:
        for call in plan.calls:
            edits |= lasting(call, plan.tool)
        if plan.tool.cache_step and chain is not None:
            at = next(i for i, step in enumerate(chain.steps) if plan.calls[0].call in step.calls)
            edits |= inserted(facts, instruction, chain, at, plan.tool.cache_step)
    mounts = [mount for plan in plans for mount in _mounts(facts, plan)]
    names = ", ".join(plan.tool.name for plan in plans)
    why = f"a cache mount keeps what {names} fetched for the next build, and out of the layer"
    doubt = next((plan.doubt for plan in plans if plan.doubt), None)
    return Proposal(
        instruction,
        f"{why}; but {doubt}" if doubt else why,
        {**edits, **_mounted(facts, instruction, mounts)},
        safety=Safety.UNSAFE if doubt else None,
        leeway=frozenset({Leeway.LISTS}) if doubt else frozenset(),
    )


def _mounts(facts: Facts, plan: _Plan) -> Iterator[str]:
    system = facts.stage_of[plan.instruction].system
    for target in plan.targets:
        text = f"--mount=type=cache,target={target}"
        text += f",sharing={plan.tool.cache_sharing}" if plan.tool.cache_sharing else ""
        if plan.tool.cache_id and system is not None:
            name = f"{target.strip('/').replace('/', '-')}-{system.name}"
            text += f",id={name}-{system.release}" if system.release else f",id={name}"
        if plan.owner.uid is not None:
            text += f",uid={plan.owner.uid},gid={plan.owner.gid}"
        yield text


def _mounted(facts: Facts, instruction: Instruction, mounts: list[str]) -> dict[Node, str]:
    """The edit that puts flags behind the keyword, one a line where they do not fit on the first."""
    gap = instruction.gap
    assert gap is not None
    text = facts.sources[instruction][len("".join(line.raw for line in instruction.leading)) :].rstrip("\r\n")
    if "\n" not in text and len(mounts) == 1 and len(text) + len(mounts[0]) < LINE_LENGTH:
        return {gap: f"{source(gap)}{mounts[0]} "}
    lines = [line for line in text.split("\n")[1:] if line.strip() and line[0] in " \t"]
    indent = lines[0][: len(lines[0]) - len(lines[0].lstrip())] if lines else "    "
    joint = f" {facts.tree.escape}{facts.newline}{indent}"
    if "\n" in source(gap):
        return {gap: f" {joint.join(mounts)}{source(gap)}"}
    return {gap: f"{source(gap)}{joint.join(mounts)}{joint}"}
