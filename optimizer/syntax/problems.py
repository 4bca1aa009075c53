"""What BuildKit would reject in a file: such a file is reported and left as it is.

The tree itself never fails; this reads the tree. Sources: BuildKit `parser/parser.go`, `instructions/parse.go`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from msgspec import Struct

from optimizer.syntax.heredocs import Opening, lone_opening, openings
from optimizer.syntax.nodes import Body, Dockerfile, ExecForm, Instruction, Opaque, Pairs, Words, source

INSTRUCTIONS = frozenset(
    "ADD ARG CMD COPY ENTRYPOINT ENV EXPOSE FROM HEALTHCHECK LABEL MAINTAINER ONBUILD RUN SHELL STOPSIGNAL USER "
    "VOLUME WORKDIR".split()
)
FLAGS = {
    "FROM": frozenset({"platform"}),
    "RUN": frozenset({"mount", "network", "security", "device"}),
    "COPY": frozenset({"from", "chown", "chmod", "link", "parents", "exclude"}),
    "ADD": frozenset({"keep-git-dir", "checksum", "chown", "chmod", "link", "exclude", "unpack"}),
    "HEALTHCHECK": frozenset({"interval", "timeout", "start-period", "start-interval", "retries"}),
}
_REPEATABLE = frozenset({"mount", "exclude", "device"})
_LONGEST_LINE = 65_536
_UTF_16 = ("\udcff\udcfe", "\udcfe\udcff")
"""Its byte order marks, as bytes that are not UTF-8."""
_STAGE_NAME = re.compile(r"[a-z][a-z0-9_.-]*")
_ONE_ARGUMENT = frozenset("USER WORKDIR STOPSIGNAL MAINTAINER".split())
_SOME_ARGUMENTS = _ONE_ARGUMENT | frozenset("ADD ARG COPY ENV EXPOSE LABEL ONBUILD SHELL VOLUME HEALTHCHECK".split())


class Problem(Struct, frozen=True):
    """One reason why a build would stop before its first step. `line` counts from 1."""

    line: int
    message: str


def problems(tree: Dockerfile, texts: Sequence[str] | None = None) -> tuple[Problem, ...]:
    """All that BuildKit's parser and its reading of single instructions reject, in source order.

    `texts` are the texts of the instructions, where the caller has them.
    """
    return tuple(_problems(tree, texts or [source(instruction) for instruction in tree.instructions]))


def _problems(tree: Dockerfile, texts: Sequence[str]) -> Iterator[Problem]:
    if texts and texts[0].startswith(_UTF_16):
        yield Problem(1, "the file is UTF-16; BuildKit reads UTF-8")
        return
    line = 1
    for directive in tree.directives:
        if directive.name == "escape" and directive.value not in ("\\", "`"):
            yield Problem(line, f"invalid escape character `{directive.value}`: only `\\` and `` ` `` can be one")
        line += 1
    yield from _repeated_directives(tree, line)
    stages = 0
    for instruction, text in zip(tree.instructions, texts, strict=True):
        above = len(instruction.leading)
        stages += instruction.name == "FROM"
        if source(instruction) != text:
            yield Problem(line + above, "dockopt cannot print this instruction as it stands; please report it")
        elif message := _rejected(instruction):
            yield Problem(line + above, message)
        elif not stages and instruction.name != "ARG":
            yield Problem(line + above, f"`{instruction.name}` stands before the first FROM")
        if len(text) > _LONGEST_LINE // 4:
            yield from _long_lines(text, line)
        line += text.count("\n")
    if not stages:
        yield Problem(max(line - 1, 1), "there is no FROM in this file")


def _long_lines(text: str, line: int) -> Iterator[Problem]:
    for number, content in enumerate(text.split("\n"), start=line):
        if len(content.encode("utf-8", "surrogateescape")) >= _LONGEST_LINE:
            yield Problem(number, "the line is longer than 65,535 bytes")


def _repeated_directives(tree: Dockerfile, line: int) -> Iterator[Problem]:
    """The block of directives ends at a directive that repeats one; BuildKit reports that as an error."""
    first = next(tree.instructions, None)
    above = first.leading if first else tree.footer
    if not tree.directives or not above or above[0].comment is None:
        return
    name, equals, _ = above[0].comment.partition("=")
    if equals and name.strip().lower() in {directive.name for directive in tree.directives}:
        yield Problem(line, f"the directive `{name.strip()}` is given twice")


def _rejected(instruction: Instruction) -> str | None:
    """Why BuildKit rejects the instruction; None where it takes it."""
    name, body = instruction.name, instruction.body
    if name not in INSTRUCTIONS:
        return _unknown(instruction.keyword.text)
    if message := _wrong_flags(instruction):
        return message
    if isinstance(body, Opaque) and name not in ("RUN", "CMD", "ENTRYPOINT"):
        return _unreadable(name, body)
    if isinstance(body, Opaque) and _not_strings(body.text):
        return "a JSON array here may hold strings only"
    if body is None:
        return f"{name} needs an argument" if name in _SOME_ARGUMENTS or name == "FROM" else None
    if name in ("RUN", "COPY", "ADD") and not isinstance(body, ExecForm) and not instruction.heredocs:
        for opening in _openings(body):
            return f"the heredoc `{opening.name}` has no end"
    if isinstance(body, Words | ExecForm | Instruction | Pairs):
        return _wrong_arguments(instruction)
    return None


def _openings(body: Body) -> tuple[Opening, ...]:
    if isinstance(body, Words):
        return openings(" ".join(word.text for word in body.words))
    return openings(getattr(body, "text", ""))


def _unknown(keyword: str) -> str:
    from difflib import get_close_matches

    near = get_close_matches(keyword.upper(), sorted(INSTRUCTIONS), n=1)
    return f"unknown instruction `{keyword}`" + (f"; did you mean `{near[0]}`?" if near else "")


def _wrong_flags(instruction: Instruction) -> str | None:
    seen: set[str] = set()
    for flag in instruction.all_flags:
        if not flag.name:
            continue
        if flag.name not in FLAGS.get(instruction.name, ()):
            return f"{instruction.name} has no flag `--{flag.name}`"
        if flag.name in seen - _REPEATABLE:
            return f"the flag `--{flag.name}` is given twice"
        seen.add(flag.name)
    return None


def _unreadable(name: str, body: Opaque) -> str:
    if _not_strings(body.text):
        return "a JSON array here may hold strings only"
    if name == "SHELL":
        return "SHELL needs its arguments in JSON form"
    return f"{name} is not of the form `name=value`: `{body.text[:40]}`"


def _not_strings(text: str) -> bool:
    import json

    if not text.startswith("["):
        return False
    try:
        return isinstance(json.loads(text), list) and "NaN" not in text and "Infinity" not in text
    except (ValueError, RecursionError):
        return False


def _wrong_arguments(instruction: Instruction) -> str | None:
    name, body = instruction.name, instruction.body
    values: list[str] = []
    if isinstance(body, Words):
        values = [word.text for word in body.words]
    elif isinstance(body, ExecForm):
        values = [item.text for item in body.items]
    match name:
        case "FROM" if len(values) != 1 and not (len(values) == 3 and values[1].lower() == "as"):
            return "FROM needs one argument, or three: `image AS name`"
        case "FROM" if len(values) == 3 and not _STAGE_NAME.fullmatch(values[2].lower()):
            return f"`{values[2]}` cannot be the name of a stage"
        case "COPY" | "ADD" if len(values) < 2:
            return f"{name} needs a source and a destination"
        case "COPY" | "ADD" if lone_opening(values[-1]) is not None and isinstance(body, Words):
            return f"{name} cannot write to a heredoc"
        case "ARG" if isinstance(body, Pairs) and any(not pair.name.text for pair in body.pairs):
            return "an ARG needs a name"
        case "ENV" | "LABEL" if isinstance(body, Pairs) and any(not pair.name.text for pair in body.pairs):
            return f"{name} needs names that are not blank"
        case "HEALTHCHECK" if isinstance(body, Instruction) and body.body is None:
            return "there is no command after HEALTHCHECK CMD"
        case "HEALTHCHECK" if isinstance(body, Words) and values[0].upper() != "NONE":
            return f"unknown type `{values[0]}` in HEALTHCHECK; `CMD` or `NONE` can stand there"
        case "HEALTHCHECK" if isinstance(body, Words) and len(values) > 1:
            return "HEALTHCHECK NONE takes no arguments"
        case "ONBUILD" if isinstance(body, Instruction) and body.name in ("ONBUILD", "FROM", "MAINTAINER"):
            return f"{body.name} cannot be triggered by ONBUILD"
        case "ONBUILD" if isinstance(body, Instruction):
            return None
    return None
