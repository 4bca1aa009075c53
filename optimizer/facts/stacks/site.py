"""Where a command of a build stands, and the values of its words: what the file of each ecosystem works with."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Any

from msgspec import Struct, field

from optimizer.facts import BuildStage, Facts
from optimizer.facts.calls import Call
from optimizer.facts.scope import Scope
from optimizer.knowledge.stacks import BuilderImage, Stack
from optimizer.syntax.nodes import Command, Instruction, Item, Word

_VARIABLE = re.compile(r"\$(?:\{(\w+)\}|(\w+))")


class Unknown(Exception):
    """A fact that a conversion needs is not known; the message says which, and how it could be told."""

    def __init__(self, why: str, at: Instruction | None = None) -> None:
        super().__init__(why)
        self.why = why
        self.at = at


class Product(Struct, frozen=True):
    """What a build makes: an absolute path, or a pattern of some. `libc`: what it is linked to (rows of `stacks.toml`).

    `sure`: whether it is there for certain; else only where something names it. `libraries`: development packages.
    """

    path: str
    libc: str = "none"
    sure: bool = True
    libraries: tuple[str, ...] = ()


class Ground(Struct):
    """What a stage holds so far, beside its base image."""

    files: dict[str, str] = field(default_factory=dict)
    """Files of the context: path of the image -> path of the context."""
    products: dict[str, Product] = field(default_factory=dict)
    folders: list[str] = field(default_factory=list)
    """Folders that were made and that may be empty."""

    owned: set[str] = field(default_factory=set)
    """Those of the files that a COPY gave to somebody, with their folders."""

    def product(self, path: str) -> Product | None:
        """What was built at a path; None where nothing was."""
        if path in self.products:
            return self.products[path]
        for one in self.products.values():
            inside = "*" not in one.path and path.startswith(one.path.rstrip("/") + "/")
            if inside or ("*" in one.path and fnmatchcase(path, one.path) and path.count("/") == one.path.count("/")):
                return one
        return None

    def remove(self, paths: Iterable[str | None], *, products: bool = False) -> None:
        """Forget what lies at paths, or below them; of all that is not known where a path is not (None).

        `products`: only what was built there.
        """
        for path in paths:
            held: tuple[dict[str, Any], ...] = (self.products,) if products else (self.products, self.files)
            for one in held:
                for place in [place for place in one if path is None or _is_at(place, path)]:
                    del one[place]
            if not products:
                self.folders = [place for place in self.folders if path is not None and not _is_at(place, path)]

    def is_folder(self, path: str) -> bool:
        """Whether a path is known to be a folder."""
        inside = path.rstrip("/") + "/"
        return path in self.folders or any(one.startswith(inside) for one in (*self.files, *self.products))


def _is_at(path: str, pattern: str) -> bool:
    """Whether a path is what a word of `rm` names, or lies below it."""
    wanted = pattern.rstrip("/").split("/")
    return fnmatchcase("/".join(path.split("/")[: len(wanted)]), "/".join(wanted))


class Site(Struct, frozen=True):
    """One command: its stage, its place, the folder that it runs in, and what lies there by then."""

    facts: Facts
    stage: BuildStage
    builder: BuilderImage
    stack: Stack
    instruction: Instruction
    scope: Scope
    """What is in force, with what the base image is known to set."""
    folder: str | None
    ground: Ground

    @property
    def variables(self) -> Mapping[str, str | None]:
        """The variables that are set."""
        return self.scope.variables

    def setting(self, call: Call, name: str) -> str | None:
        """What a variable is for a command: set in front of it, by `export` in its RUN, or by ENV; None: not set."""
        if isinstance(call.node, Command):
            for assigned in (*call.node.assignments, *call.node.words):
                key, equals, value = assigned.text.partition("=")
                if equals and key == name:
                    return value.strip("\"'")
        for other in self.facts.calls(self.instruction):
            for word in other.words[1:] if other.name == "export" else ():
                key, equals, value = word.text.partition("=")
                if equals and key == name:
                    return value.strip("\"'")
        return self.variables.get(name)

    def value(self, word: Word | Item) -> str | None:
        """What a word is for the shell; None where only a build could tell."""
        return self.expanded(word.text) if word.literal is None else word.literal

    def expanded(self, text: str) -> str | None:
        """A text in which only variables are special, with their values; None where one is not known."""
        if text[:1] == text[-1:] == '"' and len(text) > 1:
            text = text[1:-1]
        names = {match[1] or match[2] for match in _VARIABLE.finditer(text)}
        if any(self.variables.get(name) is None for name in names):
            return None
        found = _VARIABLE.sub(lambda match: self.variables[match[1] or match[2]] or "", text)
        return found if re.fullmatch(r"[\w./+@:=,*-]*", found) else None

    def path(self, word: Word | Item | str) -> str | None:
        """The absolute path that a word names, a final slash kept; None where that is not known."""
        text = self.expanded(word) if isinstance(word, str) else self.value(word)
        if not text or text.startswith("~"):
            return None
        if not text.startswith("/"):
            if self.folder is None:
                return None
            text = posixpath.join(self.folder, text)
        found = posixpath.normpath(text).replace("//", "/")
        return found + "/" if text.endswith("/") and found != "/" else found

    def content(self, path: str) -> str | None:
        """The text of a file of the context that lies at a path of the image; None where there is none."""
        origin = self.ground.files.get(path)
        content = self.facts.context.content(origin) if self.facts.context is not None and origin is not None else None
        return None if content is None else content.decode("utf-8", "replace")

    @property
    def system_libc(self) -> str:
        """What a compiler links to there: `musl`, or `glibc`."""
        return "musl" if self.stage.system is not None and self.stage.system.name == "alpine" else "glibc"

    def unknown(self, why: str) -> Unknown:
        """The same reason, at this instruction."""
        return Unknown(why, self.instruction)
