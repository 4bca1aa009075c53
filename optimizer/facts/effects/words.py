"""What a shell word may stand for: its text with variables put in, and `UNKNOWN` where only the build can tell."""

from __future__ import annotations

import re
from collections.abc import Mapping

from msgspec import Struct, field
from msgspec.structs import replace

from optimizer.facts.effects.places import UNKNOWN, Place, place
from optimizer.syntax.nodes import Item, Word

_PIECE = re.compile(
    r"""'(?P<single>[^']*)'
    |"(?P<double>(?:[^"\\`$]|\\.|\$(?!\()[^"`]?|`[^`]*`|\$\((?:[^()]|\([^()]*\))*\))*)"
    |\\(?P<escaped>.)
    |\$(?P<name>[A-Za-z_]\w*)
    |\$\{(?P<braced>[A-Za-z_]\w*)\}
    |\$\{(?P<default>[A-Za-z_]\w*):?[-=][^{}]*\}
    |(?P<temporary>\$\(\s*mktemp\b[^()$`]*\)|`\s*mktemp\b[^`$]*`)
    |(?P<tilde>^~(?=/|$))
    |(?P<unknown>\$\((?:[^()]|\([^()]*\))*\)|`[^`]*`|\$\{[^{}]*\}|\$.?|[{}~"`])
    |(?P<plain>[^'"\\$`{}~]+)""",
    re.DOTALL | re.VERBOSE,
)


class Where(Struct, frozen=True):
    """Where a command runs. `folder`: None where not known; `by_setting`: whether WORKDIR says so."""

    folder: str | None
    home: str | None
    variables: Mapping[str, str | None] = field(default_factory=dict)
    by_setting: bool = True

    def entering(self, folder: str | None) -> Where:
        """The same behind a `cd`."""
        return replace(self, folder=folder, by_setting=False)

    def value(self, word: Word | Item) -> str:
        """The text of a word."""
        if isinstance(word, Item):
            return word.text
        text = word.text
        if not any(char in text for char in "'\"\\$`{}~"):
            return text
        return self.expanded(text)

    def expanded(self, text: str) -> str:
        """A text as a shell expands it, without splitting."""
        out: list[str] = []
        at = 0
        while at < len(text):
            match = _PIECE.match(text, at)
            if match is None:
                return "".join(out) + UNKNOWN
            at = match.end()
            out.append(self._piece(match))
        return "".join(out)

    def _piece(self, match: re.Match[str]) -> str:
        text = match[match.lastgroup or 0] or ""
        match match.lastgroup:
            case "double":
                return self.expanded(text.replace("'", UNKNOWN + "'") if "'" in text else text) if text else ""
            case "name" | "braced":
                return self._variable(text)
            case "default":
                return self._variable(text)
            case "temporary":
                return f"/tmp/{UNKNOWN}"
            case "tilde":
                return self.home if self.home is not None else UNKNOWN
            case "unknown":
                return UNKNOWN
        return text

    def _variable(self, name: str) -> str:
        if name == "HOME" and name not in self.variables:
            return self.home if self.home is not None else UNKNOWN
        if name == "PWD":
            return self.folder if self.folder is not None else UNKNOWN
        value = self.variables.get(name)
        return UNKNOWN if value is None or any(char.isspace() for char in value) else value

    def place(self, text: str, *, below: bool = False) -> Place:
        """The place that a text names here."""
        if text.startswith("~"):
            text = (self.home or UNKNOWN) + text[1:]
        return place(text, self.folder, below=below)

    def uses_folder(self, text: str) -> bool:
        """Whether a path depends on WORKDIR."""
        return self.by_setting and not text.startswith(("/", "~"))
