"""Stages that somebody builds by name: Compose, bake, CI and scripts say `target: test` or `--target test`."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase

from optimizer.facts import Facts
from optimizer.facts.context import text_of
from optimizer.knowledge.interpreters import interpreters

_TARGET = re.compile(r"\btarget\b[\"']?\s*[:= ]\s*[\"']?([\w.-]+)")


def targets(facts: Facts) -> frozenset[str]:
    """The names, in lower case, of the files of the context that build images; a name too many does no harm."""
    return facts.remembered("targets", lambda: _targets(facts))


def _targets(facts: Facts) -> frozenset[str]:
    found: set[str] = set()
    for path in facts.context.files if facts.context is not None else ():
        name = path.rpartition("/")[2]
        if any(fnmatchcase(name, one) for one in interpreters().builders):
            found |= {match.lower() for match in _TARGET.findall(text_of(facts.context, path))}
    return frozenset(found)
