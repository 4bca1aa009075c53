"""The tree against BuildKit's own parser: recorded answers, the binding, and files made at random."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from optimizer.syntax.nodes import Node, printed_fields, source, spans
from optimizer.syntax.parser import parse, render
from optimizer.syntax.problems import problems
from tests.oracles.buildkit import agree, as_binding, by_binding, ours, recorded

CASES = json.loads((Path(__file__).parent / "cases.json").read_text("utf-8"))
CORPUS = Path(__file__).parents[2] / "corpus"
FILES = sorted(path for path in CORPUS.rglob("*Dockerfile*") if path.is_file())
NO_STAGES = {"only-arg"}  # the parser takes it; the build says "dockerfile contains no stages"

# The five cases that are about size: 65,535 bytes are the limit of a physical line, not of an instruction.
X = "x" * 90_000
SIZES = [
    ("a line of 65,536 bytes with its newline", f"FROM a\nRUN {X[:65531]}\n", True),
    ("a line of 65,537 bytes with its newline", f"FROM a\nRUN {X[:65532]}\n", False),
    ("65,536 bytes at the end of the file", f"FROM a\nRUN {X[:65532]}", False),
    ("90 kB over many lines", "FROM a\nRUN a \\\n" + f" && {X[:900]} \\\n" * 100 + " && b\n", True),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_the_tree_sees_what_buildkit_sees(case: dict[str, str]) -> None:
    data = case["text"].encode("latin-1")
    tree = parse(data)
    assert render(tree) == data
    expected = recorded(case["current"])
    if expected is not None:
        assert ours(tree) == expected
    rejected = expected is None or "INSTR-ERR" in case["current"] or case["name"] in NO_STAGES
    assert bool(problems(tree)) == rejected


@pytest.mark.parametrize(("title", "text", "accepted"), SIZES, ids=[size[0] for size in SIZES])
def test_the_longest_line(title: str, text: str, accepted: bool) -> None:
    tree = parse(text)
    assert source(tree) == text
    assert (not problems(tree)) == accepted


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(CORPUS).as_posix())
def test_the_corpus_comes_back_and_the_binding_agrees(path: Path) -> None:
    data = path.read_bytes()
    tree = parse(data)
    assert render(tree) == data
    try:
        seen = by_binding(data.decode("utf-8"))
    except UnicodeDecodeError:
        return
    if seen is None:
        assert problems(tree)
    elif not _newer(data.decode("utf-8")):
        assert agree(tree, seen), (as_binding(tree), seen)


def _newer(text: str) -> bool:
    """Where BuildKit 0.12, which the binding is, reads otherwise: `check=`, `<< EOF`, ONBUILD heredocs, NUL."""
    return bool(re.search(r"<<-?\s+\w|check\s*=|(?i:onbuild\s+(run|copy|add)\b[^\n]*<<)|#\xa0|\0", text))


PIECES = [
    "FROM a",
    "FROM a AS b",
    "RUN ",
    "RUN echo x",
    "run\ta",
    "COPY a b /c/",
    "COPY --from=b x y",
    "ADD a b",
    "ENV A=1",
    "ENV A 1 2",
    'ENV A="x y" B=z',
    "LABEL a=b",
    "ARG X",
    "ARG X=1 Y",
    "USER u",
    "WORKDIR /w",
    "EXPOSE 80",
    'CMD ["a", "b"]',
    "CMD a b",
    'ENTRYPOINT ["x"]',
    'SHELL ["/bin/sh", "-c"]',
    "ONBUILD RUN x",
    "VOLUME /v",
    "HEALTHCHECK CMD x",
    "HEALTHCHECK NONE",
    "STOPSIGNAL 9",
    "RUN --mount=type=cache,target=/x y",
    "RUN <<EOF",
    "RUN cat <<A <<-B",
    "EOF",
    "A",
    "\tB",
    "# c",
    "#",
    "  # d",
    "",
    "  ",
    " \\",
    "\\",
    " \\ ",
    " && b",
    " \\\\",
    "'",
    '"',
    "\\\n",
    "`",
    "# escape=`",
    "# syntax=x",
    "# check=skip=all",
    "\ufeff",
    "\t",
    "\x0b",
    "\xa0",
    "é",
    "<<",
    "<<<x",
    "$x",
    "${x:-y}",
    "[",
    "]",
    ";",
    "&",
    "|",
    "(",
    ")",
    "\r",
]


@settings(max_examples=800)
@given(st.lists(st.tuples(st.sampled_from(PIECES), st.sampled_from(["\n", "\n", "\r\n", ""])), max_size=14))
@example([("FROM a", "\n"), ("RUN a \\", "\n"), ("", "\n"), ("# x \\", "\n"), ("RUN b", "")])
@example([("RUN ", ""), ("\xa0", ""), ("RUN echo x", "\n")])
@example([("ENV A=1", ""), (" \\", ""), (" \\ ", "\n"), ("USER u", "\n")])
@example([("ENV A=1", ""), ("\\", ""), ("\x0b", "\n")])
def test_files_made_at_random(pieces: list[tuple[str, str]]) -> None:
    text = "".join(piece + end for piece, end in pieces)
    tree = parse(text)
    assert source(tree) == text
    seen = by_binding(text)
    if seen is not None and not _newer(text):
        assert agree(tree, seen), (as_binding(tree), seen)


@settings(max_examples=300)
@given(st.binary(max_size=200))
def test_any_bytes_come_back(data: bytes) -> None:
    assert render(parse(data)) == data


@pytest.mark.parametrize("path", FILES[:60], ids=lambda path: path.relative_to(CORPUS).as_posix())
def test_every_node_stands_where_its_text_is(path: Path) -> None:
    tree = parse(path.read_bytes())
    text = source(tree)
    places = spans(tree)
    assert all(text[start:end] == source(node) for node, (start, end) in places.items())
    assert len(places) == len(set(tree.walk())) == sum(1 for _ in tree.walk())


def test_a_field_that_is_not_printed_says_so() -> None:
    tree = parse("FROM a\nRUN --mount=type=cache,target=/x ec\\\nho x\n")
    run = list(tree.instructions)[1]
    assert [flag.value for flag in run.all_flags] == ["type=cache,target=/x"]
    assert "text" not in printed_fields(type(run.all_flags[0]))
    words = [node for node in run.walk() if isinstance(node, Node) and getattr(node, "text", "") == "echo"]
    assert [getattr(word, "raw", "") for word in words] == ["ec\\\nho"]


def test_a_swallowed_instruction_would_be_seen() -> None:
    """The oracle can fail: losslessness alone hides it."""
    swallowed = parse("FROM a\nRUN b \\\nUSER c\n")
    assert source(swallowed) == "FROM a\nRUN b \\\nUSER c\n"
    assert [seen.text for seen in ours(swallowed)] != [s.text for s in ours(parse("FROM a\nRUN b\nUSER c\n"))]


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("FROM a\nRUNN x\n", 2, "unknown instruction `RUNN`; did you mean `RUN`?"),
        ("RUN x\n", 1, "`RUN` stands before the first FROM"),
        ("FROM a\n\n# c\nRUN <<EOF\nx\n", 4, "the heredoc `EOF` has no end"),
        ('FROM a\nCMD ["a", 1]\n', 2, "a JSON array here may hold strings only"),
        ("FROM a\nENV A=1 # x\n", 2, "ENV is not of the form `name=value`: `A=1 # x`"),
        ("# escape=x\nFROM a\n", 1, "invalid escape character `x`: only `\\` and `` ` `` can be one"),
        ("# escape=`\n# escape=`\nFROM a\n", 2, "the directive `escape` is given twice"),
        ("FROM a\nCOPY --user=x a b\n", 2, "COPY has no flag `--user`"),
        ("ARG A\n", 1, "there is no FROM in this file"),
        ("\udcff\udcfeF\0R\0O\0M\0", 1, "the file is UTF-16; BuildKit reads UTF-8"),
    ],
)
def test_what_buildkit_rejects_is_named_with_its_line(text: str, line: int, message: str) -> None:
    first = problems(parse(text))[0]
    assert (first.line, first.message) == (line, message)
