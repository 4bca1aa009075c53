"""The hooks of pre-commit: what they are for is what `dockopt fix` finds, and they run for real."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from optimizer.cli.discovery import is_dockerfile, is_known_ci_file
from tests.catalogue import ROOT

from .conftest import SLOPPY, git

HOOKS = YAML(typ="safe").load((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"))


@pytest.mark.parametrize("hook", HOOKS, ids=lambda hook: hook["id"])
@pytest.mark.parametrize(
    "name",
    [
        *("Dockerfile", "dockerfile", "Dockerfile.dev", "api.Dockerfile", "api.dockerfile", "Containerfile"),
        *("Containerfile-x", "x.containerfile", "Dockerfile-alpine", "Dockerfile.dockerignore", "Dockerfile.md"),
        *("Dockerfile.dev~", "Dockerfile.orig", "README.md", "x.yml", ".gitlab-ci.yml", "my.gitlab-ci.yml"),
        *(".github/workflows/ci.yml", ".github/workflows/ci.yaml", ".github/ci.yml", ".github/workflows/a/ci.yml"),
    ],
)
@pytest.mark.parametrize("folder", ["", "a/b/"])
def test_a_hook_is_for_the_files_that_fix_finds(hook: dict[str, str], folder: str, name: str) -> None:
    path = Path("/repository", folder, name)
    below_the_top = not folder or not name.startswith(".github")
    found = is_dockerfile(path.name) or (is_known_ci_file(path) and below_the_top)
    assert bool(re.search(hook["files"], folder + name)) == found


def test_pre_commit_takes_the_manifest() -> None:
    words = [sys.executable, "-m", "pre_commit", "validate-manifest", ROOT / ".pre-commit-hooks.yaml"]
    subprocess.run(words, check=True)


def test_the_hooks_run_for_real(clone: Path, repository: Path, tmp_path: Path) -> None:
    revision = git(clone, "rev-parse", "HEAD").strip()

    def run(hook: str) -> subprocess.CompletedProcess[str]:
        (repository / ".pre-commit-config.yaml").write_text(
            f"repos:\n- repo: {clone.as_posix()}\n  rev: {revision}\n  hooks:\n  - id: {hook}\n"
        )
        git(repository, "add", ".")
        words = [sys.executable, "-m", "pre_commit", "run", "--all-files", "--color=never"]
        env = os.environ | {"PRE_COMMIT_HOME": str(tmp_path / "home")}
        return subprocess.run(words, cwd=repository, env=env, capture_output=True, text=True)

    checked = run("dockopt-check")
    assert checked.returncode == 1
    assert "clean-in-same-layer" in checked.stdout
    assert (repository / "Dockerfile").read_text() == SLOPPY
    written = run("dockopt")
    assert written.returncode == 1
    assert "files were modified by this hook" in written.stdout
    assert "rm -rf /var/lib/apt/lists" in (repository / "Dockerfile").read_text()
    again = run("dockopt")
    assert (again.returncode, "Passed" in again.stdout) == (0, True)
    assert run("dockopt-check").returncode == 0
