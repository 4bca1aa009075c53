"""Whether the interpreter of an image is one that the manifest of a project allows."""

from __future__ import annotations

import re

from optimizer.facts import Facts
from optimizer.facts.arrivals import arrived
from optimizer.facts.bases import image_of
from optimizer.facts.tables import toml_table
from optimizer.facts.tools import first_image
from optimizer.syntax.nodes import Instruction

_CLAUSE = re.compile(r"(>=|<=|==|!=|~=|<|>|)\s*(\d+)(?:\.(\d+))?(?:\.(\d+|\*))?\s*")


def fits(facts: Facts, run: Instruction) -> str | None:
    """Why the interpreter of the image may not be the one that is wanted in the folder of a RUN; None where it is."""
    tag = re.match(r"(\d+)\.(\d+)", image_of(first_image(facts.stage_of[run]) or "")[1])
    if tag is None:
        return "the tag of its base does not say which Python it is"
    version = (int(tag[1]), int(tag[2]))
    wanted = _content(facts, run, ".python-version")
    if wanted is not None and wanted.strip() != f"{version[0]}.{version[1]}":
        return f"`.python-version` wants `{wanted.strip()}`"
    project = _content(facts, run, "pyproject.toml")
    table = toml_table(project) if project is not None else None
    if table is None:
        return "`pyproject.toml` is not known"
    held = table.get("project")
    requires = held.get("requires-python", "") if isinstance(held, dict) else ""
    if not isinstance(requires, str) or not all(_allows(one, version) for one in filter(None, requires.split(","))):
        return f"`requires-python` wants `{requires}`"
    return None


def _content(facts: Facts, run: Instruction, name: str) -> str | None:
    found = arrived(facts, run, name)
    content = found.content(facts) if found is not None else None
    return content.decode("utf-8", "replace") if content is not None else None


def _allows(clause: str, version: tuple[int, int]) -> bool:
    """Whether a clause allows each release of a version; one that hangs on the third number is not known to."""
    found = _CLAUSE.fullmatch(clause.strip())
    if found is None:
        return False
    sign, patch = found[1], found[4]
    bound = (int(found[2]), int(found[3] or 0))
    match sign:
        case ">=":
            return version > bound or (version == bound and patch in (None, "0"))
        case ">":
            return version > bound
        case "<":
            return version < bound
        case "<=":
            return version < bound
        case "==":
            return version == bound and patch == "*"
        case "!=":
            return version != bound
        case "~=":
            return version[0] == bound[0] and version >= bound if patch is None else False
    return False
