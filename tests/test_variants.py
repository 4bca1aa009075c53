"""The tables of bases: what they say of tags, and estimates with their basis."""

from __future__ import annotations

from datetime import date

import pytest

from optimizer.engine import optimize
from optimizer.facts import Facts
from optimizer.facts.estimates import of_bases, of_packages
from optimizer.facts.variants import Slim, slim_of
from optimizer.knowledge.variants import products, variants
from optimizer.syntax.nodes import Instruction
from tests.test_checks import lying, replaced


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


@pytest.mark.parametrize(
    ("reference", "slim"),
    [
        ("python:3.12", "python:3.12-slim"),
        ("python:3.12.4-bookworm", "python:3.12.4-slim-bookworm"),
        ("docker.io/library/node:20-bookworm", "docker.io/library/node:20-bookworm-slim"),
        ("node:20.11.1", "node:20.11.1-slim"),
        ("ruby:3.3-bookworm", "ruby:3.3-slim-bookworm"),
        ("debian:bookworm", "debian:bookworm-slim"),
    ],
)
def test_the_slim_variant_has_the_same_version_and_release(reference: str, slim: str) -> None:
    found = slim_of(reference)
    assert isinstance(found, Slim) and found.reference == slim


@pytest.mark.parametrize(
    "reference",
    [
        "python:3.12-slim",
        "python:3.12-alpine",
        "python:3.99",
        "python:3.12-windowsservercore",
        "example.org/python:3.12",
    ],
)
def test_no_variant_is_made_up(reference: str) -> None:
    assert not isinstance(slim_of(reference), Slim)


@pytest.mark.parametrize(
    ("reference", "why"), [("golang:1.26", "no slim variant"), ("python", "pin-base"), ("python@sha256:0", "digest")]
)
def test_it_is_said_why_there_is_no_variant(reference: str, why: str) -> None:
    found = slim_of(reference)
    assert isinstance(found, str) and why in found


FILE = """\
FROM python:3.12-bookworm
WORKDIR /app
COPY . .
RUN pip install flask && git clone https://example.org/data
HEALTHCHECK CMD curl -f http://localhost/
CMD ["python", "app.py"]
"""
INSTALL = "RUN apt-get update && apt-get install -y --no-install-recommends curl git && rm -rf /var/lib/apt/lists/*\n"
HEAD = "FROM python:3.12-bookworm\n"
SLIM = "FROM python:3.12-slim-bookworm\n"
LIES = {
    "another version": (HEAD, "FROM python:3.13-slim-bookworm\n" + INSTALL, "no variant of"),
    "another release": (HEAD, "FROM python:3.12-slim-trixie\n" + INSTALL, "no variant of"),
    "no release": (HEAD, "FROM python:3.12-slim\n" + INSTALL, "no variant of"),
    "musl": (HEAD, "FROM python:3.12-alpine\n" + INSTALL, "no variant of"),
    "another image": (HEAD, "FROM pypy:3.12-slim-bookworm\n" + INSTALL, "no variant of"),
    "another registry": (HEAD, "FROM example.org/python:3.12-slim-bookworm\n" + INSTALL, "no variant of"),
    "a package is missing": (HEAD, SLIM + INSTALL.replace(" git", ""), "`git` is called"),
    "the tool of a health check is missing": (HEAD, SLIM + INSTALL.replace("curl ", ""), "`curl` is called"),
    "no package comes": (HEAD, SLIM, "is called"),
    "a package that the full image has not": (HEAD, SLIM + INSTALL.replace("git", "git nmap"), "not only an install"),
    "another command in the install": (
        HEAD,
        SLIM + INSTALL.replace("RUN ", "RUN rm -rf /etc/ssl && "),
        "not only an install",
    ),
    "a name for the stage": (HEAD, SLIM.replace("\n", " AS app\n") + INSTALL, "stages would change"),
    "another platform": (HEAD, SLIM.replace("FROM", "FROM --platform=linux/arm64") + INSTALL, "stages would change"),
    "an instruction without a new base": ("WORKDIR /app\n", "WORKDIR /srv\n", "the base of which stays"),
}


