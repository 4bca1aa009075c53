"""The ignore file with which a variant is built: that of the user, and what a rewrite puts at its end."""

from collections.abc import Sequence
from pathlib import Path

from optimizer.facts.context.ignore import extended


def ignore_text(dockerfile: Path, context: Path) -> str | None:
    """The ignore file that a builder reads for that Dockerfile; None for what it finds by itself."""
    for own in (dockerfile.with_name(f"{dockerfile.name}.dockerignore"), context / ".dockerignore"):
        if own.is_file():
            return own.read_bytes().decode("utf-8", "surrogateescape")
    return "" if (context / "Dockerfile.dockerignore").exists() else None


def with_patterns(ignore: str | None, context: Path, patterns: Sequence[str]) -> str | None:
    """The ignore file with patterns at its end; None, where there are none, is what the builder finds in the context.

    It stands for the user's own file, which stays as it is.
    """
    if not patterns:
        return ignore
    if ignore is None:
        ignore = ignore_text(context / "Dockerfile", context) or ""
    return extended(ignore.encode("utf-8", "surrogateescape"), patterns).decode("utf-8", "surrogateescape")
