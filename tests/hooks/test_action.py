"""GitHub's action: its steps run as GitHub runs them, from a clean clone, with the environment that it gives."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from msgspec import Struct
from msgspec.structs import replace
from ruamel.yaml import YAML

from tests.catalogue import ROOT

from .conftest import SLOPPY, git

ACTION: dict[str, Any] = YAML(typ="safe").load((ROOT / "action.yml").read_text("utf-8"))
FORK = "github.event.pull_request.head.repo.fork"
SHELL = ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail"]
"""What GitHub's documentation says of `shell: bash`."""


class Runner(Struct):
    """Runs the steps of the action. `known`: what the expressions of its text stand for."""

    place: Path
    folder: Path
    known: dict[str, str]
    log: str = ""

    def install(self, **inputs: str) -> int:
        """The exit code of the first step."""
        return self._step(0, inputs)

    def run(self, **inputs: str) -> int:
        """The exit code of the second step, behind a first one that went well."""
        return self._step(1, inputs)

    @property
    def outputs(self) -> Mapping[str, str]:
        """What the steps said by now; the last word counts."""
        lines = (self.folder.parent / "output").read_text().splitlines()
        return dict(line.split("=", 1) for line in lines)

    def _step(self, number: int, inputs: Mapping[str, str]) -> int:
        for name, each in ACTION["inputs"].items():
            self.known[f"inputs.{name}"] = inputs.get(name) or self._filled(each["default"])
        step = ACTION["runs"]["steps"][number]
        assert step["shell"] == "bash"
        script = self.folder.parent / "step.sh"
        script.write_text(step["run"])
        env = self._environment | {key: self._filled(value) for key, value in step["env"].items()}
        done = subprocess.run([*SHELL, script], cwd=self.folder, env=env, capture_output=True, text=True)
        self.log = done.stdout + done.stderr
        return done.returncode

    @property
    def _environment(self) -> dict[str, str]:
        kept = ("PATH", "HOME", "LANG", "PIP_", "SSL_", "REQUESTS_")
        return {name: value for name, value in os.environ.items() if name.startswith(kept)} | {
            "GITHUB_ACTIONS": "true", "CI": "true", "GITHUB_WORKSPACE": str(self.folder), "GITHUB_BASE_REF": "",
            "GITHUB_OUTPUT": str(self.folder.parent / "output"), "RUNNER_TEMP": str(self.place),
        }  # fmt: skip

    def _filled(self, text: str) -> str:
        return re.sub(r"\$\{\{ (\S+) \}\}", lambda found: self.known[found[1]], text)


@pytest.fixture(scope="session")
def installed(clone: Path, tmp_path_factory: pytest.TempPathFactory) -> Runner:
    """A runner on which the first step was run."""
    place = tmp_path_factory.mktemp("runner")
    known = {"github.action_path": str(clone), "github.token": "not-a-token", FORK: ""}
    runner = Runner(place, place, known)
    assert runner.install(python=sys.executable) == 0, runner.log
    return runner


@pytest.fixture
def runner(installed: Runner, repository: Path) -> Runner:
    (repository.parent / "output").touch()
    return replace(installed, folder=repository)


def test_what_a_user_says_comes_to_no_script_but_through_the_environment() -> None:
    for step in ACTION["runs"]["steps"]:
        assert "${{" not in step["run"]


def test_every_input_is_used_and_every_one_that_is_used_is_told() -> None:
    text = str(ACTION["runs"])
    assert set(re.findall(r"inputs\.(\w+)", text)) == set(ACTION["inputs"])


def test_its_outputs_are_written_by_its_steps() -> None:
    written = set(re.findall(r"(\w+)=\S+\" >> \"\$GITHUB_OUTPUT\"", str(ACTION["runs"]["steps"][1]["run"])))
    assert written == set(ACTION["outputs"])


def test_it_checks_writes_and_is_content(runner: Runner) -> None:
    assert runner.run(sarif="found.sarif") == 1, runner.log
    assert runner.outputs == {"changed": "true", "sarif": "found.sarif"}
    assert re.search(r"(?m)^::\w+ file=Dockerfile,line=2\b", runner.log), runner.log
    assert '"2.1.0"' in (runner.folder / "found.sarif").read_text()
    assert runner.run(fail="false") == 0
    assert runner.run(args="--select no-cache-flag") == 0
    assert runner.outputs["changed"] == "false"
    assert (runner.folder / "Dockerfile").read_text() == SLOPPY
    assert runner.run(mode="fix") == 0
    assert runner.outputs["changed"] == "true"
    assert "rm -rf /var/lib/apt/lists" in (runner.folder / "Dockerfile").read_text()
    assert runner.run() == 0
    assert runner.outputs["changed"] == "false"


def test_words_of_a_user_are_no_code(runner: Runner) -> None:
    hostile = "a b/$(touch pwned)/`touch pwned`;touch pwned"
    folder = runner.folder / hostile
    folder.mkdir(parents=True)
    (folder / "Dockerfile").write_text(SLOPPY)
    git(runner.folder, "add", ".")
    assert runner.run(mode="fix", paths=f"{hostile}\n\n", args="--ignore $(touch${IFS}x)") == 2
    assert runner.run(mode="fix", paths=f"\n{hostile}") == 0
    assert (folder / "Dockerfile").read_text() != SLOPPY
    assert (runner.folder / "Dockerfile").read_text() == SLOPPY
    assert not [*runner.folder.rglob("pwned"), *runner.folder.rglob("x")]
    assert runner.run(mode="nonsense") == 2
    assert "::error" in runner.log


def test_a_review_needs_a_pull_request_and_a_fork_gets_annotations(runner: Runner) -> None:
    git(runner.folder, "branch", "base")
    (runner.folder / "Dockerfile").write_text(SLOPPY + "RUN apt-get update\n")
    git(runner.folder, "commit", "--quiet", "--all", "--message=second")
    assert runner.run(mode="review", base="base") == 2
    assert "--pull-request" in runner.log
    assert runner.run(mode="review", base="base", args="--repository a/b --pull-request 1 --profile tiny") == 2
    assert "unknown profile `tiny`" in runner.log
    from_a_fork = replace(runner, known=runner.known | {FORK: "true"})
    assert from_a_fork.run(mode="review", base="base") == 0
    assert "::notice title=dockopt::" in from_a_fork.log
    assert re.search(r"(?m)^::\w+ file=Dockerfile,line=2\b", from_a_fork.log)


def test_an_old_python_is_refused_with_a_reason(repository: Path) -> None:
    runner = Runner(repository, repository, {"github.action_path": "", "github.token": ""})
    old = repository / "python"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)
    assert runner.install(python=str(old)) == 2
    assert "3.11" in runner.log