@pytest.mark.parametrize("case", LIES)
def test_a_lie_about_a_base_is_caught(case: str) -> None:
    old, new, message = LIES[case]
    lie = lying(replaced(old, new), may_change=("layers",), leeway=("base",))
    result = optimize(FILE, [lie])
    assert result.after == FILE
    assert message in result.refusals[0].why


def test_the_truth_about_a_base_passes() -> None:
    told = lying(replaced(HEAD, SLIM + INSTALL), may_change=("layers",), leeway=("base",))
    assert not optimize(FILE, [told]).refusals


RUNS = """\
FROM maven:3.9-eclipse-temurin-21
COPY app.jar /app.jar
RUN mkdir /data
ENTRYPOINT ["java", "-jar", "/app.jar"]
"""
JDK = "FROM maven:3.9-eclipse-temurin-21\n"
RUNTIME_LIES = {
    "another version": (RUNS, JDK, "FROM eclipse-temurin:17-jre\n", "no variant of"),
    "another system": (RUNS, JDK, "FROM eclipse-temurin:21-jre-alpine\n", "no variant of"),
    "a compiler is called": (
        RUNS.replace("mkdir /data", "javac A.java"),
        JDK,
        "FROM eclipse-temurin:21-jre\n",
        "`javac`",
    ),
    "a program that nobody knows": (RUNS.replace("mkdir", "prepare"), JDK, "FROM eclipse-temurin:21-jre\n", "`prepare"),
    "the entrypoint of the image": (
        RUNS.replace("ENTRYPOINT", "CMD"),
        JDK,
        "FROM eclipse-temurin:21-jre\n",
        "an entrypoint of its own",
    ),
    "a folder of the image": (
        'FROM golang:1.26-trixie\nCOPY app .\nCMD ["/go/app"]\n',
        "FROM golang:1.26-trixie\n",
        "FROM debian:trixie-slim\n",
        "starts in `/go`",
    ),
    "the port of the SDK": (
        'FROM mcr.microsoft.com/dotnet/sdk:8.0\nCOPY . /app\nENTRYPOINT ["dotnet", "/app/a.dll"]\n',
        "FROM mcr.microsoft.com/dotnet/sdk:8.0\n",
        "FROM mcr.microsoft.com/dotnet/aspnet:8.0\n",
        "sets none of",
    ),
}


@pytest.mark.parametrize("case", RUNTIME_LIES)
def test_a_lie_about_what_only_runs_is_caught(case: str) -> None:
    text, old, new, message = RUNTIME_LIES[case]
    result = optimize(text, [lying(replaced(old, new), may_change=("layers",), leeway=("base",))])
    assert result.after == text
    assert message in result.refusals[0].why


def test_the_truth_about_what_only_runs_passes() -> None:
    told = lying(replaced(JDK, "FROM eclipse-temurin:21-jre\n"), may_change=("layers",), leeway=("base",))
    assert not optimize(RUNS, [told]).refusals


PINNED = "python:latest@sha256:" + "0" * 64
PIN_LIES = {
    "another image": ("FROM python\n", "FROM pypy:3.12\n", "no tag or digest of"),
    "nothing new": ("FROM python\n", "FROM python:latest\n", "no tag or digest of"),
    "a tag that was chosen": ("FROM debian:bookworm", "FROM debian:trixie", "named already"),
    "another registry": ("FROM python\n", "FROM example.org/python:3.12\n", "no tag or digest of"),
    "another instruction": ("RUN true\n", "RUN false\n", "another word than a base"),
    "a stage": ("FROM base\n", "FROM base:1\n", "named already"),
}
LOOSE = "FROM python\nRUN true\nFROM debian:bookworm AS base\nFROM base\n"


