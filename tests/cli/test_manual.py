"""The manual page is printed from the parser, and groff takes it."""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest
import typer

from optimizer.cli.app import app
from optimizer.cli.manual import _text
from tests.cli.conftest import Dockopt


@pytest.fixture
def rendered(dockopt: Dockopt) -> str:
    """The page as a reader sees it; skips where there is no groff."""
    groff = shutil.which("groff")
    if groff is None:
        pytest.skip("there is no groff here")
    done = subprocess.run(
        [groff, "-man", "-ww", "-Tascii", "-P-c", "-P-b", "-P-u", "-rLL=200n"],
        input=dockopt("man").raw, capture_output=True, check=True,
    )  # fmt: skip
    assert done.stderr == b""
    return done.stdout.decode()


def test_it_tells_every_command_and_option(rendered: str) -> None:
    for name, command in typer.main.get_group(app).commands.items():
        assert f"dockopt {name}" in rendered
        for parameter in command.params:
            if parameter.opts[0].startswith("--"):
                assert re.search(rf"(?m)^ +{re.escape(parameter.opts[0])}\b", rendered), parameter.opts
    assert "Exit codes: 0 nothing pending" in rendered
    assert "# dockopt: ignore=ID" in rendered


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (".dockerignore counts", r"\&.dockerignore counts"),
        ("'x' and `y-z`", r"\&\(aqx\(aq and \fBy\-z\fR"),
        ("a\\b\n  c…", r"a\eb c\[u2026]"),
    ],
)
def test_no_text_is_taken_for_a_request(text: str, said: str) -> None:
    assert _text(text) == said
