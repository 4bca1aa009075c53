"""What can be true of a result, each read from its text anew: nothing here knows a transform."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cached_property

from optimizer.engine import Result
from optimizer.facts import Facts
from optimizer.facts.texts import argument_text
from optimizer.syntax.parser import parse

Test = Callable[["Seen"], bool]


@dataclass(frozen=True)
class Seen:
    """A result as the properties look at it."""

    result: Result

    @cached_property
    def facts(self) -> Facts:
        return Facts(parse(self.result.after))

    def lines(self, name: str = "", stage: int | None = None) -> list[str]:
        """The instructions of one kind, or all, without their layout; of one stage, or all."""
        found = self.facts.stages if stage is None else (self.facts.stages[stage],)
        instructions = [one for each in found for one in each.node.instructions]
        return [f"{one.name} {argument_text(one)}" for one in instructions if not name or one.name == name]


@dataclass(frozen=True)
class Property:
    """`name`: what must be true, for people."""

    name: str
    holds: Test


def _squeezed(text: str) -> str:
    return " ".join(text.split())


def runs(text: str) -> Property:
    return Property(f"runs `{text}`", lambda seen: any(text in _squeezed(line) for line in seen.lines("RUN")))


def never_runs(text: str) -> Property:
    return Property(
        f"does not run `{text}`", lambda seen: not any(text in _squeezed(line) for line in seen.lines("RUN"))
    )


def has(text: str) -> Property:
    return Property(f"says `{text}`", lambda seen: text in seen.result.after)


def lacks(*texts: str) -> Property:
    return Property(f"does not say {texts}", lambda seen: not any(text in seen.result.after for text in texts))


def keeps(*names: str) -> Property:
    """The last stage says the same of these."""

    def holds(seen: Seen) -> bool:
        old = Facts(parse(seen.result.before)).stages[-1].node.instructions
        said = {name: [f"{name} {argument_text(one)}" for one in old if one.name == name] for name in names}
        return all(said[name] == seen.lines(name, -1) for name in names)

    return Property(f"the image keeps {names}", holds)


def steps(name: str, count: int) -> Property:
    return Property(f"{count} {name}", lambda seen: len(seen.lines(name)) == count)


def stages(least: int) -> Property:
    return Property(f"{least} stages or more", lambda seen: len(seen.facts.stages) >= least)


def last_base(*starts: str) -> Property:
    def holds(seen: Seen) -> bool:
        return (seen.facts.stages[-1].base or "").startswith(starts)

    return Property(f"what runs stands on {starts}", holds)


def manifests_first(tool: str, *manifests: str) -> Property:
    """The install stands in front of the COPY of the sources, and behind one of just the manifests."""

    def holds(seen: Seen) -> bool:
        lines = seen.lines()
        install = next((n for n, line in enumerate(lines) if line.startswith("RUN") and f"{tool} " in line), 0)
        copies = [line for line in lines[:install] if line.startswith("COPY")]
        sources = {word for line in copies for word in line.split()[1:-1]}
        return sources == set(manifests) and any(line.startswith("COPY . ") for line in lines[install:])

    return Property(f"only {manifests} come before {tool}", holds)


def order(*texts: str) -> Property:
    def holds(seen: Seen) -> bool:
        text = _squeezed(seen.result.after)
        places = [text.find(one) for one in texts]
        return -1 not in places and places == sorted(places)

    return Property(f"in this order: {texts}", holds)


def ignores(pattern: str) -> Property:
    return Property(f"does not send `{pattern}`", lambda seen: pattern in seen.result.ignores)


def no_sources(glob: str) -> Property:
    """The last stage copies out of the builder alone, and names no sources."""

    def holds(seen: Seen) -> bool:
        copies = seen.lines("COPY", -1)
        words = [word for line in copies for word in line.split()[1:]]
        return (
            bool(copies) and all("--from=" in line for line in copies) and not any(fnmatchcase(w, glob) for w in words)
        )

    return Property(f"no `{glob}` in the image", holds)


def builds_with_all(tool: str) -> Property:
    def holds(seen: Seen) -> bool:
        return any(re.search(rf"\b{tool} (ci|install)\b(?!.*--omit)", line) for line in seen.lines("RUN"))

    return Property("the build has the development packages", holds)


def production_in_image(tool: str) -> Property:
    """They are taken away again, or packages come out of a stage that never installed them."""

    def holds(seen: Seen) -> bool:
        apart = runs(f"{tool} ci --omit=dev").holds(seen) and has("/node_modules /").holds(seen)
        return apart or runs(f"{tool} prune --omit=dev").holds(seen)

    return Property("the image has no development packages", holds)


def has_user(name: str) -> Property:
    return Property(f"runs as `{name}`", lambda seen: f"USER {name}" in seen.lines("USER", -1))


def gone_or_apart(package: str) -> Property:
    """The package is deleted in the RUN that installs it, or is installed in a stage of its own."""

    def holds(seen: Seen) -> bool:
        lines = [line for line in seen.lines("RUN", -1) if package in line.split()]
        return all("apk del" in line for line in lines)

    return Property(f"`{package}` is not in the image", holds)


def _environment(seen: Seen) -> bool:
    made = [re.search(r"-m venv (/opt/\S+)", line) for line in seen.lines("RUN", 0)]
    paths = [found[1] for found in made if found]
    last = " ".join([*seen.lines("COPY", -1), *seen.lines("ENV", -1)])
    return len(paths) == 1 and f"{paths[0]} {paths[0]}" in last and f"PATH={paths[0]}/bin:" in last


def _update(seen: Seen) -> bool:
    lines = seen.lines("RUN")
    return all("install" in line for line in lines if "apt-get update" in line)


def _cleans(seen: Seen) -> bool:
    lines = [line for line in seen.lines("RUN") if "apt-get install" in line]
    return bool(lines) and all("rm -rf /var/lib/apt/lists/*" in line for line in lines)


environment_of_its_own = Property("an environment at a neutral path, in PATH", _environment)
update_with_install = Property("each update stands with its install", _update)
cleans_lists = Property("lists go in the layer that fetched them", _cleans)