@pytest.mark.parametrize("case", PIN_LIES)
def test_a_lie_about_a_pin_is_caught(case: str) -> None:
    old, new, message = PIN_LIES[case]
    result = optimize(LOOSE, [lying(replaced(old, new), leeway=("pin",))])
    assert result.after == LOOSE
    assert message in result.refusals[0].why


def test_the_truth_about_a_pin_passes() -> None:
    assert not optimize(LOOSE, [lying(replaced("FROM python\n", f"FROM {PINNED}\n"), leeway=("pin",))]).refusals


CROSS = """\
FROM golang:1.26 AS build
WORKDIR /src
RUN CGO_ENABLED=0 go build -o /server .
RUN go build -o /tool ./tool
FROM golang:1.26
COPY --from=build /server /server
"""
ON_BUILDER = "FROM --platform=$BUILDPLATFORM golang:1.26 AS build\nARG TARGETOS TARGETARCH\n"
BUILT = "GOOS=$TARGETOS GOARCH=$TARGETARCH "
CROSS_LIES = {
    "a build keeps the builder's platform": {"FROM golang:1.26 AS build\n": ON_BUILDER},
    "a build with C": {
        "FROM golang:1.26 AS build\n": ON_BUILDER,
        "RUN CGO_ENABLED=0": f"RUN {BUILT}CGO_ENABLED=0",
        "RUN go": f"RUN {BUILT}go",
    },
    "a stage that is shipped": {
        "FROM golang:1.26\n": "FROM --platform=$BUILDPLATFORM golang:1.26\nARG TARGETOS TARGETARCH\n"
    },
    "another platform": {"FROM golang:1.26 AS build\n": "FROM --platform=linux/arm64 golang:1.26 AS build\n"},
    "no target": {
        "FROM golang:1.26 AS build\n": "FROM --platform=$BUILDPLATFORM golang:1.26 AS build\n",
        "RUN CGO_ENABLED=0": f"RUN {BUILT}CGO_ENABLED=0",
    },
    "another argument": {"FROM golang:1.26 AS build\n": ON_BUILDER + "ARG CGO_ENABLED=0\n"},
}


@pytest.mark.parametrize("case", CROSS_LIES)
def test_a_lie_about_the_platform_of_a_build_is_caught(case: str) -> None:
    def edit(facts: Facts) -> dict[Instruction, str]:
        found = {}
        for instruction, text in facts.sources.items():
            for old, new in CROSS_LIES[case].items():
                if old in text:
                    found[instruction] = text.replace(old, new)
        return found

    result = optimize(CROSS, [lying(edit, may_change=("config",), leeway=("cross",))])
    assert result.after == CROSS
    assert result.refusals


def test_an_end_that_has_come_is_told_with_its_date_and_what_follows() -> None:
    from transforms.end_of_life_base import end_of_life_base

    result = optimize("FROM python:3.8-slim\nFROM golang:1.26-buster\nFROM python:3.14\n", [end_of_life_base])
    assert [change.why for change in result.pending] == [
        "Python 3.8 gets no more updates since 2024-10-07; what follows it is 3.13",
        "Debian 10 gets no more updates since 2024-06-30; what follows it is 13",
    ]


def test_no_package_is_installed_from_an_archived_release() -> None:
    text = "FROM python:2.7\nHEALTHCHECK CMD curl localhost\n"
    new = "FROM python:2.7-slim\n" + INSTALL.replace(" git", "")
    result = optimize(text, [lying(replaced("FROM python:2.7\n", new), may_change=("layers",), leeway=("base",))])
    assert "archived" in result.refusals[0].why


@pytest.mark.parametrize(
    ("tag", "served"),
    [
        ("3.6", False),
        ("3.8.1", False),
        ("3.8.20", True),
        ("3.12", True),
        ("3.12.0", True),
        ("3.9-buster", False),
        ("3.9-bookworm", True),
    ],
)
def test_whether_packages_can_be_installed(tag: str, served: bool) -> None:
    found = slim_of(f"python:{tag}")
    assert isinstance(found, Slim) and found.served is served
