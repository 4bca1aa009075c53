"""The plain names of commands that carry a version: `pip3`, `python3.11`, `gcc-12`."""

from __future__ import annotations

import re

from optimizer.knowledge.effects import effects_table

_VERSIONED = re.compile(r"(python|pip|pypy|gcc|g\+\+|clang|clang\+\+|ruby|gem|php|node|lua|perl)-?[\d.]+")


def plain_name(name: str) -> str:
    """The name under which the rows know the command."""
    match = _VERSIONED.fullmatch(name)
    return match[1] if match and name not in effects_table().deeds else name
