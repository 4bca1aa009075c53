"""What dockopt says of itself: version, help, the list of transforms, and each one's page."""

from __future__ import annotations

import importlib.metadata
import os
import subprocess
import sys
from pathlib import Path

import pytest

from optimizer.cli.catalogue import example_lines
from optimizer.transform import Safety
from tests.cli.conftest import Dockopt
from transforms import PIPELINE


def test_the_version_is_that_of_the_distribution(dockopt: Dockopt) -> None:
    ran = dockopt("--version")
    assert (ran.code, ran.out) == (0, f"dockopt {importlib.metadata.version('dockopt')}\n")


def test_help_names_the_commands_and_each_command_its_options(dockopt: Dockopt) -> None:
    assert all(name in dockopt("--help").out for name in ("fix", "rules", "explain"))
    ran = dockopt("fix", "--help")
    assert ran.code == 0
    options = (
        "--write --check --unsafe --select --ignore --profile --verbose --stdin-filename --context --no-context PATHS"
    )
    for option in options.split():
        assert option in ran.out
    assert "3" in ran.out
    assert "a step was refused by a check" in " ".join(ran.out.split())


def test_no_command_shows_the_help(dockopt: Dockopt) -> None:
    ran = dockopt()
    assert "Usage: dockopt" in ran.out + ran.err
    assert ran.code == 2


def test_an_unknown_command_is_an_error(dockopt: Dockopt) -> None:
    assert dockopt("fux").code == 2


def test_the_rules_are_listed_in_the_order_in_which_they_run(dockopt: Dockopt) -> None:
    lines = dockopt("rules").out.splitlines()
    assert [line.split()[0] for line in lines] == [transform.id for transform in PIPELINE]
    assert [line.split()[1] for line in lines] == [transform.safety for transform in PIPELINE]
    assert all(line.endswith(".") for line in lines)


@pytest.mark.parametrize("name", [transform.id for transform in PIPELINE])
def test_a_transform_is_explained_with_its_examples(dockopt: Dockopt, name: str) -> None:
    ran = dockopt("explain", name)
    found = next(transform for transform in PIPELINE if transform.id == name)
    assert ran.code == 0
    assert ran.out.startswith(f"{name}  ({found.safety})\n\n{found.doc}\n")
    assert all(example.title in ran.out for example in found.examples)
    lines = [line for example in found.examples for line in example_lines(example)]
    gone, come = (any(line.startswith(mark) for line in lines) for mark in "-+")
    assert gone or come or found.safety is Safety.SUGGESTION
    assert any(line.startswith("  - ") for line in ran.out.splitlines()) == gone
    assert any(line.startswith("  + ") for line in ran.out.splitlines()) == come


@pytest.mark.parametrize(
    ("name", "hint"), [("merge-cleanup", "did you mean `merge-cleanup-run`?"), ("xyz", "`dockopt rules` lists them")]
)
def test_an_unknown_transform_is_an_error_that_says_what_to_do(dockopt: Dockopt, name: str, hint: str) -> None:
    ran = dockopt("explain", name)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == f"dockopt: unknown transform `{name}`; {hint}\n"


@pytest.mark.parametrize(
    ("words", "absent"),
    [
        ("--version", "typer dataclasses tomli importlib.metadata optimizer.engine"),
        ("rules", "rich"),
        ("fix Dockerfile", "rich asyncio"),
        ("fix --wrong", "rich optimizer.engine"),
    ],
)
def test_a_command_imports_only_what_it_needs(folder: Path, words: str, absent: str) -> None:
    (folder / "Dockerfile").write_text("FROM alpine:3.20\nRUN apk add --no-cache curl\n")
    program = (
        "import sys\nfrom optimizer.cli import main\ntry:\n    main(sys.argv[1:])\nexcept SystemExit:\n    pass\n"
        "print('\\n'.join(['', 'modules', *sys.modules]))\n"
    )
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    ran = subprocess.run(
        [sys.executable, "-c", program, *words.split()], capture_output=True, env=environment, check=True
    )
    modules = set(ran.stdout.decode().split("\nmodules\n")[1].split("\n"))
    assert modules.isdisjoint(absent.split())
