"""What a person sees: bytes, line ends, comments, heredocs, and the texts of the case."""

from __future__ import annotations

import re
import subprocess
from collections import Counter
from collections.abc import Iterator

from tests.conformance.build import commands, escape_of
from tests.conformance.case import Case


def accepted(case: Case, before: str, after: str) -> Iterator[str]:
    """BuildKit's parser takes what it took, with instructions that there are."""
    old, new = commands(before), commands(after)
    if old is not None and new is None:
        yield "BuildKit's parser rejects the result"
    known = {one.cmd.upper() for one in old or ()} | {"LABEL", "USER", "COPY", "ENV", "WORKDIR"}
    yield from (f"unknown instruction `{one.cmd}`" for one in new or () if old and one.cmd.upper() not in known)


def layout(case: Case, before: str, after: str) -> Iterator[str]:
    """Byte order mark, line ends, the end of the file and the directives stay."""
    if before.startswith("\ufeff") != after.startswith("\ufeff"):
        yield "the byte order mark changed"
    if before.endswith("\n") != after.endswith("\n"):
        yield "the end of the last line changed"
    for what, end in (("CRLF", r"\r\n"), ("LF", r"(?<!\r)\n")):
        if not re.search(end, before) and re.search(end, after):
            yield f"there are {what} line ends that were not"
    if (old := _directives(before)) != (new := _directives(after)):
        yield f"directives: {old} became {new}"


def _directives(text: str) -> list[str]:
    lines: list[str] = []
    for line in text.removeprefix("\ufeff").splitlines():
        if not re.match(r"#\s*(?:syntax|escape|check)\s*=", line, re.I):
            break
        lines.append(line)
    return lines


def comments(case: Case, before: str, after: str) -> Iterator[str]:
    """No comment is lost, made or changed; those of the case stand above the same. One behind a command may move."""
    old, new = (Counter(line.strip() for _, line in _comment_lines(text)) for text in (before, after))
    yield from (f"comment lost: {line}" for line in (old - new))
    yield from (f"comment that was not: {line}" for line in (new - old) if line not in before)
    for comment, below in case.above:
        found = [at for at, line in _comment_lines(after) if comment in line]
        if not found or below not in _next_code(after, found[0]):
            yield f"`{comment}` no longer stands above `{below}`"


def _comment_lines(text: str) -> Iterator[tuple[int, str]]:
    """Comment lines with their number, but for those in heredocs, where they are data."""
    inside: set[int] = set()
    for one in commands(text) or ():
        count = sum(document.content.count("\n") + 1 for document in one.heredocs)
        inside |= set(range(one.end_line - count, one.end_line))
    for at, line in enumerate(text.removeprefix("\ufeff").split("\n")):
        if line.lstrip().startswith("#") and at not in inside:
            yield at, line


def _next_code(text: str, at: int) -> str:
    """The instruction below a comment, with single blanks; inside one, the next line."""
    found = commands(text) or ()
    if any(one.start_line <= at + 1 <= one.end_line for one in found):
        rest = text.removeprefix("\ufeff").split("\n")[at:]
        return next((line for line in rest if line.strip() and not line.lstrip().startswith("#")), "")
    return next((" ".join(one.original.split()) for one in found if one.start_line > at), "")


def shells(case: Case, before: str, after: str) -> Iterator[str]:
    """bash, and dash where it took all before, take every RUN of the result."""
    for shell in ("bash", "dash"):
        if not any(_refused(shell, text) for text in _scripts(before)):
            yield from (f"{shell} refuses `{text}`" for text in _scripts(after) if _refused(shell, text))


def _scripts(text: str) -> Iterator[str]:
    for one in commands(text) or ():
        if one.cmd.upper() == "RUN" and not one.json:
            yield "\n".join([" ".join(one.value), *(f"{each.content}{each.name}" for each in one.heredocs)])


def _refused(shell: str, script: str) -> bool:
    data = script.encode("utf-8", "surrogateescape")
    done = subprocess.run([shell, "-n"], input=data, capture_output=True, check=False)
    return done.returncode != 0 or b"here-document" in done.stderr


def documents(case: Case, before: str, after: str) -> Iterator[str]:
    """The bodies of COPY and ADD heredocs, and whether their names are quoted."""
    old, new = (Counter(_documents(text)) for text in (before, after))
    yield from (f"heredoc lost or changed: {one}" for one in old - new)
    yield from (f"heredoc that was not: {one}" for one in new - old)


def _documents(text: str) -> Iterator[tuple[str, str]]:
    for one in commands(text) or ():
        if one.cmd.upper() in ("COPY", "ADD"):
            for each in one.heredocs:
                opening = re.search(rf"<<-?\S?{re.escape(each.name)}", one.original)
                yield (opening[0] if opening else "", each.content)


def texts(case: Case, before: str, after: str) -> Iterator[str]:
    """The texts of the case that stay, and those that may not come."""
    yield from (f"text lost: {one!r}" for one in case.keeps if after.count(one) < before.count(one))
    yield from (f"text that may not come: {one!r}" for one in case.never if after.count(one) > before.count(one))
    if escape_of(before) != escape_of(after):
        yield "another escape character"
