"""All that `dockopt fix` prints is one patch: applied, it gives exactly the bytes that `--write` would have written."""

from __future__ import annotations

import contextlib
import io
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optimizer.cli import main
from tests.test_patch import TOOLS, applied

CORPUS = Path(__file__).parents[2] / "corpus"


def run(folder: Path, *words: str) -> bytes:
    """What the command prints in the folder."""
    out = io.TextIOWrapper(io.BytesIO())
    here = Path.cwd()
    os.chdir(folder)
    try:
        with (
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(io.StringIO()),
            contextlib.suppress(SystemExit),
        ):
            main(["fix", *words])
    finally:
        os.chdir(here)
    out.flush()
    assert isinstance(out.buffer, io.BytesIO)
    return out.buffer.getvalue()


def printed_and_written(before: Mapping[str, bytes], *words: str) -> tuple[bytes, dict[str, bytes]]:
    """What `fix` prints in a folder with these files, and the files after `fix --write`."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        for path, data in before.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(data)
        printed = run(folder, *words)
        run(folder, "--write", *words)
        return printed, {path: (folder / path).read_bytes() for path in before}


PIECES = [
    "RUN apt-get update", "RUN apt-get install -y curl", "RUN pip install flask", "RUN apk add curl \\\n    git",
    "RUN rm -rf /var/lib/apt/lists/*", "RUN <<EOF\npip install flask\nEOF", "# caf\udce9", "",
    "\tRUN\tpip install x \t",
    "COPY . .", "CMD [\"a\"]", "RUN printf '\udcff' && apt-get update && apt-get install git",
]  # fmt: skip
dockerfiles = st.builds(
    lambda base, pieces, ends, last: (
        "".join(line + end for line, end in zip("\n".join([base, *pieces]).split("\n"), ends, strict=False)).rstrip(
            "\r\n"
        )
        + last
    ),
    st.sampled_from(["FROM debian:12", "FROM alpine:3.20", "\ufeffFROM python:3.12"]),
    st.lists(st.sampled_from(PIECES), min_size=1, max_size=10),
    st.one_of(st.just(["\n"] * 40), st.just(["\r\n"] * 40), st.lists(st.sampled_from(["\n", "\r\n"]), min_size=40)),
    st.sampled_from(["\n", "\r\n", "", "\n\n"]),
).map(lambda text: text.encode("utf-8", "surrogateescape"))
names = st.sampled_from(
    [
        "Dockerfile",
        "a b/Dockerfile",
        "x y.Dockerfile",
        'quo"te/Dockerfile',
        "Dockerfile.\t",
        "ü/Dockerfile.b",
        "a\\b/Dockerfile",
    ]
)


@settings(deadline=None, max_examples=40)
@given(st.dictionaries(names, dockerfiles, min_size=1, max_size=4), st.booleans())
def test_dockerfiles_of_any_shape(before: dict[str, bytes], unsafe: bool) -> None:
    printed, written = printed_and_written(before, *(["--unsafe"] if unsafe else []))
    for tool in TOOLS:
        assert applied(tool, before, printed) == written


@pytest.mark.parametrize("option", [[], ["--unsafe"]], ids=["safe", "unsafe"])
def test_the_corpus_as_one_patch(option: list[str]) -> None:
    before = {
        str(path.relative_to(CORPUS)): path.read_bytes()
        for path in sorted(CORPUS.rglob("*ockerfile*"))
        if path.is_file()
    }
    printed, written = printed_and_written(before, *option)
    assert len(before) > 200
    assert sum(written[path] != before[path] for path in before) > 60
    for tool in TOOLS:
        assert applied(tool, before, printed) == written


def test_a_patch_printed_below_the_top_of_a_repository_applies_there(tmp_path: Path) -> None:
    below = tmp_path / "services/web"
    below.mkdir(parents=True)
    (below / "Dockerfile").write_text("FROM alpine:3.20\nRUN apk add curl\n")
    subprocess.run(["git", "init", "--quiet"], cwd=tmp_path, check=True, capture_output=True)
    subprocess.run(["git", "apply"], cwd=below, input=run(below), check=True, capture_output=True)
    assert (below / "Dockerfile").read_text() == "FROM alpine:3.20\nRUN apk add --no-cache curl\n"


def test_a_link_is_printed_as_the_file_behind_it(tmp_path: Path) -> None:
    (tmp_path / "docker").mkdir()
    (tmp_path / "docker/x").write_text("FROM alpine:3.20\nRUN apk add curl\n")
    (tmp_path / "Dockerfile").symlink_to("docker/x")
    assert run(tmp_path).startswith(b"--- a/docker/x\n+++ b/docker/x\n")


@pytest.mark.parametrize("quiet", [False, True])
def test_a_terminal_sees_colours_unless_it_wants_none(tmp_path: Path, quiet: bool) -> None:
    (tmp_path / "Dockerfile").write_text("FROM alpine:3.20\nRUN apk add curl\n")
    program = "import pty, sys; sys.exit(pty.spawn([sys.executable, '-c', sys.argv[1]]))"
    inner = f"import sys; sys.path.insert(0, {str(CORPUS.parent)!r}); from optimizer.cli import main; main(['fix'])"
    environment = {name: value for name, value in os.environ.items() if name != "NO_COLOR"} | (
        {"NO_COLOR": "1"} if quiet else {}
    )
    ran = subprocess.run(
        [sys.executable, "-c", program, inner], cwd=tmp_path, env=environment, capture_output=True, check=True
    )
    assert (b"\x1b[32m+RUN apk add --no-cache curl\x1b[0m" in ran.stdout) is not quiet
