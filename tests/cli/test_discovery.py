"""Which files are taken for Dockerfiles; what git ignores is passed over, with git itself as the judge."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from optimizer.cli.discovery import find, is_dockerfile


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


@pytest.mark.parametrize(
    "ignores",
    [
        {".gitignore": "build/\n"},
        {".gitignore": "build\n"},
        {".gitignore": "/build/\n*.dev\n"},
        {".gitignore": "*.dev\n!a/b/Dockerfile.dev\n"},
        {".gitignore": "build/*\n!build/a/\n"},
        {".gitignore": "build/\n!build/a/Dockerfile\n"},
        {".gitignore": "a/**\n!a/b/\n!a/b/Dockerfile\n"},
        {".gitignore": "**/b/\n"},
        {".gitignore": "a/**/Dockerfile\n"},
        {".gitignore": "Dockerfile\n!/Dockerfile\n"},
        {".gitignore": "# build\n\n\\#x\nDockerfile.de[uv]\n"},
        {".gitignore": "build/\r\n*.dev\r\n"},
        {".gitignore": "build/   \n"},
        {".gitignore": "x y\näö\n"},
        {".gitignore": "!\n\\\n/\n*.dev"},
        {".gitignore": "*\n!*/\n!x.Dockerfile\n"},
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
    put(folder, *FILES)
    git = ["git", "-c", "core.excludesFile=/dev/null", "-c", "core.quotePath=false"]
    subprocess.run([*git, "init", "--quiet"], check=True, capture_output=True)
    (folder / ".git/info").mkdir(exist_ok=True)
    for name, text in ignores.items():
        (folder / name).write_bytes(text.encode())
    command = [*git, "ls-files", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(command, check=True, capture_output=True).stdout.decode().split("\0")
    expected = sorted(set(listed) & set(FILES))
    assert sorted(found()) == expected
    below = [name for name in expected if name.startswith("a/")]
    assert sorted(found("a")) == below


def test_without_a_repository_the_files_below_the_named_folder_hold(folder: Path) -> None:
    put(folder, "a/Dockerfile", "a/b/Dockerfile")
    (folder / "a/.gitignore").write_text("b/\n")
    (folder / ".gitignore").write_text("a/\n")
    assert found("a") == ["a/Dockerfile"]


def test_an_ignored_folder_that_is_named_is_searched(folder: Path) -> None:
    put(folder, "build/x/Dockerfile", "build/x/y/Dockerfile")
    (folder / ".git").mkdir()
    (folder / ".gitignore").write_text("build/\n")
    (folder / "build/x/.gitignore").write_text("y\n")
    assert found(".") == []
    assert found("build/x") == ["build/x/Dockerfile"]
