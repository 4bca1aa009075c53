"""A document read as a browser without scripts reads it: elements with their attributes and texts."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path

from msgspec import Struct, field

_VOID = {"meta", "link", "br", "col", "input", "hr", "img", "source"}
_SELF_ENDING = {"td": {"td", "th"}, "th": {"td", "th"}, "tr": {"td", "th", "tr"}, "tbody": {"td", "th", "tr", "tbody"}}


class Element(Struct):
    """An element; `text` is all text in it."""

    name: str
    attributes: dict[str, str | None] = field(default_factory=dict)
    children: list[Element | str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "".join(child if isinstance(child, str) else child.text for child in self.children)

    def all(self, name: str = "", **attributes: str) -> list[Element]:
        """The elements in it, in order; `class_` must be one of its classes."""
        found = []
        for child in self.children:
            if isinstance(child, str):
                continue
            if (not name or child.name == name) and all(child._has(*pair) for pair in attributes.items()):
                found.append(child)
            found += child.all(name, **attributes)
        return found

    def one(self, name: str = "", **attributes: str) -> Element:
        """The only such element."""
        (found,) = self.all(name, **attributes)
        return found

    def _has(self, name: str, value: str) -> bool:
        own = self.attributes.get(name.rstrip("_")) or ""
        return value in own.split() if name == "class_" else own == value


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.path = [Element("document")]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        while self.path[-1].name in _SELF_ENDING.get(tag, ()):
            self.path.pop()
        element = Element(tag, dict(attrs))
        self.path[-1].children.append(element)
        if tag not in _VOID:
            self.path.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.path[-1].children.append(Element(tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        while self.path[-1].name in ("td", "th", "tr", "tbody") and self.path[-1].name != tag:
            self.path.pop()
        assert self.path[-1].name == tag, f"</{tag}> in <{self.path[-1].name}>"
        self.path.pop()

    def handle_data(self, data: str) -> None:
        self.path[-1].children.append(data)


def read(page: Path) -> Element:
    """The whole document. Fails where an end tag closes another element than the open one."""
    reader = _Reader()
    reader.feed(page.read_text("utf-8"))
    reader.close()
    assert len(reader.path) == 1, [element.name for element in reader.path]
    return reader.path[0]
