"""`legacy-key-value`."""

import re
from collections.abc import Iterator

from optimizer.facts import Facts
from optimizer.facts.values import Value, quoted, value
from optimizer.syntax.lexer import Lexer, LexError
from optimizer.syntax.nodes import Gap, Instruction, Pair, Pairs, source
from optimizer.syntax.parser import parse
from optimizer.transform import Declined, Proposal, Safety, example, transform, unchanged

_OPEN, _CLOSE = "\ue000", "\ue001"
"""Characters of private use that mark a variable in a value."""

_MORE_PAIRS = re.compile(r"(?:^|\s)(?:[A-Za-z][\w.-]*\s*)?=")


@transform(Safety.SAFE, may_change=set(), counterparts=("LegacyKeyValueFormat",))
@example(
    "quotes only where they are needed",
    """
      FROM debian:bookworm-slim
    - ENV LANG C.UTF-8
    - ENV PATH /opt/tool/bin:$PATH
    - LABEL version    "1.0"
    - ENV GREETING good morning, $USER
    + ENV LANG=C.UTF-8
    + ENV PATH=/opt/tool/bin:$PATH
    + LABEL version="1.0"
    + ENV GREETING="good morning, $USER"
    """,
)
@example(
    "the value over several lines keeps its lines and comments",
    """
      FROM debian:bookworm-slim
    - ENV JAVA_OPTS -Xmx512m \\
    + ENV JAVA_OPTS="-Xmx512m \\
      # the least
    -   -Xms256m
    +   -Xms256m"
    """,
)
@example(
    "quotes that the old form takes away stay away",
    """
      FROM debian:bookworm-slim
    - ENV X "x y" z
    - ENV JSON {"a": "b c"}
    - ENV BLANK a\\ b
    - ENV DOLLAR 5 \\$ for $X
    + ENV X="x y z"
    + ENV JSON="{a: b c}"
    + ENV BLANK=a\\ b
    + ENV DOLLAR="5 \\$ for $X"
    """,
)
@unchanged(
    "the new form already",
    """
    FROM debian:bookworm-slim
    ENV A=1 B="x y"
    """,
)
@unchanged(
    "a substitution with quotes and blanks of its own",
    """
    FROM debian:bookworm-slim
    ENV A ${B:-"x y"} 'z'
    """,
)
@unchanged(
    "the text of a trigger stands in the image as it is written",
    """
    FROM debian:bookworm-slim
    ONBUILD ENV A b c
    """,
)
@unchanged(
    "a value that was surely meant to be several pairs",
    """
    FROM debian:bookworm-slim
    LABEL description "A tool" \\
          version="1.0"
    LABEL name = "tool"
    """,
)
@unchanged(
    "a comment stands before the value",
    """
    FROM debian:bookworm-slim
    ENV A \\
      # of the year
      b c
    """,
)
def legacy_key_value(facts: Facts) -> Iterator[Proposal | Declined]:
    """Writes `ENV name value` and `LABEL name value` as `name=value`.

    The old form takes the rest of the line as the value, which reads as if it held several pairs; BuildKit warns of it.

    Safety: only where the new text stands for the same value, proven with BuildKit's rules for quotes, escapes and
    variables, whatever the variables hold. ONBUILD is left alone, as its text stands in the image.

    Sources: Dockerfile reference, ENV; BuildKit `frontend/dockerfile/parser/line_parsers.go`; its check
    LegacyKeyValueFormat.
    """
    for stage in facts.stages:
        for instruction in stage.instructions:
            body = instruction.body
            if instruction.name not in ("ENV", "LABEL") or not isinstance(body, Pairs) or not body.legacy:
                continue
            (pair,) = body.pairs
            assert pair.value is not None
            text = _rewritten(instruction, pair, facts.tree.escape)
            if text is None:
                yield Declined(instruction, "no other way to write the value could be proven equal")
            elif text != f"{source(pair.name)}={source(pair.value)}" and _MORE_PAIRS.search(pair.value.text):
                yield Declined(instruction, "the rest of the line is one value, though it reads as more pairs")
            else:
                why = f"`{instruction.name} {pair.name.text} ...` without `=` is the old form"
                why += "" if source(pair.value) in text else "; the quotes that go were never part of the value"
                yield Proposal(instruction, why, {pair: text})


def _rewritten(instruction: Instruction, pair: Pair, escape: str) -> str | None:
    """The pair in the new form: the first way to write it that means the same; None where there is none."""
    assert isinstance(pair.separator, Gap)
    assert pair.value is not None
    if pair.separator.comments:
        return None
    raw, name = source(pair.value), source(pair.name)
    ways = [raw, f'"{raw}"']
    if not any(line.lstrip().startswith("#") for line in raw.split("\n")[1:]) and (
        text := _evaluated(pair.value.text, escape)
    ):
        ways.append(quoted(text, escape).replace(_OPEN, "${").replace(_CLOSE, "}"))
    for way in ways:
        if _read(instruction.name, f"{name}={way}", escape) == [(pair.name.text, value(pair.value.text, escape))]:
            return f"{name}={way}"
    return None


def _evaluated(text: str, escape: str) -> str | None:
    """The value with its variables between marks; None where BuildKit rejects it."""
    try:
        return Lexer(text, lambda name: f"{_OPEN}{name}{_CLOSE}", escape).expand()
    except LexError:
        return None


def _read(keyword: str, text: str, escape: str) -> list[tuple[str, Value | None]]:
    """The pairs of a text as they would be read: names as written, and values."""
    directive = "" if escape == "\\" else f"# escape={escape}\n"
    tree = parse(f"{directive}FROM scratch\n{keyword} {text}\n")
    instructions = tree.stages[0].instructions[1:]
    if len(instructions) != 1 or not isinstance(instructions[0].body, Pairs) or instructions[0].body.legacy:
        return []
    pairs = instructions[0].body.pairs
    return [(pair.name.text, value(pair.value.text, escape) if pair.value else None) for pair in pairs]
