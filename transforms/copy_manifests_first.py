"""`copy-manifests-first`."""

import json
import posixpath
from collections.abc import Iterator, Mapping, Sequence
from itertools import takewhile

from optimizer.facts import Copy, Facts
from optimizer.facts.durations import text_seconds
from optimizer.facts.layout import without
from optimizer.facts.lists import deletion
from optimizer.facts.manifests import install_of
from optimizer.facts.sinking import Target, may_lack_rights, sinking, taken_above
from optimizer.facts.texts import comment_lines
from optimizer.syntax.nodes import LAYERS, ExecForm, Instruction, Node, rewritten, source
from optimizer.transform import Declined, Leeway, Proposal, Safety, example, transform, unchanged

MOST_COPIES = 12
"""COPY lines that manifests in several folders may cost."""

_NODE = {"package.json": "{}", "package-lock.json": "{}", "index.js": ""}


@transform(Safety.SAFE, may_change={"layers", "copied"}, leeway={"manifests"})
@example(
    "the sources come behind the install",
    """
      FROM node:22-slim
      WORKDIR /app
    + COPY package.json package-lock.json ./
    + RUN npm ci
      # the application
      COPY . .
    - RUN npm ci
      RUN npm run build
      CMD ["node", "index.js"]
    """,
    context=_NODE,
)
@example(
    "the install gets a RUN of its own",
    """
      FROM golang:1.24 AS build
      WORKDIR /src
    + COPY go.mod go.sum ./
    + RUN go mod download
      COPY . .
    - RUN go mod download && go build -o /tool .
    + RUN go build -o /tool .
      FROM scratch
      COPY --from=build /tool /
    """,
    context={"go.mod": "", "go.sum": "", "main.go": ""},
)
@example(
    "steps between that have nothing to do with the sources",
    """
      FROM python:3.12-slim
      WORKDIR /app
    - COPY --chown=1000 . /app
      RUN apt-get update && apt-get install -y gcc
    + COPY --chown=1000 requirements.txt /app/
      RUN pip install -r requirements.txt
    + COPY --chown=1000 . /app
      CMD ["python", "app.py"]
    """,
    context={"requirements.txt": "flask==3.1\n", "app.py": ""},
)
@example(
    "workspaces, and a folder that the COPY makes",
    """
      FROM node:22-slim
    - COPY . /app
    + COPY package.json package-lock.json /app/
    + COPY packages/a/package.json /app/packages/a/
      WORKDIR /app
      RUN npm ci
    + COPY . /app
    """,
    context={**_NODE, "package.json": '{"workspaces": ["packages/*"]}', "packages/a/package.json": "{}"},
)
@example(
    "a builder installs packages of the system in the RUN that builds",
    r"""
      FROM debian:bookworm-slim AS build
      WORKDIR /src
    - COPY . .
    - RUN apt-get update && apt-get install -y gcc libc6-dev && \
    -     gcc -o /tool main.c && \
    -     rm -rf /var/lib/apt/lists/*
    + RUN apt-get update && apt-get install -y gcc libc6-dev
    + COPY . .
    + RUN gcc -o /tool main.c
      FROM debian:bookworm-slim
      COPY --from=build /tool /
    """,
    context={"main.c": "", "tool.h": ""},
)
@example(
    "an install that may write the lock file",
    """
      FROM node:22-slim
      WORKDIR /app
    + COPY package.json package-lock.json ./
    + RUN npm install
      COPY . .
    - RUN npm install
    """,
    context=_NODE,
    unsafe=True,
)
@example(
    "an install of what the command names stands before that of the manifest",
    """
      FROM python:3.12-slim
      WORKDIR /app
    + COPY requirements.txt ./
    + RUN pip install --upgrade pip && pip install -r requirements.txt
      COPY . .
    - RUN pip install --upgrade pip && pip install -r requirements.txt
      CMD ["python", "app.py"]
    """,
    context={"requirements.txt": "flask==3.1\n", "app.py": ""},
)
@unchanged(
    "no context tells what the install reads",
    """
    FROM node:22-slim
    WORKDIR /app
    COPY . .
    RUN npm ci
    """,
)
@unchanged(
    "a script needs the sources",
    """
    FROM node:22-slim
    WORKDIR /app
    COPY . .
    RUN npm ci
    """,
    context={**_NODE, "package.json": '{"scripts": {"postinstall": "node setup.js"}}'},
)
@unchanged(
    "a package is a folder of the sources",
    """
    FROM python:3.12-slim
    WORKDIR /app
    COPY . .
    RUN pip install -r requirements.txt
    """,
    context={"requirements.txt": "-e .\n", "setup.py": ""},
)
@unchanged(
    "the step before the install uses the sources",
    """
    FROM node:22-slim
    WORKDIR /app
    COPY . .
    RUN ./prepare.sh
    RUN npm ci
    """,
    context={**_NODE, "prepare.sh": ""},
)
@unchanged(
    "installed packages lie in the context",
    """
    FROM node:22-slim
    WORKDIR /app
    COPY . .
    RUN npm ci
    """,
    context={**_NODE, "node_modules/left/index.js": ""},
)
@unchanged(
    "packages of the system in an image that is shipped: what the RUN deletes at its end would stay in its layer",
    """
    FROM debian:bookworm-slim
    WORKDIR /src
    COPY . .
    RUN apt-get update && apt-get install -y gcc libc6-dev && gcc -o /tool main.c && apt-get purge -y gcc
    """,
    context={"main.c": ""},
)
@unchanged(
    "a later step of the RUN removes what the install left",
    """
    FROM node:22-slim
    WORKDIR /app
    COPY . .
    RUN npm ci && npm run build && npm cache clean --force
    """,
    context=_NODE,
)
@example(
    "the manifests are there already",
    """
      FROM node:22-slim
      WORKDIR /app
      COPY package*.json ./
    - COPY . .
      RUN npm ci
    + COPY . .
    """,
    context=_NODE,
)
@unchanged(
    "a user who is not root may need a folder that is open to all",
    """
    FROM node:22-slim
    COPY . /app
    USER node
    WORKDIR /app
    RUN npm ci
    """,
    context={**_NODE, "package.json": '{"workspaces": ["packages/*"]}', "packages/a/package.json": "{}"},
)
@unchanged(
    "only manifests are copied",
    """
    FROM node:22-slim
    WORKDIR /app
    COPY package.json package-lock.json ./
    RUN npm ci
    COPY . .
    """,
    context=_NODE,
)
def copy_manifests_first(facts: Facts) -> Iterator[Proposal | Declined]:
    """Copies what an install reads before it, and everything else behind it.

    A COPY of all sources above an install makes every change of a source file install all packages again. Above the
    install only the manifests are needed: `package.json` and the lock file, `requirements.txt`, `go.mod` ... Packages
    of the system need none: in a builder, whose layers nobody gets, the RUN that installs and builds is parted.

    Safety: only where the build context is known and the manifests tell all that the install reads: no script that
    runs then, no package out of the sources. What stands between the COPY and the install must have nothing to do with
    the files. What the install writes must not lie in the context. Manifests in sub-folders wait where the user is not
    root: the early COPY makes folders of mode 755, those of the context may be open to all.

    Sources: Dockerfile best practices, leverage build cache; domain.md 1.2, 1.3.
    """
    for stage in facts.stages:
        for number, instruction in reversed(list(enumerate(stage.instructions))):
            copy = facts.copies.get(instruction)
            if copy is not None and copy.instruction is instruction and copy.from_context and not copy.documents:
                yield from _sunk(facts, copy, stage.instructions[number + 1 :])


