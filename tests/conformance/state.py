"""A command with all it would run in."""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.conformance.script import Tree


@dataclass(frozen=True)
class Step:
    """One command or one COPY, and all it would run in."""

    text: str
    folder: str = ""
    user: str = ""
    umask: str = ""
    shell: str = ""
    options: str = ""
    """Letters and names that `set` and `shopt` switched on; without `e` and `x`, which show by how a build ends."""
    variables: tuple[tuple[str, str], ...] = ()
    """What the script exported before, or assigned and is read here."""
    environment: tuple[tuple[str, str], ...] = ()
    flags: tuple[str, ...] = ()
    around: tuple[str, ...] = ()
    """`&`, `|`, `!`, redirects of the group: what stands around the command."""
    number: int = field(default=0, compare=False)
    """Which instruction of the stage it stands in, counted from 0."""


@dataclass
class State:
    """What one script of a RUN carries along."""

    folder: str
    user: str = "root"
    umask: str = "022"
    shell: str = "/bin/sh -c"
    environment: dict[str, str] = field(default_factory=dict)
    flags: tuple[str, ...] = ()
    has_pipefail: bool = True
    number: int = 0
    before: str = ""
    options: set[str] = field(default_factory=set)
    variables: dict[str, str] = field(default_factory=dict)
    exported: set[str] = field(default_factory=set)
    functions: dict[str, Tree] = field(default_factory=dict)
    around: tuple[str, ...] = ()
    trap: str = ""
