"""Projects that are parted into a builder and a stage to run: both are built, both answer, one is small."""

from collections.abc import Callable

import pytest

from optimizer.prove.builders import Builder
from optimizer.prove.layer import Layer
from transforms.multi_stage import multi_stage

from .corpus import prove_project, read_projects

SMALLER = {
    "go-single-stage": 0.95,
    "go-static": 0.95,
    "c-make": 0.95,
    "rust-cli": 0.95,
    "java-javac": 0.15,
    "c-build-deps": 0.6,
    "c-purge-later": 0.9,
}
"""By how much the image is smaller at least, as a part of what it was."""


@pytest.fixture(scope="module")
def layers() -> dict[str, Layer]:
    """Layers that were read already."""
    return {}


@pytest.mark.e2e
@pytest.mark.parametrize("name", SMALLER)
def test_a_parted_project_answers_as_before_out_of_a_small_image(
    name: str, need: Callable[..., None], builder: Builder, layers: dict[str, Layer], timeout: float
) -> None:
    project = next(project for project in read_projects() if project.name == name)
    need(*project.bases, *project.bases_after([multi_stage]))
    outcome = prove_project(project, builder, layers, unsafe=True, timeout=timeout, transforms=[multi_stage])
    assert [step.transform for step in outcome.result.steps] == ["multi-stage"]
    assert [str(problem) for problem in outcome.proof.verdict.problems] == []
    assert outcome.answers == (project.answer, project.answer)
    assert outcome.proof.after is not None
    before, after = (measured.analysis.bytes for measured in (outcome.proof.before, outcome.proof.after))
    print(f"{name}: {before / 1e6:.1f} MB -> {after / 1e6:.1f} MB")
    assert after < before * (1 - SMALLER[name]), f"{before} -> {after}"
