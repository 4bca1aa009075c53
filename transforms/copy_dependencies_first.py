"""`copy-dependencies-first`."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping

from optimizer.facts import Facts
from optimizer.facts.arrivals import arrived
from optimizer.facts.layout import flag_inserted, written_like
from optimizer.facts.parting import MODULES, Parting, parting
from optimizer.facts.paths import within
from optimizer.facts.stacks.site import Unknown
from optimizer.facts.stacks.writer import BUILDS
from optimizer.facts.sync import scripts_of
from optimizer.facts.targets import targets
from optimizer.facts.texts import comment_lines
from optimizer.facts.tools import edition, tool_calls
from optimizer.knowledge.ecosystems import ecosystems
from optimizer.syntax.nodes import FILLERS, Instruction, Node, Words, rewritten
from optimizer.transform import Declined, Proposal, Safety, example, transform, unchanged

INSTALLS = "# installs what the program needs; a changed source file leaves it alone"
_NAMES = ("dependencies", "packages", "installed")
_NODE = {
    "package.json": (
        '{"scripts": {"build": "tsc"}, "dependencies": {"fastify": "4"}, "devDependencies": {"typescript": "5"}}'
    ),
    "package-lock.json": "{}",
    "src/main.ts": "",
}
_FLASK = {"requirements.txt": "flask\n", "app.py": "import flask\n"}


@transform(
    Safety.UNSAFE,
    may_change={"stages", "config", "comments", "layers", "copied"},
    leeway={"parting"},
    may_change_paths=("/**/node_modules/.package-lock.json",),
    # A lock file that an install without one wrote is left behind: what it says is installed.
    may_remove=(*("/**/node_modules/.cache/**", "/**/package-lock.json", "/**/yarn.lock", "/**/pnpm-lock.yaml"),),
)
@example(
    "a build of Node: what the program needs comes from a stage of its own, in a layer of its own",
    """
    - FROM node:22 AS builder
    + # installs what the program needs; a changed source file leaves it alone
    + FROM node:22 AS dependencies
      WORKDIR /app
      COPY package.json package-lock.json ./
    + RUN npm ci --omit=dev
    +
    + FROM dependencies AS builder
      RUN npm ci
      COPY . .
      RUN npm run build
    - RUN npm prune --omit=dev
    + RUN rm -rf node_modules

      FROM node:22-slim
      WORKDIR /app
    + COPY --from=dependencies /app/node_modules /app/node_modules
      COPY --from=builder /app /app
      CMD ["node", "dist/main.js"]
    """,
    unsafe=True,
    context=_NODE,
)
@example(
    "nothing is built: the sources come straight from the context",
    """
      FROM python:3.13 AS builder
      RUN python -m venv /opt/venv
      ENV PATH=/opt/venv/bin:$PATH
      WORKDIR /app
      COPY requirements.txt ./
      RUN pip install -r requirements.txt
    - COPY . .

      FROM python:3.13-slim
      ENV PATH=/opt/venv/bin:$PATH
      WORKDIR /app
      COPY --from=builder /opt/venv /opt/venv
    - COPY --from=builder /app /app
    + COPY . .
      CMD ["python", "app.py"]
    """,
    unsafe=True,
    context=_FLASK,
)
@example(
    "what is taken has an owner",
    """
    - FROM node:22 AS builder
    + # installs what the program needs; a changed source file leaves it alone
    + FROM node:22 AS dependencies
      WORKDIR /app
      COPY package.json package-lock.json ./
      RUN npm ci --omit=dev
    +
    + FROM dependencies AS builder
      COPY . .
      RUN chown -R node:node /app
    + RUN rm -rf node_modules
      FROM node:22-slim
      WORKDIR /app
      RUN chown node:node /app
    + COPY --from=dependencies --chown=node:node /app/node_modules /app/node_modules
      COPY --from=builder --chown=node:node /app /app
      USER node
      CMD ["node", "main.js"]
    """,
    unsafe=True,
    context={**_NODE, "package.json": '{"dependencies": {"fastify": "4"}}'},
)
@unchanged(
    "a script of the project writes into the folder of packages",
    """
    FROM node:22 AS builder
    WORKDIR /app
    COPY package.json package-lock.json ./
    RUN npm ci
    COPY . .
    RUN npm run build
    FROM node:22-slim
    WORKDIR /app
    COPY --from=builder /app /app
    CMD ["node", "dist/main.js"]
    """,
    unsafe=True,
    context={
        **_NODE,
        "package.json": '{"scripts": {"build": "prisma generate && tsc"}, "dependencies": {"fastify": "4"}}',
    },
)
@unchanged(
    "a step behind the install sets owners of all",
    """
    FROM node:22 AS builder
    WORKDIR /app
    COPY package.json package-lock.json ./
    RUN npm ci
    COPY . .
    RUN chown -R node:node /app
    FROM node:22-slim
    WORKDIR /app
    COPY --from=builder /app /app
    CMD ["node", "dist/main.js"]
    """,
    unsafe=True,
    context=_NODE,
)
@unchanged(
    "another stage takes of the builder",
    """
    FROM python:3.13 AS builder
    RUN python -m venv /opt/venv
    WORKDIR /app
    COPY requirements.txt ./
    RUN /opt/venv/bin/pip install -r requirements.txt
    COPY . .
    FROM builder AS test
    RUN pytest
    FROM python:3.13-slim
    WORKDIR /app
    COPY --from=builder /opt/venv /opt/venv
    COPY --from=builder /app /app
    CMD ["python", "app.py"]
    """,
    unsafe=True,
    context=_FLASK,
)
def copy_dependencies_first(facts: Facts) -> Iterator[Proposal | Declined]:
    """Takes what was installed into the image before what a commit changes, in a layer of its own.

    One COPY of a project's whole folder brings its packages anew with each changed source file: they are read,
    stored and sent again. Taken from a stage in which no source ever arrives, they stay in the cache. Where nothing is
    built, the sources come from the context itself.

    Safety: unsafe, as development packages are left away in another way: they are not installed, instead of taken away
    again. Only where each step behind the install is known to leave the packages alone: not where a script names
    `node_modules`, or a package that generates code there is among those of the project; not where another stage
    stands on the builder or takes of it.

    Sources: Docker's guide of Node.js (stages `deps` and `build`); BuildKit computes the content of what
    `COPY --from` takes for each new state of its stage.
    """
    try:
        found = parting(facts)
        if found is not None:
            yield _proposal(facts, found)
    except Unknown as unknown:
        head = facts.stages[-1].node.instructions[0]
        yield Declined(unknown.at or head, unknown.why)


def _proposal(facts: Facts, found: Parting) -> Proposal:
    """The builder without sources where nothing is built; else, or where more would go, a stage of its own."""
    if found.builds:
        return _parted(facts, found)
    try:
        return _straight(facts, found)
    except Unknown:
        if found.prune is not None or not (found.packages or found.others):
            raise
        return _parted(facts, found)


def _why(found: Parting, what: str) -> str:
    return f"a changed source file brought what `{found.install.text}` installed anew: {what}"


def _straight(facts: Facts, found: Parting) -> Proposal:
    """The builder without sources. Raises Unknown."""
    _all_comes(facts, found)
    if found.builder.name in targets(facts):
        raise Unknown(f"somebody builds `{found.builder.name}` by its name, and would get no sources", found.taken)
    if facts.copies[found.taken].owner is not None:
        raise Unknown("the sources would have another owner", found.taken)
    folder = facts.scopes[found.taken].folder
    moved = []
    for one in found.sources:
        copy = facts.copies[one]
        if "$" in facts.sources[one] or (copy.relative and facts.scopes[one].folder != folder):
            raise Unknown("the folder or a variable of it is another one in the last stage", one)
        text = facts.sources[one].lstrip("\r\n")
        moved.append(text if text.endswith("\n") else text + facts.newline)
    lines = [*_copies(facts, found, facts.copies[found.taken].origin or ""), *moved]
    edits: dict[Node, str] = {**dict.fromkeys(found.sources, ""), found.taken: _instead(facts, found.taken, lines)}
    if found.prune is not None:
        edits |= {found.install.run: _production(facts, found), found.prune: ""}
    return Proposal(found.taken, _why(found, "now only the sources come, straight from the context"), edits)


def _all_comes(facts: Facts, found: Parting) -> None:
    """Raises Unknown where the folder holds something that would not come."""
    folder = (facts.copies[found.taken].destination or "/").rstrip("/")
    comes = {path: origin for one in found.sources for path, origin in (facts.placed(facts.copies[one]) or {}).items()}
    if found.leaves:
        raise Unknown(f"`{found.leaves[0]}` is not among the sources", found.install.run)
    steps = found.builder.instructions
    for one in steps[: steps.index(found.sources[0])]:
        copy = facts.copies.get(one)
        for path, origin in ((facts.placed(copy) or {"": ""}) if copy is not None else {}).items():
            if not path or (within(path, folder) and comes.get(path) != origin):
                raise Unknown(f"`{path or folder}` is not among the sources", one)
        if one.name == "RUN" and one is not found.install.run:
            for place in facts.effects(one).writes:
                if within(place.path, folder) or (place.below and within(folder, place.path)):
                    raise Unknown(f"it may leave something in `{folder}`", one)


def _parted(facts: Facts, found: Parting) -> Proposal:
    """A stage of its own for what is installed. Raises Unknown."""
    builder, newline = found.builder, facts.newline
    name = _free_name(facts)
    head, run = builder.node.instructions[0], found.install.run
    body = head.body
    assert isinstance(body, Words) and builder.name is not None
    above = comment_lines(head)
    told = above.endswith(BUILDS + newline)
    text = rewritten(head, {body.words[2]: name})[len(above) :]
    own = above.removesuffix(BUILDS + newline) if told else above
    edits: dict[Node, str] = {head: own + INSTALLS + newline + text}
    second = newline + (BUILDS + newline if told else "") + written_like(head, "FROM", f"{name} ")
    second += f"{body.words[1].raw} {body.words[2].raw}{newline}"
    source = facts.sources[run]
    if found.prune is not None:
        production = _production(facts, found)
        edits[run] = production + second + source[len(comment_lines(run)) :]
    else:
        edits[run] = source + second
    edits |= _emptied(facts, found)
    lines = [*_copies(facts, found, name), facts.sources[found.taken]]
    edits[found.taken] = _instead(facts, found.taken, lines)
    for one in found.others:
        flag = next(flag for flag in one.all_flags if flag.name == "from")
        edits[flag] = f"--from={name}"
    what = "it has a stage and a layer of its own now" if found.packages else "it has a stage of its own now"
    return Proposal(run, _why(found, what), edits)


def _free_name(facts: Facts) -> str:
    used = {one.name for one in facts.stages} | {one.base for one in facts.stages}
    text = facts.text.lower()
    free = [name for name in _NAMES if name not in used and f"from={name}" not in text]
    if not free:
        raise Unknown("no name is free for another stage")
    return free[0]


def _production(facts: Facts, found: Parting) -> str:
    """The install without development packages. Raises Unknown."""
    run = found.install.run
    calls = tool_calls(facts, run)
    chain = facts.chain(run)
    tool = edition(facts, run, calls[0].tool) if calls else None
    if tool is not None and any(option in tool.production_any for option in calls[0].options):
        return facts.sources[run]
    if tool is None or chain is None or len(chain.steps) != 1 or not found.install.install.leaves_the_same:
        raise Unknown("how it would leave development packages away is not known", run)
    manifest = arrived(facts, run, tool.manifest)
    scripts = scripts_of(manifest.content(facts) if manifest is not None else None)
    if scripts is None or any(name in scripts for name in ecosystems().lifecycle):
        raise Unknown("a script that runs at its end may need development packages", run)
    flag = flag_inserted(calls[0].call.words, calls[0].verb_word, tool.production_option)
    text = rewritten(run, flag)
    return text if text.endswith("\n") else text + facts.newline


def _emptied(facts: Facts, found: Parting) -> Mapping[Node, str]:
    """The builder without packages at its end. Raises Unknown."""
    if not found.packages:
        return {}
    steps = found.builder.instructions
    last = found.prune or next(one for one in reversed(steps) if one.name in FILLERS)
    scope = facts.behind(found.builder)
    if scope is None or scope.user != facts.scopes[found.install.run].user:
        raise Unknown("another user is in force at the end of the builder", last)
    paths = [_relative(path, scope.folder) for path in found.packages]
    command = written_like(found.install.run, "RUN", f"rm -rf {' '.join(paths)}") + facts.newline
    if found.prune is not None:
        return {last: comment_lines(last) + command}
    text = facts.sources[last]
    return {last: (text if text.endswith("\n") else text + facts.newline) + command}


def _relative(path: str, folder: str | None) -> str:
    return MODULES if folder is not None and path == posixpath.join(folder, MODULES) else path


def _copies(facts: Facts, found: Parting, origin: str) -> Iterator[str]:
    owner = facts.copies[found.taken].owner
    flags = f"--from={origin} --chown={owner}" if owner is not None else f"--from={origin}"
    for path in found.packages:
        yield written_like(found.taken, "COPY", f"{flags} {path} {path}") + facts.newline


def _instead(facts: Facts, taken: Instruction, lines: list[str]) -> str:
    """The lines in the place of a COPY, with what stands above it on top."""
    above = comment_lines(taken)
    text = above + "".join(lines[:-1]) + lines[-1].removeprefix(above)
    return text if facts.sources[taken].endswith("\n") else text.removesuffix(facts.newline)