def _sunk(facts: Facts, copy: Copy, behind: Sequence[Instruction]) -> Iterator[Proposal | Declined]:
    places = facts.placed(copy)
    if places is None:
        if (run := _installing(facts, behind)) is not None:
            why = facts.no_context or "it is not certain what the COPY above it takes"
            yield Declined(run, f"what it needs of the sources is not known: {why}")
        return
    target, stop = sinking(facts, copy, places, behind)
    if stop is not None:
        yield Declined(stop.run, stop.why)
    if target is None:
        return
    if target.packages or (len(places) > len(copy.sources) and not places.keys() <= set(target.needed)):
        yield _moved(facts, copy, places, target)


def _installing(facts: Facts, behind: Sequence[Instruction]) -> Instruction | None:
    """The first RUN that installs from a manifest."""
    runs = (one for one in behind if one.name == "RUN")
    return next((run for run in runs if any(install_of(call) for call in facts.calls(run))), None)


def _moved(facts: Facts, copy: Copy, places: Mapping[str, str], target: Target) -> Proposal | Declined:
    instruction = copy.instruction
    there = taken_above(facts, copy)
    needed = [path for path in target.needed if there.get(path) is None or there[path] != places.get(path)]
    manifests = _manifests(facts, copy, places, needed)
    parts = _parted(facts, target)
    if manifests is None:
        return Declined(target.run, "what it needs lies in too many folders")
    if parts is None:
        return Declined(target.run, "a comment stands where it would be parted")
    if _makes_folders(copy, needed) and may_lack_rights(facts, copy, target):
        return Declined(target.run, "the user is not root, and may need the rights of the context's folders")
    text, rest = parts
    sources = source(instruction)
    if not text.endswith("\n"):
        text += facts.newline
        sources = sources if rest else sources.rstrip("\r\n")
    edits: dict[Node, str] = {instruction: "", target.run: text + sources + rest}
    first = target.passed[0].run if target.passed else target.run
    if target.stays:
        edits[instruction] = _blank(instruction) + manifests
    else:
        edits[first] = _blank(instruction) + manifests + edits.get(first, source(first))
    why = _why(facts, instruction, target, parted=bool(rest))
    if not target.rewritten:
        cleaned = frozenset({Leeway.CLEANUP} if _cleaning(facts, target) else ())
        return Proposal(instruction, why, edits, leeway=cleaned)
    lock = posixpath.basename(min(target.rewritten))
    why += f"; the install may write `{lock}`, over which the COPY now comes"
    return Proposal(instruction, why, edits, safety=Safety.UNSAFE, leeway=frozenset({Leeway.UNLOCKED}))


