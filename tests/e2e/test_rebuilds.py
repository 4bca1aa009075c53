"""A changed source file runs fewer steps again than before dockopt, and the cache model foretells every one of them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from optimizer.prove.builders import Builder

from .corpus import read_projects
from .rebuilds import is_followed, rebuild

PROJECTS = {project.name: project for project in read_projects() if not project.unbuildable}
NAMES = ("flask-notes", "node-copy-first", "node-workspaces", "ruby-bundle", "go-single-stage")


@pytest.mark.e2e
@pytest.mark.parametrize("name", NAMES)
def test_a_changed_source_file_runs_fewer_steps_again(
    name: str, need: Callable[..., None], builder: Builder, timeout: float
) -> None:
    project = PROJECTS[name]
    need(*project.bases)
    result = project.optimized()
    before = rebuild(project, result.before, (), builder, project.touched, timeout)
    after = rebuild(project, result.after, result.ignores, builder, project.touched, timeout)
    assert (before.wrong, after.wrong) == ((), ())
    assert after.ran < before.ran


@pytest.mark.e2e
def test_without_a_change_nothing_runs_again(need: Callable[..., None], builder: Builder, timeout: float) -> None:
    project = PROJECTS["flask-notes"]
    need(*project.bases)
    same = rebuild(project, project.optimized().after, (), builder, None, timeout)
    assert (same.ran, same.wrong) == (0, ())


def test_the_projects_with_rebuilds_are_of_several_languages() -> None:
    followed = {name for name, project in PROJECTS.items() if is_followed(project)}
    assert followed >= set(NAMES)
