"""The judge can say no: rewrites as rivals make them, each with the complaint that must come."""

from __future__ import annotations

import pytest
import tomli
from msgspec.structs import replace

from tests.conformance.case import HERE, cases
from tests.conformance.judge import CHECKS, complaints

LIES = tomli.loads((HERE / "lies.toml").read_text("utf-8"))["lie"]
CASES = {case.file: case for case in cases()}


def told(lie: dict[str, str]) -> list[str]:
    case = CASES[lie["file"]]
    assert lie["old"] in case.text, lie["old"]
    return complaints(case, case.text, case.text.replace(lie["old"], lie["new"]), "safe")


@pytest.mark.parametrize("lie", LIES, ids=lambda lie: lie["what"])
def test_a_lie_is_seen(lie: dict[str, str]) -> None:
    assert [one for one in told(lie) if lie["complaint"] in one]


def test_every_question_can_be_answered_no() -> None:
    tripped = {one.partition(":")[0] for lie in LIES for one in told(lie)}
    assert {check.__name__ for check in CHECKS} - tripped == set()
    assert "bytes" in tripped


def test_what_a_case_allows_is_no_lie() -> None:
    case = CASES["hard/mode-executable"]
    after = case.text.replace("RUN chmod +x /entry.sh\n", "").replace("COPY entry", "COPY --chmod=755 entry")
    assert complaints(case, case.text, after) == []
    assert "steps: command lost: chmod +x /entry.sh" in complaints(replace(case, kept=("chmod*",)), case.text, after)


GOOD = {
    "an update moves into its install": (
        "tricky/apt-child-no-update",
        "FROM base AS child\nRUN apt-get",
        "FROM base AS child\nRUN apt-get update && apt-get",
    ),
    "plain words leave the shell form": ("hard/exec-multi-line-cmd", "CMD serve --all", 'CMD ["serve", "--all"]'),
    "a subshell keeps its folder": (
        "tricky/run-cd-leak",
        "RUN mkdir /opt/a && cd /opt/a && touch here\nRUN touch",
        "RUN mkdir /opt/a && (cd /opt/a && touch here) && touch",
    ),
    "MAINTAINER becomes its label": (
        "hard/meta-maintainer-check-skip",
        "MAINTAINER Ada",
        'LABEL org.opencontainers.image.authors="Ada"',
    ),
    "a stage is renamed with all that names it": ("tricky/copy-from-forms", "Builder", "builder"),
    "plain ADD becomes COPY": ("hard/add-archive-without-extension", "ADD notes.txt", "COPY notes.txt"),
    "a legacy ENV is written anew": ("hard/meta-legacy-equals", "ENV C k=v w", 'ENV C="k=v w"'),
    "a volatile argument moves down": (
        "tricky/arg-in-key",
        "ARG COMMIT\nARG VERSION=1\nRUN apt-get update && apt-get install -y less\n",
        "ARG VERSION=1\nRUN apt-get update && apt-get install -y less\nARG COMMIT\n",
    ),
    "a relative folder is made absolute": ("hard/dir-relative-chain", "WORKDIR ./sub", "WORKDIR /srv/app/sub"),
    "a cache mount where nothing needs the files": (
        "hard/mount-target-copied",
        "RUN npm ci",
        "RUN --mount=type=cache,target=/root/.npm npm ci",
    ),
}


@pytest.mark.parametrize("name", GOOD)
def test_a_sound_rewrite_passes(name: str) -> None:
    file, old, new = GOOD[name]
    case = CASES[file]
    assert old in case.text
    assert complaints(case, case.text, case.text.replace(old, new)) == []
