"""The corpus through the whole pipeline: what every result must be, and snapshots of the diffs."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from syrupy.assertion import SnapshotAssertion

from optimizer.engine import Result, optimize
from optimizer.facts import Facts
from optimizer.facts.context import Supply
from optimizer.facts.context.finder import Finder
from optimizer.patch import unified
from optimizer.syntax.parser import parse, render
from tests.oracles.buildkit import by_binding

CORPUS = Path(__file__).parents[1] / "corpus"
PROJECTS = sorted(CORPUS.glob("projects/*/*Dockerfile*"))
TRICKY = sorted(CORPUS.glob("tricky/*.Dockerfile"))


def names(path: Path) -> str:
    return path.relative_to(CORPUS).with_suffix("").as_posix().removesuffix("/Dockerfile")


def context_of(path: Path) -> Supply | None:
    """The build context of a project; the tricky files have none."""
    return Finder().supply(path, path.parent, path.read_bytes()) if path in PROJECTS else None


def optimized(path: Path, *, unsafe: bool) -> Result:
    return optimize(path.read_bytes(), unsafe=unsafe, context=context_of(path))


def printable(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode()


@pytest.mark.parametrize("unsafe", [False, True], ids=["safe", "unsafe"])
@pytest.mark.parametrize("path", PROJECTS + TRICKY, ids=names)
def test_every_result_is_sound(path: Path, unsafe: bool) -> None:
    data = path.read_bytes()
    result = optimized(path, unsafe=unsafe)
    assert result.before.encode("utf-8", "surrogateescape") == data
    assert result.refusals == ()
    assert not optimize(result.after, unsafe=unsafe, context=context_of(path)).changed
    if not result.changed:
        return
    assert not Facts(parse(result.after)).problems
    if printable(result.after) == result.after and by_binding(result.before) is not None:
        assert by_binding(result.after) is not None
    _shells_accept(result)


def _shells_accept(result: Result) -> None:
    """bash, and dash where it took the text before, accept every RUN body of the result."""
    for shell in ("bash", "dash"):
        old, new = (_refused(shell, text) for text in (result.before, result.after))
        assert len(new) <= len(old), (shell, new)


def _refused(shell: str, text: str) -> list[str]:
    facts = Facts(parse(text))
    bodies = [script.text for run in facts.runs if (script := facts.script(run)) is not None and not run.inner.heredocs]
    bad = []
    for body in bodies:
        done = subprocess.run([shell, "-n"], input=body.encode("utf-8", "surrogateescape"), capture_output=True)
        bad += [body] if done.returncode else []
    return bad


@pytest.mark.parametrize("path", PROJECTS, ids=names)
def test_the_diff_of_a_project(path: Path, snapshot: SnapshotAssertion) -> None:
    assert _told(path, unsafe=False) + _told(path, unsafe=True) == snapshot


@pytest.mark.parametrize("path", TRICKY, ids=names)
def test_the_diff_of_a_tricky_file(path: Path, snapshot: SnapshotAssertion) -> None:
    assert _told(path, unsafe=False) == snapshot


def _told(path: Path, *, unsafe: bool) -> str:
    """The diff with its reasons, and what was left alone, as a person reads it."""
    result = optimized(path, unsafe=unsafe)
    lines = [f"{change.line} {change.transform}: {change.why}" for change in result.changes]
    lines += [f"{kept.line} {kept.transform} left it alone: {kept.why}" for kept in result.stood_back]
    lines += [f"{problem.line} {problem.message}" for problem in result.problems]
    lines += [f".dockerignore: {pattern}" for pattern in result.ignores]
    diff = unified(result.before, result.after, "Dockerfile", context=1)
    return printable(f"{'unsafe' if unsafe else 'safe'}\n{diff}" + "".join(f"{line}\n" for line in lines))


@pytest.mark.parametrize("path", [p for p in PROJECTS if p.parent.name.endswith("-good")], ids=names)
def test_what_is_good_already_stays_as_it_is(path: Path) -> None:
    assert not optimized(path, unsafe=False).steps


def test_the_corpus_is_large_enough() -> None:
    assert len(PROJECTS) >= 30
    assert len(TRICKY) >= 90
    assert all((project.parent / "README.md").is_file() for project in PROJECTS)


def test_a_rewritten_body_that_no_shell_takes_would_be_seen() -> None:
    good, bad = "FROM debian\nRUN echo a && echo b\n", "FROM debian\nRUN ( echo a\n"
    assert _refused("bash", good) == []
    assert render(parse(bad)) == bad.encode()
    assert subprocess.run(["bash", "-n"], input=b"( echo a", capture_output=True).returncode != 0
