"""Calls of the tools that fetch a project's dependencies or build it, read with the rows of `ecosystems.toml`."""

from __future__ import annotations

import re
from functools import lru_cache

from msgspec import Struct

from optimizer.facts import BuildStage, Facts
from optimizer.facts.calls import Call
from optimizer.facts.texts import argument_text
from optimizer.knowledge import managers
from optimizer.knowledge.ecosystems import Tool, ecosystems
from optimizer.syntax.nodes import Instruction, Item, Word

_PYTHON = re.compile(r"python[23]?(\.\d+)?")


class ToolCall(Struct, frozen=True, eq=False):
    """One call of a tool. `verb`: with its prefix (`pip install`), empty where there is none.

    `verb_word` is the word behind which options go. `understood`: every word is literal, and every option is one that
    changes neither the place nor the meaning of an install.
    """

    call: Call
    tool: Tool
    verb: str
    verb_word: Word | Item
    options: tuple[str, ...]
    operands: tuple[Word | Item, ...]
    understood: bool

    @property
    def from_manifest(self) -> bool:
        """Whether it names nothing, so that what it takes is what the manifest or the lock file says."""
        return self.understood and not self.operands


@lru_cache(maxsize=4096)
def tool_call(call: Call) -> ToolCall | None:
    """The call as one of a tool; None where it is none, or where its verb cannot be told."""
    name = call.name
    if not name:
        return None
    words = call.words
    if _PYTHON.fullmatch(name) and len(words) > 2 and words[1].literal == "-m":
        tool = ecosystems().by_command.get(words[2].literal or "")
        return _read(call, tool, words[2:]) if tool and tool.module == words[2].literal else None
    tool = ecosystems().by_command.get(name)
    return _read(call, tool, words) if tool else None


def _read(call: Call, tool: Tool, words: tuple[Word | Item, ...]) -> ToolCall | None:
    manager = managers().get(call.name or "")
    values = (*tool.value_options, *(manager.value_options if manager is not None else ()))
    verb: list[str] = []
    verb_word = words[0]
    options: list[str] = []
    operands: list[Word | Item] = []
    understood = True
    takes_value = False
    for word in words[1:]:
        literal = word.literal
        if takes_value:
            understood, takes_value = understood and literal is not None, False
        elif literal is None:
            if _seeks_verb(verb, tool):
                return None
            operands.append(word)
            understood = False
        elif literal.startswith(("-", "/")) and literal != "-" and (literal[0] == "-" or literal in tool.flag_options):
            options.append(literal)
            takes_value = literal in values
            understood = understood and (takes_value or _is_flag(literal, tool))
        elif _seeks_verb(verb, tool):
            verb.append(literal)
            verb_word = word
        else:
            operands.append(word)
    return ToolCall(call, tool, " ".join(verb), verb_word, tuple(options), tuple(operands), understood)


def _seeks_verb(verb: list[str], tool: Tool) -> bool:
    return not verb or (len(verb) == 1 and verb[0] in tool.prefixes)


def _is_flag(literal: str, tool: Tool) -> bool:
    name, equals, _ = literal.partition("=")
    known = (*tool.flag_options, *tool.frozen_any, *tool.production_any)
    return literal in known or (bool(equals) and f"{name}=" in known)


def tool_calls(facts: Facts, instruction: Instruction) -> tuple[ToolCall, ...]:
    """The calls of tools that stand in a RUN, those in substitutions aside."""
    return facts.remembered(("tools", instruction), lambda: _tool_calls(facts, instruction))


def _tool_calls(facts: Facts, instruction: Instruction) -> tuple[ToolCall, ...]:
    found = (tool_call(call) for call in facts.calls(instruction) if not call.substituted)
    return tuple(call for call in found if call is not None)


def edition(facts: Facts, instruction: Instruction, tool: Tool) -> Tool:
    """The tool, or its successor where something in the stage up to the instruction says that it is that one."""
    if not tool.successor:
        return tool
    stage, end = facts.stage_of[instruction], facts.places.span(instruction)[1]
    said = (argument_text(i) for one in stage.lineage for i in one.instructions if facts.places.span(i)[1] <= end)
    signs = any(sign in text for text in said for sign in tool.successor_signs)
    files = facts.context is not None and any(path.endswith(tool.successor_signs) for path in facts.context.files)
    return ecosystems().tools[tool.successor] if signs or files else tool


def first_image(stage: BuildStage) -> str | None:
    """The image that the stage is built from in the end; None where a variable hides it."""
    return list(stage.lineage)[-1].base
