"""What may stand in a settings file, as JSON Schema: for editors, and for those who write settings by program.

`settings.py` decides; a test holds the two to each other. Draft 7 is what the TOML editors know.
"""

from __future__ import annotations

import json
from typing import Any

from optimizer.cli.settings import DEFAULT
from optimizer.knowledge import profiles
from optimizer.transform import Transform
from transforms import PIPELINE


def schema() -> dict[str, Any]:
    """The schema of `dockopt.toml`, and of the table `tool.dockopt` in `pyproject.toml`."""
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "dockopt",
        "description": "Settings of dockopt, which optimizes Dockerfiles.",
        "type": "object",
        "additionalProperties": False,
        "not": {"required": ["select", "profile"]},
        "properties": {
            "select": {
                "description": f"Only these transforms; `{DEFAULT}` stands for all that run where nobody chooses.",
                **_ids(DEFAULT),
            },
            "ignore": {"description": "All but these transforms.", **_ids()},
            "profile": {
                "description": "A list of transforms, in the place of `select`.",
                "enum": [*profiles()],
            },
            "unsafe": {"description": "Also what gives the image other content.", "type": "boolean"},
            "exclude": {
                "description": "Patterns as in a .gitignore: what is passed over where a folder is searched.",
                "type": "array",
                "items": {"type": "string"},
            },
            **{transform.id: _options(transform) for transform in PIPELINE if transform.options},
        },
    }


def written() -> str:
    """The schema as text."""
    return json.dumps(schema(), indent=2) + "\n"


def _ids(*groups: str) -> dict[str, Any]:
    return {"type": "array", "items": {"enum": [*groups, *(transform.id for transform in PIPELINE)]}}


def _options(transform: Transform) -> dict[str, Any]:
    """A word for the first option, or a table with any of them."""
    words = {name: _word(allowed) for name, allowed in transform.options.items()}
    table = {spelling: word for name, word in words.items() for spelling in {name.replace("_", "-"), name}}
    return {
        "description": transform.summary,
        "anyOf": [
            next(iter(words.values())),
            {"type": "object", "additionalProperties": False, "properties": dict(sorted(table.items()))},
        ],
    }


_TEXTS = {"type": "array", "items": {"type": "string"}}


def _word(allowed: tuple[str, ...]) -> dict[str, Any]:
    return {"enum": [*allowed], "default": allowed[0]} if allowed else {"anyOf": [{"type": "string"}, _TEXTS]}
