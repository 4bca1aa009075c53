"""What is no longer sent of a build context is missed by nothing: each lie about it is caught."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar

import pytest

from optimizer.engine import optimize
from optimizer.facts import Facts
from optimizer.facts.context import Given
from optimizer.facts.context.narrowed import narrowed
from optimizer.transform import Declined, Proposal, Safety, transform
from transforms.dockerignore import dockerignore

FILES = {"package.json": "{}", "package-lock.json": "{}", "a.js": "", "doc/a.md": "", "node_modules/x.js": ""}
HEAD = "FROM node:22-slim\nWORKDIR /app\n"


def refusals(steps: str, *patterns: str, leeway: str = "", files: Mapping[str, str] = FILES) -> list[str]:
    """What the checks say of a transform that ignores files, and of nothing else."""

    def lie(facts: Facts) -> Iterator[Proposal | Declined]:
        """Lies. Safety: none. Sources: none."""
        if not set(patterns) <= set(facts.context.ignore_file.patterns if facts.context.ignore_file else ()):  # type: ignore[union-attr]
            yield Proposal(facts.stages[0].instructions[0], "it says so", {}, ignores=patterns)

    made = transform(Safety.SAFE, may_change=set(), leeway={leeway} if leeway else set())(lie)
    context = Given({path: text.encode() for path, text in files.items()})
    result = optimize(HEAD + steps, [made], context=context)
    assert result.ignores == (() if result.refusals else patterns)
    return [refusal.why for refusal in result.refusals]


def test_a_file_that_is_copied_does_not_go_unseen() -> None:
    assert refusals("COPY . .\n", "doc") == ["`doc/a.md` would not be copied"]
    assert refusals("COPY . .\n", "doc", leeway="covered") == ["`doc/a.md` would not be copied"]
    assert refusals("COPY . .\n", "doc", leeway="ignored") == []


@pytest.mark.parametrize("source", ["a.js", "./a.js", "*.js"])
def test_a_file_that_a_copy_names_is_never_ignored(source: str) -> None:
    assert refusals(f"COPY {source} ./\n", "*.js", leeway="ignored") or source == "*.js"


def test_a_folder_that_a_copy_names_is_never_ignored() -> None:
    assert refusals("COPY doc /doc/\n", "doc", leeway="ignored") == ["`doc` would not be there to be copied"]


def test_what_an_install_reads_is_never_ignored() -> None:
    (why,) = refusals("COPY . .\nRUN npm ci\n", "package-lock.json", leeway="ignored")
    assert why == "an install of `npm` would not find what it needs"


def test_a_context_that_a_run_mounts_is_never_narrowed() -> None:
    assert refusals("RUN --mount=type=bind,target=/src ls /src\n", "doc", leeway="ignored") == [
        "a RUN mounts the build context"
    ]


def test_packages_that_the_install_deletes_are_made_anew() -> None:
    assert refusals("COPY . .\nRUN npm ci\n", "node_modules", leeway="covered") == []
    for steps in ("COPY . .\nRUN npm install\n", "COPY . .\nRUN npm run x && npm ci\n", "COPY . .\n"):
        assert refusals(steps, "node_modules", leeway="covered") == ["`node_modules/x.js` would not be copied"]


def test_a_copy_of_which_nobody_knows_what_it_takes_forbids_it() -> None:
    assert refusals("ARG D\nCOPY $D /x/\n", "doc", leeway="ignored") == ["it is not certain what a COPY takes"]


def test_a_narrowed_context_holds_the_rest() -> None:
    context = narrowed(Given({path: text.encode() for path, text in FILES.items()}), ["doc", "**/*.js"])
    assert list(context.files) == ["package-lock.json", "package.json"]
    assert context.content("a.js") is None
    assert context.ignore_file is not None
    assert context.ignore_file.patterns == ("doc", "**/*.js")


def test_an_install_is_read_once_however_many_files_it_makes_anew() -> None:
    class Counted(Given):
        """A context that counts what is read of it."""

        read: ClassVar[list[str]] = []

        def content(self, path: str) -> bytes | None:
            self.read.append(path)
            return super().content(path)

    few, many = (
        Counted({**dict.fromkeys(FILES, b"{}"), **{f"node_modules/{n}.js": b"" for n in range(count)}})
        for count in (2, 200)
    )
    reads = []
    for context in (few, many):
        Counted.read.clear()
        optimize(HEAD + "COPY . .\nRUN npm ci\n", [dockerignore], context=context)
        reads.append(len(Counted.read))
    assert reads[0] == reads[1]
