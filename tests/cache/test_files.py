"""Which files a source takes, and what of them is in the digest."""

from __future__ import annotations

import pytest

from optimizer.cache.ignores import left_out
from optimizer.cache.taken import Index
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


def test_a_source_that_is_a_link_is_what_it_leads_to() -> None:
    index = Index(Sketch(FILES, links={"l": "f1", "m": "./d/sub", "n": "m", "out": "../../f2", "round": "round"}))
    found = {name: index.taken(name) for name in ("l", "m", "n/c", "out", "f1", "f2", "d/sub", "d/sub/c")}
    digests = {name: taken.digest if taken else None for name, taken in found.items()}
    assert digests["l"] == digests["f1"]
    assert digests["m"] == digests["d/sub"]
    assert digests["n/c"] == digests["d/sub/c"]
    assert digests["out"] == digests["f2"]
    assert index.taken("round") is not None


def test_a_link_inside_a_folder_is_a_link() -> None:
    one, two = (Index(Sketch(FILES, links={"d/l": target})).taken("d") for target in ("a", "b"))
    assert one is not None and two is not None
    assert one.digest != two.digest


def test_an_ignore_file_is_asked_for_each_folder_above() -> None:
    out = left_out(("*", "!src", "src/x"))
    assert [path for path in ("a", "b/c", "src/a", "src/x/y") if out(path)] == ["a", "b/c", "src/x/y"]
