"""The ignore file of a build: which one takes effect for a Dockerfile, and the patterns in it.

The Dockerfile and the ignore file are read apart from the context, so a pattern that hits them hides them from COPY
and does no harm else. Source: BuildKit's dockerui/config.go; github.com/moby/patternmatcher/ignorefile.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from optimizer.facts.context import IgnoreFile, Missing
from optimizer.facts.context.globs import cleaned
from optimizer.syntax.chars import SPACE

_LONGEST_LINE = 65_536
"""Bytes; BuildKit fails on a line that long."""


def ignore_file(dockerfile: Path, root: Path) -> IgnoreFile | Missing | None:
    """The ignore file for a Dockerfile: `NAME.dockerignore` beside it, else `.dockerignore` in the context's root.

    BuildKit looks for a link's target in the folder that it was sent; a link that leads out of it is not known.
    """
    for path, top in (
        (dockerfile.with_name(f"{dockerfile.name}.dockerignore"), dockerfile.parent),
        (root / ".dockerignore", root),
    ):
        try:
            if path.is_symlink() and not path.resolve().is_relative_to(top.resolve()):
                return Missing(f"`{path.name}` is a link that leads out of its folder")
            if not path.is_file():
                continue
            patterns = patterns_in(path.read_bytes())
        except OSError as error:
            return Missing(f"`{path.name}` cannot be read: {error.strerror}")
        if patterns is None:
            return Missing(f"a line of `{path.name}` is so long that a build fails")
        return IgnoreFile(str(path), patterns)
    return None


def patterns_in(content: bytes) -> tuple[str, ...] | None:
    """The patterns of an ignore file, one a line, cleaned; None where a line is longer than BuildKit reads."""
    lines = content.removeprefix(b"\xef\xbb\xbf").split(b"\n")
    if any(len(line) >= _LONGEST_LINE for line in lines):
        return None
    found = (_pattern(line.removesuffix(b"\r").decode("utf-8", "surrogateescape")) for line in lines)
    return tuple(pattern for pattern in found if pattern)


def extended(content: bytes, patterns: Sequence[str]) -> bytes:
    """An ignore file with patterns behind its own, in its own line ends; those that are there and hold are left out."""
    newline = b"\r\n" if b"\r\n" in content else b"\n"
    present: set[bytes] = set()
    for line in content.splitlines():
        present = set() if line.strip().startswith(b"!") else present | {line.strip()}
    lines = [pattern.encode("utf-8", "surrogateescape") for pattern in patterns]
    lines = [line for line in lines if line not in present]
    if lines and content and not content.endswith(b"\n"):
        content += newline
    return content + b"".join(line + newline for line in lines)


def _pattern(line: str) -> str:
    """The pattern of a line; empty for a comment and a blank line."""
    if line.startswith("#"):
        return ""
    text = line.strip(SPACE)
    sign = "!" if text.startswith("!") else ""
    text = text.removeprefix("!").strip(SPACE)
    if text:
        text = cleaned(text)
        text = text[1:] if text.startswith("/") and len(text) > 1 else text
    return sign + text
