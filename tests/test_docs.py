"""The documents are true: what is printed from the code is fresh, and the README's commands exist."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tests.catalogue import ROOT, pages
from transforms import PIPELINE


def tracked() -> list[Path]:
    done = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True)
    return [ROOT / name for name in done.stdout.decode().split("\0") if name and (ROOT / name).is_file()]


@pytest.mark.parametrize("page", sorted(pages()), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_printed_page_is_fresh(page: Path) -> None:
    assert page.read_text("utf-8") == pages()[page], "stale: run `make docs`"


def test_a_stale_page_would_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    import tests.catalogue as catalogue

    monkeypatch.setattr(catalogue, "PIPELINE", PIPELINE[:-1])
    assert any(path.read_text("utf-8") != text for path, text in pages().items())


def test_the_map_is_short_and_names_every_module() -> None:
    text = (ROOT / "optimizer" / "ARCHITECTURE.md").read_text("utf-8")
    assert text.count("\n") <= 150
    for path in sorted((ROOT / "optimizer").glob("*")):
        if path.suffix == ".py" and path.name != "__init__.py":
            assert path.name in text, path.name
        elif path.is_dir() and path.name != "__pycache__":
            assert f"{path.name}/" in text, path.name


def test_the_readme_names_commands_that_exist() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    for target in re.findall(r"`make ([a-z0-9-]+)", (ROOT / "README.md").read_text("utf-8")):
        assert re.search(rf"(?m)^{target}:", makefile), target


def test_no_file_names_a_registry_host() -> None:
    names = [("pypi", "org"), ("pythonhosted", "org"), ("deb.debian", "org"), ("registry.npmjs", "org")]
    hosts = re.compile("|".join(re.escape(f"{name}.{end}") for name, end in names))
    named = [path for path in tracked() if hosts.search(path.read_text("utf-8", "replace"))]
    assert named == []


def test_no_file_holds_a_path_of_one_machine() -> None:
    machine = re.compile(r"(?<![\w./$}-])/(?:" + "work|" + r"farm)/")
    named = [path for path in tracked() if machine.search(path.read_text("utf-8", "replace"))]
    assert named == []


@pytest.mark.parametrize("page", sorted(pages()), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_link_leads_to_a_file(page: Path) -> None:
    links = re.findall(r"\]\((?!https?:|#)([^)#\s]+)", page.read_text("utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []
