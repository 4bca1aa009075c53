"""What goes to a builder, what comes from it, and what becomes of it when a signal or the clock ends it."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from optimizer.prove.builders import BuildOptions, Order, find_builder, without_syntax, write_files
from optimizer.prove.errors import BuilderFailed, BuilderMissing, TimedOut
from optimizer.prove.podman import StepReader
from optimizer.prove.process import Interrupted, Running, held, interrupts, output_of
from optimizer.prove.steps import BuildLog
from optimizer.prove.touch import copy_context, most_changed, touch

FROM = "FROM busybox\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"# syntax=docker/dockerfile:1\n{FROM}", FROM),
        (f"#Syntax = a\r\n{FROM}", FROM),
        (f"\ufeff# syntax=a\n{FROM}", FROM),
        (f"# escape=`\n# syntax=a\n{FROM}", f"# escape=`\n{FROM}"),
        (f"# a comment\n# syntax=a\n{FROM}", f"# a comment\n# syntax=a\n{FROM}"),
        (f"\n# syntax=a\n{FROM}", f"\n# syntax=a\n{FROM}"),
        (FROM, FROM),
    ],
)
def test_the_syntax_line_is_dropped_only_where_it_is_a_directive(text: str, expected: str) -> None:
    assert without_syntax(text) == expected


def test_the_bytes_of_the_file_reach_the_builder(tmp_path: Path) -> None:
    text = b"FROM a\r\n# \xff\n".decode("utf-8", "surrogateescape")
    assert (
        write_files(Order(text, tmp_path / "none", "tag", tmp_path), BuildOptions()).read_bytes()
        == b"FROM a\r\n# \xff\n"
    )


def test_an_ignore_file_of_the_dockerfile_goes_with_it_and_a_new_one_stands_for_it(tmp_path: Path) -> None:
    context = tmp_path / "context"
    context.mkdir()
    (context / "Dockerfile.dockerignore").write_text("old\n")
    beside = tmp_path / "Dockerfile.dockerignore"
    write_files(Order(FROM, context, "tag", tmp_path), BuildOptions())
    assert beside.read_text() == "old\n"
    write_files(Order(FROM, context, "tag", tmp_path, ignore="new\n"), BuildOptions())
    assert beside.read_text() == "new\n"


def test_options_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKOPT_BUILD_NETWORK", "host")
    monkeypatch.setenv("DOCKOPT_DROP_SYNTAX", "1")
    options = BuildOptions.from_environment()
    assert (options.network, options.drop_syntax) == ("host", True)


def test_without_a_builder_the_message_says_what_was_tried_and_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(
        BuilderMissing, match=r"docker: not installed; podman: not installed; buildah: .*; install Docker"
    ):
        find_builder()


def test_a_builder_that_nobody_knows_is_refused() -> None:
    with pytest.raises(BuilderMissing, match="no builder `kaniko`; known are docker, podman, buildah"):
        find_builder("kaniko")


VERTEX = '{"digest":"d1","name":"[2/3] RUN make","inputs":["d0"],"started":"2026-01-01T00:00:00.5Z"'
CACHED_VERTEX = '"digest":"d2","name":"[3/3] COPY . .","inputs":["d1"],"cached":true,"completed":"2026-01-01T00:00:03Z"'
LINES = [
    b"#0 building with default instance\n",
    f'{{"vertexes":[{VERTEX}}}]}}\n'.encode(),
    b'{"logs":[{"vertex":"d1","data":"aGk="}]}\n',
    f'{{"vertexes":[{VERTEX},"completed":"2026-01-01T00:00:02.123456789Z"}}]}}\n'.encode(),
    f'{{"vertexes":[{{{CACHED_VERTEX}}}]}}'.encode(),
    b'{"vertexes":[{"digest":"d3","name":"[internal] load build context"},{"digest":"d4","name":"[1/3] FROM a"}]}\n',
]


def test_steps_are_read_from_progress_of_one_line_an_object() -> None:
    said: list[str] = []
    log = BuildLog(said.append)
    log.read(LINES)
    assert [(step.instruction, step.cached) for step in log.steps] == [("RUN make", False), ("COPY . .", True)]
    assert log.steps[0].seconds == pytest.approx(1.623, abs=0.001)
    assert said == ["[2/3] RUN make", "  hi", "[2/3] RUN make: 1.6 s", "[3/3] COPY . .: cached"]
    assert log.text == "[2/3] RUN make\nhi"


def test_steps_are_read_from_progress_spread_over_lines() -> None:
    log = BuildLog(lambda line: None)
    log.read(
        [
            b"{\n",
            b'  "vertexes": [\n',
            b"   {\n",
            *(line + b"\n" for line in VERTEX[1:].encode().split(b",")[:1]),
            b"}\n",
            b"]\n",
            b"}\n",
        ]
    )
    assert len(log.vertices) == 1


def test_a_failure_names_the_step_and_its_last_words() -> None:
    log = BuildLog(lambda line: None)
    log.read([*LINES[:3], f'{{"vertexes":[{VERTEX},"error":"exit code: 2"}}]}}\n'.encode()])
    assert log.failure == ("[2/3] RUN make: exit code: 2", "hi")


def test_a_failure_before_any_step_has_the_words_of_the_builder() -> None:
    log = BuildLog(lambda line: None)
    log.read([b"Dockerfile:2\n", b"ERROR: failed to build: failed to solve: unknown instruction: FOO\n"])
    assert log.failure[0] == "unknown instruction: FOO"


def test_the_steps_of_buildah_are_read_from_its_lines() -> None:
    reader = StepReader(lambda line: None)
    reader.read([b"STEP 1/2: FROM a\n", b"STEP 2/2: RUN b\n", b"--> Using cache 123\n"])
    assert [(step.instruction, step.cached) for step in reader.steps] == [("RUN b", True)]


def test_a_command_that_takes_too_long_is_stopped_with_its_children() -> None:
    begin = time.monotonic()
    with Running(["sh", "-c", "sleep 60 & echo $!; wait"], timeout=0.5, merge=True) as running:
        child = int(running.output.readline())
        running.output.read()
        with pytest.raises(TimedOut, match="took longer than 0 s"):
            running.wait()
    assert time.monotonic() - begin < 5
    assert not Path(f"/proc/{child}/cmdline").exists() or not Path(f"/proc/{child}/cmdline").read_bytes()


def test_a_command_that_refuses_to_end_is_killed() -> None:
    with Running(["sh", "-c", "trap '' TERM; echo up; while :; do sleep 0.1; done"], grace=0.3) as running:
        running.output.readline()
        pid = running._process.pid
    assert not Path(f"/proc/{pid}").exists()


def test_a_program_that_is_not_there_is_told() -> None:
    with pytest.raises(BuilderFailed, match="`no-such-program` cannot be run"):
        output_of(["no-such-program"])


def test_a_command_that_fails_is_told_with_its_last_line() -> None:
    with pytest.raises(BuilderFailed, match="`sh -c echo a; echo b; exit 3` failed: b"):
        output_of(["sh", "-c", "echo a; echo b; exit 3"])


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_is_an_exception_while_it_is_waited_for(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    with pytest.raises(Interrupted, match=number.name), interrupts():
        os.kill(os.getpid(), number)
    assert signal.getsignal(number) == before


def test_a_signal_waits_until_it_may_come() -> None:
    done: list[str] = []

    def work() -> None:
        with interrupts(), held():
            os.kill(os.getpid(), signal.SIGTERM)
            done.append("after the signal")

    with pytest.raises(Interrupted):
        work()
    assert done


def git(folder: Path, *words: str) -> None:
    identity = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
    subprocess.run(["git", "-C", str(folder), *identity, *words], check=True, capture_output=True)


def test_the_file_that_changes_most_is_found_in_the_history(tmp_path: Path) -> None:
    context = tmp_path / "service"
    context.mkdir()
    git(tmp_path, "init")
    for number in range(3):
        for name in ("Dockerfile", "often.py", *(["seldom.py", "gone.py"] if number == 0 else [])):
            (context / name).write_text(f"{number}\n")
        git(tmp_path, "add", ".")
        git(tmp_path, "commit", "-m", "x")
    assert most_changed(context) == "often.py"


def test_without_a_history_no_file_is_found(tmp_path: Path) -> None:
    assert most_changed(tmp_path) is None


def test_a_copied_context_keeps_links_and_modes(tmp_path: Path) -> None:
    context = tmp_path / "project"
    context.mkdir()
    (context / "run").write_text("x")
    (context / "run").chmod(0o755)
    (context / "link").symlink_to("nowhere")
    copy = copy_context(context, tmp_path)
    touch(copy, "run")
    assert (copy / "run").stat().st_mode & 0o777 == 0o755
    assert (copy / "link").readlink() == Path("nowhere")
    assert (context / "run").read_text() == "x"


def test_the_module_needs_no_builder_to_be_imported() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "import optimizer.prove.report"], env={"PATH": "/nowhere"}, capture_output=True
    )
    assert done.returncode == 0, done.stderr
