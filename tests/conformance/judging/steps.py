"""What a build does: which commands run, in which state, and what becomes of it when one of them ends otherwise."""

from __future__ import annotations

import posixpath
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import fields, replace
from fnmatch import fnmatchcase

from tests.conformance.build import Build
from tests.conformance.case import Case
from tests.conformance.judging.packages import named
from tests.conformance.judging.scenario import built, matches
from tests.conformance.state import Step

MANAGERS = frozenset(
    "apt apt-get apt-cache aptitude apk yum dnf microdnf tdnf zypper pacman pip pip3 npm yarn pnpm bun go cargo mvn"
    " gradle dotnet composer bundle gem poetry uv pipenv conda mamba micromamba".split()
)


MANAGED = MANAGERS | frozenset("rm chmod chown chgrp sudo tar unzip curl wget gcc g++ cc find".split())
"""Programs whose calls a transform may write in another way; a case names those that must stay (`kept`)."""


_CACHE = re.compile(
    r"(?:--?[\w-]+|/var/(?:lib/apt/lists|cache|log|tmp|lib/(?:dnf|yum))\b.*|/tmp/?.*|(?:/root|~|\$HOME|/home/\w+)/\.[\w./*-]+)"
)


KEEPS_ARCHIVES = "rm -f /etc/apt/apt.conf.d/docker-clean"
"""What makes a cache mount of apt's useful; `mounts` sees to it that each later install has one."""
_FIELDS = tuple(field.name for field in fields(Step) if field.compare)
_WRAPPERS = ("env", "nice", "command", "time")


def steps(case: Case, before: str, after: str) -> Iterator[str]:
    """The commands that must stay run in their order and in their state; no other ones appear."""
    old, new = built(case, before), built(case, after)
    if old is None or new is None:
        return
    yield from _difference(_kept(case, old), _kept(case, new))
    texts = Counter(step.text for step in old.steps)
    for step in new.steps:
        texts[step.text] -= 1
        if texts[step.text] < 0 and not _may_appear(case, step.text, texts):
            yield f"new command: {step.text}"
    yield from (f"runs and may not: {one.text}" for one in new.steps if matches(one.text, case.no_step))
    yield from _disordered(case, old, new)
    for wanted in case.steps:
        yield from _in_its_state(wanted, new.steps)


def _disordered(case: Case, old: Build, new: Build) -> Iterator[str]:
    """A clean-up may go: with a cache mount there is nothing to clean."""
    for first, second in case.order:
        places = [next((i for i, s in enumerate(new.steps) if fnmatchcase(s.text, g)), None) for g in (first, second)]
        if places[1] is None and all(_cleans(s.text) for s in old.steps if fnmatchcase(s.text, second)):
            continue
        if None in places or places[0] >= places[1]:  # type: ignore[operator]
            yield f"`{first}` no longer runs before `{second}`"


def _cleans(text: str) -> bool:
    """Whether a command only removes what can be fetched again."""
    if _program(text) in ("rm", "find"):
        return _only_caches(text)
    return _program(text) in MANAGERS and bool(re.search(r" (auto|dist-)?clean\b", text))


def _in_its_state(wanted: dict[str, str], found: Iterable[Step]) -> Iterator[str]:
    matching = [step for step in found if fnmatchcase(step.text, wanted["run"])]
    if not matching:
        yield f"does not run: {wanted['run']}"
    for step in matching:
        for name, value in wanted.items():
            real = dict((*step.environment, *step.variables)).get(name[1:], "") if name[0] == "$" else None
            real = real if real is not None else step.text if name == "run" else str(getattr(step, name))
            if name != "run" and real != value:
                yield f"`{step.text}` runs with {name} {real!r}, not {value!r}"


def _kept(case: Case, seen: Build) -> list[Step]:
    return [_compared(case, step) for step in seen.steps if _must_stay(case, step.text)]


def _must_stay(case: Case, text: str) -> bool:
    if matches(text, case.may_change):
        return False
    return matches(text, case.kept) or _program(text) not in MANAGED


