"""Reports that are made once for all tests, by the command."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from optimizer.cli.report import ReportOptions, report_all
from tests.report import hostile

Made = Callable[..., Path]


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """Makes the page of some paths in a folder, and the JSON beside it; says where the page is."""

    def make(folder: Path, *paths: str, history: tuple[Path, ...] = (), unsafe: bool = False) -> Path:
        page = tmp_path_factory.mktemp("page") / "report.html"
        here = Path.cwd()
        os.chdir(folder)
        try:
            report_all(paths or (".",), ReportOptions(page, page.with_suffix(".json"), history, unsafe=unsafe))
        finally:
            os.chdir(here)
        return page

    return make


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tame folder."""
    return hostile.tame(tmp_path_factory.mktemp("shop"))


@pytest.fixture(scope="session")
def tame(made: Made, shop: Path) -> Path:
    """The page of all its files."""
    return made(shop)


@pytest.fixture(scope="session")
def trending(made: Made, shop: Path, tame: Path) -> Path:
    """The same with the trend from two earlier reports."""
    text = tame.with_suffix(".json").read_text()
    for day, changes in ((1, 40), (2, 30)):
        old = tame.with_name(f"old{day}.json")
        made_at = text.index('"made": "') + len('"made": "')
        old.write_text(
            f"{text[:made_at]}2026-01-0{day}{text[made_at + 10 :]}".replace('"changes": 2', f'"changes": {changes}', 1)
        )
    return made(shop, history=(tame.with_name("old1.json"), tame.with_name("old2.json")))


@pytest.fixture(scope="session")
def single(made: Made, shop: Path) -> Path:
    """The page of one file."""
    return made(shop, "shop/Dockerfile")


@pytest.fixture(scope="session")
def attacked(made: Made, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of the hostile folder."""
    return made(hostile.hostile(tmp_path_factory.mktemp("hostile<b>\u202e")), unsafe=True)
