"""A script as shfmt reads it: its tree, and the words that have a value."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

SHFMT = str(Path(sys.executable).parent / "shfmt")
Tree = dict[str, Any]


class UnreadableError(Exception):
    """shfmt does not take the text for a script."""


@lru_cache(maxsize=8192)
def tree_of(text: str) -> Tree:
    """shfmt's tree of a script. Raises UnreadableError."""
    data = text.encode("utf-8", "surrogateescape")
    done = subprocess.run([SHFMT, "--to-json", "-ln", "bash"], input=data, capture_output=True, check=False)
    if done.returncode:
        raise UnreadableError(done.stderr.decode())
    tree: Tree = json.loads(done.stdout)
    return tree


def literal(parts: Sequence[Tree]) -> str | None:
    out = []
    for part in parts:
        if part["Type"] in ("Lit", "SglQuoted") and not part.get("Dollar"):
            out.append(part.get("Value", ""))
        elif part["Type"] == "DblQuoted" and (inner := literal(part.get("Parts", ()))) is not None:
            out.append(inner)
        else:
            return None
    return "".join(out)
