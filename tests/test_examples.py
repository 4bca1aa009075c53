"""The examples of every transform are its tests, as they stand and in other clothes."""

from __future__ import annotations

import re

import pytest

from optimizer.engine import Result, optimize
from optimizer.transform import Example, Safety, Subject, Transform
from optimizer.workflows import improve
from tests.stress import STRESSES, WORKFLOW_STRESSES, Stress
from transforms import PIPELINE

EXAMPLES = [pytest.param(t, e, id=f"{t.id}: {e.title}") for t in PIPELINE for e in t.examples]
OF_DOCKERFILES = [one for one in EXAMPLES if one.values[0].subject is Subject.DOCKERFILE]
CLOTHED = [
    pytest.param(*one.values, stress, id=f"{one.id}, {stress.__name__}")
    for one in EXAMPLES
    for stress in (STRESSES if one.values[0].subject is Subject.DOCKERFILE else WORKFLOW_STRESSES)
]


def after_all(transform: Transform, example: Example, text: str) -> Result:
    """What becomes of the text with the transform alone, as the example wants it."""
    chosen = [transform.configured(example.options)]
    if transform.subject is Subject.WORKFLOW:
        return improve(text, chosen, unsafe=example.unsafe)
    return optimize(text, chosen, unsafe=example.unsafe, context=example.given)


@pytest.mark.parametrize(("transform", "example"), EXAMPLES)
def test_an_example_holds(transform: Transform, example: Example) -> None:
    result = after_all(transform, example, example.before)
    assert (result.after, result.refusals, result.problems) == (example.after, (), ())
    assert result.ignores == example.ignores


@pytest.mark.parametrize(("transform", "example", "stress"), CLOTHED)
def test_an_example_holds_in_other_clothes(transform: Transform, example: Example, stress: Stress) -> None:
    before, after = stress(example.before), stress(example.after)
    if before is None or after is None:
        pytest.skip("cannot be written so")
    result = after_all(transform, example, before)
    # Where the last instruction went away, the one before it has a line end.
    assert result.after.removesuffix("\n") == after.removesuffix("\n")
    assert result.refusals == ()


@pytest.mark.parametrize(("transform", "example"), OF_DOCKERFILES)
def test_a_backtick_as_escape_leaves_shell_text_alone(transform: Transform, example: Example) -> None:
    """Such files are for Windows, whose shell we do not read; what is in JSON form is no shell's."""
    before = "# escape=`\n" + example.before.replace("\\\n", "`\n")
    result = after_all(transform, example, before)
    shell_text = re.compile(r"(?m)^RUN (?:--\S+ )*(?!\[|--)(.*)")
    assert shell_text.findall(result.after) == shell_text.findall(before)


@pytest.mark.parametrize(("transform", "example"), EXAMPLES)
def test_a_second_run_changes_nothing(transform: Transform, example: Example) -> None:
    assert not after_all(transform, example, example.after).changed


@pytest.mark.parametrize(("transform", "example"), EXAMPLES)
def test_a_transform_leaves_files_of_another_subject_alone(transform: Transform, example: Example) -> None:
    if transform.subject is Subject.WORKFLOW:
        assert not optimize(example.before, [transform], unsafe=True).changed
    else:
        assert not improve("a: b\n", [transform], unsafe=True).changed


@pytest.mark.parametrize("transform", PIPELINE, ids=lambda transform: transform.id)
def test_a_transform_says_what_it_does_and_what_it_never_does(transform: Transform) -> None:
    assert transform.doc.split("\n")[0].endswith(".") or "." in transform.doc.split("\n\n")[0]
    assert "\n\nSafety: " in transform.doc
    assert "\n\nSources: " in transform.doc
    changes = [example for example in transform.examples if example.changes]
    stays = [example for example in transform.examples if not example.changes]
    assert changes or transform.safety is Safety.SUGGESTION
    assert len(stays) >= 3
    assert transform.run.__module__ == f"transforms.{transform.run.__name__}"


def test_ids_are_unique_and_safety_is_told() -> None:
    assert len({transform.id for transform in PIPELINE}) == len(PIPELINE)
    assert all(isinstance(transform.safety, Safety) for transform in PIPELINE)
