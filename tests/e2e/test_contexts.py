"""What stands on the build context, in real builds: modes of folders under early copies, and files that are ignored."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from shutil import copytree

import pytest
from msgspec.structs import replace

from optimizer.prove.builders import Builder, BuildOptions, Order
from optimizer.prove.errors import BuildFailed

from .corpus import Project, prove_project, read_projects

pytestmark = pytest.mark.e2e

TEXT = """\
FROM node:20-slim
WORKDIR /repo
COPY --chown=node:node . .
RUN npm ci
CMD ["node", "packages/cli/index.js", "ada"]
"""


@pytest.fixture
def workspaces(tmp_path: Path) -> Project:
    """The project with workspaces, its Dockerfile shorter."""
    found = next(project for project in read_projects() if project.name == "node-workspaces")
    folder = Path(copytree(found.folder, tmp_path / "project"))
    (folder / "Dockerfile").write_text(TEXT)
    return replace(found, folder=folder)


def test_a_copy_gives_the_folders_of_an_early_one_their_modes(
    need: Callable[..., None], builder: Builder, timeout: float, workspaces: Project
) -> None:
    need(*workspaces.bases)
    for name, mode in (("packages", 0o750), ("packages/cli", 0o2700), ("packages/banner", 0o1777)):
        (workspaces.folder / name).chmod(mode)
    outcome = prove_project(workspaces, builder, {}, timeout=timeout)
    assert "COPY --chown=node:node packages/cli/package.json ./packages/cli/\n" in outcome.result.after
    assert [str(problem) for problem in outcome.proof.verdict.problems] == []
    assert outcome.holds


def test_what_is_ignored_is_ignored_in_the_build_alone(
    need: Callable[..., None], builder: Builder, timeout: float, workspaces: Project
) -> None:
    need(*workspaces.bases)
    (workspaces.folder / "Dockerfile").write_text(TEXT.replace("--chown=node:node ", ""))
    (workspaces.folder / ".dockerignore").unlink()
    (workspaces.folder / "node_modules/left").mkdir(parents=True)
    (workspaces.folder / "node_modules/left/index.js").write_text("")
    outcome = prove_project(workspaces, builder, {}, timeout=timeout)
    assert outcome.result.ignores == ("**/node_modules",)
    assert [str(problem) for problem in outcome.proof.verdict.problems] == []
    assert outcome.holds
    assert not (workspaces.folder / ".dockerignore").exists()


def test_a_folder_of_an_early_copy_is_closed_to_others(
    need: Callable[..., None], builder: Builder, context: Path, tmp_path: Path
) -> None:
    """Why manifests in sub-folders wait where the user is not root: the folder of the context is open to all."""
    need("slim")
    (context / "sub").mkdir()
    (context / "sub/app.sh").write_text("")
    (context / "sub").chmod(0o777)
    late = "FROM debian:bookworm-slim\nCOPY . /app\nUSER www-data\nRUN touch /app/sub/new\n"
    early = late.replace("COPY . /app", "COPY sub/app.sh /app/sub/")
    order = Order(late, context, "dockopt-prove-folders:x", tmp_path)
    try:
        builder.build(order, BuildOptions.from_environment(), print)
        with pytest.raises(BuildFailed):
            builder.build(replace(order, text=early), BuildOptions.from_environment(), print)
    finally:
        builder.clean("dockopt-prove-folders")
