"""A git work tree, asked and committed to through `git` itself: hooks, signatures and settings are as always."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path

from optimizer.cache.git import GitError

_QUIET = {"GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
_OF_FILE = ("--pathspec-from-file=-", "--pathspec-file-nul")


class WorkTree:
    """The work tree in which a folder lies. Paths are absolute, links followed."""

    def __init__(self, folder: Path) -> None:
        """Raises GitError where there is no work tree, or no git."""
        self._folder = folder
        self.top = Path(os.path.realpath(os.fsdecode(self.ask("rev-parse", "--show-toplevel").removesuffix(b"\n"))))
        self._folder = self.top

    def ask(self, *words: str, told: bytes = b"", plain: bool = True) -> bytes:
        """What git says. `plain`: in English; else as the user has it, hooks too. Raises GitError with its words."""
        try:
            done = subprocess.run(
                ["git", "-C", str(self._folder), *words],
                input=told,
                capture_output=True,
                env={**os.environ, **_QUIET} if plain else None,
            )
        except OSError as error:
            raise GitError(f"git cannot be run: {error.strerror}") from error
        if done.returncode:
            said = (done.stderr or done.stdout).decode("utf-8", "replace").strip()
            raise GitError(said.removeprefix("fatal: ") or f"git {words[0]} ended with {done.returncode}")
        return done.stdout

    def head(self) -> bytes:
        """The id of the last commit."""
        return self.ask("rev-parse", "HEAD")

    def knows(self, revision: str) -> bool:
        """Whether there is such a commit."""
        try:
            self.ask("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
        except GitError:
            return False
        return True

    def changed_since(self, revision: str) -> frozenset[Path]:
        """Files that differ from where this work tree left the revision: committed, staged, neither, or new.

        Raises GitError for a revision that git does not know, or that has nothing in common with this one.
        """
        if not self.knows(revision):
            raise GitError(f"git knows no commit `{revision}`; in CI it may have to be fetched first")
        try:
            base = self.ask("merge-base", revision, "HEAD").decode().strip()
        except GitError as error:
            raise GitError(f"`{revision}` has no commit in common with this one; a shallow clone lacks it") from error
        told = self.ask("diff", "--name-only", "--no-renames", "--ignore-submodules", "-z", base, "--")
        new = self.ask("ls-files", "--others", "--exclude-standard", "-z")
        return frozenset(self.top / os.fsdecode(name) for name in (told + new).split(b"\0") if name)

    def unclean(self, paths: Iterable[Path]) -> frozenset[Path]:
        """Those of the paths whose content is not that of the last commit, or that no commit has."""
        names = _listed(self.top, paths)
        tracked = self.ask("ls-files", "-z", "--full-name")
        known = frozenset(tracked.split(b"\0"))
        told = self.ask("status", "--porcelain", "-z", "--no-renames", "--untracked-files=no")
        dirty = {entry[3:] for entry in told.split(b"\0") if entry}
        return frozenset(self.top / os.fsdecode(name) for name in names if name not in known or name in dirty)

    def in_the_middle(self) -> str | None:
        """What is under way that allows no commit of single files: `merge`, `cherry-pick`, `revert`; else None."""
        for name in ("MERGE_HEAD", "CHERRY_PICK_HEAD", "REVERT_HEAD"):
            try:
                self.ask("rev-parse", "--verify", "--quiet", name)
            except GitError:
                continue
            return name.removesuffix("_HEAD").lower().replace("_", "-")
        return None

    def commit(self, paths: Sequence[Path], message: str, new: Sequence[Path] = ()) -> str:
        """Commit these files as they are on the disk, and nothing else; what is staged of others stays so.

        `new`: those that git does not know yet. Returns the short id. Raises GitError with what git or a hook says.
        """
        fresh = _pathspecs(self.top, new)
        if fresh:
            self.ask("add", "--intent-to-add", *_OF_FILE, told=fresh)
        try:
            self._commit(_pathspecs(self.top, paths), message)
        except BaseException:
            if fresh:
                self.ask("reset", "--quiet", *_OF_FILE, told=fresh)
            raise
        return self.ask("rev-parse", "--short", "HEAD").decode().strip()

    def _commit(self, paths: bytes, message: str) -> None:
        """The message goes through a file, as standard input holds the paths."""
        from tempfile import NamedTemporaryFile

        with NamedTemporaryFile(prefix="dockopt-", suffix=".txt") as file:
            file.write(message.encode("utf-8", "surrogateescape"))
            file.flush()
            words = ("commit", "--quiet", "--only", "--cleanup=whitespace", "--file", file.name)
            self.ask(*words, *_OF_FILE, told=paths, plain=False)


def _listed(top: Path, paths: Iterable[Path]) -> list[bytes]:
    return [os.fsencode(Path(os.path.realpath(path)).relative_to(top).as_posix()) for path in paths]


def _pathspecs(top: Path, paths: Iterable[Path]) -> bytes:
    """The paths as git takes them from a file, whatever characters they hold."""
    return b"\0".join(b":(top,literal)" + name for name in _listed(top, paths))