def _compared(case: Case, step: Step) -> Step:
    flags = [flag_text(flag) for flag in step.flags if not re.match(r"--mount=\S*type=cache|--ch(own|mod)=", flag)]
    environment = [(name, value) for name, value in step.environment if name not in case.may_move]
    return replace(step, flags=tuple(flags), environment=tuple(environment))


def flag_text(flag: str) -> str:
    """The names of stages know no letter case."""
    return re.sub(r"from=[^,\s]+", lambda match: match[0].lower(), flag)


def _difference(old: Sequence[Step], new: Sequence[Step]) -> Iterator[str]:
    gone, come = Counter(s.text for s in old), Counter(s.text for s in new)
    yield from (f"command lost: {text}" for text in gone - come)
    if gone == come and [s.text for s in old] != [s.text for s in new]:
        yield f"other order: {[s.text for s in old]} became {[s.text for s in new]}"
    elif gone == come:
        for one, other in zip(old, new, strict=True):
            for name in _FIELDS:
                if getattr(one, name) != getattr(other, name):
                    yield f"`{one.text}`: {name} {getattr(one, name)!r} became {getattr(other, name)!r}"


def _may_appear(case: Case, text: str, texts: Counter[str]) -> bool:
    """Whether a new command is a known one written in another way, or removes what can be fetched again."""
    if text.startswith("COPY ") and texts[f"ADD {text[5:]}"] > 0:
        return not _must_stay(case, f"ADD {text[5:]}")
    if matches(text, (*case.may_appear, *case.may_change)) or f"sudo {text}" in texts or text == KEEPS_ARCHIVES:
        return True
    plain = text.removeprefix("sudo ")
    return _only_caches(plain) if _program(plain) in ("rm", "find") else _program(plain) in MANAGERS


def _only_caches(text: str) -> bool:
    words = [word.strip("\"'") for word in text.split()[1:] if not re.match(r"[\d&]*>|-", word)]
    return all(_CACHE.fullmatch(word) for word in words)


def _program(text: str) -> str:
    """The command's name, behind assignments; `python -m pip` is pip."""
    words = [word.strip("'\"") for word in text.split()]
    while words and (re.match(r"\w+=", words[0]) or words[0] in _WRAPPERS):
        del words[0]
    if len(words) > 2 and re.fullmatch(r"\S*python[\d.]*", words[0]) and words[1] == "-m":
        return words[2]
    name = posixpath.basename(words[0]) if words else ""
    return "pip" if re.fullmatch(r"pip[\d.]*", name) else name


def outcomes(case: Case, before: str, after: str) -> Iterator[str]:
    """Each command in turn ends otherwise than usual: the build stops where it stopped, else does the same."""
    base, result = built(case, before), built(case, after)
    if base is None or result is None:
        return
    if bool(base.broken) != bool(result.broken):
        yield f"the ordinary build {_ends(base)}, afterwards it {_ends(result)}"
    there = {step.text for step in result.steps}
    for text in dict.fromkeys(step.text for step in base.steps if step.text in there):
        old, new = (built(case, each, text) for each in (before, after))
        if old is None or new is None:
            continue
        if bool(old.broken) != bool(new.broken):
            yield f"with `{text}` ending otherwise the build {_ends(old)}, afterwards it {_ends(new)}"
        elif not old.broken:
            told = _difference(_kept(case, old), _kept(case, new))
            lost = [f"no longer installed: {word}" for word in sorted(named(old) - named(new))]
            yield from (f"with `{text}` ending otherwise: {one}" for one in (*told, *lost))
    for glob, wanted in case.guards:
        for text in [step.text for step in base.steps if fnmatchcase(step.text, glob)]:
            new = built(case, after, text)
            if new is None or (wanted == "stops") != bool(new.broken):
                yield f"with `{text}` ending otherwise the build no longer {wanted}"


def _ends(seen: Build) -> str:
    return f"stops at `{seen.broken}`" if seen.broken else "passes"
