"""The tables of bases: what they say of tags, and estimates with their basis."""

from __future__ import annotations

from datetime import date

import pytest

from optimizer.facts.estimates import of_bases, of_packages
from optimizer.knowledge.variants import products, variants


@pytest.mark.parametrize(
    ("image", "tag", "end"),
    [
        ("python", "3.9.1-slim", date(2025, 10, 31)),
        ("python", "3.10", date(2026, 10, 31)),
        ("debian", "buster-slim", date(2024, 6, 30)),
        ("debian", "12.5", date(2028, 6, 30)),
        ("node", "16-alpine3.18", date(2023, 9, 11)),
        ("openjdk", "17", date(2022, 7, 1)),
    ],
)
def test_a_tag_tells_its_last_day(image: str, tag: str, end: date) -> None:
    found = products()[image].end(tag)
    assert found is not None and found[1] == end


@pytest.mark.parametrize("tag", ["", "latest", "lts", "3", "nightly", "1000"])
def test_a_tag_that_moves_has_no_last_day(tag: str) -> None:
    assert products()["python"].end(tag) is None


def test_what_slim_lacks_is_what_the_rows_of_the_full_image_hold() -> None:
    table = variants()
    assert table.lost("python", "git") == "git"
    assert table.lost("python", "update-ca-certificates") is None
    assert table.lost("node", "update-ca-certificates") == "ca-certificates"
    assert table.lost("debian", "git") is None
    assert not table.none & table.families.keys()


def test_every_list_of_sizes_has_a_figure_for_each_suite() -> None:
    table = variants()
    lists = [one.kib for one in (*table.packages.values(), *table.sizes)]
    assert all(len(kib) == len(table.suites) for kib in lists)


def test_an_estimate_says_from_what_it_was_computed() -> None:
    estimate = of_bases("python:3.12-bookworm", "python:3.12-slim-bookworm")
    assert estimate is not None and estimate.bytes // 1024**2 == 719
    assert estimate.basis == "Installed-Size of Debian's packages, 2026-11-24"


def test_packages_that_come_lessen_an_estimate() -> None:
    one = of_bases("node:20-bookworm", "node:20-bookworm-slim")
    other = of_bases("node:20-bookworm", "node:20-bookworm-slim", ["git"])
    assert one is not None and other is not None
    assert one.bytes - other.bytes == of_packages(["git"])[0] * 1024


@pytest.mark.parametrize(
    ("before", "after"),
    [(None, "scratch"), ("example.org/base", "scratch"), ("python:3.12-slim", "python:3.12"), ("php:8-fpm", "scratch")],
)
def test_no_estimate_where_no_row_tells_or_nothing_is_gained(before: str | None, after: str) -> None:
    assert of_bases(before, after) is None
