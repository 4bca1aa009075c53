"""A changed source file, as a rebuild would see it; the user's own folder is never written to."""

import os
import secrets
import shutil
from pathlib import Path

from optimizer.facts.context.history import change_counts

NEVER = ("Dockerfile", ".dockerignore", ".gitignore", "README.md", "CHANGELOG.md", "LICENSE")
"""Often changed, but not what one edits all day to see the image rebuilt."""


def most_changed(context: Path) -> str | None:
    """The file of the context that the git history changes most often; None without a history."""
    counts = change_counts(context)
    often = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    there = (name for name, _ in often if Path(name).name not in NEVER and (context / name).is_file())
    return next(there, None)


def copy_context(context: Path, folder: Path) -> Path:
    """A copy of the context, with hard links where the file system allows them."""
    return Path(shutil.copytree(context, folder / "context", symlinks=True, copy_function=_link))


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError:
        shutil.copy2(source, target, follow_symlinks=False)


def touch(copy: Path, name: str) -> None:
    """Change a file of a copied context: blanks at its end, new ones each time, so that no cache has seen them."""
    path = copy / name
    content = path.read_bytes().rstrip(b" \n")
    mode = path.stat().st_mode
    path.unlink()  # The copy may be a hard link to the user's own file.
    path.write_bytes(content + b"\n" + b"".join(secrets.choice((b" ", b"\n")) for _ in range(40)) + b"\n")
    path.chmod(mode)
