"""The tables: what is counted, and under which name."""

from __future__ import annotations

from pathlib import Path

from optimizer.cli.monorepo.summary import apart_at_first
from tests.cli.conftest import Dockopt
from tests.cli.monorepo.conftest import BAD, put

ADD = "FROM debian:12\nADD a /a\n"
DONE = "FROM scratch\n"


def repository(folder: Path) -> None:
    put(
        folder,
        {
            ".git/HEAD": "",
            "CODEOWNERS": "/services/a/ @a\n/services/b/ @b @c\n",
            "services/a/one/Dockerfile": BAD.format(1),
            "services/a/two/Dockerfile": BAD.format(2) + ADD,
            "services/b/Dockerfile": ADD,
            "services/c/Dockerfile": DONE,
        },
    )


def test_all_three(folder: Path, dockopt: Dockopt) -> None:
    repository(folder)
    ran = dockopt("fix", "--summary", "transform", "--summary", "folder", "--summary", "owner")
    assert (ran.code, ran.out) == (
        0,
        """\
transform              files  changes  pending  refused
add-to-copy                2        2        0        0
clean-in-same-layer        2        2        0        0
no-install-recommends      0        0        2        0
dead-stage                 0        0        1        0

folder      files  changes  pending  refused
services/a      2        3        3        0
services/b      1        1        0        0
services/c      0        0        0        0

owner       files  changes  pending  refused
@a              2        3        3        0
@b @c           1        1        0        0
(no owner)      0        0        0        0
""",
    )
    assert ran.err.startswith("4 changes found in 3 of 4 files\n")


def test_with_write_the_files_are_written(folder: Path, dockopt: Dockopt) -> None:
    repository(folder)
    ran = dockopt("fix", "--write", "--summary", "transform", "--select", "add-to-copy")
    assert ran.out.splitlines()[1:] == ["add-to-copy      2        2        0        0"]
    assert (folder / "services/b/Dockerfile").read_text() == ADD.replace("ADD", "COPY")


def test_nothing_found(folder: Path, dockopt: Dockopt) -> None:
    ran = dockopt("fix", "--summary", "owner")
    assert (ran.code, ran.out, ran.err) == (0, "", "no Dockerfile found\n")


def test_the_first_level_that_tells_folders_apart(folder: Path) -> None:
    folders = [folder / "x/a/1", folder / "x/a/2", folder / "x/b", folder / "x"]
    apart = apart_at_first(folders)
    assert [apart(one) for one in folders] == ["x/a", "x/a", "x/b", "x"]
    assert apart_at_first([folder / "x/a"])(folder / "x/a") == "x/a"


def test_names_of_folders_cannot_move_the_cursor(folder: Path, dockopt: Dockopt) -> None:
    put(folder, {"a\x1b[2J/Dockerfile": ADD, "b/Dockerfile": ADD})
    assert "a\\x1b[2J" in dockopt("fix", "--summary", "folder").out
