"""`production-dependencies`."""

import re
from collections.abc import Iterator

from optimizer.facts import Facts
from optimizer.facts.bases import is_image
from optimizer.facts.demand import demand
from optimizer.facts.layout import flag_inserted, inserted
from optimizer.facts.tools import ToolCall, edition, first_image, tool_calls
from optimizer.knowledge.ecosystems import Tool
from optimizer.syntax.nodes import Command, Instruction, Item, source
from optimizer.transform import Declined, Proposal, Safety, example, transform, unchanged

_FOLDERS = (
    *("/app", "/usr/src/app", "/usr/app", "/src", "/srv/app", "/opt/app", "/code", "/workspace"),
    *("/home/node/app", "/var/www/html"),
)
_KINDS = ("node_modules", "vendor", ".venv", "package-lock.json")
_INSTALLED = (
    *(f"{folder}/{kind}{tail}" for folder in _FOLDERS for kind in _KINDS for tail in ("", "/**")),
    *("/usr/local/lib/python3*/**", "/usr/local/bundle/**", "/var/lib/gems/**", "/usr/local/lib/ruby/**"),
)
"""Where installs most often lie. One that lies elsewhere is not proved, as it should be."""
_STARTS = ("CMD", "ENTRYPOINT")
_CACHES = ("/root/.npm/**", "/root/.cache/**", "/usr/local/share/.cache/**", "/root/.composer/**", "/root/.bun/**")


