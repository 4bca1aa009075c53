"""What an image needs when it runs: programs, libraries, certificates, zones, locales, fonts, files."""

from __future__ import annotations

from pathlib import Path

import pytest

from optimizer.facts import Facts
from optimizer.facts.context import Given, Missing, Start
from optimizer.facts.context.finder import Finder
from optimizer.facts.runtime_needs import Kind, Needs, runtime_needs
from optimizer.knowledge.build_packages import SUITES, build_packages
from optimizer.knowledge.runtime_needs import runtime_needs_table
from optimizer.syntax.parser import parse


def needs(text: str, starts: tuple[Start, ...] = (), **files: str) -> Needs:
    """Of the last stage, with a context of files; `a__b` stands for `a.b`."""
    contents = {path.replace("__", "."): content.encode() for path, content in files.items()}
    facts = Facts(parse(text), Given(contents, starts=starts))
    return runtime_needs(facts, facts.stages[-1])


def programs(found: Needs) -> set[str]:
    return set(found.names(Kind.PROGRAM))


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ('CMD ["node", "server.js"]', {"node"}),
        ("CMD node server.js", {"sh", "node"}),
        ('SHELL ["/bin/bash", "-c"]\nCMD node server.js', {"bash", "node"}),
        ("CMD cd /srv && exec gunicorn app:app", {"sh", "gunicorn"}),
        ('HEALTHCHECK --interval=3s CMD curl -f http://localhost/ || exit 1\nCMD ["x"]', {"sh", "curl", "x"}),
        ('HEALTHCHECK CMD ["pg_isready", "-U", "x"]\nCMD ["x"]', {"pg_isready", "x"}),
        ('HEALTHCHECK CMD curl x\nHEALTHCHECK NONE\nCMD ["x"]', {"x"}),
        ('ENTRYPOINT ["tini", "--", "node"]\nCMD ["server.js"]', {"tini", "node"}),
        ('ENTRYPOINT ["python"]\nCMD ["app.py"]', {"python"}),
        ('ENTRYPOINT ["gosu", "app", "python", "app.py"]', {"gosu", "python"}),
        ('ENTRYPOINT ["sh", "-c", "wait && exec java -jar $JAR"]', {"sh", "java"}),
        ('CMD ["x"]\nCMD ["y"]', {"y"}),
        ('CMD ["wait-for", "db:5432", "--", "python", "app.py"]', {"wait-for", "python"}),
    ],
)
def test_programs_of_the_container(lines: str, expected: set[str]) -> None:
    found = needs(f"FROM debian:12\n{lines}\n", a="")
    assert programs(found) == expected
    assert found.doubt(Kind.PROGRAM) is None


def test_a_shell_is_needed_by_who_names_one() -> None:
    assert needs('FROM debian:12\nCMD ["x"]\n').shell is None
    found = needs("FROM debian:12\nCMD x\n").shell
    assert found is not None
    assert found.why == "a shell reads `CMD`"


ENTRYPOINT = """#!/usr/bin/env bash
set -e
. ./lib.sh
fail() { echo "$1" >&2; exit 1; }
until nc -z db 5432; do sleep 1; done
if [ "$1" = web ]; then
  exec su-exec app python manage.py runserver
fi
fail x
exec "$@"
"""


def test_scripts_of_the_context_are_read_to_the_end_of_what_they_call() -> None:
    found = needs(
        'FROM debian:12\nWORKDIR /app\nCOPY . .\nENTRYPOINT ["./start.sh"]\nCMD ["uvicorn", "app:app"]\n',
        start__sh=ENTRYPOINT,
        lib__sh="wget -q x\n",
    )
    assert programs(found) == {"env", "bash", "nc", "sleep", "su-exec", "python", "wget", "uvicorn"}
    assert found.why(Kind.PROGRAM, "nc") == "`start.sh` starts it"
    assert found.doubt(Kind.PROGRAM) is None


def test_a_script_of_the_manifest_is_one_that_a_shell_reads() -> None:
    found = needs(
        'FROM node:20\nWORKDIR /app\nCOPY . .\nCMD ["npm", "start"]\n',
        package__json='{"scripts": {"prestart": "which git", "start": "node server.js"}}',
    )
    assert programs(found) == {"npm", "sh", "which", "node"}