def _makes_folders(copy: Copy, needed: Sequence[str]) -> bool:
    """Whether what is needed lies in folders of the one that is copied."""
    top = (copy.destination or "/").rstrip("/") or "/"
    return any(posixpath.dirname(path) != top for path in needed)


def _parted(facts: Facts, target: Target) -> tuple[str, str] | None:
    """The RUN up to the install, and a RUN of the steps behind it (empty: none); None: a comment would be lost."""
    chain = facts.chain(target.run)
    count = len(chain.steps) if chain else 0
    if chain is None or target.at + 1 == count:
        return source(target.run), ""
    head, tail = without(chain, range(target.at + 1, count)), without(chain, range(target.at + 1))
    cleaning = _cleaning(facts, target)
    end = without(chain, range(count - cleaning, count)) if cleaning else {}
    if head is None or tail is None or end is None:
        return None
    return rewritten(target.run, head), rewritten(target.run, {**tail, **end}).removeprefix(comment_lines(target.run))


def _cleaning(facts: Facts, target: Target) -> int:
    """How many steps at the end only remove lists and caches: of no use in a builder, whose layers nobody gets."""
    chain, folder = facts.chain(target.run), facts.scopes[target.run].folder
    found = [deletion(step, folder) for step in chain.steps[target.at + 2 :]] if chain and target.packages else []
    cleans = takewhile(lambda one: one is not None and one.regenerable, reversed(found))
    return sum(1 for _ in cleans)


def _blank(instruction: Instruction) -> str:
    """The blank lines above an instruction and its comments."""
    return "".join(line.raw for line in takewhile(lambda line: line.comment is None, instruction.leading))


def _why(facts: Facts, copy: Instruction, target: Target, *, parted: bool) -> str:
    steps = [one for one in facts.stage_of[copy].instructions if one.name in LAYERS]
    names = [" ".join(filter(None, [one.install.row.commands[0], one.install.verb])) for one in target.passed]
    names += target.packages
    why = "a change of any file ran " + ", ".join(f"`{name}`" for name in dict.fromkeys(names)) + " again"
    runs = dict.fromkeys(one.run for one in target.passed)
    if runs and not parted and all(run in facts.measured for run in runs):
        why += f", {sum(facts.measured[run] for run in runs):.0f} s as measured"
    else:
        texts = [one.text for one in target.passed] or names
        why += f", about {sum(map(text_seconds, texts)):.0f} s"
    was, now = len(steps) - steps.index(copy), len(steps) - steps.index(target.run) + parted
    return why if now >= was else f"{why}: {was} of the stage's {len(steps)} steps, now {now}"


def _manifests(facts: Facts, copy: Copy, places: Mapping[str, str], needed: Sequence[str]) -> str | None:
    """The COPY lines of what is needed, folder by folder; None where they are too many."""
    by_folder: dict[str, list[str]] = {}
    for path in (path for path in needed if path in places):
        if posixpath.basename(path) != posixpath.basename(places[path]):
            return None
        by_folder.setdefault(posixpath.dirname(path), []).append(places[path])
    if len(by_folder) > MOST_COPIES:
        return None
    top = (copy.destination or "/").rstrip("/") or "/"
    out = []
    for folder, sources in by_folder.items():
        inside = posixpath.relpath(folder, top)
        out.append(_line(copy, sources, "" if inside == "." else inside + "/"))
    return "".join(line + facts.newline for line in out)


def _line(copy: Copy, sources: Sequence[str], inside: str) -> str:
    instruction = copy.instruction
    keyword = instruction.keyword.text if instruction.name == "COPY" else "COPY"
    head = f"{instruction.indent}{keyword}{source(instruction.gap) if instruction.gap else ' '}"
    flags = "".join(flag.raw + " " for flag in instruction.all_flags if flag.name in ("chown", "chmod", "link"))
    base = copy.words[-1].text.rstrip("/") or ""
    destination = f"./{inside}" if base in ("", ".") and copy.relative else f"{base}/{inside}"
    words = [*sources, destination]
    if isinstance(instruction.body, ExecForm) or any(" " in word for word in words):
        return f"{head}{flags}{json.dumps(words, ensure_ascii=False)}"
    return f"{head}{flags}{' '.join(words)}"
