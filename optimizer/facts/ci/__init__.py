"""What is true of the YAML files that build images in CI: workflows and actions of GitHub, `.gitlab-ci.yml`.

They are told apart by what they hold, not by their names.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property

from msgspec import Struct

from optimizer.facts.ci.github import Job, jobs_of
from optimizer.facts.ci.values import Value

_OF_BUILDS = re.compile(rb"(?i)docker/build-push-action|docker[ \t]+(buildx[ \t]+|image[ \t]+)?build")
_BUILD = re.compile(r"(?<![\w./-])docker\s+(?:(?:buildx|image)\s+)?build(?=\s|$)")
_COMMENT = re.compile(r"(?:^|\s)#.*")


def builds_images(data: bytes) -> bool:
    """Whether a CI file may build an image with Docker; else there is nothing in it for us, and it need not be read."""
    return _OF_BUILDS.search(data) is not None


class BuildLine(Struct, frozen=True):
    """A command of a script of GitLab CI that builds an image. `line` is counted from 1."""

    line: int
    words: str
    """With the continuations joined."""


class Workflow(Struct, frozen=True, dict=True):
    """One file. Lines are counted from 1."""

    text: str
    root: Value

    @cached_property
    def lines(self) -> list[str]:
        """The physical lines with their ends."""
        return self.text.splitlines(keepends=True)

    @cached_property
    def events(self) -> dict[str, Value | None]:
        """What starts a workflow of GitHub, each with what narrows it."""
        on = self.root.get("on")
        if on is None or on.text is not None:
            return {on.text: None} if on is not None and on.text else {}
        if on.items is not None:
            return {item.text: None for item in on.items if item.text}
        return {name.text: value for name, value in on.pairs or () if name.text}

    @cached_property
    def jobs(self) -> tuple[Job, ...]:
        """The jobs of a workflow of GitHub, or the steps of an action; none for other files."""
        return jobs_of(self.root)

    @property
    def on_github(self) -> bool:
        """Whether it is a workflow or an action of GitHub."""
        jobs, runs = self.root.get("jobs"), self.root.get("runs")
        if jobs is not None and jobs.pairs is not None:
            return "on" in self.root or any(job.steps for job in self.jobs)
        return runs is not None and "using" in runs

    @cached_property
    def build_lines(self) -> tuple[BuildLine, ...]:
        """The commands of the `script` of GitLab's jobs that build an image with Docker."""
        return () if self.on_github else tuple(self._build_lines())

    def _build_lines(self) -> Iterator[BuildLine]:
        for _, job in self.root.pairs or ():
            script = job.get("script")
            for item in () if script is None else script.items or (script,):
                if item.text is not None:
                    yield from self._within(item)

    def _within(self, script: Value) -> Iterator[BuildLine]:
        """The commands that build in the lines of one entry of a script."""
        number = script.first
        while number <= min(script.last, len(self.lines) - 1):
            words, start = "", number
            while True:
                part = self.lines[number].strip()
                number += 1
                words += part.removesuffix("\\")
                if not part.endswith("\\") or number > script.last or number >= len(self.lines):
                    break
            if _BUILD.search(_COMMENT.sub("", words)):
                yield BuildLine(start + 1, words)

    def comments(self, first: int, last: int) -> Iterator[str]:
        """The comments in these lines and in the comment lines above them, without `#`. Lines counted from 1."""
        while first > 1 and self.lines[first - 2].lstrip().startswith("#"):
            first -= 1
        for line in self.lines[first - 1 : last]:
            if (match := _COMMENT.search(line)) is not None:
                yield match[0].strip().lstrip("#").strip()
