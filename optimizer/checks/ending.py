"""What an image is configured to be at the end of a stage, by value, where the base image's own settings are known."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping

from msgspec import Struct, field

from optimizer.facts import BuildStage, Facts
from optimizer.facts.bases import defaults_of
from optimizer.facts.texts import argument_text
from optimizer.knowledge.stacks import BuilderImage, RuntimeImage
from optimizer.syntax.lexer import Lexer, LexError
from optimizer.syntax.nodes import Instruction, Pairs, Words

_LAST = ("CMD", "ENTRYPOINT", "HEALTHCHECK", "STOPSIGNAL", "SHELL", "MAINTAINER")


class Ending(Struct):
    """The configuration. A value that a build gives, or that the base image has, is told by a mark with its name."""

    environment: dict[str, str]
    arguments: dict[str, str] = field(default_factory=dict)
    written: set[str] = field(default_factory=set)
    """The variables that the file itself sets."""
    labels: dict[str, str] = field(default_factory=dict)
    sets: set[tuple[str, str]] = field(default_factory=set)
    """Ports and volumes."""
    said: dict[str, str] = field(default_factory=dict)
    user: str | None = None
    folder: str | None = None
    escape: str = "\\"

    def value(self, text: str) -> str:
        """A word with the variables that are in force."""
        try:
            return Lexer(text, self._lookup, self.escape).expand()
        except LexError:
            return text

    def _lookup(self, name: str) -> str:
        return self.arguments.get(name) or self.environment.get(name) or f"\0{name}\0"

    def placed(self, text: str) -> str | None:
        """A path from the folder in force; None where that, or a variable in it, is not known."""
        path = posixpath.join(self.folder or "\0", self.value(text))
        return None if "\0" in path else posixpath.normpath(path) + ("/" if text.endswith("/") else "")

    def after(self, instruction: Instruction) -> None:
        """Go behind an instruction."""
        body = instruction.body
        match instruction.name:
            case "ENV" | "ARG" | "LABEL" if isinstance(body, Pairs):
                given = {
                    self.value(pair.name.text): self.value(pair.value.text) if pair.value is not None else ""
                    for pair in body.pairs
                }
                self._given(instruction.name, given)
            case "USER":
                self.user = self.value(argument_text(instruction))
            case "WORKDIR" if isinstance(body, Words):
                self.folder = posixpath.normpath(posixpath.join(self.folder or "\0", self.value(body.words[0].text)))
            case "EXPOSE" | "VOLUME":
                words = argument_text(instruction).replace("\0", " ").split()
                self.sets |= {(instruction.name, self.value(word)) for word in words}
            case name if name in _LAST:
                self.said[name] = argument_text(instruction)

    def _given(self, name: str, given: Mapping[str, str]) -> None:
        if name == "LABEL":
            self.labels |= given
        elif name == "ENV":
            self.environment |= given
            self.written |= set(given)
            for key in given:
                self.arguments.pop(key, None)
        else:
            self.arguments |= {
                key: f"\0given {key}={value}\0" for key, value in given.items() if key not in self.written
            }

    def faults(self, other: Ending, image: BuilderImage, row: RuntimeImage) -> Iterator[str]:
        """In what another configuration is none of the same value: what the base images set aside."""
        names = {*self.written, *other.written}
        for name in sorted(names):
            if self.environment.get(name) != other.environment.get(name):
                yield f"the variable `{name}` would have another value"
        for name in sorted(self.environment.keys() - names):
            if name not in image.environment and name != "PATH" and name not in other.environment:
                yield f"the variable `{name}` would go"
        for name in sorted(row.values.keys() - names):
            if self.environment.get(name) != other.environment.get(name):
                yield f"the variable `{name}` would have another value"
        for name in sorted(other.environment.keys() - self.environment.keys() - set(row.environment)):
            yield f"the variable `{name}` would come"
        if (self.user or "root") != (other.user or "root"):
            yield "the user would change"
        if self.folder != other.folder:
            yield "the folder that it starts in would change"
        for name in _LAST:
            if self.said.get(name) != other.said.get(name):
                yield f"`{name}` would change"
        if self.labels != other.labels:
            yield "the labels would change"
        if self.sets != other.sets:
            yield "the ports or volumes would change"


def ending(facts: Facts, stage: BuildStage, base: Mapping[str, str | None], until: Instruction | None = None) -> Ending:
    """The configuration at the end of a stage, or before one of its instructions.

    `base`: what the image below sets; None for a value that is not known.
    """
    defaults = defaults_of(stage.base)
    known = {name: value if value is not None else f"\0{name} of the base\0" for name, value in base.items()}
    found = Ending(known, user=defaults.user, folder=defaults.folder or "/", escape=facts.tree.escape)
    for one in stage.instructions:
        if one is until:
            break
        found.after(one)
    return found
