"""Which files are taken for Dockerfiles; what git ignores is passed over, with git itself as the judge."""

from __future__ import annotations

import atexit
import os
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optimizer.cli.discovery import find, is_dockerfile
from optimizer.cli.settings import settings_for
from tests.cli.conftest import Dockopt


def found(*tops: str) -> list[str]:
    return [str(one.path) for one in find(Path(top) for top in tops or (".",))]


def put(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("FROM scratch\n")


@pytest.mark.parametrize(
    "name",
    "Dockerfile dockerfile Dockerfile.dev Dockerfile.a.b web.Dockerfile web.dockerfile a.b.Dockerfile Containerfile "
    "Containerfile.dev Containerfile-dev web.Containerfile".split(),
)
def test_the_names_of_dockerfiles(name: str) -> None:
    assert is_dockerfile(name)


@pytest.mark.parametrize(
    "name",
    "Dockerfile.dockerignore .dockerignore web.Dockerfile.dockerignore Containerfile.containerignore Dockerfile.md "
    "Makefile xDockerfile Dockerfiles Dockerfile~ Dockerfile.orig Dockerfile.rej Dockerfile.bak .Dockerfile.swp "
    "README.dockerfile.md docker-compose.yml".split(),
)
def test_the_names_of_other_files(name: str) -> None:
    assert not is_dockerfile(name)


def test_files_come_sorted_folder_by_folder(folder: Path) -> None:
    put(folder, "b/Dockerfile", "a/Dockerfile", "Dockerfile.b", "Dockerfile", "a/c/Dockerfile")
    assert found() == ["Dockerfile", "Dockerfile.b", "a/Dockerfile", "a/c/Dockerfile", "b/Dockerfile"]


def test_a_named_file_may_have_any_name(folder: Path) -> None:
    put(folder, "build.txt", "node_modules/Dockerfile")
    assert found("build.txt", "node_modules/Dockerfile") == ["build.txt", "node_modules/Dockerfile"]


@pytest.mark.parametrize("name", [".git", "node_modules"])
def test_folders_that_are_never_searched(folder: Path, name: str) -> None:
    put(folder, f"{name}/Dockerfile", f"a/{name}/x/Dockerfile", "a/Dockerfile")
    assert found() == ["a/Dockerfile"]


def test_linked_folders_are_not_followed_but_linked_files_count(folder: Path) -> None:
    put(folder, "a/Dockerfile", "b.txt")
    (folder / "linked").symlink_to("a")
    (folder / "ring").symlink_to(".")
    (folder / "Dockerfile.link").symlink_to("b.txt")
    (folder / "Dockerfile.folder").symlink_to("a")
    assert found() == ["Dockerfile.link", "a/Dockerfile"]


def test_a_linked_folder_that_is_named_is_searched(folder: Path) -> None:
    put(folder, "a/Dockerfile")
    (folder / "linked").symlink_to("a")
    assert found("linked") == ["linked/Dockerfile"]


def test_what_is_no_file_is_passed_over(folder: Path) -> None:
    put(folder, "Dockerfile.d/Dockerfile")
    os.mkfifo(folder / "Dockerfile")
    assert found() == ["Dockerfile.d/Dockerfile"]


PLACES = ["", "a/", "a/b/", "a/b/c/", "build/", "build/a/", "docs/x y/", "äö/"]
FILES = [place + name for place in PLACES for name in ("Dockerfile", "Dockerfile.dev", "x.Dockerfile")]


def listed(folder: Path, ignores: dict[str, str]) -> list[str]:
    """Those of FILES that git sees in the folder, with these texts in its ignoring files."""
    git = ["git", "-c", "core.excludesFile=/dev/null", "-C", str(folder)]
    if not (folder / ".git").exists():
        put(folder, *FILES)
        subprocess.run([*git, "init", "--quiet"], check=True, capture_output=True)
        (folder / ".git/info").mkdir(exist_ok=True)
    for name, text in ignores.items():
        (folder / name).write_bytes(text.encode())
    ran = subprocess.run([*git, "ls-files", "--others", "--exclude-standard", "-z"], check=True, capture_output=True)
    return sorted(set(ran.stdout.decode().split("\0")) & set(FILES))


@pytest.mark.parametrize(
    "ignores",
    [
        {".gitignore": "*.dev\n!a/b/Dockerfile.dev\n"},
        {".gitignore": "build/\n!build/a/Dockerfile\n"},
        {".gitignore": "a/**\n!a/b/\n!a/b/Dockerfile\n"},
        {".gitignore": "*\n!*/\n!x.Dockerfile\n"},
        {".gitignore": "build/\r\n*.dev\r\n"},
        {".gitignore": "*.dev\n", "a/.gitignore": "!*.dev\n"},
        {".gitignore": "*.dev\n", "a/.gitignore": "!*.dev\n", "a/b/.gitignore": "*.dev\n!/c/*.dev\n"},
        {"a/.gitignore": "/b/\n"},
        {"a/b/.gitignore": "*\n"},
        {".git/info/exclude": "*.dev\nbuild/\n"},
        {".git/info/exclude": "*.dev\n", ".gitignore": "!/a/*.dev\n"},
        {".git/info/exclude": "!*.dev\n", ".gitignore": "*.dev\n"},
        {".git/info/exclude": "!*.dev\n", ".gitignore": "*.dev\n", "a/.gitignore": "!*.dev\n"},
    ],
    ids=str,
)
def test_git_says_what_is_ignored(folder: Path, ignores: dict[str, str]) -> None:
    expected = listed(folder, ignores)
    assert sorted(found()) == expected
    assert sorted(found("a")) == [name for name in expected if name.startswith("a/")]


PATTERNS = (
    "build build/ /build /build/ build/a a/b /a/b/c/ b c/Dockerfile * ** */ */* **/ /** a/** a/**/ **/b **/b/ a/**/c "
    "a/**/Dockerfile **/a/b/** *.dev Dockerfile* x.* ?.Dockerfile Dockerfile.??? a/?/Dockerfile [ab] [!a]uild [^a]* "
    "[a-c]/ [[:alpha:]] Dockerfile.[[:lower:]]ev [[:nope:]] []a] [!]a] [a-] [z-a] [\\a] [a b[c \\* \\a a\\ ! !! / // "
    "a//b ./a a***b a**/Dockerfile docs docs/x\\ y docs/x*y äö ä? ä?? [ä]* "
    "*.* .* #a \\#a a/ /*/b/ [/]a a[/]b a?b a***/b d**s/x** a/*b/** ?/**/D*"
).split(" ")


@settings(deadline=None, max_examples=150)
@given(st.lists(st.tuples(st.sampled_from(["", "", "!"]), st.sampled_from(PATTERNS)), min_size=1, max_size=5))
def test_git_agrees_on_any_patterns(lines: list[tuple[str, str]]) -> None:
    text = "".join(mark + pattern + "\n" for mark, pattern in lines)
    folder = _repository()
    expected = listed(folder, {".gitignore": text})
    assert sorted(str(one.path.relative_to(folder)) for one in find([folder])) == expected


@cache
def _repository() -> Path:
    folder = Path(tempfile.mkdtemp())
    atexit.register(shutil.rmtree, folder)
    return folder


@pytest.mark.parametrize("pattern", PATTERNS)
def test_git_agrees_on_each_pattern(folder: Path, pattern: str) -> None:
    for text in (pattern, f"{pattern}   ", f"*\n!*/\n!{pattern}", f"{pattern}\\ "):
        expected = listed(folder, {".gitignore": text + "\n"})
        assert sorted(found()) == expected, text


def test_without_a_repository_the_files_below_the_named_folder_hold(folder: Path) -> None:
    put(folder, "a/Dockerfile", "a/b/Dockerfile")
    (folder / "a/.gitignore").write_text("b/\n")
    (folder / ".gitignore").write_text("a/\n")
    assert found("a") == ["a/Dockerfile"]


@pytest.mark.parametrize("pattern", ["build/", "build/**", "/build/x", "Dockerfile\nbuild"])
def test_an_ignored_folder_that_is_named_is_searched(folder: Path, pattern: str) -> None:
    put(folder, "build/x/Dockerfile", "build/x/y/Dockerfile")
    (folder / ".git").mkdir()
    (folder / ".gitignore").write_text(f"{pattern}\n")
    (folder / "build/x/.gitignore").write_text("y\n")
    assert found(".") == []
    assert found("build/x") == ["build/x/Dockerfile"]


def tells(folder: Path, name: str, text: str) -> None:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text)


