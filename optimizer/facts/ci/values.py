"""A YAML file as values that know the lines they stand on. Nothing is constructed: tags and anchors are only noted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec import Struct


class BadYaml(Exception):
    """The text is no YAML document that can be read; `line` is counted from 1."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line


class Value(Struct, frozen=True, eq=False):
    """A scalar (`text`), a sequence (`items`) or a mapping (`pairs`). Lines and columns are counted from 0."""

    tag: str
    first: int
    last: int
    """The line of its end; for a block scalar and a block collection that of what follows, at most."""
    column: int
    style: str | None
    """Of a scalar: `|`, `>`, a quote, or None."""
    flow: bool
    anchored: bool
    text: str | None = None
    items: tuple[Value, ...] | None = None
    pairs: tuple[tuple[Value, Value], ...] | None = None

    def get(self, name: str) -> Value | None:
        """The value of a key; None where there is none."""
        return next((value for key, value in self.pairs or () if key.text == name), None)

    def said(self, name: str) -> str | None:
        """The text of a key's scalar; None where there is none."""
        value = self.get(name)
        return None if value is None else value.text

    def __contains__(self, name: str) -> bool:
        return self.get(name) is not None

    @property
    def shared(self) -> bool:
        """Whether an anchor or a merge key makes it stand, wholly or in part, elsewhere too."""
        return self.anchored or "<<" in self

    def texts(self) -> Iterator[str]:
        """All scalars in it; keys are left out."""
        if self.text is not None:
            yield self.text
        for item in (*(self.items or ()), *(value for _, value in self.pairs or ())):
            yield from item.texts()

    def plain(self) -> Any:
        """It as texts, lists and dicts."""
        if self.items is not None:
            return [item.plain() for item in self.items]
        if self.pairs is not None:
            return {key.text: value.plain() for key, value in self.pairs}
        return self.text


def read(text: str) -> Value:
    """The document in the text. Raises BadYaml."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    try:
        node = YAML(typ="safe", pure=True).compose(text)
        if node is None:
            raise BadYaml(1, "there is nothing in it")
        return _value(node, {})
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise BadYaml(mark.line + 1 if mark else 1, f"is no YAML: {error.problem or error.context}") from error
    except YAMLError as error:
        line = text.count("\n", 0, getattr(error, "position", None) or 0) + 1
        raise BadYaml(line, f"is no YAML: {getattr(error, 'reason', None) or 'it cannot be read'}") from error
    except RecursionError as error:
        raise BadYaml(1, "is nested too deeply") from error


def _value(node: Any, known: dict[int, Value | None]) -> Value:
    """The value of a node; what aliases share is one value."""
    if id(node) in known:
        value = known[id(node)]
        if value is None:
            raise BadYaml(node.start_mark.line + 1, "holds an anchor that contains itself")
        return value
    known[id(node)] = None
    text = items = pairs = None
    if node.id == "scalar":
        text = str(node.value)
    elif node.id == "sequence":
        items = tuple(_value(item, known) for item in node.value)
    else:
        pairs = tuple((_value(key, known), _value(value, known)) for key, value in node.value)
    style, flow = (node.style, False) if node.id == "scalar" else (None, bool(node.flow_style))
    place = node.start_mark.line, node.end_mark.line, node.start_mark.column
    found = Value(str(node.tag), *place, style, flow, node.anchor is not None, text, items, pairs)
    known[id(node)] = found
    return found
