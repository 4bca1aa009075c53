"""GitHub's action: its steps run as GitHub runs them, from a clean clone, with the environment that it gives."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.catalogue import ROOT

from .conftest import SLOPPY, git

ACTION: dict[str, Any] = YAML(typ="safe").load((ROOT / "action.yml").read_text("utf-8"))
SHELL = ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail"]
"""What GitHub's documentation says of `shell: bash`."""


@dataclass
class Runner:
    """Runs the steps of the action. `known`: what the expressions of its text stand for."""

    place: Path
    folder: Path
    known: dict[str, str]
    env: dict[str, str] = field(default_factory=dict)
    log: str = ""

    def run(self, **inputs: str) -> int:
        """The exit code of the first step that fails, else 0."""
        for name, each in ACTION["inputs"].items():
            given = inputs.get(name, each["default"])
            self.known[f"inputs.{name}"] = given if name in inputs else self._filled(given)
        self.log = ""
        for number, step in enumerate(ACTION["runs"]["steps"]):
            assert step["shell"] == "bash"
            script = self.place / f"step-{number}.sh"
            script.write_text(step["run"])
            env = self.env | {key: self._filled(value) for key, value in step["env"].items()}
            done = subprocess.run([*SHELL, script], cwd=self.folder, env=env, capture_output=True, text=True)
            self.log += done.stdout + done.stderr
            if done.returncode:
                return done.returncode
        return 0

    @property
    def outputs(self) -> Mapping[str, str]:
        """What the steps said by now; the last word counts."""
        lines = (self.place / "output").read_text().splitlines()
        return dict(line.split("=", 1) for line in lines)

    def _filled(self, text: str) -> str:
        return re.sub(r"\$\{\{ (\S+) \}\}", lambda found: self.known[found[1]], text)


@pytest.fixture
def runner(clone: Path, repository: Path, tmp_path: Path) -> Runner:
    place = tmp_path / "runner"
    (place / "temp").mkdir(parents=True)
    (place / "output").touch()
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    pip = {name: value for name, value in os.environ.items() if name.startswith(("PIP_", "SSL_", "REQUESTS_"))}
    given = {
        "GITHUB_ACTIONS": "true", "CI": "true", "GITHUB_OUTPUT": str(place / "output"),
        "RUNNER_TEMP": str(place / "temp"), "GITHUB_WORKSPACE": str(repository), "GITHUB_BASE_REF": "",
    }  # fmt: skip
    known = {"github.action_path": str(clone), "github.token": "not-a-token"}
    return Runner(place, repository, known, kept | pip | given)


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
    python = sys.executable
    assert runner.run(python=python, sarif="found.sarif") == 1, runner.log
    assert runner.outputs == {"changed": "true", "sarif": "found.sarif"}
    assert re.search(r"(?m)^::\w+ file=Dockerfile,line=2\b", runner.log), runner.log
    assert '"2.1.0"' in (runner.folder / "found.sarif").read_text()
    assert runner.run(python=python, fail="false") == 0
    assert runner.run(python=python, args="--select no-cache-flag") == 0
    assert runner.outputs["changed"] == "false"
    assert (runner.folder / "Dockerfile").read_text() == SLOPPY
    assert runner.run(python=python, mode="fix") == 0
    assert runner.outputs["changed"] == "true"
    assert "rm -rf /var/lib/apt/lists" in (runner.folder / "Dockerfile").read_text()
    assert runner.run(python=python) == 0
    assert runner.outputs["changed"] == "false"


def test_words_of_a_user_are_no_code(runner: Runner) -> None:
    hostile = "a b/$(touch pwned)/`touch pwned`;touch pwned"
    folder = runner.folder / hostile
    folder.mkdir(parents=True)
    (folder / "Dockerfile").write_text(SLOPPY)
    git(runner.folder, "add", ".")
    assert runner.run(python=sys.executable, mode="fix", paths=f"{hostile}\n\n", args="--ignore $(touch${IFS}x)") == 2
    assert runner.run(python=sys.executable, mode="fix", paths=f"\n{hostile}") == 0
    assert (folder / "Dockerfile").read_text() != SLOPPY
    assert (runner.folder / "Dockerfile").read_text() == SLOPPY
    assert not [*runner.folder.rglob("pwned"), *runner.folder.rglob("x")]
    assert runner.run(python=sys.executable, mode="nonsense") == 2
    assert "::error" in runner.log


def test_an_old_python_is_refused_with_a_reason(runner: Runner) -> None:
    old = runner.place / "python"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)
    assert runner.run(python=str(old)) == 2
    assert "3.11" in runner.log
