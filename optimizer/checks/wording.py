"""What a step says, less what a leeway lets differ: for each leeway that concerns words, which words it rewrites.

Independent of the transforms: it knows the rows of the package managers and what a call is, nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache

from optimizer.facts import Facts
from optimizer.facts.calls import Call
from optimizer.facts.chains import Step
from optimizer.facts.packages import PackageCall, package_call
from optimizer.facts.texts import tokens
from optimizer.facts.tools import ToolCall, tool_call
from optimizer.knowledge import commands
from optimizer.knowledge.ecosystems import Tool, ecosystems
from optimizer.knowledge.hardening import hardening
from optimizer.knowledge.recommends import keepable
from optimizer.syntax.nodes import Command, Instruction, Item, Node, Word, Words, source
from optimizer.transform import Leeway

_NAMED = re.compile(r"(?:(?<=,)|(?<=^--mount=)|(?<=^--))from=([^,]*)")
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
    if Leeway.CACHES in leeway and any(tool.cache_step == text for tool in tools if text):
        return text
    return text if Leeway.HARDENING in leeway and text and _hardens(text, folder) else None


def _hardens(text: str, folder: str | None) -> bool:
    """Whether a command is one of `hardening.toml`, or gives the folder in which it runs to a user."""
    owner = re.fullmatch(r"chown ([a-z_][a-z0-9_-]*):\1 (/\S+)", text)
    if owner is not None:
        return owner[2] == folder
    return text == hardening().setuid_command or hardening().user_made(text) is not None


def named(facts: Facts, instruction: Instruction, leeway: frozenset[Leeway]) -> Mapping[Node, str]:
    """What is read where the instruction names a stage: with the leeway `case`, the name in lower case."""
    body = instruction.body
    if leeway & {Leeway.BASE, Leeway.PIN} and instruction.name == "FROM" and isinstance(body, Words) and body.words:
        return {body.words[0]: "base"}  # which one it may be is told by `based`
    if Leeway.CROSS in leeway and instruction.name == "FROM":
        return {flag: "" for flag in instruction.all_flags if flag.text == "--platform=$BUILDPLATFORM"}
    if Leeway.CASE not in leeway:
        return {}
    if instruction.name == "FROM" and isinstance(body, Words) and len(body.words) == 3:
        return {body.words[2]: body.words[2].text.lower()}
    return {flag: lowered(flag.text, facts) for flag in instruction.all_flags if flag.name in ("from", "mount")}


def owners_told(instruction: Instruction, leeway: frozenset[Leeway]) -> Mapping[Node, str]:
    """With the leeway `ownership`: the flags of a COPY that say owner and mode are not read."""
    if Leeway.OWNERSHIP not in leeway or instruction.name != "COPY":
        return {}
    return {flag: "" for flag in instruction.all_flags if flag.name in ("chown", "chmod")}


def lowered(text: str, facts: Facts) -> str:
    """A `--from` or `--mount` with the stage that it names in lower case."""
    names = {stage.name for stage in facts.stages}
    return _NAMED.sub(lambda match: match[0].lower() if match[1].lower() in names else match[0], text)


def empties_cache(step: Step, calls: Sequence[Call]) -> bool:
    """Whether all that the step does is to empty caches of tools that are among the calls and fetch into them."""
    if step.command is None or step.command.redirects or len(step.calls) != 1:
        return False
    tools = _fetching(calls)
    words = [word.text for word in step.calls[0].words]
    if " ".join(words).startswith(tuple(clean for tool in tools for clean in tool.cache_clean)):
        return True
    paths = [word for word in words[1:] if not word.startswith("-")]
    return words[:1] == ["rm"] and bool(paths) and all(any(tool.is_place(path) for tool in tools) for path in paths)


def lean(calls: Sequence[Call], targets: Sequence[str]) -> Iterator[str]:
    """What keeps caches out of a RUN's layer: for each call one line, if it has none, mounts it, or empties it."""
    removed = [word.text for call in calls if call.name == "rm" for word in call.words]
    said = [" ".join(word.text for word in call.words) for call in calls]
    for found in map(tool_call, calls):
        rows = [tool for one, tool in _tools([found.call]) if tool.places and fetches(one, tool)] if found else []
        if found is None or not rows:
            continue
        here = [*targets, *removed]
        emptied = any(text.startswith(tool.cache_clean) for text in said for tool in rows if tool.cache_clean)
        lies_elsewhere = any(tool.is_place(path) for tool in rows for path in here)
        if lies_elsewhere or emptied or any(word.literal in found.tool.cache_defeats for word in found.call.words):
            yield f"the layer without the cache of {found.tool.name}"
    fetching = _fetching(calls)
    for path in removed:
        if _is_cache(path) and not any(tool.is_place(path) for tool in fetching):
            yield f"rm {path}"


def fetches(found: ToolCall, tool: Tool) -> bool:
    """Whether the call fetches into the tool's cache."""
    return not tool.cache_verbs or found.verb in tool.cache_verbs


def _fetching(calls: Sequence[Call]) -> list[Tool]:
    return [tool for found, tool in _tools(calls) if fetches(found, tool)]


