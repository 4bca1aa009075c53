"""`narrow-copy`."""

import re
from collections.abc import Iterator, Mapping
from fnmatch import fnmatch
from functools import lru_cache

from msgspec import Struct

from optimizer.facts import Copy, Facts
from optimizer.facts.context import Context, text_of
from optimizer.facts.copies import normalised
from optimizer.knowledge import load, row
from optimizer.knowledge.costs import changes
from optimizer.transform import Proposal, Safety, example, transform, unchanged

LEAST_FILES = 2
"""One stray file is not worth a word."""
_MOST_NAMES = 6


@transform(Safety.SUGGESTION, may_change=set())
@example(
    "what no program reads",
    """
      FROM node:22-slim
      WORKDIR /app
      COPY . .
      RUN npm ci
      CMD ["node", "index.js"]
    """,
    context={"package.json": "{}", "index.js": "", ".github/ci.yml": "a", "Dockerfile": "", "docs/a.md": "b"},
)
@unchanged(
    "the sources are named one by one",
    """
    FROM node:22-slim
    COPY package.json index.js /app/
    """,
    context={"package.json": "{}", "index.js": "", ".github/ci.yml": "a", "docs/a.md": "b"},
)
@unchanged(
    "a command mentions them",
    """
    FROM python:3.12-slim
    COPY . /app
    RUN cd /app && pytest && mkdocs build && cp Dockerfile /
    """,
    context={"app.py": "", "tests/test_app.py": "", "docs/a.md": "b", "Dockerfile": ""},
)
@unchanged(
    "a manifest mentions them",
    """
    FROM node:22-slim
    COPY . /app
    """,
    context={"package.json": '{"files": ["docs", "CHANGELOG.md"]}', "docs/a.md": "", "CHANGELOG.md": ""},
)
@unchanged(
    "no context is known",
    """
    FROM python:3.12-slim
    COPY . /app
    """,
)
def narrow_copy(facts: Facts) -> Iterator[Proposal]:
    """Shows what a COPY of the whole context takes and no program reads.

    Each such file is in the image, and its change runs all steps below again: documents, tests, files of CI, editors
    and Docker. They can be left out by `.dockerignore`, or the COPY can name what is needed.

    Safety: nothing is changed: only people know what the program opens when it runs. Silent about names that the
    Dockerfile or a manifest at the top of the context mentions.

    Sources: guide.md (Build context); spares.toml.
    """
    context = facts.context
    if context is None:
        return
    for copy in facts.copies.values():
        if copy.from_context and copy.instruction in facts.stage_of and _is_broad(copy):
            spared = _spared(facts, context, copy)
            files = sum(len(sizes) for names in spared.values() for sizes in names.values())
            if files >= LEAST_FILES:
                yield Proposal(copy.instruction, _why(spared), {})


def _is_broad(copy: Copy) -> bool:
    return any(source is not None and normalised(source) == "." for source in copy.sources)


class _Spare(Struct, frozen=True):
    """A row of `spares.toml`."""

    names: tuple[str, ...]
    kind: str
    needs: tuple[str, ...]
    source: str


@lru_cache(maxsize=1)
def _rows() -> tuple[_Spare, ...]:
    table = load("spares.toml")["spare"]
    return tuple(row(_Spare, data, f"spares.toml: spare {number}") for number, data in enumerate(table, start=1))


def _spared(facts: Facts, context: Context, copy: Copy) -> dict[str, dict[str, list[int]]]:
    """Of each kind the names at the top of the context, each with the bytes of its files."""
    taken = facts.placed(copy)
    if taken is None:
        return {}
    told = _told(facts, context)
    sizes: dict[str, list[int]] = {}
    for path in taken.values():
        sizes.setdefault(path.partition("/")[0], []).append(context.files[path].size)
    found: dict[str, dict[str, list[int]]] = {}
    for top, of_files in sizes.items():
        spare = next((one for one in _rows() if any(fnmatch(top.lower(), name.lower()) for name in one.names)), None)
        if spare is not None and not _mentioned(told, (*spare.needs, top)):
            found.setdefault(spare.kind, {})[top] = of_files
    return found


def _told(facts: Facts, context: Context) -> str:
    """What the Dockerfile and the manifests at the top of the context say."""
    manifests = (path for path in context.files if "/" not in path and changes().is_manifest(path))
    texts = (text_of(context, path) for path in manifests if "lock" not in path)
    steps = (text for one, text in facts.sources.items() if one.name not in ("FROM", "LABEL", "MAINTAINER"))
    return "\n".join([*steps, *texts]).lower()


def _mentioned(told: str, words: tuple[str, ...]) -> bool:
    return any(re.search(rf"(?<![\w.-]){re.escape(word.lower())}(?![\w-])", told) for word in words)


def _why(spared: Mapping[str, Mapping[str, list[int]]]) -> str:
    names = [name for kind in spared.values() for name in kind]
    size = sum(sum(sizes) for kind in spared.values() for sizes in kind.values())
    shown = ", ".join(f"`{name}`" for name in names[:_MOST_NAMES])
    more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    return f"it takes what programs do not read: {shown}{more} ({', '.join(spared)}; {_bytes(size)})"


def _bytes(size: int) -> str:
    return f"{size} bytes" if size < 1000 else f"{size / 1e3:.0f} kB" if size < 1e6 else f"{size / 1e6:.1f} MB"
