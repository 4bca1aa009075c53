"""The page without a browser: it is one sound document, asks nobody for anything, and holds texts as texts."""

from __future__ import annotations

import re
from base64 import b64encode
from hashlib import sha256
from itertools import pairwise
from pathlib import Path

import pytest

from optimizer.report.page import code, duration, policy, said, short, size
from optimizer.report.visible import visible
from tests.report import hostile
from tests.report.document import Element, read

PAGES = ["tame", "trending", "single", "attacked"]


@pytest.fixture
def page(request: pytest.FixtureRequest) -> Path:
    found = request.getfixturevalue(request.param)
    assert isinstance(found, Path)
    return found


@pytest.mark.parametrize("page", PAGES, indirect=True)
def test_each_page_is_a_sound_document(page: Path) -> None:
    document = read(page)
    assert page.read_text("utf-8").startswith("<!doctype html>")
    assert document.one("html").attributes["lang"] == "en"
    assert document.one("head").one("title").text.endswith("· dockopt")
    ids = [element.attributes["id"] for element in document.all() if "id" in element.attributes]
    assert len(ids) == len(set(ids))
    for element in document.all():
        for name in ("aria-labelledby", "aria-controls", "for"):
            if name in element.attributes:
                assert element.attributes[name] in ids
        if (element.attributes.get("href") or "").startswith("#"):
            assert (element.attributes["href"] or "")[1:] in ids


@pytest.mark.parametrize("page", PAGES, indirect=True)
def test_headings_and_landmarks_lead_through_it(page: Path) -> None:
    document = read(page)
    assert len(document.all("main")) == len(document.all("h1")) == 1
    assert document.all("header", class_="top") and document.all("footer")
    levels = [int(element.name[1]) for element in document.all() if re.fullmatch("h[1-6]", element.name)]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    for table in document.all("table"):
        assert table.all("caption") and table.all("th")
    for drawing in document.all("svg"):
        assert drawing.attributes.get("aria-hidden") == "true" or drawing.attributes.get("aria-label")


@pytest.mark.parametrize("page", PAGES, indirect=True)
def test_it_asks_nobody_for_anything(page: Path) -> None:
    document = read(page)
    asking = {"src", "srcset", "action", "data", "poster", "background", "ping", "formaction", "xlink:href"}
    for element in document.all():
        assert not asking & element.attributes.keys(), element.name
        assert (element.attributes.get("href") or "#").startswith("#")
        assert element.name not in ("link", "base", "iframe", "object", "embed", "img", "image", "use", "foreignobject")
        assert not [name for name in element.attributes if name.startswith("on") or name == "style"]
    style = document.one("style").text
    assert "url(" not in style
    assert "@import" not in style
    assert not re.search(r"https?://|fetch\(|XMLHttp|import\(|innerHTML", document.one("script").text)


@pytest.mark.parametrize("page", PAGES, indirect=True)
def test_the_browser_may_run_what_is_in_the_package_and_nothing_else(page: Path) -> None:
    document = read(page)
    rules = dict(
        rule.split(" ", 1)
        for rule in (
            document.one("meta", **{"http-equiv": "Content-Security-Policy"}).attributes["content"] or ""
        ).split("; ")
    )
    assert rules["default-src"] == "'none'"
    for kind, element in (("style-src", "style"), ("script-src", "script")):
        told = b64encode(sha256(document.one(element).text.encode()).digest()).decode()
        assert rules[kind] == f"'sha256-{told}'"
    before = page.read_text("utf-8").split("Content-Security-Policy")[0]
    assert "<style" not in before
    assert "<script" not in before


def test_the_policy_changes_with_what_it_allows() -> None:
    assert policy("a", "b") != policy("a", "c") != policy("d", "b")


def test_names_and_contents_are_texts(attacked: Path) -> None:
    document = read(attacked)
    assert len(document.all("script")) == len(document.all("style")) == 1
    names = [element.text for element in document.one("table", id="table").all("bdi")]
    for name in hostile.NAMES:
        assert visible(name) in names
    assert "\\xff\\xfe.Dockerfile" in names
    lines = {element.text for element in document.all("td") if "data-n" in element.attributes}
    for line in hostile.TEXT.replace("\ud7ff", "").splitlines():
        if "install" not in line:
            assert visible(line) in lines


def test_what_is_odd_is_written_out(attacked: Path) -> None:
    text = attacked.read_text("utf-8")
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u200b-\u200f]", text)
    odd = {element.text: element.attributes["title"] for element in read(attacked).all("span", class_="odd")}
    assert odd["\\u202e"] == "right-to-left override"
    assert odd["\\x1b"] == "u+001b"


