"""Which Dockerfiles of a work tree are applications of one stage: they start something, on the image of a language."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from optimizer.cli.discovery import find, is_template
from optimizer.facts import BuildStage, Facts
from optimizer.facts.bases import image_of
from optimizer.facts.runtime_needs.started import effective
from optimizer.knowledge.interpreters import interpreters
from optimizer.knowledge.stacks import stacks
from optimizer.syntax.parser import parse
from tests.oracles.buildkit import by_binding

MOST = 5
"""Dockerfiles of one repository: siblings show little."""

_IMAGES = {"php": "php", "composer": "php", "elixir": "elixir", "hexpm/elixir": "elixir", "erlang": "elixir"}
_IMAGES |= {"pypy": "python", "rails": "ruby", "django": "python", "iojs": "node", "oven/bun": "node"}
_INSTALLED = (
    ("go", r"golang(?:-go|-\d\S*)?|go"),
    ("rust", r"cargo|rustc|rust"),
    ("node", r"nodejs\S*|npm"),
    ("python", r"python3?(?:\.\d+)?|python3?-pip|py3-pip"),
    ("php", r"php\d*(?:\.\d+)?(?:-\S+)?"),
    ("ruby", r"ruby(?:\d\S*|-full)?"),
    ("java", r"(?:default|openjdk\S*)-(?:jdk|jre)\S*|openjdk\d+|maven"),
    ("c", r"gcc|g\+\+|clang|build-essential|build-base|alpine-sdk"),
)
"""What on a plain system brings a language; the first that is installed."""


@dataclass(frozen=True, slots=True)
class Application:
    """One Dockerfile: the folder of its repository, and what it is written in."""

    path: Path
    top: Path
    ecosystem: str

    @property
    def repository(self) -> str:
        """Its name on the forge; the folder's is `OWNER+NAME`."""
        return self.top.name.replace("+", "/", 1)

    @property
    def name(self) -> str:
        """The repository with the path of the file in it."""
        return f"{self.repository}: {self.path.relative_to(self.top)}"


def applications(folder: Path) -> Iterator[Application]:
    """The applications of all work trees in a folder, at most `MOST` of each."""
    for top in sorted(path for path in folder.iterdir() if path.is_dir()):
        found: Counter[Path] = Counter()
        for path in sorted(each.path for each in find([top])):
            ecosystem = ecosystem_of(path) if found[top] < MOST else None
            if ecosystem is not None:
                found[top] += 1
                yield Application(path, top, ecosystem)


def ecosystem_of(path: Path) -> str | None:
    """The language of an application of one stage; None where the Dockerfile is none."""
    if is_template(path.name) or not path.is_file() or path.is_symlink():
        return None
    data = path.read_bytes()
    facts = Facts(parse(data))
    if b"\0" in data or facts.problems or len(facts.stages) != 1 or by_binding(facts.text) is None:
        return None
    stage = facts.stages[0]
    return _language(facts, stage) if {one.name for one in effective(stage)} & {"CMD", "ENTRYPOINT"} else None


def _language(facts: Facts, stage: BuildStage) -> str | None:
    name = image_of(stage.base or "")[0]
    row, builder = interpreters().by_image.get(name), stacks().builders.get(name)
    if row is not None:
        return row.name
    if builder is not None and not builder.needs:
        return builder.stack
    if name in _IMAGES:
        return _IMAGES[name]
    runs = [one for one in stage.instructions if one.name == "RUN"]
    words = {word.text for run in runs for call in facts.package_calls(run) for word in call.operands}
    return next((one for one, pattern in _INSTALLED if any(re.fullmatch(pattern, word) for word in words)), None)
