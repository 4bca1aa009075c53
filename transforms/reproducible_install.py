"""`reproducible-install`."""

from collections.abc import Iterator, Mapping

from optimizer.facts import Facts
from optimizer.facts.arrivals import Arrival, arrived
from optimizer.facts.bases import is_image
from optimizer.facts.chains import leaves
from optimizer.facts.layout import flag_inserted
from optimizer.facts.sync import in_sync
from optimizer.facts.tools import ToolCall, edition, first_image, tool_calls
from optimizer.knowledge.ecosystems import Tool
from optimizer.syntax.nodes import Instruction, Item, Node, source
from optimizer.transform import Declined, Proposal, Safety, example, transform, unchanged

_PACKAGE = '{"dependencies": {"left": "^1.0.0"}}'
_LOCK = """
{"lockfileVersion": 3, "packages": {"": {"dependencies": {"left": "^1.0.0"}},
"node_modules/left": {"version": "1.0.0"}}}
"""

_FOLDERS = ("/app", "/usr/src/app", "/usr/app", "/src", "/srv/app", "/opt/app", "/code", "/workspace", "/home/node/app")
_KINDS = ("node_modules/**", "package-lock.json", "yarn.lock", "Pipfile.lock")
_INSTALLED = tuple(f"{folder}/{kind}" for folder in _FOLDERS for kind in _KINDS)
"""Where installs most often lie. One that lies elsewhere is not proved, as it should be."""


@transform(
    Safety.UNSAFE,
    may_change=set(),
    leeway={"locked"},
    counterparts=("DL3016",),
    may_change_paths=(*_INSTALLED, "/root/.npm/**", "/tmp/v8-compile-cache-*/**", "/tmp/yarn--*", "/tmp/yarn--*/*"),
    may_remove=("/root/.npm/**", "/tmp/yarn--*", "/tmp/yarn--*/*"),
)
@example(
    "the build context shows that the lock file fits, so the build goes on as before",
    """
      FROM node:20
      WORKDIR /app
      COPY . .
    - RUN npm install --no-audit
    + RUN npm ci --no-audit
    """,
    context={"package.json": _PACKAGE, "package-lock.json": _LOCK},
)
@example(
    "the lock file is copied by name; whether it fits is not known",
    """
      FROM node:20
      WORKDIR /app
      COPY package.json package-lock.json ./
    - RUN npm install
    + RUN npm ci
    """,
    unsafe=True,
)
@example(
    "other tools",
    """
      FROM node:20
      WORKDIR /app
      COPY package.json yarn.lock ./
    - RUN yarn && yarn build
    + RUN yarn --frozen-lockfile && yarn build
      FROM node:20
      WORKDIR /app
      COPY package.json yarn.lock .yarnrc.yml ./
    - RUN corepack enable && yarn install
    + RUN corepack enable && yarn install --immutable
      FROM rust:1
      WORKDIR /app
      COPY Cargo.toml Cargo.lock ./
    - RUN cargo build --release
    + RUN cargo build --release --locked
      FROM python:3.12
      WORKDIR /app
      COPY pyproject.toml uv.lock ./
    - RUN uv sync --no-dev
    + RUN uv sync --no-dev --locked
    """,
    unsafe=True,
)
@unchanged(
    "no lock file is seen: the glob may take one, or none",
    """
    FROM node:20
    WORKDIR /app
    COPY package*.json ./
    RUN npm install
    """,
    unsafe=True,
)
@unchanged(
    "the lock file does not fit, so `npm ci` would fail",
    """
    FROM node:20
    WORKDIR /app
    COPY . .
    RUN npm install
    """,
    unsafe=True,
    context={"package.json": '{"dependencies": {"left": "^2.0.0"}}', "package-lock.json": _LOCK},
)
@unchanged(
    "whether it fits is not known, so a person has to say yes",
    """
    FROM node:20
    WORKDIR /app
    COPY package.json package-lock.json ./
    RUN npm install
    """,
)
@unchanged(
    "something is named, or goes elsewhere",
    """
    FROM node:20
    WORKDIR /app
    COPY package.json package-lock.json ./
    RUN npm install express && npm install -g serve && npm install --prefix client
    RUN cd client && npm install
    """,
    unsafe=True,
)
@unchanged(
    "`npm ci` would remove what was installed before",
    """
    FROM node:20
    WORKDIR /app
    COPY package.json package-lock.json ./
    RUN npm install express
    RUN npm install
    """,
    unsafe=True,
)
@unchanged(
    "the lock file is removed on purpose",
    """
    FROM node:20
    WORKDIR /app
    COPY package.json package-lock.json ./
    RUN rm package-lock.json
    RUN npm install
    """,
    unsafe=True,
)
@unchanged(
    "this npm does not know `ci`",
    """
    FROM node:8
    WORKDIR /app
    COPY package.json package-lock.json ./
    RUN npm install
    """,
    unsafe=True,
)
@unchanged(
    "already so",
    """
    FROM node:20
    WORKDIR /app
    COPY package.json package-lock.json yarn.lock ./
    RUN npm ci && yarn install --frozen-lockfile
    """,
    unsafe=True,
)
def reproducible_install(facts: Facts) -> Iterator[Proposal | Declined]:
    """Installs exactly what the lock file says, or fails: `npm ci`, `yarn --frozen-lockfile`, `cargo --locked` ...

    A plain install may take other versions than the ones that were tested, and says nothing about it.

    Safety: only where a lock file is surely in the folder of the install, by a COPY that names it or by the build
    context, and where the command names nothing and goes nowhere else. Safe where the context shows that the lock
    file of npm or yarn 1 fits its manifest; else unsafe, as a lock file that does not fit would end the build. Not
    where packages were installed before, which `npm ci` removes. Composer, Poetry and Go take the lock file anyway;
    Bundler is told by its configuration; conda, mamba and pip have no lock file that such an option could name.

    Sources: npm-ci, yarn install (1 and 4), pnpm install, bun install, pipenv install, uv sync, cargo build, dotnet
    restore; domain.md 1.1 and 1.3.
    """
    for instruction in facts.runs:
        if instruction.name != "RUN":
            continue
        for found in tool_calls(facts, instruction):
            tool = edition(facts, instruction, found.tool)
            if _is_loose(found, tool) and (item := _locked(facts, instruction, found, tool)) is not None:
                yield item