def test_the_template_of_a_name_is_not_filled_in(attacked: Path) -> None:
    assert "49" not in {element.text for element in read(attacked).all("bdi")}
    assert "{{ 7 * 7 }}{% raw %}.Dockerfile" in attacked.read_text("utf-8")


def rows(document: Element) -> dict[str, Element]:
    """The rows of the table by their paths."""
    return {row.all("th")[0].text: row for row in document.one("table", id="table").all("tr")[1:]}


def test_the_table_says_what_became_of_each_file(tame: Path) -> None:
    found = rows(read(tame))
    states = {path: row.one("span", class_="state").text for path, row in found.items()}
    assert states["shop/Dockerfile"] == "would change"
    assert states["clean/Dockerfile"] == "nothing to do"
    assert states["broken/Dockerfile"] == states["template/Dockerfile"] == "left as it is"
    assert states["off/Dockerfile"] == "failed"
    assert ".github/workflows/build.yml" in states
    cells = [cell.text.strip() for cell in found["shop/Dockerfile"].all("td")]
    assert cells[1] == "2"
    assert re.fullmatch(r"\d+\.\d s → \d+\.\d s", cells[-1])


def article(document: Element, path: str) -> Element:
    """What is said of one file."""
    (found,) = [each for each in document.all("article") if each.one("h3").text == path]
    return found


def test_a_file_shows_its_lines_with_the_reasons_above_them(tame: Path) -> None:
    found = article(read(tame), "apt/Dockerfile")
    told = []
    for row in found.one("table").all("tr")[1:]:
        cells = row.all("td")
        told.append(cells[0].text.strip() if "colspan" in cells[0].attributes else tuple(cell.text for cell in cells))
    joined = next(
        at for at, row in enumerate(told) if isinstance(row, str) and row.startswith("merge-update-into-install")
    )
    assert "line 2" in told[joined]
    assert (
        "RUN apt-get update",
        "RUN apt-get update && apt-get install -y curl && rm -rf /var/lib/apt/lists/*",
    ) in told[joined:]


def test_failures_are_told_plainly(tame: Path) -> None:
    document = read(tame)
    assert "unknown instruction `IMPORT`" not in article(document, "broken/Dockerfile").text
    assert "unknown instruction IMPORT; left as it is" in article(document, "broken/Dockerfile").text
    assert "no-such-thing" in article(document, "off/Dockerfile").text
    assert "template" in article(document, "template/Dockerfile").text


def steps(drawing: Element) -> list[str | None]:
    """What becomes of the steps in a drawing."""
    return [each.attributes["class"] for each in drawing.one("g", class_="stage").all("g")]


def test_the_graph_says_what_runs_again_before_and_after(tame: Path) -> None:
    found = article(read(tame), "shop/Dockerfile")
    before, after = found.all("figure")
    assert steps(before) == ["hit", "runs", "runs"]
    assert steps(after) == ["hit", "hit", "hit", "runs"]
    assert "After a change of src/a.js, as of any of 2 files: 2 of 3 steps run again" in " ".join(found.text.split())


def test_the_trend_comes_from_earlier_reports(trending: Path, tame: Path) -> None:
    document = read(trending)
    table = next(each for each in document.all("table") if "Earlier" in each.one("caption").text)
    days = [row.all("th")[0].text[:10] for row in table.all("tr")[1:]]
    assert days[:2] == ["2026-01-01", "2026-01-02"]
    assert len(days) == 3
    assert not [each for each in read(tame).all("h2") if each.text == "Trend"]


def test_one_file_needs_no_table_and_no_script(single: Path) -> None:
    document = read(single)
    assert not document.all("table", id="table")
    assert not document.all("noscript")
    assert document.one("article").all("table", class_="diff")


def test_figures_read_as_a_person_says_them() -> None:
    assert [size(number) for number in (1, 45_000, 3_210_000, 4_842_000_000)] == ["1 kB", "45 kB", "3.2 MB", "4.8 GB"]
    assert [duration(each) for each in (0.25, 99.9, 133, 1800, 7500)] == [
        "0.2 s",
        "99.9 s",
        "2 min 13 s",
        "30 min",
        "2 h 5 min",
    ]
    assert short(133) == "133 s"


def test_a_sentence_shows_what_it_quotes_as_code() -> None:
    assert str(said("`a<b` is `c")) == "<code>a&lt;b</code> is `c"
    assert str(code("a\u202e<")) == 'a<span class="odd" title="right-to-left override">\\u202e</span>&lt;'
