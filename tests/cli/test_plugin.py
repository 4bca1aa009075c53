"""`docker dockopt`: who it is, what of Docker's own options is kept, and a real `docker` that calls it."""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from optimizer.cli.plugin import split

COMMAND = Path(sys.executable).with_name("docker-dockopt")


@pytest.mark.parametrize(
    ("words", "own", "said"),
    [
        ("dockopt fix -", "fix -", {}),
        ("--config c dockopt fix", "fix", {"DOCKER_CONFIG": "c"}),
        ("--config=c dockopt fix", "fix", {"DOCKER_CONFIG": "c"}),
        ("-c remote -D dockopt prove --context=.", "prove --context=.", {"DOCKER_CONTEXT": "remote"}),
        ("-Htcp://h:1 dockopt prove", "prove", {"DOCKER_HOST": "tcp://h:1"}),
        (
            "-H=tcp://h -l debug --tlsverify dockopt rules",
            "rules",
            {"DOCKER_HOST": "tcp://h", "DOCKER_TLS_VERIFY": "1"},
        ),
        ("-D help dockopt", "--help", {}),
        ("help dockopt fix", "fix --help", {}),
        ("help fix", "help fix", {}),
        ("--tlscacert dockopt dockopt rules", "rules", {}),
        ("--debug --tls --tlsverify=false dockopt", "", {}),
        ("fix --context dockopt", "fix --context dockopt", {}),
        ("--version", "--version", {}),
        ("--config", "--config", {}),
        ("", "", {}),
        ("dockopt dockopt", "dockopt", {}),
    ],
)
def test_options_of_docker_are_passed_over_and_kept_for_the_docker_of_a_proof(
    words: str, own: str, said: dict[str, str]
) -> None:
    assert split(words.split()) == (own.split(), said)


def test_who_it_is_is_told_in_no_time_and_by_importing_nothing() -> None:
    def seconds(*words: str | Path) -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(words, capture_output=True, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    question = "docker-cli-plugin-metadata"
    done = subprocess.run([COMMAND, question], capture_output=True, check=True)
    answer = json.loads(done.stdout)
    assert (answer["SchemaVersion"], answer["Vendor"]) == ("0.1.0", "dockopt")
    python = min(seconds(sys.executable, "-c", "import re") for _ in range(5))
    assert min(seconds(COMMAND, question) for _ in range(5)) - python < 0.05
    code = (
        "import re, sys; before = set(sys.modules); sys.argv = ['x', 'docker-cli-plugin-metadata']\n"
        "from optimizer.cli.plugin import plugin; plugin(); print(*sorted(set(sys.modules) - before), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    assert done.stderr.removeprefix("__future__ ").split() == ["optimizer", "optimizer.cli", "optimizer.cli.plugin"]


@pytest.fixture
def docker(tmp_path: Path) -> list[str]:
    """The real command with the plugin in a configuration folder of its own, as the page on hooks says."""
    found = shutil.which("docker")
    if found is None:
        pytest.skip("there is no `docker` here")
    plugins = tmp_path / "config/cli-plugins"
    plugins.mkdir(parents=True)
    (plugins / "docker-dockopt").symlink_to(COMMAND)
    return [found, "--config", str(tmp_path / "config")]


def test_docker_itself_calls_it(docker: list[str], tmp_path: Path) -> None:
    def said(*words: str, stdin: str = "") -> str:
        done = subprocess.run(
            [*docker, *words], input=stdin, cwd=tmp_path, env=os.environ | {"COLUMNS": "120"},
            capture_output=True, text=True,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout

    helped = said("--help")
    assert "dockopt*" in helped
    assert "Optimize Dockerfiles without breaking a build" in helped
    assert "Invalid Plugins" not in helped
    assert "-y curl" in said("dockopt", "fix", "-", stdin="FROM debian:12\nRUN apt-get install curl\n")
    assert "clean-in-same-layer" in said("--debug", "--log-level", "error", "dockopt", "rules")
    assert "docker dockopt" in said("dockopt", "--help")
    assert "--stdin-filename" in said("help", "dockopt", "fix")
    assert said("dockopt", "--version").startswith("dockopt ")


def test_the_exit_code_comes_through_docker(docker: list[str], tmp_path: Path) -> None:
    text = "FROM debian:12\nRUN apt-get install curl\n"
    words = [*docker, "dockopt", "fix", "--check", "-"]
    assert subprocess.run(words, input=text, text=True, capture_output=True, cwd=tmp_path).returncode == 1