def _is_loose(found: ToolCall, tool: Tool) -> bool:
    if found.verb not in tool.loose_verbs or not found.from_manifest:
        return False
    return not any(option.partition("=")[0] in tool.frozen_any or option in tool.frozen_any for option in found.options)


def _locked(facts: Facts, instruction: Instruction, found: ToolCall, tool: Tool) -> Proposal | Declined | None:
    lock = next((lock for name in tool.locks if (lock := arrived(facts, instruction, name)) is not None), None)
    if lock is None:
        return None
    fits = _fits(facts, instruction, tool, lock)
    if fits is False:
        return Declined(found.call.node, f"`{lock.name}` does not fit `{tool.manifest}`: the build would fail")
    if (why := _obstacle(facts, instruction, found, tool)) is not None:
        return Declined(found.call.node, why)
    wanted = f"{tool.name} {tool.frozen_verb}" if tool.frozen_verb else tool.frozen_option
    why = f"`{wanted}` installs what `{lock.name}` says, or fails"
    return Proposal(
        found.call.node,
        why if fits else f"{why}; whether it fits `{tool.manifest or 'the project'}` is not known",
        _edits(found, tool),
        safety=Safety.SAFE if fits else None,
    )


def _edits(found: ToolCall, tool: Tool) -> Mapping[Node, str]:
    """The verb in the place of the loose one, or the option behind all that the command says."""
    word = found.verb_word
    if not tool.frozen_verb:
        return flag_inserted(found.call.words, found.call.words[-1], tool.frozen_option)
    return {word: source(word).replace(word.text, tool.frozen_verb) if isinstance(word, Item) else tool.frozen_verb}


def _fits(facts: Facts, instruction: Instruction, tool: Tool, lock: Arrival) -> bool | None:
    manifest = arrived(facts, instruction, tool.manifest) if tool.manifest else None
    return in_sync(tool.name, manifest.content(facts), lock.content(facts)) if manifest is not None else None


def _obstacle(facts: Facts, instruction: Instruction, found: ToolCall, tool: Tool) -> str | None:
    """Why the install stays as it is; None where nothing is in its way."""
    stage = facts.stage_of[instruction]
    if is_image(first_image(stage), tool.too_old):
        return f"the {tool.name} of this image does not know `{tool.frozen_verb or tool.frozen_option}`"
    if _elsewhere(facts, instruction, found):
        return "the RUN goes to another folder, or cannot be read step by step"
    if not tool.frozen_verb:
        return None
    for one in stage.lineage:
        for earlier in one.instructions:
            if facts.places.span(earlier)[0] >= facts.places.span(instruction)[0] or earlier.name != "RUN":
                continue
            calls = tool_calls(facts, earlier)
            if any(call.tool is found.tool and call.operands and not _is_global(call) for call in calls):
                return f"an earlier RUN installs packages that `{tool.name} {tool.frozen_verb}` would remove"
    return None


def _is_global(call: ToolCall) -> bool:
    return any(option in ("-g", "--global", "--location=global") for option in call.options) or call.verb == "config"


def _elsewhere(facts: Facts, instruction: Instruction, found: ToolCall) -> bool:
    """Whether something in the RUN before the call may have changed the folder."""
    chain = facts.chain(instruction)
    if chain is None:
        return len(facts.calls(instruction)) > 1
    for step in chain.steps:
        if found.call in step.calls:
            return len(step.calls) > 1 and step.command is None
        if leaves(step) & {"directory", "control"}:
            return True
    return True
