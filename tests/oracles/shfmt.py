"""shfmt as a second reader of shell scripts: spans of the text, which both readers must see alike.

`python -m tests.oracles.shfmt FOLDER` compares the RUN bodies of the Dockerfiles below the folder.

A span is `(kind, start, end)` in characters. The kinds: `command` (from its first word to its last, redirects at the
ends left out), `word` (of commands, redirects, `for`, `case` and `[[ ]]`; an array is one), `operator` (between
commands), `redirect`, `compound` (without its redirects), `not` and `comment`. Scripts inside words are looked into;
heredocs are not.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from unittest.mock import patch

from msgspec import Struct

from optimizer.syntax import parser
from optimizer.syntax.joined import Joined
from optimizer.syntax.nodes import (
    Command,
    Comment,
    Compound,
    Gap,
    Node,
    Opaque,
    Operator,
    Redirect,
    Reserved,
    ShellScript,
    Word,
    source,
    spans,
)
from optimizer.syntax.shell import parse_script

Span = tuple[str, int, int]

SHFMT = str(Path(sys.executable).parent / "shfmt")
_COMMANDS = frozenset({"CallExpr", "DeclClause", "LetClause"})
_COMPOUNDS = frozenset(
    {"ArithmCmd", "Block", "CaseClause", "ForClause", "FuncDecl", "IfClause", "Subshell", "TestClause", "WhileClause"}
)
_WORDS = frozenset(
    {
        ("CallExpr", "Args"),
        ("CallExpr", "Assigns"),
        ("DeclClause", "Args"),
        ("DeclClause", "Variant"),
        ("Redirs", "Word"),
        ("WordIter", "Items"),
        ("WordIter", "Name"),
        ("CaseClause", "Word"),
        ("Items", "Patterns"),
        ("FuncDecl", "Name"),
    }
)
"""The fields that hold words, by the kind of the node or else the field it stands in."""
_TESTS = frozenset({"TestClause", "UnaryTest", "BinaryTest", "ParenTest"})
_AT_ONCE = 100


class RejectedError(ValueError):
    """shfmt does not take the text for a script."""


def spans_by_shfmt(text: str) -> set[Span]:
    """What shfmt sees; raises `RejectedError`."""
    data = text.encode("utf-8", "surrogateescape")
    run = subprocess.run([SHFMT, "--to-json", "-ln", "bash"], input=data, capture_output=True, check=False)
    if run.returncode:
        raise RejectedError(run.stderr.decode("utf-8", "replace").strip())
    found: set[Span] = set()
    _visit(json.loads(run.stdout), "", "", found)
    found = {(kind, start, _before_continuation(data, end)) for kind, start, end in found}
    if len(data) == len(text):
        return found
    offsets = [0] * (len(data) + 1)
    at = 0
    for index, char in enumerate(text):
        size = len(char.encode("utf-8", "surrogateescape"))
        offsets[at : at + size] = [index] * size
        at += size
    offsets[at] = len(text)
    return {(kind, offsets[start], offsets[end]) for kind, start, end in found}


def _before_continuation(data: bytes, end: int) -> int:
    """The end of a word: to shfmt a continuation right behind it belongs to it, to us to the gap."""
    while data.endswith(b"\\\n", 0, end):
        end -= 2
    return end


def spans_by_shfmt_of(texts: list[str]) -> list[set[Span] | None]:
    """What shfmt sees in each text, None where it rejects it; many texts are read at once."""
    if not texts:
        return []
    if any(text.endswith("\\") for text in texts):
        kept = iter(spans_by_shfmt_of([text for text in texts if not text.endswith("\\")]))
        return [None if text.endswith("\\") else next(kept) for text in texts]
    try:
        found = spans_by_shfmt("\n".join(texts) + "\n")
    except RejectedError:
        if len(texts) == 1:
            return [None]
        half = len(texts) // 2
        return spans_by_shfmt_of(texts[:half]) + spans_by_shfmt_of(texts[half:])
    out: list[set[Span] | None] = []
    ordered = sorted(found, key=lambda span: span[1])
    begin = at = 0
    for text in texts:
        mine: set[Span] = set()
        while at < len(ordered) and ordered[at][1] <= begin + len(text):
            kind, start, end = ordered[at]
            mine.add((kind, start - begin, end - begin))
            at += 1
        out.append(mine)
        begin += len(text) + 1
    return out


def _visit(node: Any, parent: str, field: str, found: set[Span]) -> None:
    """Add the spans of a node of shfmt's tree, which stands in this field of its parent."""
    if isinstance(node, list):
        for item in node:
            _visit(item, parent, field, found)
    elif isinstance(node, dict):
        kind = node.get("Type") or field
        found.update(_spans_of(node, kind, parent, field))
        for name, value in node.items():
            if name != "Hdoc" and not (name == "Args" and kind == "LetClause"):
                _visit(value, kind, name, found)


def _spans_of(node: dict[str, Any], kind: str, parent: str, field: str) -> Iterator[Span]:
    """The spans that one node of shfmt's tree stands for."""
    if "Pos" not in node:
        return
    whole = node["Pos"]["Offset"], _end_of(node)
    if kind in _COMMANDS:
        yield ("command", *whole)
    elif kind in _COMPOUNDS and not (kind == "IfClause" and field == "Else"):
        yield ("compound", *whole)
    elif field == "Redirs":
        yield ("redirect", whole[0], node["Word"]["End"]["Offset"])
    elif "Hash" in node:
        yield ("comment", *whole)
    elif (parent, field) in _WORDS or (parent in _TESTS and kind == "Word"):
        yield ("word", *whole)
    if kind == "BinaryCmd":
        start = node["OpPos"]["Offset"]
        yield ("operator", start, start + len(node["Op"]))
    if "Semicolon" in node:
        start = node["Semicolon"]["Offset"]
        yield ("operator", start, start + 1)
    if node.get("Negated"):
        yield ("not", node["Position"]["Offset"], node["Position"]["Offset"] + 1)


def _end_of(node: dict[str, Any]) -> int:
    """Where a node ends. To shfmt the body of `f() { a; } && b` is all of it; to a shell it is the first command."""
    body = node.get("Body") or {}
    if not isinstance(body, dict) or body.get("Cmd", {}).get("Type") != "BinaryCmd":
        return int(node["End"]["Offset"])
    while body.get("Cmd", {}).get("Type") == "BinaryCmd":
        body = body["Cmd"]["X"]
    return int(body["End"]["Offset"])


def spans_by_us(script: ShellScript, begin: int = 0) -> set[Span]:
    """What our parser sees; `begin` is where the script stands."""
    found: set[Span] = set()
    places = spans(script)
    for node, (start, end) in places.items():
        for kind, first, last in _spans_of_ours(node, places):
            found.add((kind, first + begin, last + begin))
        if isinstance(node, Word):
            for inner, at in scripts_in(node):
                found |= spans_by_us(inner, begin + start + at)
        assert end >= start
    return found


def scripts_in(word: Word) -> Iterator[tuple[ShellScript, int]]:
    """The scripts inside a word and where they stand in it."""
    at = 0
    for script in word.scripts:
        text = source(script)
        at = word.raw.index(text, at + 1)
        while word.raw[at - 1] not in "(`" or word.raw[at + len(text)] not in ")`":
            at = word.raw.index(text, at + 1)
        yield script, at
        at += len(text)


def _spans_of_ours(node: Node, places: dict[Node, tuple[int, int]]) -> Iterator[Span]:
    if isinstance(node, Command):
        words = [part for part in node.parts if isinstance(part, Word)]
        if words:
            yield "command", places[words[0]][0], places[words[-1]][1]
        yield from (("word", *places[word]) for word in words)
    elif isinstance(node, Redirect):
        yield ("redirect", *places[node])
        yield ("word", *places[node.target])
    elif isinstance(node, Comment):
        yield ("comment", *places[node])
    elif isinstance(node, Compound):
        inside = [part for part in node.parts if not isinstance(part, Redirect | Gap)]
        yield "compound", places[node][0], places[inside[-1]][1]
    if isinstance(node, Compound | ShellScript):
        yield from _spans_of_parts(node, places)


def _spans_of_parts(node: Compound | ShellScript, places: dict[Node, tuple[int, int]]) -> Iterator[Span]:
    """The words and operators that stand directly in a script or in a compound command."""
    before: Node | None = None
    for part in node.parts:
        if isinstance(part, Gap):
            continue
        behind = isinstance(before, Command | Compound)
        if isinstance(part, Word) and not (isinstance(before, Operator) and before.text == "(("):
            yield ("word", *places[part])
        elif isinstance(part, Operator) and behind and part.text in {"&&", "||", "|", "|&", ";", "&"}:
            yield ("operator", *places[part])
        elif isinstance(part, Reserved) and part.text == "!":
            yield ("not", *places[part])
        before = part


def valid(text: str, shell: str = "bash") -> bool:
    """Whether the shell takes the text for a script."""
    data = text.encode("utf-8", "surrogateescape")
    run = subprocess.run([shell, "-n"], input=data, capture_output=True, check=False)
    return run.returncode == 0 and b"warning" not in run.stderr


