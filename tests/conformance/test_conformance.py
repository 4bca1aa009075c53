"""Hard files through every mode: what must hold of their builds holds, whatever dockopt makes of them."""

from __future__ import annotations

from fnmatch import fnmatchcase

import pytest

from tests.conformance.case import CORPUS, Case, cases, must_nots
from tests.conformance.judge import CHECKS, complaints
from tests.conformance.judging.scenario import ordinary
from tests.conformance.modes import modes

CASES = cases()
MODES = modes()


def of(case: Case) -> str:
    return case.file


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("case", CASES, ids=of)
def test_what_must_hold_of_a_hard_file_holds(case: Case, mode: str) -> None:
    result = MODES[mode](case.path.read_bytes())
    assert complaints(case, case.text, result.after, mode) == []
    assert result.refusals == ()
    assert not MODES[mode](result.after).changed


@pytest.mark.parametrize("case", CASES, ids=of)
def test_what_a_case_says_is_true_of_its_file(case: Case) -> None:
    """So that no complaint is about the file, and no claim is about what is not there."""
    text = case.text
    assert [one for check in CHECKS for one in check(case, text, text)] == []
    assert [one for one in (*case.keeps, *(part for pair in case.above for part in pair)) if one not in text] == []
    globs = (
        *case.kept,
        *case.may_change,
        *case.fails,
        *(glob for glob, _ in case.guards),
        *(glob for pair in case.order for glob in pair),
        *(step["run"] for step in case.steps),
    )
    seen = ordinary(case, text)
    texts = [step.text for step in seen.steps] if seen else []
    assert [glob for glob in globs if not any(fnmatchcase(one, glob) for one in texts)] == []


def test_every_way_of_breaking_has_a_case() -> None:
    covered = {one for case in CASES for one in case.must_not}
    assert sorted(must_nots().keys() - covered) == []
    assert sorted(covered - must_nots().keys()) == []


def test_every_hard_file_has_one_case() -> None:
    named = [case.file for case in CASES]
    assert len(named) == len(set(named))
    hard = {f"hard/{path.stem}" for path in CORPUS.glob("hard/*.Dockerfile")}
    assert hard <= set(named)
    assert len(hard) >= 90


def test_a_key_that_there_is_not_is_refused() -> None:
    from tests.conformance.case import _case

    with pytest.raises(ValueError, match="unknown keys"):
        _case({"file": "hard/x", "must_not": [], "keps": []})