@transform(
    Safety.UNSAFE,
    may_change=set(),
    leeway={"production"},
    may_remove=(*_INSTALLED, *_CACHES, "/usr/local/bin/*", "/usr/share/ri/**"),
    may_change_paths=(*_INSTALLED, *_CACHES, "/usr/local/bundle/config", "/app/.bundle/**"),
    may_drop_packages=True,
)
@example(
    "nothing that is seen needs development packages",
    """
      FROM node:20
      WORKDIR /app
      COPY package.json package-lock.json ./
    - RUN npm ci
    + RUN npm ci --omit=dev
      COPY . .
      CMD ["node", "server.js"]
    """,
    unsafe=True,
)
@example(
    "the build context shows what the container starts",
    """
      FROM node:20
      WORKDIR /app
      COPY . .
    - RUN npm ci
    + RUN npm ci --omit=dev
      CMD ["npm", "start"]
    """,
    unsafe=True,
    context={"package.json": '{"scripts": {"start": "node server.js"}, "devDependencies": {"nodemon": "3"}}'},
)
@example(
    "the packages of a stage that another one copies",
    """
      FROM node:20 AS packages
      WORKDIR /app
      COPY package.json yarn.lock ./
    - RUN yarn install --frozen-lockfile
    + RUN yarn install --production --frozen-lockfile
      FROM node:20-slim
      WORKDIR /app
      COPY --from=packages /app/node_modules node_modules
      COPY src src
      CMD ["node", "src/server.js"]
    """,
    unsafe=True,
)
@example(
    "a spelling that npm warns of means the same",
    """
      FROM node:20
      WORKDIR /app
      COPY . .
    - RUN npm ci --only=production
    + RUN npm ci --omit=dev
    """,
)
@example(
    "other tools",
    """
      FROM php:8.4-apache
    - RUN composer install --no-interaction
    + RUN composer install --no-dev --no-interaction
      CMD ["apache2-foreground"]
    """,
    unsafe=True,
)
@example(
    "Bundler remembers what it is told before, so that the program starts without these groups too",
    """
      FROM ruby:3.3
      ENV RACK_ENV=production
      WORKDIR /app
      COPY . .
    - RUN bundle install
    + RUN bundle config set --local without 'development test' && bundle install
      CMD ["ruby", "app.rb"]
    """,
    unsafe=True,
)
@example(
    "documentation of gems, and a release build",
    """
      FROM debian:bookworm
    - RUN gem install sinatra
    + RUN gem install --no-document sinatra
      FROM mcr.microsoft.com/dotnet/sdk:6.0
    - RUN dotnet publish -o /out
    + RUN dotnet publish -c Release -o /out
    """,
    unsafe=True,
)
@unchanged(
    "the build needs them",
    """
    FROM node:20
    WORKDIR /app
    COPY . .
    RUN npm ci
    RUN npm run build
    CMD ["node", "dist/server.js"]
    """,
    unsafe=True,
)
@unchanged(
    "the stage that takes the packages needs them",
    """
    FROM node:20 AS packages
    WORKDIR /app
    COPY package.json package-lock.json ./
    RUN npm ci
    FROM node:20
    COPY --from=packages /app/node_modules node_modules
    RUN npx tsc
    CMD ["node", "dist/server.js"]
    """,
    unsafe=True,
)
@unchanged(
    "the container may need them",
    """
    FROM node:20
    WORKDIR /app
    COPY . .
    RUN npm ci
    CMD ["npm", "start"]
    """,
    unsafe=True,
)
@unchanged(
    "its start needs them, as the build context shows",
    """
    FROM node:20
    WORKDIR /app
    COPY . .
    RUN npm ci
    CMD ["npm", "start"]
    """,
    unsafe=True,
    context={"package.json": '{"scripts": {"start": "nodemon server.js"}, "devDependencies": {"nodemon": "3"}}'},
)
@unchanged(
    "its install scripts need them, as the build context shows",
    """
    FROM node:20
    WORKDIR /app
    COPY . .
    RUN npm ci
    CMD ["node", "server.js"]
    """,
    unsafe=True,
    context={"package.json": '{"scripts": {"prepare": "husky install"}, "devDependencies": {"husky": "9"}}'},
)
@unchanged(
    "Rails and Rack run in development unless they are told otherwise, and load the gems of that group",
    """
    FROM ruby:3.3
    WORKDIR /app
    COPY . .
    RUN bundle install
    CMD ["rails", "server", "-b", "0.0.0.0"]
    """,
    unsafe=True,
)
@unchanged(
    "they reach no image",
    """
    FROM node:20 AS tests
    COPY . .
    RUN npm ci
    FROM node:20
    COPY . .
    CMD ["node", "server.js"]
    """,
    unsafe=True,
)
@unchanged(
    "nothing says what the container runs",
    """
    FROM node:20
    COPY . .
    RUN npm ci
    """,
    unsafe=True,
)
@unchanged(
    "the environment says so already, or may",
    """
    FROM node:20
    ENV NODE_ENV=production
    COPY . .
    RUN npm ci
    CMD ["node", "server.js"]
    FROM node:20
    ARG NODE_ENV
    COPY . .
    RUN npm ci
    CMD ["node", "server.js"]
    """,
    unsafe=True,
)
@unchanged(
    "it is decided already; an npm of unknown age keeps the old spelling",
    """
    FROM node:20
    RUN npm ci --omit=dev && yarn --production=false && composer install --no-dev
    CMD ["node", "server.js"]
    FROM node:14
    RUN npm ci --only=production
    CMD ["node", "server.js"]
    """,
    unsafe=True,
)
def production_dependencies(facts: Facts) -> Iterator[Proposal | Declined]:
    """Leaves development packages out of the image, where nothing that is seen needs them.

    Test runners, compilers and linters are often most of what a project installs.

    Safety: unsafe, as a program may load a package at run time that its manifest calls a development package. Not
    where a later step of the stage, of a stage built from it or of one that copies from it runs anything of the
    project, nor where the command of the container names a development tool, or a script that does. Not where an
    option or the environment decides. A deprecated spelling of the same option is replaced by itself, safely, in
    images whose npm surely knows the new one.

    Sources: npm-ci (npm 11, `omit`), yarn install, pnpm install, bun install, composer install, bundle-config(1),
    poetry install, uv sync, gem help install, dotnet publish; domain.md 1.1.
    """
    for instruction in facts.runs:
        if instruction.name != "RUN":
            continue
        for found in tool_calls(facts, instruction):
            tool = edition(facts, instruction, found.tool)
            if found.verb in tool.production_verbs and (item := _item(facts, instruction, found, tool)) is not None:
                yield item


