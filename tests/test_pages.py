"""The pages on CI and pull requests name only commands, options and formats that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from ruamel.yaml import YAML
from typer.main import get_command

from optimizer.cli.app import app
from optimizer.cli.formats import FORMATS
from optimizer.cli.review import FORMATS as OF_REVIEWS
from tests.catalogue import ROOT

PAGES = [ROOT / "optimizer" / "docs" / name for name in ("ci.md", "pull-requests.md")]
_CALL = re.compile(r"\bdockopt (fix|review)((?: [^|`#\n]+)?)")


def complaints(text: str) -> list[str]:
    """What the page names and the program does not know."""
    commands = getattr(get_command(app), "commands")  # noqa: B009
    found = []
    for command, words in _CALL.findall(text):
        options = {name for parameter in commands[command].params for name in parameter.opts}
        formats = FORMATS if command == "fix" else OF_REVIEWS
        found += [word for word in re.findall(r"--[a-z-]+", words) if word not in options]
        found += [word for word in re.findall(r"--format (\w+)", words) if word not in formats]
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_names_what_exists(page: Path) -> None:
    text = page.read_text("utf-8")
    assert _CALL.findall(text)
    assert complaints(text) == []


@pytest.mark.parametrize("text", ["dockopt fix --chekc", "dockopt review --format sarif", "dockopt fix --base x"])
def test_a_wrong_name_is_seen(text: str) -> None:
    assert complaints(text)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_workflows_of_a_page_are_yaml(page: Path) -> None:
    blocks = re.findall(r"^```yaml\n(.*?)^```$", page.read_text("utf-8"), re.M | re.S)
    assert len(blocks) == 2
    assert all(isinstance(YAML(typ="safe").load(block), dict) for block in blocks)


def test_every_format_is_told_of() -> None:
    for page, formats in zip(PAGES, (FORMATS, OF_REVIEWS), strict=True):
        assert all(f"`{name}`" in page.read_text("utf-8") for name in formats)
