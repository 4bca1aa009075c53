"""The same file in other clothes: what must make no difference to a transform."""

from __future__ import annotations

import re
from collections.abc import Callable

Stress = Callable[[str], str | None]
"""Another way to write the file; None where it cannot be written so."""


def crlf(text: str) -> str | None:
    """Windows line ends."""
    return None if "<<" in text else text.replace("\n", "\r\n")


def no_final_newline(text: str) -> str | None:
    """The last line has no end."""
    return text[:-1] if not text.rstrip("\n").endswith("EOF") else None


def second_stage(text: str) -> str | None:
    """Another stage stands before."""
    return f"FROM scratch AS unrelated\nCOPY a /a\n{text}" if not re.search(r"--from=\d|^#", text, re.M) else None


def tabs(text: str) -> str | None:
    """A tab behind each instruction's word."""
    return re.sub(r"(?mi)^(RUN|ENV|ARG|COPY|ADD|USER|CMD) ", lambda m: f"{m[1]}\t", text)


def lower_case(text: str) -> str | None:
    """Keywords in lower case."""
    text = re.sub(r"(?m)^(FROM .*) AS ", r"\1 as ", text)
    return re.sub(r"(?m)^(ONBUILD )?(FROM|RUN|ENV|ARG|COPY|ADD|USER|CMD) ", lambda m: m[0].lower(), text)


def byte_order_mark(text: str) -> str | None:
    """The file begins with a byte order mark."""
    return "\ufeff" + text


def comment_above(text: str) -> str | None:
    """A comment above the first RUN."""
    return re.sub(r"(?m)^RUN ", "# a remark\nRUN ", text, count=1)


def shifted(text: str) -> str | None:
    """All lines of the document stand two blanks further to the right."""
    return re.sub(r"(?m)^(?=.)", "  ", text)


def document_start(text: str) -> str | None:
    """YAML's mark of a document's start, and a comment."""
    return f"# a remark\n---\n{text}"


STRESSES: tuple[Stress, ...] = (crlf, no_final_newline, second_stage, tabs, lower_case, byte_order_mark)
WORKFLOW_STRESSES: tuple[Stress, ...] = (crlf, no_final_newline, byte_order_mark, shifted, document_start)