def _item(facts: Facts, instruction: Instruction, found: ToolCall, tool: Tool) -> Proposal | Declined | None:
    image = first_image(facts.stage_of[instruction])
    old = [word for word in found.call.words if word.literal in tool.production_instead_of]
    if len(old) == 1 and is_image(image, tool.production_since):
        now = source(old[0]).replace(old[0].text, tool.production_option)
        told = f"`{old[0].text}` is deprecated: `{tool.production_option}` means the same"
        return Proposal(found.call.node, told, {old[0]: now}, safety=Safety.SAFE)
    if _decided(facts, instruction, found, tool) or is_image(image, (*tool.production_not_in, *tool.too_old)):
        return None
    if tool.production_since and not is_image(image, tool.production_since):
        return None
    if tool.production_needs and not any(option in tool.production_needs for option in found.options):
        return None
    if tool.production_unwatched:
        return _without(facts, instruction, found, tool, f"`{tool.production_option}` leaves away what nothing reads")
    if not found.from_manifest:
        return None
    if (why := demand(facts, instruction, found) or _untold(facts, tool)) is not None:
        return Declined(found.call.node, why)
    return _without(facts, instruction, found, tool, "nothing that is seen needs the development packages")


def _untold(facts: Facts, tool: Tool) -> str | None:
    """Why what runs may load development packages: nothing says that it runs in production."""
    stage, names = facts.stages[-1], tool.production_told_by
    scope = facts.behind(stage)
    variables = scope.variables if scope is not None else {}
    starts = [facts.sources[one] for each in stage.lineage for one in each.instructions if one.name in _STARTS]
    told = any(variables.get(name) == "production" for name in names)
    if not names or told or any(re.search(r"\bproduction\b", text) for text in starts):
        return None
    return f"no `{names[0]}` says that it runs in production, so that it may load development packages"


def _without(
    facts: Facts, instruction: Instruction, found: ToolCall, tool: Tool, why: str
) -> Proposal | Declined | None:
    if tool.production_step:
        return _told_before(facts, instruction, found, tool, why)
    if isinstance(found.verb_word, Item) and " " in tool.production_option:
        return None
    edits = flag_inserted(found.call.words, found.verb_word, tool.production_option)
    return Proposal(found.call.node, why, edits)


def _told_before(facts: Facts, instruction: Instruction, found: ToolCall, tool: Tool, why: str) -> Proposal | Declined:
    """The proposal that puts a step before the one that installs."""
    chain = facts.chain(instruction)
    steps = [i for i, step in enumerate(chain.steps) if step.calls == (found.call,)] if chain else []
    if chain is None or not steps:
        return Declined(found.call.node, "nothing can be put before it")
    return Proposal(found.call.node, why, inserted(facts, instruction, chain, steps[0], tool.production_step))


def _decided(facts: Facts, instruction: Instruction, found: ToolCall, tool: Tool) -> bool:
    """Whether an option, the environment or the RUN itself decides, or may."""
    if any(o in tool.production_any or o.partition("=")[0] in tool.production_any for o in found.options):
        return True
    variables = facts.scopes[instruction].variables
    text = facts.sources[instruction]
    for entry in tool.production_environment:
        name, _, value = entry.partition("=")
        if name in text or (name in variables and (not value or variables[name] in (value, None))):
            return True
    if tool.production_step and isinstance(found.call.node, Command):
        stage = facts.stage_of[instruction]
        return any("bundle config" in facts.sources[i] for one in stage.lineage for i in one.instructions)
    return False