def test_what_is_excluded_on_the_command_line(folder: Path) -> None:
    put(folder, "a/Dockerfile", "a/old/Dockerfile", "b/old/Dockerfile", "b/x.Dockerfile", "c/Dockerfile.dev")

    def without(*patterns: str, top: str = ".") -> list[str]:
        return [str(one.path) for one in find([Path(top)], exclude=patterns)]

    assert without("old") == ["a/Dockerfile", "b/x.Dockerfile", "c/Dockerfile.dev"]
    assert without("a/old") == ["a/Dockerfile", "b/x.Dockerfile", "b/old/Dockerfile", "c/Dockerfile.dev"]
    assert without("*.dev", "/b/") == ["a/Dockerfile", "a/old/Dockerfile"]
    assert without("old", "!/b/old", top="b") == ["b/x.Dockerfile", "b/old/Dockerfile"]
    assert without("**", "!c/", "!c/*") == ["c/Dockerfile.dev"]


def test_a_named_file_is_not_excluded(folder: Path) -> None:
    put(folder, "a/Dockerfile")
    assert [one.path for one in find([Path("a/Dockerfile")], exclude=["a"])] == [Path("a/Dockerfile")]


def test_patterns_are_of_the_searched_folder_where_that_lies_elsewhere(folder: Path, tmp_path_factory) -> None:
    other = tmp_path_factory.mktemp("other")
    put(other, "a/Dockerfile", "b/a/Dockerfile")
    assert [one.path for one in find([other], exclude=["/a"])] == [other / "b/a/Dockerfile"]


