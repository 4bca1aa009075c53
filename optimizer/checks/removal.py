"""Which removals of build packages a trace may gain, and what installs say when runtime libraries may come by name.

Independent of the transforms: it knows the rows of the package managers and the table of build packages.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from optimizer.facts import Facts
from optimizer.facts.chains import Chain, Step
from optimizer.facts.demand import builds_nothing, may_build_later
from optimizer.facts.lists import sole_package_call
from optimizer.facts.packages import PackageCall
from optimizer.facts.texts import tokens
from optimizer.knowledge.build_packages import build_packages
from optimizer.syntax.nodes import Instruction, Node

_FAMILIES = ("apt", "apk")
_MARK = "\0install\0"


def removals(facts: Facts, instruction: Instruction) -> Mapping[Step, str]:
    """Each step of a RUN that only removes build packages that the RUN itself installed, and the names.

    None where a step behind it, or an instruction behind the RUN, may build.
    """
    chain = facts.chain(instruction)
    if chain is None:
        return {}
    found: dict[Step, str] = {}
    for at, step in enumerate(chain.steps):
        names = _removed(chain, at)
        behind = [call for later in chain.steps[at + 1 :] for call in later.calls]
        if names and all(map(builds_nothing, behind)) and not may_build_later(facts, instruction):
            found[step] = " ".join(sorted(names))
    return found


def _removed(chain: Chain, at: int) -> frozenset[str]:
    """The packages that a step removes, if the steps before it installed all of them to build; else none."""
    removal = sole_package_call(chain.steps[at])
    if removal is None or removal.manager.family not in _FAMILIES or removal.verb not in removal.manager.remove:
        return frozenset()
    groups: dict[str, frozenset[str]] = {}
    named: set[str] = set()
    for step in chain.steps[:at]:
        for package in _installs(step):
            names = frozenset(word.literal or "" for word in package.operands)
            named |= names
            groups |= dict.fromkeys(virtual(package), names)
    asked = [word.literal or "?" for word in removal.operands]
    gone = {name for one in asked for name in groups.get(one, {one})}
    known = all(build_packages().is_build(name) and name in named for name in gone)
    return frozenset(gone) if gone and known and removal.understood else frozenset()


def _installs(step: Step) -> Iterator[PackageCall]:
    package = sole_package_call(step)
    if package is not None and package.installs and package.understood and package.manager.family in _FAMILIES:
        yield package


def virtual(package: PackageCall) -> list[str]:
    """The name of the group that `apk add --virtual NAME` makes; empty where there is none."""
    words = [word.literal or "" for word in package.call.words]
    named = [words[i + 1] for i, word in enumerate(words[:-1]) if word in ("-t", "--virtual")]
    return named + [word.partition("=")[2] for word in words if word.startswith("--virtual=")]


def install_text(facts: Facts, instruction: Instruction, step: Step) -> str | None:
    """An install with its names in order and without libraries that belong to build packages of the RUN, or its group.

    None where the step is no install.
    """
    package = next(_installs(step), None)
    chain = facts.chain(instruction)
    if package is None or chain is None:
        return None
    libraries = build_packages().all_libraries
    named = {word.literal or "" for s in chain.steps for p in _installs(s) for word in p.operands}
    free = {library for name in named for library in libraries.get(name, ())}
    group = set(virtual(package))
    operands = set(package.operands)
    left_out: dict[Node, str] = dict.fromkeys(operands, "")
    for word in package.call.words:
        text = word.literal or ""
        if text in ("-t", "--virtual") or text in group or text.startswith("--virtual="):
            left_out[word] = ""
    said = " ".join(token for part in step.parts for token in tokens(part, left_out))
    names = sorted({word.literal or "" for word in operands} - free)
    return f"{_MARK}{said}\0{' '.join(names)}"


def joined(texts: Sequence[str]) -> str | None:
    """Neighbouring installs with the same options as one; None where they are not such."""
    parts = [text.split("\0") for text in texts]
    if not all(text.startswith(_MARK) for text in texts) or len({part[2] for part in parts}) != 1:
        return None
    names = sorted({name for part in parts for name in part[3].split()})
    return f"{_MARK}{parts[0][2]}\0{' '.join(names)}"


def libraries_kept(facts: Facts, instruction: Instruction, step: Step) -> tuple[str, ...]:
    """The libraries that the text of an install leaves out: such may come, never go."""
    package = next(_installs(step), None)
    shown = (install_text(facts, instruction, step) or "").rpartition("\0")[2].split()
    names = [word.literal or "" for word in package.operands] if package is not None else []
    return tuple(sorted(set(names) - set(shown)))
