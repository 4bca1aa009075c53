"""`dockopt fix` gives each file its build context."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import transforms
from optimizer.facts import Facts
from optimizer.transform import Declined, Safety, transform
from tests.cli.conftest import Dockopt

TEXT = "FROM scratch\nCOPY app /\n"


@transform(Safety.SAFE, may_change=set())
def tell_files(facts: Facts) -> Iterator[Declined]:
    """Tells what it sees of the context."""
    seen = facts.no_context if facts.context is None else " ".join(facts.context.files)
    yield Declined(facts.stages[0].node.instructions[0], f"sees: {seen}")


@pytest.fixture(autouse=True)
def pipeline(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pipeline with a transform that asks for the context."""
    monkeypatch.setattr(transforms, "PIPELINE", (tell_files,))


@pytest.fixture
def project(folder: Path) -> Path:
    """A Dockerfile in a folder, and what it copies beside it."""
    (folder / "web").mkdir()
    (folder / "web/Dockerfile").write_text(TEXT)
    (folder / "web/app").write_text("")
    (folder / "web/secret").write_text("")
    (folder / "web/.dockerignore").write_text("secret\n")
    return folder


@pytest.mark.usefixtures("project")
def test_a_file_has_its_context(dockopt: Dockopt) -> None:
    ran = dockopt("fix", "-v")
    assert "sees: .dockerignore Dockerfile app\n" in ran.err
    assert "web/Dockerfile: the build context is `web`, the folder of the Dockerfile\n" in ran.err


def test_the_command_line_names_it(dockopt: Dockopt, project: Path) -> None:
    (project / "other").mkdir()
    (project / "other/file").write_text("")
    ran = dockopt("fix", "-v", "--context", "other", "web/Dockerfile")
    assert "sees: file\n" in ran.err
    assert "the build context is `other`, as `--context` says\n" in ran.err


@pytest.mark.usefixtures("project")
def test_it_can_be_switched_off(dockopt: Dockopt) -> None:
    ran = dockopt("fix", "-v", "--no-context")
    assert "sees: no build context was given\n" in ran.err
    assert "the build context is" not in ran.err


@pytest.mark.usefixtures("project")
def test_standard_input_has_one_where_it_is_said_where_it_lies(dockopt: Dockopt) -> None:
    assert "sees: no build context was given" in dockopt("fix", "-v", "-", stdin=TEXT.encode()).err
    ran = dockopt("fix", "-v", "-", "--stdin-filename", "web/Dockerfile", stdin=TEXT.encode())
    assert "sees: .dockerignore Dockerfile app\n" in ran.err
    ran = dockopt("fix", "-v", "-", "--context", "web", stdin=TEXT.encode())
    assert "sees: .dockerignore Dockerfile app\n" in ran.err


@pytest.mark.usefixtures("project")
def test_it_says_why_there_is_none(dockopt: Dockopt) -> None:
    Path("compose.yaml").write_text("services: {web: {build: $WEB}}")
    Path(".git").mkdir()
    Path("app").write_text("")
    why = "service `web` of `compose.yaml` may build it, and what it says of the context cannot be read"
    ran = dockopt("fix", "-v", "web")
    assert f"sees: {why}\n" in ran.err
    assert f"web/Dockerfile: no build context: {why}\n" in ran.err


def test_a_closed_folder_is_no_error(dockopt: Dockopt, ordinary_user: Path) -> None:
    (ordinary_user / "Dockerfile").write_text(TEXT)
    (ordinary_user / "app").write_text("")
    (ordinary_user / "closed").mkdir(mode=0)
    ran = dockopt("fix", "-v", "Dockerfile")
    assert ran.code == 0
    assert "sees: `closed` in the build context cannot be read: Permission denied\n" in ran.err
    (ordinary_user / ".dockerignore").write_text("closed\n!closed/other\n")
    assert "sees: .dockerignore Dockerfile app\n" in dockopt("fix", "-v", "Dockerfile").err
    (ordinary_user / ".dockerignore").chmod(0)
    assert "sees: `.dockerignore` cannot be read: Permission denied\n" in dockopt("fix", "-v", "Dockerfile").err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--context", "absent"], "--context: there is no folder `absent`"),
        (["--context", ".", "--no-context"], "--context and --no-context exclude each other"),
    ],
)
def test_options_that_are_off(dockopt: Dockopt, options: list[str], message: str) -> None:
    ran = dockopt("fix", *options)
    assert (ran.code, ran.err) == (2, f"dockopt: {message}\n")
