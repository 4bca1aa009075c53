"""`dockopt fix` and the YAML files of CI: which it finds, and what it does with them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Dockopt

WORKFLOW = """\
on: push
jobs:
  image:
    runs-on: ubuntu-latest
    steps:
      - uses: docker/setup-buildx-action@v3
      - uses: docker/build-push-action@v6
        with:
          context: .
"""
FIXED = WORKFLOW + "          cache-from: type=gha\n          cache-to: type=gha,mode=max\n"
PLACE = ".github/workflows/ci.yml"


def put(folder: Path, name: str, text: str = WORKFLOW) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    ("name", "found"),
    [
        (PLACE, True),
        (".github/workflows/ci.yaml", True),
        ("sub/.github/workflows/ci.yml", True),
        (".github/workflows/sub/ci.yml", False),
        (".github/ci.yml", False),
        ("workflows/ci.yml", False),
        ("ci.yml", False),
    ],
)
def test_workflows_below_a_folder_are_found(dockopt: Dockopt, folder: Path, name: str, found: bool) -> None:
    put(folder, name)
    ran = dockopt("fix", ".", "--unsafe")
    assert ran.changes == ([f"{name}:7 ci-cache"] if found else [])


def test_the_folder_of_workflows_may_be_named(dockopt: Dockopt, folder: Path) -> None:
    put(folder, PLACE)
    assert dockopt("fix", ".github/workflows", "--unsafe").changes == [f"{PLACE}:7 ci-cache"]


def test_a_yaml_file_that_is_named_is_taken(dockopt: Dockopt, folder: Path) -> None:
    put(folder, "ci.yml")
    assert dockopt("fix", "ci.yml", "--unsafe").changes == ["ci.yml:7 ci-cache"]


def test_gitlab_gets_its_suggestion(dockopt: Dockopt, folder: Path) -> None:
    put(folder, ".gitlab-ci.yml", "image:\n  script:\n    - docker build .\n")
    ran = dockopt("fix", ".", "--unsafe", "--verbose")
    assert (ran.code, ran.out) == (0, "")
    assert ".gitlab-ci.yml:3 ci-cache is a suggestion: " in ran.err


def test_it_waits_for_unsafe_and_is_written_then(dockopt: Dockopt, folder: Path) -> None:
    path = put(folder, PLACE)
    assert "1 more with --unsafe: ci-cache" in dockopt("fix", "--write").err
    assert path.read_text() == WORKFLOW
    assert dockopt("fix", "--unsafe", "--check").code == 1
    assert dockopt("fix", "--unsafe", "--write").code == 0
    assert path.read_text() == FIXED
    assert dockopt("fix", "--unsafe", "--check").code == 0


@pytest.mark.parametrize(
    ("settings", "options", "changes"),
    [
        ("", ["--unsafe", "--select", "ci-cache"], True),
        ("", ["--unsafe", "--select", "merge-run"], False),
        ("", ["--unsafe", "--ignore", "ci-cache"], False),
        ("unsafe = true\n", [], True),
        ('unsafe = true\nignore = ["ci-cache"]\n', [], False),
    ],
)
def test_settings_and_options_choose_it(
    dockopt: Dockopt, folder: Path, settings: str, options: list[str], changes: bool
) -> None:
    put(folder, PLACE)
    (folder / "dockopt.toml").write_text(settings)
    assert bool(dockopt("fix", *options).changes) == changes


def test_a_broken_file_is_told_and_the_others_go_on(dockopt: Dockopt, folder: Path) -> None:
    put(folder, ".github/workflows/a.yml", "jobs:\n  - uses: docker/build-push-action@v6\n  b: c\n")
    put(folder, PLACE)
    ran = dockopt("fix", ".", "--unsafe")
    assert ran.code == 2
    assert ".github/workflows/a.yml:3: is no YAML: " in ran.err
    assert ran.changes == [f"{PLACE}:7 ci-cache"]


def test_a_file_that_builds_nothing_is_not_even_read(dockopt: Dockopt, folder: Path) -> None:
    put(folder, PLACE, "a: b: c\n")
    ran = dockopt("fix", ".")
    assert (ran.code, ran.err) == (0, "no Dockerfile found\n")


def test_standard_input_is_a_workflow_by_its_name(dockopt: Dockopt) -> None:
    ran = dockopt("fix", "-", "--stdin-filename", PLACE, "--unsafe", "--write", stdin=WORKFLOW.encode())
    assert ran.out == FIXED


def test_no_build_proves_a_workflow(dockopt: Dockopt, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = put(folder, PLACE)
    ran = dockopt("fix", "--unsafe", "--prove", "--write")
    assert ran.code == 4
    assert "no build can prove a change of it" in ran.err
    assert path.read_text() == WORKFLOW


def test_other_commands_do_not_look_for_workflows(dockopt: Dockopt, folder: Path) -> None:
    put(folder, PLACE)
    assert dockopt("graph", ".").code == 2
