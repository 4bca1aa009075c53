"""The cases: a hard file each, with what must hold of its build whatever a tool makes of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import tomli
from msgspec import Struct

HERE = Path(__file__).parent
CORPUS = HERE.parents[1] / "corpus"


class Case(Struct, frozen=True):
    """What must hold of one file. A *glob* is one over the normal text of a command: its words with single blanks."""

    file: str
    must_not: tuple[str, ...]
    """The ways of breaking (`must_nots.toml`) that the file invites."""
    bytes: bool | tuple[str, ...] = False
    """The file must come back byte for byte: in every mode, or in these."""
    kept: tuple[str, ...] = ()
    """Globs of commands that stay as they are, in their state; by default those that no transform knows."""
    may_change: tuple[str, ...] = ()
    """Globs of commands that may be written in another way, or go."""
    may_appear: tuple[str, ...] = ()
    """Globs of commands that may be new."""
    may_move: tuple[str, ...] = ()
    """Variables whose instruction may move, so that a step finds another value."""
    fails: tuple[str, ...] = ()
    """Globs of commands that end with 1 in the ordinary build; all others succeed."""
    guards: tuple[tuple[str, str], ...] = ()
    """`[glob, "stops" or "passes"]`: what becomes of the build when those commands end in the other way."""
    steps: tuple[dict[str, str], ...] = ()
    """`run` (a glob) and what each step that it matches runs in: `folder`, `user`, `umask`, `shell`, `options` ..."""
    no_step: tuple[str, ...] = ()
    """Globs of commands that may not run."""
    order: tuple[tuple[str, str], ...] = ()
    """Pairs of globs: the first such command runs before the first of the other."""
    keeps: tuple[str, ...] = ()
    """Texts of the file that stay as often as they are."""
    never: tuple[str, ...] = ()
    """Texts that may not come more often than they are."""
    above: tuple[tuple[str, str], ...] = ()
    """A comment, and what the next line that is no comment holds."""
    env: tuple[tuple[str, str], ...] = ()
    """Variables of the final image, with the values that BuildKit gives them."""
    config: tuple[tuple[str, str], ...] = ()
    """Fields of the final image's configuration, as text."""

    @property
    def path(self) -> Path:
        return CORPUS / f"{self.file}.Dockerfile"

    @property
    def text(self) -> str:
        return self.path.read_bytes().decode("utf-8", "surrogateescape")


def cases() -> tuple[Case, ...]:
    """All cases of `cases/*.toml`. Raises ValueError for a key that there is not."""
    tables = [tomli.loads(path.read_text("utf-8")) for path in sorted(HERE.glob("cases/*.toml"))]
    return tuple(_case(table) for each in tables for table in each["case"])


def _case(table: dict[str, Any]) -> Case:
    if unknown := table.keys() - set(Case.__struct_fields__):
        raise ValueError(f"{table['file']}: unknown keys {sorted(unknown)}")
    return Case(**{key: _frozen(value) for key, value in table.items()})


def _frozen(value: Any) -> Any:
    if isinstance(value, dict) and "run" not in value:
        return tuple(value.items())
    return tuple(_frozen(one) for one in value) if isinstance(value, list) else value


def must_nots() -> dict[str, str]:
    """The ways of breaking: id and sentence."""
    return dict(tomli.loads((HERE / "must_nots.toml").read_text("utf-8"))["must-not"])
