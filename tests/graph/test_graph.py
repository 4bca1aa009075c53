"""Each form of the graph is what its readers can read, and shows the same stages, steps and edges."""

from __future__ import annotations

import re
from itertools import pairwise
from xml.etree import ElementTree

import pytest

from optimizer.cache import Build, plan
from optimizer.facts import Facts
from optimizer.graph import FORMATS, Graph, dot, graph, mermaid, svg
from optimizer.graph.model import shortened
from optimizer.syntax.parser import parse

TEXT = """\
FROM node:20 AS Web
COPY package.json ./
RUN npm ci
FROM golang AS api
RUN go build
FROM api AS tests
RUN go test
FROM scratch
COPY --from=web /dist /dist
COPY --from=1 /app /app
RUN --mount=type=bind,from=busybox,target=/b /b/sh
LABEL a=b
"""
HOSTILE = """\
FROM "ev]il--><img/src=x onerror=alert(1)>" AS a-b_c.d
RUN echo "]]> \\\\" && echo '<script>&amp;</script>' ; end; #quot; {x} | $(y) `z` %%{init}%%
FROM a-b_c.d
RUN echo \x01\x1b[31m \u202e\ud7ff é …
"""
SVG = "{http://www.w3.org/2000/svg}"


def drawn(text: str) -> Graph:
    return graph(plan(Build(Facts(parse(text)))))


def test_the_model() -> None:
    found = drawn(TEXT)
    assert [(box.title, len(box.steps), box.level, box.used) for box in found.stages] == [
        ("0 web", 2, 1, True),
        ("1 api", 1, 1, True),
        ("2 tests", 1, 2, False),
        ("3", 3, 2, True),
    ]
    assert [(edge.source, edge.target, edge.label, edge.step) for edge in found.edges] == [
        ("image0", "stage0", "FROM", None),
        ("image1", "stage1", "FROM", None),
        ("stage1", "stage2", "FROM", None),
        ("stage0", "stage3", "COPY", 0),
        ("stage1", "stage3", "COPY", 1),
        ("image2", "stage3", "mount", 2),
    ]
    assert [box.title for box in found.images] == ["node:20", "golang", "busybox"]


_NODE = re.compile(r'^ +(?P<key>\w+)(?:\(\["(?P<image>[^"<>]*)"\]\)|\["(?P<step>[^"<>]*)"\])$')
_GROUP = re.compile(r'^ +subgraph (?P<key>\w+) \["(?P<title>[^"<>]*)"\]$')
_ARROW = re.compile(r"^ +(?P<source>\w+) -->\|(FROM|COPY|mount)\| (?P<target>\w+)$")
_CHAIN = re.compile(r"^ +\w+(?: --> \w+)+$")


def read_mermaid(text: str) -> tuple[set[str], list[tuple[str, str]]]:
    """The keys and the arrows; fails on a line that is none of what Mermaid's grammar has for them."""
    head, *lines = text.splitlines()
    assert head == "flowchart LR"
    keys: set[str] = set()
    arrows: list[tuple[str, str]] = []
    depth = 0
    for line in lines:
        if (found := _NODE.match(line) or _GROUP.match(line)) is not None:
            assert found["key"] not in keys
            keys.add(found["key"])
            depth += line.lstrip().startswith("subgraph")
        elif line.strip() == "end":
            depth -= 1
        elif (arrow := _ARROW.match(line)) is not None:
            arrows.append((arrow["source"], arrow["target"]))
        elif _CHAIN.match(line):
            arrows += pairwise(line.strip().split(" --> "))
        else:
            assert re.match(r"^    (classDef unused [a-z0-9:,. -]+|class [\w,]+ unused)$", line), line
        assert depth in (0, 1)
    assert depth == 0
    assert {key for arrow in arrows for key in arrow} <= keys
    return keys, arrows


_TOKENS = re.compile(r'\s+|(?P<name>\w+)|(?P<string>"(?:[^"\\\n]|\\.)*")|(?P<sign>->|[{}\[\]=,;])')


def read_dot(text: str) -> list[str]:
    """The tokens of Graphviz's language; fails on what is none, and on brackets that do not close."""
    at, tokens, opened = 0, [], []
    while at < len(text):
        found = _TOKENS.match(text, at)
        assert found, text[at : at + 40]
        at = found.end()
        if not (token := found[0].strip()):
            continue
        tokens.append(token)
        if token in "{[":
            opened.append(token)
        elif token in ("}", "]"):
            assert opened.pop() == {"}": "{", "]": "["}[token]
    assert opened == []
    return tokens


@pytest.mark.parametrize(
    "text", [TEXT, HOSTILE, "FROM scratch\n", "FROM a\n"], ids=["usual", "hostile", "empty", "one"]
)
def test_all_forms_can_be_read(text: str) -> None:
    found = drawn(text)
    keys, _ = read_mermaid(mermaid(found))
    assert {box.key for box in found.boxes} <= keys
    tokens = read_dot(dot(found))
    assert tokens[:3] == ["digraph", "build", "{"]
    assert tokens.count("->") == len(found.edges)
    root = ElementTree.fromstring(svg(found))
    assert [group.get("id") for group in root.iter(f"{SVG}g")] == [box.key for box in found.boxes]
    assert len(list(root.iter(f"{SVG}path"))) == len(found.edges)


def test_texts_arrive_as_they_are_in_svg() -> None:
    found = drawn(HOSTILE)
    texts = [element.text for element in ElementTree.fromstring(svg(found)).iter(f"{SVG}text")]
    assert set(texts) >= {text for box in found.boxes for text in (box.title, *box.steps)}


def test_no_box_of_an_svg_lies_over_another() -> None:
    root = ElementTree.fromstring(svg(drawn(TEXT)))
    boxes = [[float(rect.get(name, "0")) for name in ("x", "y", "width", "height")] for rect in root.iter(f"{SVG}rect")]
    for one in range(len(boxes)):
        for x, y, width, height in boxes[one + 1 :]:
            left, top, wide, high = boxes[one]
            assert x >= left + wide or left >= x + width or y >= top + high or top >= y + height


def test_what_is_not_built_is_marked() -> None:
    found = drawn(TEXT)
    assert "class stage2 unused" in mermaid(found)
    assert re.search(r"stage2 \[.*style=dashed", dot(found))
    assert '<g id="stage2" class="unused">' in svg(found)


def test_stages_that_are_built_at_the_same_time_stand_in_one_rank() -> None:
    assert "{ rank=same; stage0; stage1; }" in dot(drawn(TEXT))


def test_a_long_or_broken_text_is_shortened() -> None:
    assert shortened("a\n\tb") == "a b"
    assert shortened("x" * 100) == "x" * 59 + "…"
    assert shortened("a\x00\x1b\ud800b") == "a���b"


def test_the_forms_have_names() -> None:
    assert list(FORMATS) == ["mermaid", "dot", "svg"]
