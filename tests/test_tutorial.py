"""The tutorial on writing a transform is followed to the letter, in a copy of the repository."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from doctest import ELLIPSIS, OutputChecker
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.catalogue import ROOT

PAGE = ROOT / "optimizer" / "docs" / "writing-a-transform.md"
_BLOCK = re.compile(r"^```(python|console)\n(.*?)^```$", re.M | re.S)


class Block(NamedTuple):
    """A fenced block of the page."""

    language: str
    text: str


@pytest.fixture(scope="module")
def blocks() -> list[Block]:
    return [Block(*found) for found in _BLOCK.findall(PAGE.read_text("utf-8"))]


@pytest.fixture
def repository(tmp_path: Path, blocks: list[Block]) -> Path:
    """A copy with the file and the lines of the first three blocks."""
    for name in ("optimizer", "transforms", "tests", "pyproject.toml"):
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__", "e2e"))
        else:
            shutil.copy(source, tmp_path)
    file, imported, entry = (block.text for block in blocks[:3])
    (tmp_path / "transforms" / "keyword_case.py").write_text(file, "utf-8")
    package = tmp_path / "transforms" / "__init__.py"
    ours, neighbour = entry.splitlines(keepends=True)
    text = package.read_text("utf-8")
    assert neighbour in text
    text = text.replace(neighbour, ours + neighbour).replace(
        "from transforms.last", f"{imported}from transforms.last", 1
    )
    package.write_text(text, "utf-8")
    return tmp_path


def shown(command: str, repository: Path) -> str:
    """What a command of the page prints, on either stream; `dockopt` and `pytest` are those of this Python."""
    python = shlex.quote(sys.executable)
    for name, module in (("dockopt", "optimizer.cli"), ("pytest", "pytest")):
        started = (
            f'{python} -c "from optimizer.cli import main; main()"' if name == "dockopt" else f"{python} -m {module}"
        )
        command = re.sub(rf"(^|\| ){name} ", lambda match, started=started: f"{match[1]}{started} ", command)
    environment = {**os.environ, "PYTHONPATH": str(repository), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        ["bash", "-c", command], cwd=repository, env=environment, capture_output=True, text=True, check=False
    )
    return done.stdout + done.stderr


def agrees(expected: str, printed: str) -> bool:
    return OutputChecker().check_output(expected, printed, ELLIPSIS)


def test_each_command_prints_what_the_page_says(repository: Path, blocks: list[Block]) -> None:
    file = repository / "transforms" / "keyword_case.py"
    commands = 0
    for block in blocks[3:]:
        if block.language == "python":
            # The slip: it takes the place of the line that it resembles.
            head = block.text.partition("{keyword:")[0]
            lines = file.read_text("utf-8").splitlines(keepends=True)
            assert sum(line.startswith(head) for line in lines) == 1
            file.write_text("".join(block.text if line.startswith(head) else line for line in lines), "utf-8")
            continue
        first, _, expected = block.text.partition("\n")
        printed = shown(first.removeprefix("$ "), repository)
        assert agrees(expected, printed), f"{first}\n{printed}"
        commands += 1
    assert commands == 3


def test_another_output_would_be_seen() -> None:
    assert not agrees("1 change found in 1 of 1 file\n", "2 changes found in 1 of 1 file\n")
