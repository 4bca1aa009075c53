"""`dockerignore`."""

import posixpath
import re
from collections.abc import Iterator
from functools import lru_cache

from msgspec import Struct

from optimizer.facts import Facts
from optimizer.facts.context import Context
from optimizer.facts.context.patterns import Patterns
from optimizer.facts.copies import normalised
from optimizer.facts.installs import inside, made_anew
from optimizer.knowledge import load, row
from optimizer.syntax.nodes import Instruction
from optimizer.syntax.parser import parse
from optimizer.transform import Leeway, Proposal, Safety, example, transform, unchanged

_NODE = {"package.json": "{}", "package-lock.json": "{}", "index.js": "", "node_modules/left/index.js": ""}


@transform(Safety.UNSAFE, may_change=set(), leeway={"covered"})
@example(
    "installed packages that the install deletes",
    """
      FROM node:22-slim
      WORKDIR /app
      COPY . .
      RUN npm ci
    """,
    context=_NODE,
    ignores=("**/node_modules",),
)
@example(
    "the history and a secret",
    """
      FROM python:3.12-slim
      COPY . /app
      CMD ["python", "/app/app.py"]
    """,
    context={"app.py": "", ".git/HEAD": "", ".env": "KEY=1"},
    unsafe=True,
    ignores=(".git", "**/.env"),
)
@example(
    "what only a CI service reads, and changes often",
    """
      FROM node:22-slim
      WORKDIR /app
      COPY . .
      RUN npm run build
    """,
    context={"package.json": "{}", "index.js": "", ".github/workflows/ci.yml": "", ".gitlab-ci.yml": ""},
    unsafe=True,
    ignores=(".github", ".gitlab-ci.yml"),
)
@unchanged(
    "the folder itself stays, and is of another owner than one that the install makes",
    """
    FROM node:22-slim
    WORKDIR /app
    COPY --chown=node . .
    RUN npm ci
    """,
    context={"package.json": "{}", "package-lock.json": "{}", "node_modules/left/index.js": ""},
)
@unchanged(
    "a command asks git for the version",
    """
    FROM golang:1.24
    COPY . /src
    RUN cd /src && git describe > version
    """,
    context={"main.go": "", ".git/HEAD": ""},
    unsafe=True,
)
@unchanged(
    "a COPY names it",
    """
    FROM debian:bookworm-slim
    COPY .env config/ /app/
    """,
    context={".env": "", "config/a": ""},
    unsafe=True,
)
@unchanged(
    "another Dockerfile of the context names it",
    """
    FROM debian:bookworm-slim
    COPY . /app/
    """,
    context={".env": "", "test/Dockerfile": "FROM debian\nCOPY .env /\n"},
    unsafe=True,
)
@unchanged(
    "nothing is copied out of the context",
    """
    FROM debian:bookworm-slim
    RUN apt-get update
    """,
    context={".env": "", ".git/HEAD": ""},
    unsafe=True,
)
def dockerignore(facts: Facts) -> Iterator[Proposal]:
    """Puts into `.dockerignore` what lies in the build context and is of no use in the image.

    Every file of the context that a COPY takes is part of its cache key: a commit, an editor, a test run change files
    that no image needs, and all steps below run again. Installed packages, secrets, the history of the repository and
    what tells a CI service its work come into the image too.

    Safety: safe only where the image comes out the same: an install in the image deletes and fills the folder anyway.
    All else is unsafe: the files are missing in the image. Nothing that a COPY names, that an install reads or that a
    command mentions, in this or in another Dockerfile of the context.

    Sources: guide.md (Build context); BuildKit's .dockerignore; domain.md 1.3.
    """
    context = facts.context
    broad = next((i for i, copy in facts.copies.items() if copy.from_context), None)
    unknown = any(copy.from_context and facts.placed(copy) is None for copy in facts.copies.values())
    if context is None or broad is None or unknown:
        return
    lying = [(one, names) for one in _rows() if (names := one.names_in(context))]
    candidates = [(one, names, taken) for one, names in lying if any((taken := _taken(facts, names)).values())]
    dockerfiles = list(_dockerfiles(facts, context)) if candidates else []
    found: dict[bool, list[tuple[_Row, frozenset[str]]]] = {True: [], False: []}
    for one, names, taken in candidates:
        if not any(_uses(other, one) for other in dockerfiles):
            found[one.kind == "installed" and _lost_anyway(facts, taken)].append((one, names))
    for anyway, rows in found.items():
        if rows:
            yield _proposal(context, broad, rows, anyway=anyway)


