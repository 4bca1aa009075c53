"""The survey counts what it says: applications of one stage, in the language that they are written in."""

from __future__ import annotations

from pathlib import Path

import pytest

from optimizer.engine import Result
from tests.survey.applications import applications
from tests.survey.looks import faults, look
from tests.survey.page import page, reason

NODE = 'FROM node:20\nWORKDIR /app\nCOPY . .\nRUN npm ci\nCMD ["node", "main.js"]\n'
MANIFEST = '{"dependencies": {"fastify": "4"}}'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three work trees: one that is parted, one that is refused, one that is no application of one stage."""
    write(tmp_path / "jane+shop", Dockerfile=NODE, package__json=MANIFEST, package_lock__json="{}", main__js="")
    write(
        tmp_path / "joe+api", Dockerfile="FROM python:3.12\nCOPY . /app\nRUN ./configure\nCMD python /app/a.py\n", a=""
    )
    write(tmp_path / "jim+many", Dockerfile=f"FROM debian AS a\n{NODE}", x__Dockerfile="FROM debian\nCMD x\n", y="FROM")
    return tmp_path


def write(top: Path, **files: str) -> None:
    top.mkdir()
    for name, text in files.items():
        (top / name.replace("__", ".").replace("_", "-")).write_text(text)


def test_applications_of_one_stage_are_found_with_their_language(folder: Path) -> None:
    found = [(one.repository, one.ecosystem) for one in applications(folder)]
    assert found == [("jane/shop", "node"), ("joe/api", "python")]


@pytest.mark.parametrize(
    ("text", "ecosystem"),
    [
        ("FROM alpine:3.22\nRUN apk add python3\nCMD python3 -m http.server\n", "python"),
        ("FROM debian:12\nRUN apt-get install -y build-essential\nCMD x\n", "c"),
        ("FROM debian:12\nRUN apt-get install -y curl\nCMD x\n", None),
        ("FROM golang:1.24\nRUN go build\n", None),
        ("FROM golang:1.24\nRUN go build -o /x\nENTRYPOINT /x\n", "go"),
        ("FROM node:20\nCMD x\nFROM node:20\nCMD x\n", None),
        ("FROM node:20\nRUN <<EOF\nCMD x\n", None),
    ],
)
def test_what_an_application_is_written_in(tmp_path: Path, text: str, ecosystem: str | None) -> None:
    write(tmp_path / "o+n", Dockerfile=text)
    assert [one.ecosystem for one in applications(tmp_path)] == ([ecosystem] if ecosystem else [])


def test_the_page_tells_what_became_of_each(folder: Path) -> None:
    looks = [look(one) for one in applications(folder)]
    assert [one.wrong for one in looks] == [{}, {}]
    text = page(looks)
    assert "2 applications of one stage in 2 public repositories" in text
    assert "1 converted (50% of those in which there is something to part), 1 refused, 0 with nothing to part" in text
    assert "| … may write anywhere | 1 | python 1 |" in text


def test_a_result_that_is_wrong_is_told() -> None:
    good, broken = Result("FROM a\n", "FROM b\n"), Result("FROM a\n", "FROM a\nRUN <<EOF\n")
    silent, loud = Result("FROM b\n", "FROM b\n"), Result("FROM b\n", "FROM b\n", ignores=("x",))
    assert faults(good, silent) == {}
    assert list(faults(good, loud)) == ["is changed by a second run"]
    assert list(faults(broken, silent)) == ["is no longer accepted"]


def test_reasons_of_a_kind_are_counted_together() -> None:
    one, other = "`make` may write anywhere; `[tool.dockopt.x] y`", "`a | b` may write anywhere"
    assert reason(one) == reason(other) == "… may write anywhere"
