"""`--commit-per`: what was made of the files goes into git commits, one a transform, a folder or an owner.

Only files that are as the last commit has them take part. Where git or a hook refuses a commit its files are as they
were before it, and the commits before it stay.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from msgspec import Struct

from optimizer.cache.git import GitError
from optimizer.cli import files
from optimizer.cli.errors import FileError, InputError, UsageError
from optimizer.cli.monorepo.messages import Entry, message
from optimizer.cli.monorepo.owners import Owners
from optimizer.cli.monorepo.repository import WorkTree
from optimizer.cli.monorepo.run import By
from optimizer.cli.monorepo.summary import apart_at_first
from optimizer.cli.names import shown
from optimizer.cli.work import Outcome
from optimizer.engine import Change, Result
from optimizer.facts.context.ignore import extended


class CommitError(InputError):
    """A commit was refused; its files are as they were."""


class _Part(Struct, frozen=True):
    """What one commit takes of one file: its text then, the patterns in its ignore file then, what is new of both."""

    outcome: Outcome
    after: str
    ignores: tuple[str, ...]
    changes: tuple[Change, ...]


class Commits:
    """The changes of one run, and the commits that they make."""

    def __init__(self, by: By, folder: Path) -> None:
        """Raises UsageError where no commit can be made in the work tree of the folder."""
        self._by = by
        self.wanted: list[tuple[Outcome, Result]] = []
        """The files that are to be written, with what is made of them."""
        self._broken: dict[Path, str] = {}
        self._texts: dict[Path, bytes] = {}
        """What the last commit made of a file."""
        try:
            self._tree = WorkTree(folder)
            middle = self._tree.in_the_middle()
        except GitError as error:
            raise UsageError(f"--commit-per: {error}") from error
        if middle is not None:
            raise UsageError(f"--commit-per: a {middle} is under way; end it first")
        if not self._tree.knows("HEAD"):
            raise UsageError("--commit-per: this repository has no commit yet")

    def add(self, outcome: Outcome, result: Result) -> None:
        """Note what is to be made of a file; nothing is written yet."""
        if result.changed or result.ignores:
            self.wanted.append((outcome, result))

    def leave_out(self) -> list[str]:
        """Take out the files that no commit of their own can hold; why, with their paths. Raises CommitError."""
        touched = {path for outcome, result in self.wanted for path in _touched(outcome, result)}
        try:
            unclean = self._tree.unclean(path for path in touched if self._holds(path) and path.exists())
        except GitError as error:
            raise CommitError(f"git does not say what is as the last commit has it: {error}") from error
        left, kept = [], []
        for outcome, result in self.wanted:
            paths = _touched(outcome, result)
            bad = next((path for path in paths if not self._holds(path) or _real(path) in unclean), None)
            if bad is None:
                kept.append((outcome, result))
                continue
            needs = "" if bad == outcome.path else f"needs `{shown(bad)}`, which "
            why = "is not as the last commit has it" if self._holds(bad) else f"lies outside of `{self._tree.top}`"
            left.append(f"{shown(outcome.path)}: {needs}{why}; neither written nor committed")
        self.wanted = kept
        return left

    def make(self) -> Iterator[str]:
        """Make the commits, and tell the id and the subject of each. Raises CommitError."""
        for title, parts in self._groups():
            commit = self._made(title, [part for part in parts if part.outcome.path not in self._broken])
            if commit is not None:
                yield commit

    @property
    def failures(self) -> list[str]:
        """Files that could not be written, and why; they are as they were, or as an earlier commit made them."""
        return list(self._broken.values())

    def _holds(self, path: Path) -> bool:
        return _real(path).is_relative_to(self._tree.top)

    def _groups(self) -> list[tuple[str, list[_Part]]]:
        """The parts of each commit, under the name of what they have in common."""
        found: dict[str, list[_Part]] = {}
        if self._by is By.TRANSFORM:
            from transforms import PIPELINE

            found = {transform.id: [] for transform in PIPELINE}
        owners, apart = Owners(), apart_at_first([outcome.path.parent for outcome, _ in self.wanted])
        for outcome, result in self.wanted:
            if self._by is By.TRANSFORM:
                for step in result.steps:
                    changes = tuple(change for change in result.changes if change.transform == step.transform)
                    found[step.transform].append(_Part(outcome, step.after, step.ignores, changes))
            else:
                name = apart(outcome.path.parent) if self._by is By.FOLDER else owners.named(outcome.path)
                part = _Part(outcome, result.after, result.ignores, result.changes)
                found.setdefault(name, []).append(part)
        named = found.items() if self._by is By.TRANSFORM else sorted(found.items())
        return [(name, parts) for name, parts in named if parts]

    def _made(self, title: str, parts: Sequence[_Part]) -> str | None:
        """One commit; None where nothing is left for it. Raises CommitError, with the files as they were."""
        written: _Written = {}
        head = self._tree.head()
        try:
            entries = [
                Entry(_real(part.outcome.path).relative_to(self._tree.top).as_posix(), part.changes)
                for part in parts
                if self._write(part, written)
            ]
            if not entries:
                return None
            text = message(self._by, title, entries)
            commit = self._tree.commit(list(written), text, [path for path, (old, _) in written.items() if old is None])
        except BaseException as error:
            if self._tree.head() != head:  # it was made, and only what came after it failed
                raise
            left = _take_back(written)
            if not isinstance(error, GitError):
                raise
            how = f"all but {', '.join(left)}, which something else wrote, are" if left else "its files are"
            raise CommitError(f"git refused the commit of `{title}`; {how} as they were: {error}") from error
        return f"{commit} {text.partition(chr(10))[0]}"

    def _write(self, part: _Part, written: _Written) -> bool:
        """Write the file, and before it the patterns that it relies on; whether that worked."""
        outcome = part.outcome
        old, new = self._texts.get(outcome.path, outcome.data), part.after.encode("utf-8", "surrogateescape")
        try:
            if part.ignores and outcome.ignore_file is not None:
                self._extend(outcome.ignore_file, part.ignores, written)
            if new != old:
                written[outcome.path] = old, new
                files.write(outcome.path, old, new, Path(), self._tree.top)
        except FileError as error:
            written.pop(outcome.path, None)
            self._broken[outcome.path] = str(error)
            return False
        self._texts[outcome.path] = new
        return True

    def _extend(self, path: Path, patterns: Sequence[str], written: _Written) -> None:
        old = files.read(path) if path.exists() else None
        new = extended(old or b"", patterns)
        if new == old:
            return
        first = written[path][0] if path in written else old
        if old is None:
            files.create(path, new)
        else:
            files.write(path, old, new, Path(), self._tree.top)
        written[path] = first, new


_Written = dict[Path, tuple[bytes | None, bytes]]
"""What a commit that is not made yet wrote: before and after; None before: the file is new."""


def _take_back(written: _Written) -> list[str]:
    """Give the files the content that they had; the names of those that hold something else by now, and are left."""
    left = []
    for path, (old, new) in written.items():
        try:
            if not path.exists() or files.read(path) == old:
                continue
            if files.read(path) != new:
                left.append(shown(path))
            elif old is None:
                path.unlink()
            else:
                files.write(path, new, old, _real(path).parent)
        except (FileError, OSError):
            left.append(shown(path))
    return left


def _touched(outcome: Outcome, result: Result) -> list[Path]:
    """The files that would be written."""
    paths = [outcome.path] if result.changed else []
    if result.ignores and outcome.ignore_file is not None:
        paths.append(outcome.ignore_file)
    return paths


def _real(path: Path) -> Path:
    return Path(os.path.realpath(path))
