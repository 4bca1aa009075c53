"""The rows of `hardening.toml`: steps that harden an image, and where they can do harm."""

from __future__ import annotations

import re
from functools import lru_cache

from msgspec import Struct

from optimizer.knowledge import KnowledgeError, load


class Hardening(Struct, frozen=True):
    """The table. `makes_user`: system -> commands with `{user}` in them; `base_users`: image -> a user that it has."""

    setuid_command: str
    setuid_systems: frozenset[str]
    setuid_programs: frozenset[str]
    setuid_packages: frozenset[str]
    makes_user: dict[str, tuple[str, ...]]
    base_users: dict[str, str]
    root_programs: frozenset[str]
    root_images: frozenset[str]

    def user_made(self, command: str) -> str | None:
        """The user, or the group of a user, that a command of the rows makes; None where it is none of them."""
        for template in {one for commands in self.makes_user.values() for one in commands}:
            name = r"(?P<user>[a-z_][a-z0-9_-]*)"
            pattern = re.escape(template).replace(r"\{user\}", name, 1).replace(r"\{user\}", "(?P=user)")
            if match := re.fullmatch(pattern, command):
                return match["user"]
        return None


@lru_cache(maxsize=1)
def hardening() -> Hardening:
    """The table, read once. Raises KnowledgeError for a table that it does not know."""
    data = load("hardening.toml")
    if unknown := sorted(data.keys() - {"setuid", "user", "bases", "root"}):
        raise KnowledgeError(f"hardening.toml: unknown table `{unknown[0]}`")
    return Hardening(
        setuid_command=data["setuid"]["command"],
        setuid_systems=frozenset(data["setuid"]["systems"]),
        setuid_programs=frozenset(data["setuid"]["programs"]),
        setuid_packages=frozenset(data["setuid"]["packages"]),
        makes_user={system: tuple(commands) for system, commands in data["user"].items()},
        base_users=data["bases"],
        root_programs=frozenset(data["root"]["programs"]),
        root_images=frozenset(data["root"]["images"]),
    )