@pytest.mark.parametrize(
    "lines",
    [
        'CMD ["sh", "/gone.sh"]',
        'ENTRYPOINT ["/app/gone.sh"]',
        "CMD $PROGRAM",
        'COPY x /x\nENTRYPOINT ["/x"]',
        'CMD ["bash", "-c"]',
    ],
)
def test_what_cannot_be_told_is_a_doubt(lines: str) -> None:
    assert needs(f"FROM debian:12\n{lines}\n", x="#!/bin/sh\n$1x run\n").doubt(Kind.PROGRAM) is not None


def test_without_a_context_nothing_is_sure() -> None:
    facts = Facts(parse('FROM debian:12\nCMD ["x"]\n'), Missing("it is not there"))
    found = runtime_needs(facts, facts.stages[-1])
    for kind in (Kind.PROGRAM, Kind.FILE, Kind.CERTIFICATES, Kind.ZONES, Kind.LIBRARY):
        assert "it is not there" in (found.doubt(kind) or "")


def test_compose_starts_programs_too() -> None:
    starts = (Start("a health check", ("curl -f http://localhost || exit 1",), True), Start("a", ("celery", "-A", "x")))
    found = needs('FROM debian:12\nCMD ["x"]\n', starts)
    assert programs(found) == {"sh", "curl", "celery", "x"}


COMPOSE = """
services:
  web:
    build: .
    command: celery -A app worker
    healthcheck:
      test: ["CMD", "curl", "-f", "http://localhost"]
  other:
    build: ./elsewhere
    command: never
  check:
    build: {context: .}
    healthcheck: {test: "wget -q x"}
"""


def test_compose_files_are_read_where_they_build_the_dockerfile(tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text(COMPOSE)
    (tmp_path / ".dockerignore").write_text("compose.yaml\n")
    text = b'FROM debian:12\nCOPY . /app\nCMD ["x"]\n'
    (tmp_path / "Dockerfile").write_bytes(text)
    facts = Facts(parse(text), Finder().supply(tmp_path / "Dockerfile", tmp_path, text))
    assert programs(runtime_needs(facts, facts.stages[-1])) == {"celery", "curl", "sh", "wget", "x"}


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        ("main__go", 'exec.Command("git", "log")', {"git"}),
        ("main__go", 'exec.CommandContext(ctx, "ffmpeg", "-i")', {"ffmpeg"}),
        ("main__go", 'tool := "convert"\nexec.Command(tool)', {"convert"}),
        ("a__js", "const cp = require('child_process')\ncp.spawn('git', ['log'])", {"git"}),
        ("a__js", "import {execSync} from 'child_process'\nexecSync(`convert ${a} | gzip`)", {"sh", "convert"}),
        ("a__js", "const m = /a/.exec('git')", set()),
        ("a__py", 'import subprocess\nsubprocess.run(["git", "log"])', {"git"}),
        ("a__py", 'import subprocess\nsubprocess.run([sys.executable, "x"])', set()),
        ("a__py", 'import subprocess\nsubprocess.run(f"pdftotext {path}", shell=True)', {"pdftotext"}),
        ("a__py", 'import os\nos.system("ls -l && A=1 rm x")', {"sh", "ls", "rm"}),
        ("a__py", 'import subprocess\n# subprocess.run(["git"])\n', set()),
        ("a__rb", 'out, s = Open3.capture2e("git", "log")\nx = `hostname -f`', {"git", "sh", "hostname"}),
        ("a__rb", 'system("convert a b")', {"sh", "convert"}),
        ("a__php", "<?php shell_exec('whois ' . $x);", {"sh", "whois"}),
        ("a__rs", 'Command::new("git")', {"git"}),
        ("A__java", 'new ProcessBuilder("git", "log")', {"git"}),
        ("A__cs", 'Process.Start("git", "log")', {"git"}),
        ("a_test__go", 'exec.Command("git")', set()),
    ],
)
def test_programs_that_sources_start(path: str, text: str, expected: set[str]) -> None:
    found = needs("FROM debian:12\nCOPY . /app\n", **{path: text + "\n"})
    assert programs(found) == expected
    assert found.doubt(Kind.PROGRAM) is None


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("main__go", "exec.Command(name)"),
        ("a__py", "import subprocess\nsubprocess.run(command)"),
        ("a__js", "const {spawn} = require('child_process')\nspawn(command)"),
    ],
)
def test_a_program_that_is_put_together_is_a_doubt(path: str, text: str) -> None:
    assert needs("FROM debian:12\nCOPY . /app\n", **{path: text}).doubt(Kind.PROGRAM) is not None


