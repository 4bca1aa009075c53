"""The diffs are taken by `git apply` and by `patch -p1`, and give exactly the bytes that would have been written."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from optimizer.patch import unified

TOOLS = (["git", "apply", "--whitespace=nowarn"], ["patch", "-p1", "--no-backup-if-mismatch", "--silent"])

Files = Mapping[str, bytes]


def applied(tool: list[str], before: Files, diff: bytes) -> dict[str, bytes]:
    """The files of a folder after the tool has read the diff."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        for path, data in before.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(data)
        if diff:
            subprocess.run(tool, cwd=folder, input=diff, check=True, capture_output=True)
        return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def diff_of(before: Files, after: Files) -> bytes:
    """One patch for all the files, with lines about changes between the diffs, as `dockopt fix` prints it."""
    pieces = []
    for path in before:
        one, other = (data[path].decode("utf-8", "surrogateescape") for data in (before, after))
        if diff := unified(one, other, path):
            pieces.append(diff + f"{path}:1 merge-run  `a` && `b`\n{path}:12 clean-in-same-layer  -- why\n")
    return "".join(pieces).encode("utf-8", "surrogateescape")


def assert_applies(before: Files, after: Files) -> None:
    diff = diff_of(before, after)
    for tool in TOOLS:
        assert applied(tool, before, diff) == after


lines = st.sampled_from(
    [b"RUN a", b"RUN b", b"", b"  x\t", b"-- a", b"+++ b", b"@@ -1 +1 @@", b"\xe9\xff", b"\\", b"a\rb"]
)
ends = st.sampled_from([b"\n", b"\r\n"])
texts = st.builds(
    lambda pairs, last: b"".join(line + end for line, end in pairs) + last,
    st.lists(st.tuples(lines, ends), min_size=1, max_size=24),
    st.one_of(st.just(b""), lines),
)
names = st.sampled_from(["Dockerfile", "a b/Dockerfile", "Dockerfile.x y", "tab\there", 'quo"te', "back\\slash", "ü/ß"])


@settings(deadline=None, max_examples=60)
@given(st.dictionaries(names, st.tuples(texts, texts), min_size=1))
@example({"Dockerfile": (b"", b"FROM a\n")})
@example({"Dockerfile": (b"a", b"a\n")})
@example({"Dockerfile": (b"a\n", b"a")})
@example({"Dockerfile": (b"a\r\nb\n", b"a\nb\r\n")})
def test_any_texts_under_any_name(files: dict[str, tuple[bytes, bytes]]) -> None:
    assert_applies({path: pair[0] for path, pair in files.items()}, {path: pair[1] for path, pair in files.items()})


HEAD = "FROM debian:12\n"
UPDATE = "RUN apt-get update\nRUN apt-get install -y curl\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(HEAD + UPDATE, HEAD + "RUN apt-get update && apt-get install -y curl\n", id="two lines into one"),
        pytest.param(HEAD + UPDATE[:-1], HEAD + "RUN true\n", id="a last line gets its end"),
        pytest.param(HEAD + UPDATE, HEAD + "RUN true", id="a last line loses its end"),
        pytest.param(HEAD + UPDATE[:-1], "FROM debian:13\n" + UPDATE[:-1], id="a last line without end is context"),
        pytest.param((HEAD + UPDATE).replace("\n", "\r\n"), HEAD.replace("\n", "\r\n"), id="Windows line ends"),
        pytest.param(HEAD + "RUN a\r\n" + UPDATE, HEAD + "RUN b\r\n" + UPDATE, id="mixed line ends"),
        pytest.param(HEAD, HEAD.replace("\n", "\r\n"), id="only the line end changes"),
        pytest.param(HEAD * 40 + "A\n" + HEAD * 40, "B\n" + HEAD * 80 + "C\n", id="hunks far apart"),
        pytest.param("\n" * 300 + "RUN a\n", "\n" * 299 + "RUN a\n", id="very many blank lines"),
        pytest.param("RUN printf '\udce9\udcff'\n", "RUN printf '\udce9\udcff' \n", id="bytes that are no UTF-8"),
        pytest.param("RUN \x00a\n", "RUN \x00b\n", id="NUL"),
        pytest.param("a\x0cb\x0bc\x85d\u2028e\n", "a\x0cb\x0bc\x85d\u2028f\n", id="what Python takes for line ends"),
        pytest.param("\ufeffFROM a\n", "\ufeffFROM b\n", id="a byte order mark"),
    ],
)
def test_texts_that_need_care(before: str, after: str) -> None:
    one, other = (text.encode("utf-8", "surrogateescape") for text in (before, after))
    assert_applies({"Dockerfile": one}, {"Dockerfile": other})


def test_equal_texts_have_no_diff() -> None:
    assert unified("FROM a\n", "FROM a\n", "Dockerfile") == ""


def test_a_diff_shows_three_lines_around_a_change_and_the_plain_name() -> None:
    before = "FROM a\n" + "".join(f"RUN {number}\n" for number in range(9))
    assert unified(before, before.replace("RUN 4", "RUN four"), "x/Dockerfile") == (
        "--- a/x/Dockerfile\n+++ b/x/Dockerfile\n@@ -3,7 +3,7 @@\n"
        " RUN 1\n RUN 2\n RUN 3\n-RUN 4\n+RUN four\n RUN 5\n RUN 6\n RUN 7\n"
    )


def test_the_tools_are_there() -> None:
    assert all(shutil.which(tool[0]) for tool in TOOLS)
