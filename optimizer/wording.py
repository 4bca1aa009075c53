"""What a step says, less what a leeway lets differ: for each leeway that concerns words, which words it rewrites.

Independent of the transforms: it knows the rows of the package managers and what a call is, nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache

from optimizer.facts.calls import Call
from optimizer.facts.packages import PackageCall, package_call
from optimizer.facts.texts import tokens
from optimizer.knowledge.recommends import keepable
from optimizer.syntax.nodes import Item, Node, Word
from optimizer.transform import Leeway

Rewording = tuple[Word | Item, str]
"""A word and what is read in its place; empty: it is not read."""


def worded(parts: Sequence[Node], calls: Sequence[Call], leeway: frozenset[Leeway]) -> tuple[str, frozenset[str]]:
    """What the parts say, and the names of packages that the leeway leaves out: such may come, never go."""
    return _worded(tuple(parts), tuple(calls), leeway.intersection(_REWORDINGS))


@lru_cache(maxsize=8192)
def _worded(parts: tuple[Node, ...], calls: tuple[Call, ...], leeway: frozenset[Leeway]) -> tuple[str, frozenset[str]]:
    rewordings: dict[Node, str] = {word: text for kind in leeway for word, text in _REWORDINGS[kind](calls)}
    kept = frozenset(word.text for word, _ in _packages(calls)) if Leeway.PACKAGES in leeway else frozenset()
    return " ".join(token for part in parts for token in tokens(part, rewordings)), kept


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


_REWORDINGS: dict[Leeway, Callable[[Sequence[Call]], Iterator[Rewording]]] = {
    Leeway.FLAGS: _flags,
    Leeway.PACKAGES: _packages,
}