def test_sources_of_the_stages_that_it_takes_from_count() -> None:
    text = 'FROM golang:1.22 AS build\nCOPY . .\nRUN go build\nFROM debian:12\nCOPY --from=build /a /a\nCMD ["/a"]\n'
    assert "git" in programs(needs(text, main__go='exec.Command("git")\n'))


def test_files_that_a_program_reads_lie_in_the_context() -> None:
    text = "FROM golang:1.22\nCOPY . .\n"
    files = {"templates/index.html": "", "config.yaml": "", "main__go": ""}
    files["main__go"] = 't.ParseGlob("templates/*.html")\nos.Open("./config.yaml")\nos.Open("/var/made/later")\n'
    found = needs(text, **files)
    assert found.names(Kind.FILE) == {"templates", "config.yaml"}
    assert found.doubt(Kind.FILE) is None
    files["main__go"] = "os.Open(path)\n"
    assert needs(text, **files).doubt(Kind.FILE) is not None


@pytest.mark.parametrize(
    ("lines", "kind", "names"),
    [
        ("RUN apt-get install -y ca-certificates", Kind.CERTIFICATES, {"system"}),
        ("COPY ca.crt /usr/local/share/ca-certificates/", Kind.CERTIFICATES, {"own"}),
        ("COPY main.go .", Kind.CERTIFICATES, {"system"}),
        ("ENV TZ=Europe/Berlin", Kind.ZONES, {"Europe/Berlin"}),
        ("ENV TZ=UTC", Kind.ZONES, set()),
        ("RUN ln -sf /usr/share/zoneinfo/Asia/Tokyo /etc/localtime", Kind.ZONES, {"all"}),
        ("COPY zone.go .", Kind.ZONES, {"all"}),
        ("ENV LANG=de_DE.UTF-8", Kind.LOCALE, {"de_DE.UTF-8"}),
        ("ENV LANG=C.UTF-8", Kind.LOCALE, set()),
        ("RUN apt-get install -y fonts-dejavu-core", Kind.FONTS, {"fonts-dejavu-core"}),
    ],
)
def test_certificates_zones_locales_fonts(lines: str, kind: Kind, names: set[str]) -> None:
    found = needs(
        f"FROM debian:12\n{lines}\n",
        **{"ca.crt": "", "main__go": 'import "net/http"\n', "zone__go": 'time.LoadLocation("x")\n'},
    )
    assert found.names(kind) == names
    assert found.doubt(kind) is None


@pytest.mark.parametrize(
    ("base", "libraries"),
    [
        ("python:3.12-bookworm", {"libcurl4"}),
        ("python:3.12-slim-trixie", {"libcurl4t64"}),
        ("python:3.12", None),
        ("ubuntu:24.04", None),
    ],
)
def test_libraries_of_development_packages_go_by_the_release(base: str, libraries: set[str] | None) -> None:
    found = needs(f"FROM {base}\nRUN apt-get update && apt-get install -y libcurl4-openssl-dev\n")
    assert found.names(Kind.LIBRARY) == (libraries or set())
    assert (found.doubt(Kind.LIBRARY) is None) == (libraries is not None)


def test_packages_that_are_there_for_their_programs_stay_where_one_is_called() -> None:
    install = "FROM debian:12\nRUN apt-get update && apt-get install -y gcc curl git libpq5\n"
    assert needs(install + 'CMD ["x"]\n').names(Kind.PACKAGE) == {"libpq5"}
    assert needs(install + "HEALTHCHECK CMD curl x\n").names(Kind.PACKAGE) == {"curl", "libpq5"}
    assert needs(install + "CMD $X\n").names(Kind.PACKAGE) == {"curl", "git", "libpq5"}


