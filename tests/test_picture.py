"""The terminal picture of the README is what a run shows, and asks nobody for anything."""

from __future__ import annotations

import re
from xml.etree import ElementTree

from tests.picture import PICTURE, drawn, picture

TEXT = "{http://www.w3.org/2000/svg}text"


def test_the_picture_is_fresh() -> None:
    assert PICTURE.read_text("utf-8") == picture(), "stale: run `make picture`"


def test_a_stale_picture_would_be_seen() -> None:
    assert drawn("another run", "dockopt") != PICTURE.read_text("utf-8")


def test_it_shows_a_diff_in_colour_with_its_reasons() -> None:
    lines = [element.text or "" for element in ElementTree.parse(PICTURE).iter(TEXT)]
    shown = " ".join(lines).replace("\xa0", " ")
    for part in (
        "$ dockopt fix",
        "3 changes found",
        "+COPY package.json package-lock.json ./",
        "-RUN npm install",
        "copy-manifests-first",
    ):
        assert part in shown, part
    assert len(set(re.findall(r"\.dockopt-r\d+ \{ fill: (#\w+)", PICTURE.read_text("utf-8")))) >= 4


def test_it_asks_nobody_for_anything() -> None:
    text = PICTURE.read_text("utf-8").replace('xmlns="http://www.w3.org/2000/svg"', "")
    assert "http" not in text
    assert "@font-face" not in text
    assert "url(#" in text
    assert not re.search(r"url\([^#]", text)