def _is_cache(path: str) -> bool:
    return any(tool.is_place(path) for tool in ecosystems().tools.values())


def _caches(calls: Sequence[Call]) -> Iterator[Rewording]:
    for found, tool in _tools(calls):
        yield from ((word, "") for word in found.call.words if word.literal in tool.cache_defeats)
        yield from ((word, "") for word in _phrase(found, tool.cache_option))
    for call in calls:
        if call.name == "rm":
            yield from ((word, "") for word in call.words[1:] if _is_cache(word.text))


def _caches_kept(calls: Sequence[Call]) -> Iterator[str]:
    yield from (tool.cache_option for found, tool in _tools(calls) if _phrase(found, tool.cache_option))


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


def _stripped(calls: Sequence[Call]) -> Iterator[Rewording]:
    linking = ecosystems().linking
    for call in calls:
        if call.name in linking.commands:
            yield from ((word, "") for word in call.words if word.literal == linking.option)
    for found, tool in _tools(calls):
        if tool.name == "go" and found.verb in linking.go_verbs:
            yield from _stripped_go(found)
        if tool.name == "cargo" and isinstance(found.call.node, Command):
            yield from ((w, "") for w in found.call.node.assignments if w.text == linking.cargo_setting)


def _stripped_go(found: ToolCall) -> Iterator[Rewording]:
    """A go build without what strips it, and without the two options that have meant nothing since Go 1.10."""
    linking = ecosystems().linking
    words = found.call.words
    obsolete = [i for i, word in enumerate(words) if word.literal == "-installsuffix"]
    for i, word in enumerate(words):
        name, equals, value = word.text.partition("=")
        if word.literal == linking.go_paths or (obsolete and (word.literal == "-a" or {i, i - 1} & set(obsolete))):
            yield word, ""
        elif name in ("-ldflags", "--ldflags") and equals:
            yield word, _linker_flags(value)
        elif name in ("-ldflags", "--ldflags") and i + 1 < len(words):
            yield word, ""
            yield words[i + 1], _linker_flags(words[i + 1].text)


def _linker_flags(value: str) -> str:
    """What remains of the value without what strips; its quotes count where a shell would see into it."""
    quote = value[0] if value[:1] in ("'", '"') and value.endswith(value[0]) and len(value) > 1 else ""
    inner = value[1:-1] if quote else value
    rest = " ".join(flag for flag in inner.split() if flag not in ecosystems().linking.go_flags)
    return f"-ldflags {quote if set(rest) & set('$`') else ''}{rest}" if rest else ""


def _stripped_kept(calls: Sequence[Call]) -> Iterator[str]:
    linking = ecosystems().linking
    signs = (linking.option, linking.go_paths, *linking.go_flags)
    for call in calls:
        assigned = call.node.assignments if isinstance(call.node, Command) else ()
        yield from (word.text for word in assigned if word.text == linking.cargo_setting)
        for word in call.words[1:]:
            yield from (sign for sign in re.split(r"[\s\"'=]+", word.text) if sign in signs)


def _phrase(found: ToolCall, option: str) -> tuple[Word | Item, ...]:
    """The neighbouring words of a call that are the option (`--only main`); empty where it has none."""
    wanted = option.split()
    words = found.call.words
    for at in range(len(words) - len(wanted) + 1):
        if wanted and [word.literal for word in words[at : at + len(wanted)]] == wanted:
            return tuple(words[at : at + len(wanted)])
    return ()


def _apt(calls: Sequence[Call]) -> Iterator[Rewording]:
    for package in _installers(calls):
        name = package.call.words[0]
        if name.literal == "apt" and package.verb in package.manager.same_verbs:
            yield name, package.manager.name


def _sudo(calls: Sequence[Call]) -> Iterator[Rewording]:
    """The wrapper in front of a command that is no builtin: `sudo -E -H -n --`."""
    for call in calls:
        node = call.node
        if call.substituted or not isinstance(node, Command) or node.assignments or node.words[0].literal != "sudo":
            continue
        wrapper = node.words[: len(node.words) - len(call.words)]
        if call.name in commands().builtins or not call.name or call.wrapped_by != ("sudo",):
            continue
        if all(word.literal in ("sudo", "-E", "-H", "-n", "--") for word in wrapper):
            yield from ((word, "") for word in wrapper)


_REWORDINGS: dict[Leeway, Callable[[Sequence[Call]], Iterator[Rewording]]] = {
    Leeway.FLAGS: _flags,
    Leeway.PACKAGES: _packages,
    Leeway.LOCKED: _locked,
    Leeway.PRODUCTION: _production,
    Leeway.APT: _apt,
    Leeway.SUDO: _sudo,
    Leeway.CACHES: _caches,
    Leeway.STRIPPED: _stripped,
}
_KEPT: dict[Leeway, Callable[[Sequence[Call]], Iterator[str]]] = {
    Leeway.PACKAGES: _packages_kept,
    Leeway.LOCKED: _locked_kept,
    Leeway.PRODUCTION: _production_kept,
    Leeway.CACHES: _caches_kept,
    Leeway.STRIPPED: _stripped_kept,
}
"""What must not go again."""
