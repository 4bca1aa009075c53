"""A step of a build and what its cache key is made of, part by part: what is not in `parts` is not in the key."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from hashlib import blake2b

from msgspec import Struct

from optimizer.cache.taken import Taken
from optimizer.facts.texts import argument_text
from optimizer.syntax.nodes import Instruction


class Cause(Enum):
    """What can change a key."""

    TEXT = "text"
    ARGUMENT = "argument"
    ENVIRONMENT = "environment"
    USER = "user"
    FOLDER = "folder"
    SHELL = "shell"
    FLAG = "flag"
    FILES = "files"
    STAGE = "stage"
    REMOTE = "remote"
    BASE = "base"
    OPTION = "option"
    EPOCH = "epoch"
    NEW = "new"
    BEFORE = "before"
    MOVED = "moved"
    UNCACHED = "uncached"
    FIRST = "first"


@dataclass(frozen=True, slots=True)
class Part:
    """One piece of a key. `subject`: what it is called in a reason (a variable, a source, a flag)."""

    cause: Cause
    subject: str
    value: str
    taken: Taken | None = field(default=None, compare=False)
    """The files behind the value."""
    known: bool = True
    """False: the value stands for something that nobody has seen, the content that another stage makes."""

    @property
    def told(self) -> tuple[str, str, str]:
        """What the key holds: not what a source, a stage or an image is called, nor who set a variable."""
        kind = "variable" if self.cause is Cause.ARGUMENT or self.cause is Cause.ENVIRONMENT else self.cause.value
        return kind, "" if self.cause in _NAMELESS else self.subject, self.value


_NAMELESS = frozenset({Cause.FILES, Cause.STAGE, Cause.REMOTE, Cause.BASE})


class Step(Struct, frozen=True, eq=False):
    """One step: an instruction that makes a layer (for the classic builder: any instruction).

    `key` is what the cache is asked for, `chain` what the next step builds on; both hold all that is before.
    """

    stage: int
    instruction: Instruction
    parts: tuple[Part, ...]
    above: str
    """The chain of what is before it; empty where nothing above it counts (`COPY --link`)."""
    key: str
    chain: str
    environment: Mapping[str, str]
    """The variables that are set where it stands."""
    uncached: bool = False
    missing: tuple[str, ...] = ()
    """Sources that are not in the context: the build fails here."""
    trigger: bool = False
    """Whether an ONBUILD of the base put it here."""

    @property
    def name(self) -> str:
        """RUN, COPY, ADD, WORKDIR; for the classic builder any instruction."""
        return self.instruction.name

    @property
    def title(self) -> str:
        """What it says, on one line."""
        return " ".join(f"{self.name} {argument_text(self.instruction)}".split())


def key_of(name: str, parts: Iterable[Part], above: str) -> str:
    """The digest of a step's key."""
    return digest(name, above, *("\0".join(part.told) for part in parts))


def digest(*pieces: str) -> str:
    """One digest of several texts, which are kept apart."""
    found = blake2b(digest_size=16)
    for piece in pieces:
        data = piece.encode("utf-8", "surrogateescape")
        found.update(f"{len(data)}:".encode() + data)
    return found.hexdigest()
