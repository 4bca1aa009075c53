"""The page in a real Chromium: it does what it offers, nothing in it runs that is not ours, and anyone can use it.

`make browser` runs these; screenshots go to `$CI_ARTEFACTS`, or `tests/artefacts`.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.catalogue import ROOT

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif("DOCKOPT_BROWSER" not in os.environ, reason="needs Chromium: make browser"),
]

ARTEFACTS = Path(os.environ.get("CI_ARTEFACTS") or ROOT / "tests" / "artefacts")
WIDE, NARROW = {"width": 1280, "height": 900}, {"width": 400, "height": 800}
Open = Callable[..., Any]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """The browser of the system."""
    from playwright.sync_api import sync_playwright

    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    assert program is not None, "there is no Chromium; on Debian: apt-get install chromium"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def opened(chromium: Any) -> Iterator[Open]:
    """Opens pages; fails at the end if one asked for anything, told the console anything, or ran what is not ours."""
    contexts, seen = [], []

    def open_(path: Path, *, anchor: str = "", strict: bool = True, **options: Any) -> Any:
        context = chromium.new_context(**{"viewport": WIDE, **options})
        contexts.append(context)
        page = context.new_page()
        if strict:
            page.on("console", lambda message: seen.append(f"console: {message.text}"))
            page.on("pageerror", lambda error: seen.append(f"error: {error}"))
            page.on("dialog", lambda dialog: seen.append(f"dialog: {dialog.message}"))
            page.on("request", lambda asked: asked.url != path.as_uri() and seen.append(f"request: {asked.url}"))
        page.goto(path.as_uri() + anchor)
        return page

    yield open_
    for context in contexts:
        ran = [page.evaluate("typeof window.hacked") for page in context.pages]
        seen += [f"hacked: {kind}" for kind in ran if kind != "undefined"]
        context.close()
    assert seen == []


def shown(page: Any) -> list[str]:
    """The paths in the table that can be seen."""
    script = "rows => rows.filter((row) => row.offsetParent !== null).map((row) => row.cells[0].innerText.trim())"
    found: list[str] = page.eval_on_selector_all("#table > tbody > tr:not(.detail)", script)
    return found


def picture(page: Any, name: str, *, full: bool = False) -> None:
    """Keeps a screenshot."""
    ARTEFACTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=ARTEFACTS / f"report-{name}.png", full_page=full)


def test_filters(opened: Open, tame: Path) -> None:
    page = opened(tame)
    everything = len(shown(page))
    assert page.locator("#shown").inner_text() == f"{everything} files"
    page.fill("#find", "MANY 03")
    assert shown(page) == ["many/service-03/Dockerfile"]
    assert page.locator("#shown").inner_text() == f"1 of {everything} files"
    page.fill("#find", "no such path")
    assert shown(page) == []
    assert page.locator("#nothing").is_visible()
    page.fill("#find", "")
    page.select_option("#state", "left")
    assert shown(page) == ["broken/Dockerfile", "template/Dockerfile"]
    page.select_option("#state", "")
    page.select_option("#transform", "copy-manifests-first")
    assert shown(page) == ["shop/Dockerfile"]


def test_sorting(opened: Open, tame: Path) -> None:
    page = opened(tame)
    as_found = shown(page)
    head = page.locator("#table").get_by_role("columnheader", name="Changes")
    assert head.get_attribute("aria-sort") is None
    head.get_by_role("button").click()
    assert head.get_attribute("aria-sort") == "descending"
    assert page.locator("th[aria-sort]").count() == 1
    numbers = [int(text or 0) for text in page.locator("#table > tbody > tr > td:nth-child(3)").all_inner_texts()]
    assert numbers == sorted(numbers, reverse=True)
    assert numbers[0] > 0
    head.get_by_role("button").click()
    assert head.get_attribute("aria-sort") == "ascending"
    page.locator("#table").get_by_role("columnheader", name="File").get_by_role("button").click()
    assert shown(page) == as_found
    page.locator("#table").get_by_role("columnheader", name="Rebuild").get_by_role("button").click()
    assert shown(page)[0] == "shop/Dockerfile"


def test_files_fold(opened: Open, tame: Path) -> None:
    page = opened(tame)
    link = page.get_by_role("link", name="shop/Dockerfile").last
    assert link.get_attribute("aria-expanded") == "false"
    assert page.locator(".diff").count() == 0
    link.click()
    assert link.get_attribute("aria-expanded") == "true"
    assert page.locator(".diff").is_visible()
    assert page.locator(".detail svg").count() == 2
    picture(page, "opened")
    page.locator("#table").get_by_role("columnheader", name="Waiting").get_by_role("button").click()
    row = page.locator("tr", has=page.locator("th > a[aria-expanded=true]"))
    assert row.evaluate("row => row.nextElementSibling.className") == "detail"
    page.fill("#find", "apt")
    assert not page.locator(".diff").is_visible()
    page.fill("#find", "")
    link.click()
    assert page.locator(".diff").count() == 0
    page.get_by_role("button", name="Open all").click()
    assert page.locator(".diff").count() > 8
    page.get_by_role("button", name="Fold all").click()
    assert page.locator(".diff").count() == 0


def test_an_address_opens_its_file(opened: Open, tame: Path) -> None:
    page = opened(tame)
    there = page.get_by_role("link", name="shop/Dockerfile").last.get_attribute("href")
    page = opened(tame, anchor=there)
    assert page.locator(".diff").is_visible()
    row = page.locator("#table").get_by_role("link", name="shop/Dockerfile").bounding_box()
    assert 0 <= row["y"] < WIDE["height"]
    page.fill("#find", "apt")
    page.get_by_role("link", name="shop/Dockerfile").first.click()
    assert page.locator(".diff").is_visible()


def test_the_keyboard_is_enough(opened: Open, tame: Path) -> None:
    page = opened(tame)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.name") == "theme"
    page.keyboard.press("ArrowRight")
    assert page.evaluate("document.activeElement.value") == "light"
    page.focus("#find")
    page.keyboard.type("shop")
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.closest('tbody') !== null"):
            break
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert (page.evaluate("document.activeElement.textContent"), outline) == ("shop/Dockerfile", "solid")
    page.keyboard.press("Enter")
    assert page.locator(".diff").is_visible()
    page.keyboard.press("Enter")
    assert page.locator(".diff").count() == 0


def test_the_theme_follows_the_system_and_the_switch(opened: Open, tame: Path) -> None:
    background = "getComputedStyle(document.body).backgroundColor"
    light, dark = opened(tame), opened(tame, color_scheme="dark")
    bright, dim = light.evaluate(background), dark.evaluate(background)
    assert bright != dim
    light.get_by_text("Dark", exact=True).click()
    assert light.evaluate(background) == dim
    light.reload()
    assert light.evaluate(background) == dim
    light.get_by_text("Auto", exact=True).click()
    assert light.evaluate(background) == bright


@pytest.mark.parametrize("name", ["tame", "single", "attacked"])
def test_without_scripts_it_is_a_plain_document(name: str, opened: Open, request: pytest.FixtureRequest) -> None:
    page = opened(request.getfixturevalue(name), java_script_enabled=False)
    assert page.locator(".diff").first.is_visible()
    assert not page.locator("#filters").is_visible()
    assert page.locator(".diff").count() == page.content().count('<table class="diff')


def test_hostile_names_and_contents_do_nothing(opened: Open, attacked: Path) -> None:
    page = opened(attacked, color_scheme="dark")
    page.get_by_role("button", name="Open all").click()
    assert page.locator("script").count() == 1
    assert page.locator("img, iframe, svg[onload], [onerror]").count() == 0
    assert page.evaluate("[...document.links].every((link) => link.getAttribute('href').startsWith('#'))")
    assert page.locator(".diff").count() > 5
    page.wait_for_timeout(200)
    picture(page, "hostile", full=True)
    for link in page.locator("#table th > a").all()[:4]:
        link.click()


def test_the_policy_stops_what_would_get_in(opened: Open, tame: Path, tmp_path: Path) -> None:
    attack = (
        "<script>window.hacked=1</script><img src=x onerror=window.hacked=1><svg onload=window.hacked=1></svg>"
        '<a id="lure" href="javascript:void(window.hacked=1)">x</a><style>body{display:none}</style>'
        '<base href="https://example.com/"><form id="form" action="https://example.com"></form>'
    )
    broken = tmp_path / "broken.html"
    text = tame.read_text("utf-8")
    broken.write_text(text.replace("</main>", f"{attack}</main>"), "utf-8")
    page = opened(broken, strict=False)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.click("#lure")
    page.evaluate("document.getElementById('form').submit()")
    page.wait_for_timeout(200)
    assert page.locator("body").is_visible()
    assert page.evaluate("typeof window.hacked") == "undefined"
    assert page.url == broken.as_uri() or page.url.startswith(broken.as_uri())
    assert asked == []
    assert (
        page.evaluate("(() => { try { document.body.innerHTML = 'x'; return 'set' } catch { return 'stopped' } })()")
        == "stopped"
    )
    without = tmp_path / "without.html"
    without.write_text(text.replace("Content-Security-Policy", "X").replace("</main>", f"{attack}</main>"), "utf-8")
    open_door = opened(without, strict=False)
    assert open_door.evaluate("window.hacked") == 1
    open_door.close()


@pytest.mark.parametrize(
    ("name", "scheme", "viewport"),
    [("trending", "light", WIDE), ("trending", "dark", NARROW), ("single", "dark", WIDE), ("attacked", "light", WIDE)],
)
def test_anyone_can_use_it(
    name: str, scheme: str, viewport: dict[str, int], opened: Open, request: pytest.FixtureRequest
) -> None:
    import axe_playwright_python

    rules = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text("utf-8")
    page = opened(request.getfixturevalue(name), color_scheme=scheme, viewport=viewport)
    for link in page.locator("#table th > a").all()[:4]:
        link.click()
    page.evaluate(rules)
    found = page.evaluate("axe.run()")
    told = [(rule["id"], rule["impact"], rule["help"], rule["nodes"][0]["html"][:200]) for rule in found["violations"]]
    assert told == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_motion_stops_where_people_wish_so(opened: Open, tame: Path) -> None:
    moves = "getComputedStyle(document.querySelector('#table th a'), '::before').transitionDuration"
    assert opened(tame).evaluate(moves) != "0s"
    assert opened(tame, reduced_motion="reduce").evaluate(moves) == "0s"


def test_narrow_screens_show_one_column(opened: Open, tame: Path) -> None:
    page = opened(tame, viewport=NARROW)
    page.get_by_role("link", name="apt/Dockerfile").first.click()
    cells = page.locator(".diff .changed td").all()
    lefts = {round(cell.bounding_box()["x"]) for cell in cells if cell.is_visible()}
    assert len(lefts) == 1
    assert not page.locator(".diff .same td:nth-child(2)").first.is_visible()
    picture(page, "narrow", full=True)


def test_a_large_table_is_shown_step_by_step(opened: Open, tame: Path, tmp_path: Path) -> None:
    from datetime import UTC, datetime

    from msgspec.structs import replace

    from optimizer.report import Entry, Report
    from optimizer.report.lines import Kind, Note
    from optimizer.report.model import State
    from optimizer.report.page import page as pieces

    one = Entry("", False, State.CHANGES, (Note(Kind.CHANGE, 1, "t", "w"),))
    entries = tuple(replace(one, path=f"team-{number // 100}/service-{number}/Dockerfile") for number in range(10_000))
    large = tmp_path / "large.html"
    large.write_text("".join(pieces(Report("large", datetime.now(UTC), "0", entries))), "utf-8")
    page = opened(large)
    assert len(shown(page)) == 200
    page.get_by_role("button", name="Show 200 more of 9,800").click()
    assert len(shown(page)) == 400
    page.fill("#find", "service-9999")
    assert shown(page) == ["team-99/service-9999/Dockerfile"]
    page.fill("#find", "")
    spent = page.evaluate(
        "() => { const at = performance.now(); document.querySelectorAll('#table thead button')[2].click();"
        " document.body.offsetHeight; return performance.now() - at }"
    )
    assert spent < 15_000  # 0.5 s on an idle machine; it was 23 s when each row that moved was laid out


def test_pictures_are_kept(opened: Open, tame: Path, trending: Path, single: Path) -> None:
    for name, path in (("light", trending), ("one-file", single)):
        picture(opened(path), name, full=True)
    picture(opened(tame, color_scheme="dark"), "dark", full=True)
    assert len(list(ARTEFACTS.glob("report-*.png"))) >= 3
