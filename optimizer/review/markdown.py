"""Markdown that shows text of others as it is: no fence ends early, nobody is called, no tag comes to life."""

from __future__ import annotations

import re
from collections.abc import Sequence

LIMIT = 65_536
"""Characters of a comment on GitHub (its API: `body is too long`); GitLab takes more."""
_CODE = re.compile(r"(`[^`\n]+`)")
_SPECIAL = re.compile(r"[\\`*_{}\[\]<>#|~&]")
_ODD = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")


def length(text: str) -> int:
    """UTF-16 units: no forge counts more."""
    return len(text) + sum(char > "\uffff" for char in text)


def fenced(text: str, kind: str) -> str:
    """A code block with a fence that no line of the text can end."""
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    body = text if text.endswith("\n") or not text else f"{text}\n"
    return f"{fence}{kind}\n{body}{fence}"


def code(text: str) -> str:
    """A text as code within a line."""
    clean = _visible(text).replace("\n", " ")
    ticks = "`" * (max((len(run) for run in re.findall("`+", clean)), default=0) + 1)
    blank = " " if clean.startswith("`") or clean.endswith("`") else ""
    return f"{ticks}{blank}{clean}{blank}{ticks}"


def prose(text: str) -> str:
    """A reason: what stands between backticks is code, the rest plain words."""
    parts = _CODE.split(_visible(text).replace("\n", " "))
    return "".join(part if number % 2 else _plain(part) for number, part in enumerate(parts))


def folded(title: str, body: str) -> str:
    """A body that opens on a click."""
    return f"<details>\n<summary>{title}</summary>\n\n{body}\n\n</details>"


def joined(paragraphs: Sequence[str], limit: int, last: str) -> str:
    """The paragraphs with blank lines between them, and `last`; those that are too many give way to a sentence."""
    left = limit - length(last) - 200
    kept: list[str] = []
    for paragraph in paragraphs:
        left -= length(paragraph) + 2
        if left < 0:
            break
        kept.append(paragraph)
    if cut := len(paragraphs) - len(kept):
        kept.append(f"_Cut here: {cut} more paragraphs do not fit into a comment. `dockopt fix` shows all._")
    return "\n\n".join([*kept, last])


def _plain(text: str) -> str:
    # A mention is broken by a blank without width; an entity would still call.
    return _SPECIAL.sub(lambda match: f"\\{match[0]}", text).replace("@", "@\u200b")


def _visible(text: str) -> str:
    return _ODD.sub(lambda match: f"\\x{ord(match[0]) & 0xFF:02x}", text)
