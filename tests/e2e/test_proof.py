"""In real builds: honest rewrites are proved, lying ones are caught by name, and so are the mistakes of other tools."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from optimizer.prove.allowances import Allowance
from optimizer.prove.builders import Builder, BuildOptions
from optimizer.prove.proof import Proof, ProofOptions, Rewrite, prove
from optimizer.prove.smoke import SmokeTest

pytestmark = pytest.mark.e2e

ALLOWANCES = {
    "merge-run": Allowance(),
    "clean-lists": Allowance(may_remove=("/var/lib/apt/lists/**",)),
    "drop-temporary": Allowance(may_remove=("/tmp/**",)),
    "drop-packages": Allowance(may_drop_packages=True),
    "lie": Allowance(),
}


def check(
    builder: Builder, context: Path, before: str, steps: Sequence[tuple[str, str]], options: ProofOptions | None = None
) -> Proof:
    options = options or ProofOptions(BuildOptions.from_environment(), rebuild=False)
    return prove(before, [Rewrite(*step) for step in steps], context, builder, ALLOWANCES, options)


BEFORE = """\
FROM alpine:3.23
RUN apk add curl
RUN apk add git
RUN echo 1 > /tmp/x
ENV MODE=fast
COPY app.sh data.txt /app/
"""
MERGED = BEFORE.replace("curl\nRUN apk add git", "curl && apk add git")
DROPPED = MERGED.replace("echo 1 > /tmp/x", "echo 1 > /tmp/x && rm /tmp/x")

LIES = {
    "drops a package": ("apk add curl && apk add git", "apk add curl", {"package", "removed", "changed"}),
    "changes a mode": ("COPY app.sh", "COPY --chmod=644 app.sh", {"changed"}),
    "changes an owner": ("COPY app.sh", "COPY --chown=7:7 app.sh", {"changed"}),
    "changes a variable": ("ENV MODE=fast", "ENV MODE=slow", {"setting"}),
    "drops a file": ("COPY app.sh data.txt", "COPY app.sh", {"removed"}),
}


def test_an_honest_rewrite_is_proved(need: Callable[..., None], builder: Builder, context: Path) -> None:
    need("alpine")
    proof = check(builder, context, BEFORE, [("merge-run", MERGED), ("drop-temporary", DROPPED)])
    assert not proof.verdict.problems
    assert ("removed /tmp/x", "drop-temporary") in proof.verdict.allowed


GENERATED = {"removed /etc/ca-certificates.conf", "removed /usr/local/share/ca-certificates"}
"""Made by the scripts of ca-certificates; dpkg does not know of them, so a transform must name them itself."""


@pytest.mark.parametrize(
    ("base", "more", "fewer"),
    [
        ("alpine", "FROM alpine:3.23\nRUN apk add curl git\n", "FROM alpine:3.23\nRUN apk add curl\n"),
        (
            "slim",
            "FROM debian:bookworm-slim\nRUN apt-get update && apt-get install -y curl\n",
            "FROM debian:bookworm-slim\nRUN apt-get update && apt-get install -y --no-install-recommends curl\n",
        ),
    ],
)
def test_packages_are_dropped_with_what_was_theirs(
    base: str, more: str, fewer: str, need: Callable[..., None], builder: Builder, context: Path
) -> None:
    need(base)
    proof = check(builder, context, more, [("drop-packages", fewer)])
    assert proof.difference
    assert proof.difference.dropped
    assert {str(problem) for problem in proof.verdict.problems} <= GENERATED


@pytest.mark.essential
@pytest.mark.parametrize("lie", LIES)
def test_a_lying_transform_is_caught_by_name(
    lie: str, need: Callable[..., None], builder: Builder, context: Path
) -> None:
    need("alpine")
    old, new, kinds = LIES[lie]
    after = MERGED.replace(old, new)
    assert after != MERGED
    steps = [("merge-run", MERGED), ("lie", after), ("drop-temporary", after.replace("/tmp/x", "/tmp/x && rm /tmp/x"))]
    proof = check(builder, context, BEFORE, steps)
    assert [culprit.transform for culprit in proof.culprits] == ["lie"]
    assert {problem.kind for problem in proof.verdict.problems} == kinds


@pytest.mark.essential
def test_a_merge_that_leaks_the_folder_is_caught(need: Callable[..., None], builder: Builder, context: Path) -> None:
    need("busybox")
    before = "FROM busybox\nRUN cd /tmp && touch a\nRUN touch b\n"
    proof = check(builder, context, before, [("merge-run", "FROM busybox\nRUN cd /tmp && touch a && touch b\n")])
    assert [str(problem) for problem in proof.verdict.problems] == ["added /tmp/b", "removed /b"]


@pytest.mark.essential
def test_a_clean_up_that_breaks_a_child_stage_is_caught(
    need: Callable[..., None], builder: Builder, context: Path
) -> None:
    need("slim")
    before = "FROM debian:bookworm-slim AS base\nRUN apt-get update\nFROM base\nRUN apt-get install -y netbase\n"
    after = before.replace("apt-get update", "apt-get update && rm -rf /var/lib/apt/lists/*")
    proof = check(builder, context, before, [("clean-lists", after)])
    assert [(culprit.transform, culprit.problems[0].kind) for culprit in proof.culprits] == [("clean-lists", "build")]


@pytest.mark.essential
def test_pipefail_under_dash_is_caught(need: Callable[..., None], builder: Builder, context: Path) -> None:
    need("slim")
    before = "FROM debian:bookworm-slim\nRUN echo a | cat > /a\n"
    proof = check(builder, context, before, [("lie", before.replace("RUN ", "RUN set -o pipefail && "))])
    assert "pipefail" in proof.verdict.problems[0].detail or proof.verdict.problems[0].kind == "build"
    assert [culprit.transform for culprit in proof.culprits] == ["lie"]


SERVER = 'FROM busybox\nRUN mkdir /www && echo hi > /www/index.html\nCMD ["httpd", "-f", "-h", "/www", "-p", "18923"]\n'


@pytest.mark.parametrize(
    ("after", "answer"),
    [(SERVER, "answers with 200"), (SERVER.replace("index.html", "other.html"), "answers with 404")],
)
def test_a_program_must_answer_as_before(
    after: str, answer: str, need: Callable[..., None], builder: Builder, context: Path
) -> None:
    need("busybox")
    smoke = SmokeTest(probe="http://127.0.0.1:18923/", timeout=20)
    options = ProofOptions(BuildOptions.from_environment(), smoke=smoke, rebuild=False)
    proof = check(builder, context, SERVER, [("lie", after)], options)
    assert proof.smoke
    assert (proof.smoke.before, proof.smoke.after) == ("answers with 200", answer)
    assert proof.holds is (after == SERVER)


def test_the_health_check_of_the_image_is_the_smoke_test(
    need: Callable[..., None], builder: Builder, context: Path
) -> None:
    need("busybox")
    check_line = "HEALTHCHECK --interval=1s --start-period=1s --retries=2 CMD test -e /ok\n"
    before = f'FROM busybox\nRUN touch /ok\n{check_line}CMD ["sleep", "60"]\n'
    proof = check(builder, context, before, [("lie", before.replace("touch /ok", "touch /no"))])
    assert proof.smoke
    assert (proof.smoke.before, proof.smoke.after) == ("healthy", "unhealthy")


def test_a_rebuild_after_a_changed_file_is_measured(need: Callable[..., None], builder: Builder, context: Path) -> None:
    need("busybox")
    before = "FROM busybox\nCOPY . /app\nRUN sleep 1\n"
    after = "FROM busybox\nRUN sleep 1\nCOPY . /app\n"
    options = ProofOptions(BuildOptions.from_environment(), touch="data.txt")
    proof = check(builder, context, before, [("merge-run", after)], options)
    assert proof.after
    assert (proof.before.rebuild_steps, proof.after.rebuild_steps) == (2, 1)
    assert proof.before.rebuild_seconds
    assert proof.after.rebuild_seconds
    assert proof.before.rebuild_seconds > proof.after.rebuild_seconds
    assert (context / "data.txt").read_text() == "data\n"
