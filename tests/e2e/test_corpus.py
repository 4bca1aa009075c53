"""Every project of the corpus that can be built: proved with all safe transforms, and its program answers as before."""

from collections.abc import Callable

import pytest

from optimizer.prove.builders import Builder
from optimizer.prove.layer import Layer

from .corpus import Project, in_order, prove_project, read_projects

PROJECTS = read_projects()
UNSAFE = ("cron-report", "flask-notes", "c-purge-later", "php-server", "nginx-apt-lower-case", "supervisor-pair")
"""Projects that `--unsafe` changes further, on small bases."""

LOST = {"nginx-apt-lower-case": ["library libatm.so.1: missing, needed by /usr/lib/x86_64-linux-gnu/tc/q_atm.so"]}
"""What `--unsafe` does lose, and the proof says so: iproute2 only recommends the library of one of its plugins."""


@pytest.fixture(scope="module")
def layers() -> dict[str, Layer]:
    """Layers that were read already."""
    return {}


@pytest.mark.e2e
@pytest.mark.parametrize("project", in_order(PROJECTS), ids=lambda project: project.name)
def test_a_project_is_proved_and_answers(
    project: Project, need: Callable[..., None], builder: Builder, layers: dict[str, Layer], timeout: float
) -> None:
    need(*project.bases)
    outcome = prove_project(project, builder, layers, timeout=timeout)
    assert [str(problem) for problem in outcome.proof.verdict.problems] == []
    assert outcome.answers == (project.answer, project.answer)


@pytest.mark.e2e
@pytest.mark.parametrize("name", UNSAFE)
def test_a_project_is_proved_with_the_unsafe_transforms(
    name: str, need: Callable[..., None], builder: Builder, layers: dict[str, Layer], timeout: float
) -> None:
    project = next(project for project in PROJECTS if project.name == name)
    need(*project.bases, *project.bases_after())
    outcome = prove_project(project, builder, layers, unsafe=True, timeout=timeout)
    assert [str(problem) for problem in outcome.proof.verdict.problems] == LOST.get(name, [])
    assert outcome.answers == (project.answer, project.answer)


def test_the_projects_that_cannot_be_built_are_few_and_say_why() -> None:
    assert {project.unbuildable for project in PROJECTS if project.unbuildable} == {
        "no base image",
        "Maven's plugins cannot be fetched",
    }
    assert sum(project.unbuildable is None for project in PROJECTS) >= 35


def test_every_project_has_bases_that_the_factory_makes() -> None:
    assert all(project.bases for project in in_order(PROJECTS))
