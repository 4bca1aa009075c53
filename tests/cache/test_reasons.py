"""Each step that runs again says why, in words that name what changed."""

from __future__ import annotations

import pytest

from optimizer.cache import Build, Cause, Outcome, Verdict, judge, plan
from optimizer.cache.reasons import explained
from optimizer.facts import Facts
from optimizer.syntax.parser import parse
from tests.cache.build import FILES, Sketch, planned

TEXT = """\
FROM base
ARG VERSION=1
ENV MODE=fast
COPY d /d/
RUN make
USER app
RUN test
"""


def why(before: str, after: str, files: dict[str, str] | None = None) -> list[str]:
    """What is said of the steps, in order; empty for a hit."""
    verdicts = judge(planned(after, files or FILES), planned(before))
    return [explained(verdict) for verdict in verdicts]


def test_the_text_changed() -> None:
    assert why(TEXT, TEXT.replace("make", "make all")) == ["", "its text changed", "the step before it ran again"]


def test_an_argument_above_changed() -> None:
    again = why(TEXT, TEXT.replace("VERSION=1", "VERSION=2"))
    assert again == ["", "`ARG VERSION` above it changed", "`ARG VERSION` above it changed"]


def test_a_variable_above_changed() -> None:
    assert why(TEXT, TEXT.replace("fast", "slow"))[1] == "the variable `MODE` changed above it"


def test_a_variable_went_away() -> None:
    assert why(TEXT, TEXT.replace("ENV MODE=fast\n", ""))[1] == "the variable `MODE` changed above it"


def test_variables_in_another_order() -> None:
    one, other = "FROM base\nENV A=1\nENV B=1\nRUN x\n", "FROM base\nENV B=1\nENV A=1\nRUN x\n"
    assert why(one, other) == ["the variable `B` changed above it"]


def test_the_user_the_folder_and_the_shell_changed() -> None:
    assert why(TEXT, TEXT.replace("USER app", "USER root"))[2] == "the user that it runs as changed"
    folder = "FROM base\nWORKDIR /a\nRUN x\n"
    assert why(folder, folder.replace("/a", "/b"))[1] == "the folder that it runs in changed"
    shell = 'FROM base\nSHELL ["sh", "-c"]\nRUN x\n'
    assert why(shell, shell.replace("-c", "-ec")) == ["`SHELL` above it changed"]


def test_a_file_that_it_takes_changed() -> None:
    assert why(TEXT, TEXT, {**FILES, "d/a": "new"})[0] == "`d/a` is in what it takes"
    assert (
        why(TEXT, TEXT, {**FILES, "d/a": "new", "d/n": "n", "d/m": "m"})[0] == "`d/a` is in what it takes, and 2 more"
    )


def test_a_file_is_not_there() -> None:
    gone = {path: text for path, text in FILES.items() if not path.startswith("d/")}
    assert why(TEXT, TEXT, gone)[0] == "`d` is not in the build context"


def test_a_variable_in_a_destination() -> None:
    text = "FROM base\nENV V=1\nCOPY f1 /x/$V/\n"
    assert why(text, text.replace("V=1", "V=2")) == ["the variable `V` changed above it"]


def test_a_step_is_new_and_the_next_follows() -> None:
    assert why(TEXT, TEXT.replace("RUN make", "RUN first\nRUN make")) == [
        "",
        "it is new",
        "the step before it ran again",
        "the step before it ran again",
    ]


def test_a_step_is_gone_and_the_next_stands_elsewhere() -> None:
    assert why("FROM base\nRUN a\nRUN b\nRUN c\n", "FROM base\nRUN a\nRUN c\n") == ["", "another step stands before it"]


def test_another_base() -> None:
    assert why(TEXT, TEXT.replace("FROM base", "FROM other"))[0] == "the image `other` below it is another one"


def test_nothing_was_built_before() -> None:
    assert [explained(verdict) for verdict in judge(planned("FROM base\nRUN a\n"))] == ["nothing was built before"]


STAGES = """\
FROM base AS build
COPY d /d/
RUN make
FROM base
COPY --from=build /out /out/
RUN after
"""


def verdicts_of(outputs: tuple[str, str] | None) -> list[Verdict]:
    builds = [Build(Facts(parse(STAGES), Sketch(files))) for files in (FILES, {**FILES, "d/a": "new"})]
    if outputs:
        builds = [
            Build(build.facts, outputs={("build", "/out"): seen}) for build, seen in zip(builds, outputs, strict=True)
        ]
    before, after = map(plan, builds)
    return list(judge(after, before))[2:]


def test_what_another_stage_makes_is_not_known_so_it_may_hit() -> None:
    copy, run = verdicts_of(None)
    assert (copy.outcome, copy.certain, run.certain) == (Outcome.MISS, False, False)
    assert explained(copy) == "stage `build` ran again; a hit all the same if it makes the same files"


@pytest.mark.parametrize(("second", "outcome"), [("same", Outcome.HIT), ("other", Outcome.MISS)])
def test_what_another_stage_makes_is_known(second: str, outcome: Outcome) -> None:
    copy, run = verdicts_of(("same", second))
    assert {copy.outcome, run.outcome} == {outcome}
    assert copy.certain and run.certain


def test_a_trigger_of_a_base_stage_is_a_step() -> None:
    text = "FROM base AS one\nONBUILD RUN a\nFROM one\nRUN b\n"
    verdicts = judge(planned(text.replace("RUN a", "RUN c")), planned(text))
    assert [(v.step.trigger, v.reasons[0].cause) for v in verdicts] == [(True, Cause.TEXT), (False, Cause.BEFORE)]


def test_a_target_that_is_no_stage() -> None:
    with pytest.raises(ValueError, match="there is no stage `tset`"):
        planned("FROM base AS test\n", target="tset")
