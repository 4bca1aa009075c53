"""Elements of XML 1.0 from text that may hold anything."""

from __future__ import annotations

import re
from collections.abc import Mapping
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from optimizer.cli.formats.findings import visible

_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def element(
    tag: str, attributes: Mapping[str, str | int], parent: Element | None = None, text: str | None = None
) -> Element:
    """A new element, below its parent where it has one."""
    clean = {key: _clean(str(value)) for key, value in attributes.items()}
    made = Element(tag, clean) if parent is None else SubElement(parent, tag, clean)
    made.text = _clean(text) if text is not None else None
    return made


def document(root: Element) -> str:
    """The file."""
    indent(root)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + tostring(root, encoding="unicode") + "\n"


def _clean(text: str) -> str:
    """The text with what XML has no way to write as `\\xNN` or `\\uNNNN`."""
    return _FORBIDDEN.sub(lambda match: ascii(match[0])[1:-1], visible(text))
