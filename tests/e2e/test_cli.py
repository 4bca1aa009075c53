"""The command line with a real builder: lying transforms are caught by name, and what is not proved is not written."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from optimizer.cli import main
from optimizer.cli.prove import ProveOptions, prove_all
from optimizer.cli.prover import ProofWishes
from optimizer.facts import Facts
from optimizer.prove.builders import Builder
from optimizer.transform import Proposal, Safety, Transform, transform
from transforms import PIPELINE

from .factory.place import Place
from .test_builders import all_left

pytestmark = pytest.mark.e2e

ANYTHING = {"trace", "config", "copied", "layers"}
"""A liar tells the checks of the text that all may change, and the proof that nothing does."""


def edited(facts: Facts, old: str, new: str) -> Iterator[Proposal]:
    """The instruction that holds a text, with another one in its place."""
    for instruction in facts.tree.instructions:
        if old in facts.sources[instruction]:
            yield Proposal(instruction, "to lie", {instruction: facts.sources[instruction].replace(old, new)})


@transform(Safety.SAFE, may_change=ANYTHING)
def drop_a_package(facts: Facts) -> Iterator[Proposal]:
    """Lies."""
    yield from edited(facts, "bash git", "bash")


@transform(Safety.SAFE, may_change=ANYTHING)
def change_a_mode(facts: Facts) -> Iterator[Proposal]:
    """Lies."""
    yield from edited(facts, "COPY app.sh", "COPY --chmod=644 app.sh")


@transform(Safety.SAFE, may_change=ANYTHING)
def change_a_variable(facts: Facts) -> Iterator[Proposal]:
    """Lies."""
    yield from edited(facts, "MODE=fast", "MODE=slow")


@transform(Safety.SAFE, may_change=ANYTHING)
def drop_a_file(facts: Facts) -> Iterator[Proposal]:
    """Lies."""
    yield from edited(facts, "COPY app.sh data.txt", "COPY app.sh")


@transform(Safety.SAFE, may_change=ANYTHING)
def leak_a_folder(facts: Facts) -> Iterator[Proposal]:
    """Lies, as a tool does that joins RUNs without a look at `cd`."""
    yield from edited(facts, "RUN touch left", "RUN cd /tmp && touch left")


@transform(Safety.SAFE, may_change=ANYTHING)
def set_pipefail(facts: Facts) -> Iterator[Proposal]:
    """Lies, as a tool does that gives dash an option of bash."""
    yield from edited(facts, "RUN echo", "RUN set -o pipefail && echo")


TEXT = """\
FROM alpine:3.23
RUN apk add bash git
ENV MODE=fast
COPY app.sh data.txt /app/
RUN touch left
"""

LIARS = {
    drop_a_package: ("package git", "removed /usr/bin/git"),
    change_a_mode: ("changed /app/app.sh: mode: 0755 -> 0644",),
    change_a_variable: ("setting Env: {",),
    drop_a_file: ("removed /app/data.txt",),
    leak_a_folder: ("added /tmp/left", "removed /left"),
}


def blamed(
    path: Path, pipeline: tuple[Transform, ...], builder: Builder, capsys: pytest.CaptureFixture[str]
) -> dict[str, list[str]]:
    """What `dockopt prove` says of a pipeline, by transform: the differences that nobody declared."""
    capsys.readouterr()
    code = prove_all((str(path),), ProveOptions(False, (), (), "json", ProofWishes()), lambda name: builder, pipeline)
    proof = json.loads(capsys.readouterr().out)[0]["proof"]
    assert code == (0 if proof["holds"] else 4)
    return {
        name: [f"{row['kind']} {row['subject']}: {row['detail']}" for row in rows]
        for name, rows in proof["culprits"].items()
    }


@pytest.mark.essential
@pytest.mark.parametrize("liar", LIARS, ids=lambda liar: liar.id)
def test_a_lying_transform_is_caught_by_name(
    liar: Transform,
    need: Callable[..., None],
    builder: Builder,
    context: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    need("alpine")
    (context / "Dockerfile").write_text(TEXT)
    found = blamed(context, (*PIPELINE[:3], liar, *PIPELINE[3:]), builder, capsys)
    assert list(found) == [liar.id]
    for problem in LIARS[liar]:
        assert any(line.startswith(problem) for line in found[liar.id]), found


@pytest.mark.essential
def test_pipefail_under_dash_is_caught_by_name(
    need: Callable[..., None], builder: Builder, context: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    need("slim")
    (context / "Dockerfile").write_text("FROM debian:bookworm-slim\nRUN echo a | cat > /a\n")
    found = blamed(context, (set_pipefail, *PIPELINE), builder, capsys)
    assert list(found) == ["set-pipefail"]
    assert found["set-pipefail"][0].startswith("build after: ")


@pytest.mark.essential
def test_fix_writes_what_is_proved_in_a_real_build(
    need: Callable[..., None],
    builder: Builder,
    context: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    need("alpine")
    monkeypatch.chdir(context)
    (context / "Dockerfile").write_text(TEXT)
    with pytest.raises(SystemExit) as end:
        main(["fix", "--write", "--prove"])
    assert not end.value.code
    assert (context / "Dockerfile").read_text() == TEXT.replace("apk add", "apk add --no-cache")
    assert "Dockerfile: proved: nothing was lost" in capsys.readouterr().err


def test_fix_leaves_what_does_not_build(
    need: Callable[..., None], builder: Builder, context: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    need("alpine")
    text = TEXT + "RUN echo oh no && false\n"
    (context / "Dockerfile").write_text(text)
    with pytest.raises(SystemExit) as end:
        main(["fix", "--write", "--prove", str(context)])
    assert end.value.code == 4
    assert (context / "Dockerfile").read_text() == text
    assert "no proof: it does not build as it is" in capsys.readouterr().err


def test_an_image_of_the_builder_is_analysed(
    need: Callable[..., None], builder: Builder, capsys: pytest.CaptureFixture[str]
) -> None:
    need("alpine")
    with pytest.raises(SystemExit) as end:
        main(["image", "alpine:3.23"])
    assert not end.value.code
    assert "efficiency" in capsys.readouterr().out
    with pytest.raises(SystemExit) as end:
        main(["image", "absent:1"])
    assert end.value.code == 4
    assert "`absent:1` is no file, and no image that docker has" in capsys.readouterr().err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.usefixtures("builder")
def test_an_interrupted_command_leaves_nothing(
    number: signal.Signals, need: Callable[..., None], context: Path, place: Place
) -> None:
    need("alpine")
    (context / "Dockerfile").write_text(TEXT + "RUN sleep 60\n")
    program = "import sys; from optimizer.cli import main; main(sys.argv[1:])"
    command = [sys.executable, "-c", program, "fix", "--write", "--prove", str(context)]
    with subprocess.Popen(command, cwd=Path(__file__).parents[2], stderr=subprocess.PIPE, env=dict(os.environ)) as ran:
        time.sleep(5)
        ran.send_signal(number)
        _, said = ran.communicate(timeout=60)
    assert (ran.returncode, said) == (128 + number, b"dockopt: interrupted; nothing is left behind\n")
    time.sleep(0.5)
    assert all_left(place) == ([], [], [])
    assert (context / "Dockerfile").read_text() == TEXT + "RUN sleep 60\n"