class Body(Struct, frozen=True):
    """A call of the shell parser: what a Dockerfile's parser hands to it."""

    joined: Joined
    start: int
    end: int
    heredocs: tuple[str, ...] | None

    @property
    def text(self) -> str:
        """The script."""
        return self.joined.text[self.start : self.end]

    @property
    def complete(self) -> str:
        """The script as a shell needs it, with empty bodies for the heredocs that were taken out."""
        return "\n".join([self.text, *(self.heredocs or ())])

    @property
    def source(self) -> str:
        """The part of the file that the tree must cover."""
        return self.joined.file[self.joined.origin(self.start) : self.joined.span(self.start, self.end)[1]]

    def tree(self) -> ShellScript | None:
        """Our tree of it."""
        return parse_script(self.joined, self.start, self.end, self.heredocs)

    def tree_of_text(self) -> ShellScript | None:
        """Our tree of the script without the continuations of the file."""
        text = self.text
        return parse_script(Joined(text, text, (0,), (0,)), 0, len(text), self.heredocs)


def bodies_of(data: bytes) -> list[Body]:
    """The scripts of a Dockerfile."""
    found: list[Body] = []

    def record(joined: Joined, start: int, end: int, heredocs: tuple[str, ...] | None) -> ShellScript | None:
        if start < end:
            found.append(Body(joined, start, end, heredocs))
        return None

    with patch.object(parser, "parse_script", record):
        parser.parse(data)
    return found


def outline(script: ShellScript) -> list[tuple[str, str]]:
    """Kind and text of all tokens, those inside words too; gaps left out."""
    found: list[tuple[str, str]] = []
    for node in script.walk():
        if isinstance(node, Word | Operator | Reserved | Comment | Opaque):
            found.append((type(node).__name__, node.text))
        elif not isinstance(node, Gap):
            found.append((type(node).__name__, ""))
        if isinstance(node, Word):
            for inner in node.scripts:
                found += outline(inner)
    return found


def compare(body: Body, theirs: set[Span] | None) -> tuple[str, str]:
    """The verdict with what there is to see; `unread` is a valid body that only shfmt rejects."""
    tree, plain = body.tree(), body.tree_of_text()
    shown = [f"{body.complete!r}"]
    if tree is None or plain is None:
        return ("refused" if valid(body.complete) else "invalid"), shown[0]
    if source(tree) != body.source:
        shown.append(f"  does not cover {body.source!r} but {source(tree)!r}")
    elif outline(tree) != outline(plain):
        shown.append(f"  continuations change the tree of {body.source!r}")
    elif theirs is None:
        if valid(body.complete):
            return "unread", shown[0]
        shown.append("  accepted but not valid")
    else:
        ours = spans_by_us(plain)
        for name, some in (("ours", ours - theirs), ("shfmt", theirs - ours)):
            ordered = sorted(some, key=lambda span: span[1:])[:6]
            shown += [f"  only {name}: {kind} {body.text[start:end]!r} at {start}" for kind, start, end in ordered]
    return ("different" if len(shown) > 1 else "identical"), "\n".join(shown)


def main() -> int:
    """Compare all scripts in the Dockerfiles below a folder; 1 if one differs."""
    options = argparse.ArgumentParser(description=main.__doc__)
    options.add_argument("folder", type=Path)
    options.add_argument("--examples", type=int, default=10)
    options.add_argument("--limit", type=int, default=1_000_000)
    given = options.parse_args()
    files = [path for path in sorted(given.folder.rglob("*")) if path.is_file()][: given.limit]
    bodies = list({body.source: body for path in files for body in bodies_of(path.read_bytes())}.values())
    chunks = [bodies[i : i + _AT_ONCE] for i in range(0, len(bodies), _AT_ONCE)]
    results: dict[str, list[str]] = {
        verdict: [] for verdict in ("identical", "refused", "unread", "invalid", "different")
    }
    with ThreadPoolExecutor(2) as pool:
        answers = pool.map(lambda chunk: spans_by_shfmt_of([body.complete for body in chunk]), chunks)
        for chunk, theirs in zip(chunks, answers, strict=True):
            for body, spans_ in zip(chunk, theirs, strict=True):
                verdict, shown = compare(body, spans_)
                if verdict == "different":  # an invalid script may have hidden its neighbours
                    verdict, shown = compare(body, spans_by_shfmt_of([body.complete])[0])
                results[verdict].append(shown)
    print(f"bodies {len(bodies)} in {len(files)} files")
    for verdict, shown_all in results.items():
        print(verdict, len(shown_all))
    for verdict in ("different", "refused", "unread"):
        for shown in results[verdict][: given.examples]:
            print(f"--- {verdict}\n{shown}")
    return 1 if results["different"] else 0


if __name__ == "__main__":
    sys.exit(main())
