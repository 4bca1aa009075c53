"""The tables that files of a context hold, which anybody may have written; None where a file holds none."""

from __future__ import annotations

import json
from typing import Any


def json_object(text: bytes | str | None) -> dict[str, Any] | None:
    """The object that a JSON file holds; None where there is no file, or something else in it."""
    try:
        found = json.loads(text) if text is not None else None
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def toml_table(text: str) -> dict[str, Any] | None:
    """The table that a TOML file holds; None where it is not TOML."""
    import tomli

    try:
        return tomli.loads(text)
    except (tomli.TOMLDecodeError, RecursionError):
        return None
