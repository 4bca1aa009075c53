"""Who owns a file, as GitHub and GitLab say in their documents."""

from __future__ import annotations

from pathlib import Path

import pytest

from optimizer.cli.monorepo.owners import NOBODY, Owners
from tests.cli.monorepo.conftest import put

GITHUB = """\
# everything
*       @all @second
*.sh    @shell # a comment
/build/logs/ @logs
docs/*  docs@example.com
apps/ @apps
/scripts/ @scripts
**/deep @deep
/apps/free
/apps/one/*.j? @one
!/apps/ @never
[x]/ @never
lib\\ two/ @space
"""


@pytest.mark.parametrize(
    ("path", "owners"),
    [
        ("Dockerfile", "@all @second"),
        ("some/where/x", "@all @second"),
        ("some/where/x.sh", "@shell"),
        ("build/logs/a/b", "@logs"),
        ("in/build/logs/a", "@all @second"),
        ("docs/a", "docs@example.com"),
        ("docs/a/b", "@all @second"),
        ("in/docs/a", "@all @second"),
        ("apps/a", "@apps"),
        ("in/apps/a/b", "@apps"),
        ("scripts/a/b.sh", "@scripts"),
        ("in/scripts/a", "@all @second"),
        ("a/deep/b/c", "@deep"),
        ("deep", "@deep"),
        ("apps/free/a", NOBODY),
        ("apps/one/a.js", "@one"),
        ("apps/one/b/a.js", "@apps"),
        ("lib two/a", "@space"),
    ],
)
def test_as_github_reads_it(folder: Path, path: str, owners: str) -> None:
    put(folder, {".git/HEAD": "", ".github/CODEOWNERS": GITHUB})
    assert Owners().named(folder / path) == owners


GITLAB = """\
* @all
\\#odd @odd
README @readme

[Documentation][2] @docs
docs/
guide/*.md @guide

^[Optional] @optional
/config/
!/config/free/

[DOCUMENTATION]
/docs/api/ @api
"""


@pytest.mark.parametrize(
    ("path", "owners"),
    [
        ("a/b", "@all"),
        ("#odd", "@odd"),
        ("a/README", "@readme"),
        ("README/a", "@all"),
        ("a/docs/b/c", "@all @docs"),
        ("docs/api/a", "@all @api"),
        ("in/guide/a.md", "@all @guide"),
        ("in/guide/b/a.md", "@all"),
        ("config/a", "@all @optional"),
        ("in/config/a", "@all"),
        ("config/free/a", "@all"),
    ],
)
def test_as_gitlab_reads_one_with_sections(folder: Path, path: str, owners: str) -> None:
    put(folder, {".git/HEAD": "", "CODEOWNERS": GITLAB})
    assert Owners().named(folder / path) == owners


def test_the_first_place_counts(folder: Path) -> None:
    put(folder, {".git/HEAD": "", "docs/CODEOWNERS": "* @docs\n"})
    assert Owners().named(folder / "a") == "@docs"
    put(folder, {"CODEOWNERS": "* @root\n"})
    assert Owners().named(folder / "a") == "@root"
    put(folder, {".github/CODEOWNERS": "* @github\n"})
    assert Owners().named(folder / "a") == "@github"


def test_each_repository_has_its_own(folder: Path) -> None:
    put(folder, {".git/HEAD": "", "CODEOWNERS": "* @outer\n", "inner/.git/HEAD": "", "inner/CODEOWNERS": "/a @inner\n"})
    assert [Owners().named(folder / path) for path in ("a", "inner/a", "inner/b")] == ["@outer", "@inner", NOBODY]


def test_a_file_that_cannot_be_read_names_nobody(folder: Path) -> None:
    put(folder, {".git/HEAD": "", "CODEOWNERS": "\0\n[\n* @a\n[x\n"})
    assert Owners().named(folder / "b") == "@a"
    (folder / "CODEOWNERS").write_bytes(b"\xff @b\n* \xff@c\n")
    assert Owners().of(folder / "b") == ("\udcff@c",)
