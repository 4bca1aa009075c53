"""What variables and steps of a stage say that its program needs: time zones, locales, certificates."""

from __future__ import annotations

import re
from collections.abc import Iterator

from optimizer.facts import BuildStage, Facts
from optimizer.facts.runtime_needs import Kind, Need, Unknown
from optimizer.syntax.nodes import FILLERS, Instruction

_LOCALES = ("LANG", "LC_ALL", "LC_CTYPE", "LC_TIME", "LC_NUMERIC", "LC_COLLATE", "LANGUAGE")
_PLAIN = re.compile(r"(C|POSIX)(\.[\w-]+)?|", re.IGNORECASE)
_OWN_CERTIFICATES = ("/usr/local/share/ca-certificates", "update-ca-certificates", "update-ca-trust")
_ZONE = re.compile(r"/etc/(?:localtime|timezone)")
_GENERATED = re.compile(r"\b(?:locale-gen|localedef|update-locale)\b")


def of_settings(facts: Facts, stage: BuildStage) -> Iterator[Need | Unknown]:
    """What ENV, ARG and RUN of the stage and its bases say."""
    scope = facts.behind(stage)
    variables = scope.variables if scope is not None else {}
    if "TZ" in variables and variables["TZ"] not in ("UTC", "Etc/UTC", ""):
        yield Need(Kind.ZONES, variables["TZ"] or "all", "`TZ` names a time zone")
    for name in _LOCALES:
        value = variables.get(name, "")
        if value is None:
            yield Unknown(Kind.LOCALE, f"the value of `{name}` is not known")
        elif not _PLAIN.fullmatch(value):
            yield Need(Kind.LOCALE, value, f"`{name}` names it")
    for one in stage.lineage:
        for instruction in one.instructions:
            yield from _step(facts, instruction)


def _step(facts: Facts, instruction: Instruction) -> Iterator[Need | Unknown]:
    if instruction.name not in FILLERS:
        return
    text = facts.sources[instruction]
    if any(sign in text for sign in _OWN_CERTIFICATES[:1]):
        yield Need(Kind.CERTIFICATES, "own", f"a `{instruction.name}` adds certificates")
    elif instruction.name == "RUN" and any(sign in text for sign in _OWN_CERTIFICATES[1:]):
        yield Need(Kind.CERTIFICATES, "system", "a `RUN` updates the certificates")
    if instruction.name == "RUN" and _ZONE.search(text):
        yield Need(Kind.ZONES, "all", "a `RUN` sets the time zone of the system")
    if instruction.name == "RUN" and _GENERATED.search(text):
        yield Need(Kind.LOCALE, "generated", "a `RUN` makes locales")