def test_what_settings_exclude(folder: Path) -> None:
    put(folder, "a/Dockerfile", "a/old/Dockerfile", "b/old/Dockerfile", "c/Dockerfile", "c/new/Dockerfile")
    tells(folder, "dockopt.toml", 'exclude = ["/a/old", "new"]\n')
    tells(folder, "b/pyproject.toml", '[tool.dockopt]\nexclude = ["old"]\n')
    tells(folder, "c/dockopt.toml", 'select = ["merge-run"]\n')
    settings_for.cache_clear()
    assert found() == ["a/Dockerfile", "c/Dockerfile", "c/new/Dockerfile"]
    assert found("a") == ["a/Dockerfile"]
    tells(folder, "dockopt.toml", "exclude = 1\n")
    settings_for.cache_clear()
    assert found("a") == ["a/Dockerfile", "a/old/Dockerfile"]


@pytest.mark.parametrize("name", ["Dockerfile.j2", "Dockerfile.in", "web.Dockerfile.tmpl", "Containerfile.erb"])
def test_templates_are_found_and_left_alone_with_a_note(folder: Path, dockopt: Dockopt, name: str) -> None:
    tells(folder, name, "FROM debian\nMAINTAINER {{ who }}\n")
    ran = dockopt("fix", "--write")
    assert ran.err == f"{name}: looks like a template; left as it is\n0 changes made in 0 of 1 file\n"
    assert (folder / name).read_text() == "FROM debian\nMAINTAINER {{ who }}\n"


def test_a_template_on_standard_input_comes_back(dockopt: Dockopt) -> None:
    text = b"FROM debian\nMAINTAINER {{ who }}\n"
    assert dockopt("fix", "--write", "-", "--stdin-filename", "Dockerfile.j2", stdin=text).raw == text


COMPOSE = """\
services:
  a: {build: {context: ., dockerfile: docker/prod.txt}}
  b:
    build:
      context: ./b
      dockerfile: ../docker/web.dev
  c: {build: {context: ., dockerfile: b/Dockerfile}}
  d: {build: {context: ., dockerfile: "docker/${WHICH}"}}
  e: {build: {context: ., dockerfile: docker/absent}}
  f: {build: {context: .., dockerfile: outside}}
  g: {build: {context: ., dockerfile: hidden/by-git}}
  h: {build: {context: ., dockerfile: node_modules/x}}
"""
BAKE = """\
target "a" {
  dockerfile = "docker/prod.txt"
}
target "b" {
  context = "b"
  dockerfile = "build.txt"
}
"""


@pytest.mark.parametrize(
    ("name", "text", "names"),
    [
        ("compose.yaml", COMPOSE, ["b/Dockerfile", "docker/prod.txt", "docker/web.dev"]),
        ("docker-compose.prod.yml", COMPOSE, ["b/Dockerfile", "docker/prod.txt", "docker/web.dev"]),
        ("docker-bake.hcl", BAKE, ["b/Dockerfile", "b/build.txt", "docker/prod.txt"]),
        (
            "docker-bake.json",
            '{"target": {"a": {"dockerfile": "docker/prod.txt"}}}',
            ["b/Dockerfile", "docker/prod.txt"],
        ),
        ("other.yaml", COMPOSE, ["b/Dockerfile"]),
        ("compose.yaml", "services: [dockerfile: x, {", ["b/Dockerfile"]),
    ],
)
def test_dockerfiles_of_which_compose_and_bake_files_tell(folder: Path, name: str, text: str, names: list[str]) -> None:
    put(folder, "outside", "in/b/Dockerfile", "in/b/build.txt", "in/docker/prod.txt", "in/docker/web.dev")
    put(folder, "in/hidden/by-git", "in/node_modules/x")
    tells(folder, "in/.gitignore", "hidden\n")
    tells(folder, f"in/{name}", text)
    assert sorted(found("in")) == [f"in/{one}" for one in names]


def test_what_a_compose_file_names_can_be_excluded(folder: Path) -> None:
    put(folder, "docker/prod.txt")
    tells(folder, "compose.yaml", COMPOSE)
    assert found() == ["docker/prod.txt"]
    assert list(find([Path()], exclude=["docker"])) == []
    assert list(find([Path()], exclude=["compose.*"])) == []