class _Row(Struct, frozen=True):
    """A row of `ignores.toml`."""

    pattern: str
    kind: str
    needs: tuple[str, ...]
    source: str

    def names_in(self, context: Context) -> frozenset[str]:
        """The files of the context that it matches: each holds what the pattern spells out."""
        patterns, literal = Patterns([self.pattern]), posixpath.basename(self.pattern).strip("*")
        return frozenset(name for name in context.files if literal in name and patterns.matches(name))


@lru_cache(maxsize=1)
def _rows() -> tuple[_Row, ...]:
    table = load("ignores.toml")["ignore"]
    return tuple(row(_Row, data, f"ignores.toml: ignore {number}") for number, data in enumerate(table, start=1))


def _taken(facts: Facts, names: frozenset[str]) -> dict[Instruction, list[str]]:
    """What each COPY takes of the files, as paths of the image."""
    return {
        instruction: [path for path, name in (facts.placed(copy) or {}).items() if name in names]
        for instruction, copy in facts.copies.items()
        if copy.from_context
    }


def _dockerfiles(facts: Facts, context: Context) -> Iterator[Facts]:
    """The file itself and the other Dockerfiles in the context."""
    yield facts
    for path in context.files:
        if re.search(r"(^|/)([\w.-]*\.)?(Dockerfile|Containerfile)(\.[\w.-]*)?$", path, re.I):
            content = context.content(path)
            if content is not None and content.decode("utf-8", "surrogateescape") != facts.text:
                yield Facts(parse(content), context)


def _uses(facts: Facts, one: _Row) -> bool:
    """Whether a file names it, or runs a command that may look at it."""
    patterns = Patterns([one.pattern])
    for copy in facts.copies.values():
        if copy.from_context and any(source is None or patterns.matches(normalised(source)) for source in copy.sources):
            return True
    words = re.compile("|".join(rf"(?<![\w.-]){re.escape(word)}(?![\w-])" for word in one.needs))
    if any(mount.kind == "bind" and mount.source_stage is None for run in facts.runs for mount in facts.mounts(run)):
        return True
    return any(words.search(facts.sources[run]) for run in facts.runs)


def _lost_anyway(facts: Facts, taken: dict[Instruction, list[str]]) -> bool:
    """Whether an install deletes all of it and makes it anew."""
    return all(_made_anew(facts, copy, paths) for copy, paths in taken.items() if paths)


def _made_anew(facts: Facts, copy: Instruction, paths: list[str]) -> bool:
    folders = made_anew(facts, copy)
    return all(inside(path, folders) for path in paths)


def _proposal(context: Context, at: Instruction, rows: list[tuple[_Row, frozenset[str]]], *, anyway: bool) -> Proposal:
    patterns = tuple(one.pattern for one, _ in rows)
    size = sum(context.files[name].size for name in frozenset[str]().union(*(names for _, names in rows)))
    names = ", ".join(f"`{pattern}`" for pattern in patterns)
    why = f"{names} of the build context {'is' if len(rows) == 1 else 'are'} sent and copied for nothing"
    if anyway:
        return Proposal(at, f"{why}: the install makes it anew", {}, safety=Safety.SAFE, saves=size, ignores=patterns)
    return Proposal(at, why, {}, saves=size, leeway=frozenset({Leeway.IGNORED}), ignores=patterns)
