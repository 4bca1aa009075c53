"""Which files a source takes, and what of them is in the digest."""

from __future__ import annotations

import pytest

from optimizer.cache.ignores import ignores
from optimizer.cache.taken import Index, go_pattern
from optimizer.facts.context import Given
from tests.cache.build import FILES, Sketch

INDEX = Index(Sketch(FILES))


@pytest.mark.parametrize(
    ("source", "paths"),
    [
        ("f1", ["f1"]),
        ("/f1", ["f1"]),
        ("../../f1", ["f1"]),
        ("d", ["d/a", "d/b", "d/sub/c"]),
        ("d/", ["d/a", "d/b", "d/sub/c"]),
        ("d/sub", ["d/sub/c"]),
        (".", sorted(FILES)),
        ("*.txt", ["a.txt", "b.txt"]),
        ("d/*", ["d/a", "d/b", "d/sub/c"]),
        ("f[12]", ["f1", "f2"]),
        ("f?", ["f1", "f2", "f3"]),
        ("nothing", []),
        ("*.nothing", []),
        ("[", []),
    ],
)
def test_what_a_source_takes(source: str, paths: list[str]) -> None:
    taken = INDEX.taken(source)
    assert ([] if taken is None else [path for _, path in taken.files]) == paths


def test_a_folder_whose_name_begins_like_another() -> None:
    index = Index(Sketch({"d/a": "1", "d-x/a": "1", "d.txt": "1", "d0": "1"}))
    taken = index.taken("d")
    assert taken is not None
    assert [path for _, path in taken.files] == ["d/a"]


def test_names_inside_count_and_the_folders_own_does_not() -> None:
    taken = Index(Sketch({"p/d/a": "1", "q/d/a": "1", "r/d/b": "1"})).taken
    one, two, three = taken("p/d"), taken("q/d"), taken("r/d")
    assert one is not None and two is not None and three is not None
    assert one.digest == two.digest != three.digest


def test_a_context_without_digests_of_its_own() -> None:
    one, two = (Index(Given({"a": content})).taken("a") for content in (b"1", b"2"))
    assert one is not None and two is not None
    assert one.digest != two.digest


@pytest.mark.parametrize(
    ("pattern", "path", "matches"),
    [("*", "a/b", False), ("*", "a", True), ("a\\*", "a*", True), ("[a-c]x", "bx", True), ("[", "[", False)],
)
def test_patterns_of_go(pattern: str, path: str, matches: bool) -> None:
    assert bool(go_pattern(pattern)(path)) == matches


@pytest.mark.parametrize(
    ("text", "out", "kept"),
    [
        ("*.md", ["a.md"], ["x/a.md"]),
        ("**/*.md", ["a.md", "x/y/a.md"], ["a.txt"]),
        ("node_modules", ["node_modules/x/y"], ["x/node_modules/y"]),
        ("*\n!src", ["a", "b/c"], ["src/x"]),
        ("# no\n\n/build/", ["build/x"], ["# no", "x/build"]),
    ],
)
def test_ignore_files(text: str, out: list[str], kept: list[str]) -> None:
    assert [path for path in out + kept if ignores(text)(path)] == out
