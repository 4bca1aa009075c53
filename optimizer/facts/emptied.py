"""What keeps the cache of a tool empty: options and clean-ups; and the edits that take them out."""

from __future__ import annotations

from collections.abc import Iterator

from optimizer.facts import Chain, Facts
from optimizer.facts.layout import without
from optimizer.facts.tools import ToolCall
from optimizer.knowledge.ecosystems import Tool
from optimizer.syntax.nodes import Command, Gap, Instruction, Node, Word, source


def defeats(call: ToolCall) -> list[Word]:
    """The options that keep the cache of the tool empty."""
    return [word for word in call.call.words if isinstance(word, Word) and word.literal in call.tool.cache_defeats]


def lasting(call: ToolCall, tool: Tool) -> dict[Node, str]:
    """The edits that make a command keep its cache: options go, or come."""
    edits: dict[Node, str] = {}
    option = tool.cache_option
    for word in defeats(call):
        edits |= {word: option} if option and not edits else _gone(call, word)
    if option and not edits:
        edits = {call.verb_word: f"{source(call.verb_word)} {option}"}
    return edits


def without_cleaning(
    facts: Facts, instruction: Instruction, chain: Chain | None, tools: list[Tool]
) -> dict[Node, str] | None:
    """The edits that take out what empties the caches of the tools; None where it cannot be taken out."""
    places = [call for call in facts.calls(instruction) if empties(call.words, tools)]
    if not places:
        return {}
    if chain is None:
        return None
    edits: dict[Node, str] = {}
    whole: list[int] = []
    for i, step in enumerate(chain.steps):
        if not any(call in places for call in step.calls):
            continue
        if step.command is None or len(step.calls) != 1 or step.calls[0].wrapped_by or step.command.redirects:
            return None
        words = _emptied(step.calls[0].words, tools)
        if words is None:
            whole.append(i)
        elif (gone := _words_gone(step.command, words)) is not None:
            edits |= gone
        else:
            return None
    for gone_steps in _neighbours(whole):
        taken = without(chain, gone_steps)
        if taken is None or len(gone_steps) == len(chain.steps):
            return None
        edits |= taken
    return edits


def empties(words: tuple[Node, ...], tools: list[Tool]) -> bool:
    """Whether the words of a command clean, or delete, the cache of one of the tools."""
    text = " ".join(source(word) for word in words)
    if any(text.startswith(tool.cache_clean) for tool in tools if tool.cache_clean):
        return True
    return text.startswith("rm ") and any(tool.is_place(source(word)) for word in words for tool in tools)


def _gone(call: ToolCall, word: Word) -> dict[Node, str]:
    """The edits that take a word out of its command, with the blanks before it."""
    assert isinstance(call.call.node, Command)
    return _words_gone(call.call.node, [word]) or {word: ""}


def _words_gone(command: Command, words: list[Word]) -> dict[Node, str] | None:
    """None where a comment would go too."""
    edits: dict[Node, str] = {}
    for word in words:
        gap = command.parts[command.parts.index(word) - 1]
        if not isinstance(gap, Gap) or gap.comments:
            return None
        edits |= {gap: "", word: ""}
    return edits


def _emptied(words: tuple[Node, ...], tools: list[Tool]) -> list[Word] | None:
    """Of an `rm`, the words that are caches; None where the command does nothing else."""
    if source(words[0]) != "rm":
        return None
    paths = [word for word in words[1:] if isinstance(word, Word) and not word.text.startswith("-")]
    caches = [word for word in paths if any(tool.is_place(word.text) for tool in tools)]
    return caches if len(caches) < len(paths) else None


def _neighbours(numbers: list[int]) -> Iterator[range]:
    """The numbers as runs of neighbours."""
    start = None
    for at, number in enumerate(numbers):
        start = number if start is None else start
        if at + 1 == len(numbers) or numbers[at + 1] != number + 1:
            yield range(start, number + 1)
            start = None