@pytest.mark.parametrize(
    "line", ["RUN dpkg -i /tmp/x.deb", "RUN apt-get install -y $PACKAGES", "RUN apt-get install -y ./x.deb"]
)
def test_packages_without_a_name_are_a_doubt(line: str) -> None:
    assert needs(f"FROM debian:12\n{line}\n").doubt(Kind.PACKAGE) is not None


@pytest.mark.parametrize(
    ("path", "text", "kind", "name"),
    [
        ("requirements__txt", "flask\npsycopg2==2.9\n", Kind.LIBRARY, "libpq5"),
        ("pyproject__toml", '[project]\ndependencies = ["mysqlclient>=2"]\n', Kind.LIBRARY, "libmariadb3"),
        ("Pipfile", '[packages]\nGitPython = "*"\n', Kind.PROGRAM, "git"),
        ("package__json", '{"dependencies": {"@prisma/client": "5"}}', Kind.PACKAGE, "openssl"),
        ("package__json", '{"dependencies": {"canvas": "2"}}', Kind.FONTS, "any"),
        ("Gemfile", 'gem "pg", "~> 1.5"\n', Kind.LIBRARY, "libpq5"),
    ],
)
def test_what_packages_of_a_project_need(path: str, text: str, kind: Kind, name: str) -> None:
    found = needs("FROM python:3.12-bookworm\nCOPY . /app\n", **{path: text})
    assert name in found.names(kind)
    assert found.doubt(kind) is None


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("requirements__txt", "psycopg[binary]\npsycopg2-binary\n"),
        ("requirements-dev__txt", "psycopg2\n"),
        ("Gemfile", 'gem "rack"\ngroup :development, :test do\n  gem "mysql2"\nend\n'),
        ("package__json", '{"devDependencies": {"pg-native": "3"}}'),
    ],
)
def test_what_brings_its_library_or_is_for_development_needs_nothing(path: str, text: str) -> None:
    found = needs("FROM python:3.12-bookworm\nCOPY . /app\n", **{path: text})
    assert not found.needs
    assert not found.unknown


def test_a_package_that_the_rows_refuse_is_a_doubt() -> None:
    found = needs("FROM node:20\nCOPY . /app\n", package__json='{"dependencies": {"puppeteer": "22"}}')
    assert found.doubt(Kind.LIBRARY) == (
        "`puppeteer` of `package.json` drives a browser, which needs many libraries of the image"
    )


def test_the_rows_name_development_packages_whose_libraries_are_known() -> None:
    for rows in runtime_needs_table().dependencies.values():
        for one in rows.values():
            for package in one.libraries_of:
                assert all(build_packages().libraries(suite, package) is not None for suite in SUITES), package


def test_the_patterns_of_languages_are_regular_expressions() -> None:
    for language in runtime_needs_table().languages:
        assert language.started is not None or language.shell is not None
        _ = (language.certificate, language.zone, language.locale, language.read)


@pytest.mark.parametrize("above", ["", "RUN mkdir /app\n", "RUN mkdir -p /app/data\n"])
def test_a_source_is_read_though_it_is_not_certain_under_which_path_it_lies(above: str) -> None:
    text = f"FROM python:3.12\n{above}COPY a.py /app\nWORKDIR /app\nCMD python a.py\n"
    assert "git" in programs(needs(text, a__py="import subprocess\nsubprocess.run(['git'])\n"))


def test_a_source_below_a_variable_of_the_base_is_read() -> None:
    found = needs(
        "FROM golang:1.24\nCOPY . $GOPATH/src/x\nCMD x\n", a__go='package a\nimport "os/exec"\nexec.Command(x)'
    )
    assert "`a.go` starts a program" in (found.doubt(Kind.PROGRAM) or "")


@pytest.mark.parametrize(
    ("source", "seen"),
    [("main.py", False), ("dist", False), ("$SOURCES", False), ("requirements.txt", False), ("model.bin", True)],
)
def test_sources_that_are_not_seen_may_start_anything(source: str, seen: bool) -> None:
    found = needs(f"FROM python:3.12\nCOPY {source} /app/\nCMD python\n", a="")
    assert (found.doubt(Kind.PROGRAM) is None) == seen
