"""What a step says, less what a leeway lets differ: for each leeway that concerns words, which words it rewrites.

Independent of the transforms: it knows the rows of the package managers and what a call is, nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache

from optimizer.facts.calls import Call
from optimizer.facts.chains import Step
from optimizer.facts.packages import PackageCall, package_call
from optimizer.facts.texts import tokens
from optimizer.facts.tools import ToolCall, tool_call
from optimizer.knowledge.ecosystems import Tool, ecosystems
from optimizer.knowledge.hardening import hardening
from optimizer.knowledge.recommends import keepable
from optimizer.syntax.nodes import Item, Node, Word, source
from optimizer.transform import Leeway

Rewording = tuple[Word | Item, str]
"""A word and what is read in its place; empty: it is not read."""


def worded(parts: Sequence[Node], calls: Sequence[Call], leeway: frozenset[Leeway]) -> tuple[str, tuple[str, ...]]:
    """What the parts say, and the names and options that the leeway leaves out: such may come, never go."""
    return _worded(tuple(parts), tuple(calls), leeway.intersection(_REWORDINGS))


@lru_cache(maxsize=8192)
def _worded(parts: tuple[Node, ...], calls: tuple[Call, ...], leeway: frozenset[Leeway]) -> tuple[str, tuple[str, ...]]:
    rewordings: dict[Node, str] = {word: text for kind in leeway for word, text in _REWORDINGS[kind](calls)}
    kept = tuple(name for kind in sorted(leeway) if kind in _KEPT for name in _KEPT[kind](calls))
    return " ".join(token for part in parts for token in tokens(part, rewordings)), kept


def set_aside(step: Step, leeway: frozenset[Leeway], folder: str | None = None) -> str | None:
    """The step as a text of its own, where it is one that the leeway lets come; None where it is not.

    `folder`: in which it runs.
    """
    text = source(step.parts[0]) if len(step.parts) == 1 else ""
    tools = ecosystems().tools.values()
    if Leeway.PRODUCTION in leeway and any(tool.production_step == text for tool in tools if text):
        return text
    if Leeway.HARDENING in leeway and text and _hardens(text, folder):
        return text
    return None


def _hardens(text: str, folder: str | None) -> bool:
    """Whether a command is one of `hardening.toml`, or gives the folder in which it runs to a user."""
    owner = re.fullmatch(r"chown ([a-z_][a-z0-9_-]*):\1 (/\S+)", text)
    if owner is not None:
        return owner[2] == folder
    return text == hardening().setuid_command or hardening().user_made(text) is not None


def _installers(calls: Sequence[Call]) -> Iterator[PackageCall]:
    for package in map(package_call, calls):
        if package is not None and not package.call.substituted:
            yield package


def _flags(calls: Sequence[Call]) -> Iterator[Rewording]:
    for package in _installers(calls):
        yield from ((word, "") for word in package.call.words if word.literal in package.manager.free_flags)


def _packages(calls: Sequence[Call]) -> Iterator[Rewording]:
    for package in _installers(calls):
        if package.installs and package.manager.lean:
            yield from ((word, "") for word in package.operands if word.literal in keepable())


def _packages_kept(calls: Sequence[Call]) -> Iterator[str]:
    yield from sorted({word.text for word, _ in _packages(calls)})


def _tools(calls: Sequence[Call]) -> Iterator[tuple[ToolCall, Tool]]:
    """The calls of tools, each with its row and with that of the tool's next edition."""
    for found in map(tool_call, calls):
        if found is not None and not found.call.substituted:
            yield found, found.tool
            if found.tool.successor:
                yield found, ecosystems().tools[found.tool.successor]


def _locked(calls: Sequence[Call]) -> Iterator[Rewording]:
    for found, tool in _tools(calls):
        if not found.operands and found.verb in (*tool.loose_verbs, tool.frozen_verb):
            if tool.frozen_verb:
                yield found.verb_word, tool.frozen_verb
            yield from ((word, "") for word in _phrase(found, tool.frozen_option))


def _locked_kept(calls: Sequence[Call]) -> Iterator[str]:
    for found, tool in _tools(calls):
        if tool.frozen_verb and found.verb == tool.frozen_verb:
            yield f"{tool.name} {tool.frozen_verb}"
        if _phrase(found, tool.frozen_option):
            yield tool.frozen_option


def _production(calls: Sequence[Call]) -> Iterator[Rewording]:
    for found, tool in _tools(calls):
        if found.verb in tool.production_verbs:
            yield from ((word, "") for word in _phrase(found, tool.production_option))
            yield from ((word, "") for word in found.call.words if word.literal in tool.production_instead_of)


def _production_kept(calls: Sequence[Call]) -> Iterator[str]:
    for found, tool in _tools(calls):
        if any(True for _ in _production([found.call])):
            yield tool.production_option


def _phrase(found: ToolCall, option: str) -> tuple[Word | Item, ...]:
    """The neighbouring words of a call that are the option (`--only main`); empty where it has none."""
    wanted = option.split()
    words = found.call.words
    for at in range(len(words) - len(wanted) + 1):
        if wanted and [word.literal for word in words[at : at + len(wanted)]] == wanted:
            return tuple(words[at : at + len(wanted)])
    return ()


_REWORDINGS: dict[Leeway, Callable[[Sequence[Call]], Iterator[Rewording]]] = {
    Leeway.FLAGS: _flags,
    Leeway.PACKAGES: _packages,
    Leeway.LOCKED: _locked,
    Leeway.PRODUCTION: _production,
}
_KEPT: dict[Leeway, Callable[[Sequence[Call]], Iterator[str]]] = {
    Leeway.PACKAGES: _packages_kept,
    Leeway.LOCKED: _locked_kept,
    Leeway.PRODUCTION: _production_kept,
}
"""What must not go again."""
