"""A git repository, read through its plumbing: no checkout, nothing written, nothing fetched.

GitError     what git says, or that there is no repository
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO, NamedTuple

from optimizer.facts.context import File
from optimizer.facts.context.history import QUIET

_GONE = "0" * 40


class GitError(Exception):
    """The message says what git said, in one line."""


class Entry(NamedTuple):
    """What a tree holds at a path: git's mode, and the id of the blob (of the commit, for a submodule)."""

    mode: str
    blob: str


Change = tuple[str, Entry | None]
"""A path and what it holds after a commit; None: nothing any more."""


class Repository:
    """A repository, bare or with a work tree. Close it, or use it in a `with`: it holds two processes."""

    def __init__(self, folder: Path) -> None:
        """Raises GitError where there is no repository, or no git."""
        self._command = ["git", "-C", str(folder)]
        self._readers: dict[str, subprocess.Popen[bytes]] = {}
        self._blobs: dict[str, bytes | None] = {}
        self._sizes: dict[str, int] = {}
        self.files: dict[tuple[str, Entry], File] = {}
        """The files of contexts that were looked at, which are the same for many commits."""
        self.top = Path(os.fsdecode(self._ask("rev-parse", "--show-prefix").strip()))
        """The folder that was given, relative to the top of the repository."""

    def __enter__(self) -> Repository:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """End the processes."""
        for process in self._readers.values():
            for stream in (process.stdin, process.stdout):
                if stream is not None:
                    stream.close()
            process.wait()
        self._readers.clear()

    def commits(self, revisions: str = "HEAD", last: int | None = None) -> tuple[str, ...]:
        """Commits of the main line (first parents), oldest first. Raises GitError for a name that git does not know."""
        count = [f"--max-count={last}"] if last is not None else []
        found = self._ask("rev-list", "--first-parent", *count, "--end-of-options", revisions, "--")
        return tuple(reversed(found.decode().split()))

    def commit(self, revision: str) -> str:
        """The id of a commit. Raises GitError."""
        found = self._ask("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
        return found.decode().split()[-1]

    def tree(self, commit: str) -> dict[str, Entry]:
        """All that a commit holds, by paths from the top of the repository."""
        out = self._ask("ls-tree", "-r", "-z", "--full-tree", commit)
        found = {}
        for record in out.split(b"\0")[:-1]:
            told, _, path = record.partition(b"\t")
            mode, _, blob = told.decode().split(" ")
            found[os.fsdecode(path)] = Entry(mode, blob)
        return found

    def changes(self, old: str, new: str) -> list[Change]:
        """What differs between two commits."""
        out = self._ask("diff-tree", "-r", "-z", "--raw", "--no-renames", old, new).split(b"\0")
        return [(os.fsdecode(path), _entry(told)) for told, path in zip(out[:-1:2], out[1::2], strict=True)]

    def toplevel(self) -> Path:
        """The top of the work tree. Raises GitError where there is none."""
        return Path(os.fsdecode(self._ask("rev-parse", "--show-toplevel").removesuffix(b"\n")))

    def merge_base(self, one: str, other: str) -> str:
        """The best commit that both descend from. Raises GitError where none is there."""
        return self._ask("merge-base", one, other).decode().split()[0]

    def renamed(self, old: str, new: str) -> dict[str, str]:
        """The files that differ in the newer of two commits, each with its path in the older one."""
        out = self._ask("diff-tree", "-r", "-z", "--name-status", "--find-renames", old, new).split(b"\0")
        words = iter([os.fsdecode(word) for word in out[:-1]])
        found = {}
        for status in words:
            path = next(words)
            if status[0] in "RC":
                found[next(words)] = path
            elif status[0] != "D":
                found[path] = path
        return found

    def diff(self, old: str, new: str, paths: Iterable[str]) -> bytes:
        """The unified diff of these paths between two commits, whatever the user's settings are."""
        settings = ["-c", "diff.suppressBlankEmpty=false", "-c", "diff.noprefix=false", "--literal-pathspecs"]
        plain = ["--unified=3", "--inter-hunk-context=0", "--no-color", "--no-ext-diff", "--no-textconv"]
        found = ["--find-renames", "--diff-algorithm=myers"]
        names = [f"{self._root()}/{path}" for path in paths]
        return self._ask(*settings, "diff", *plain, *found, old, new, "--", *names)

    def _root(self) -> str:
        """The top, relative to the folder that was given: git takes paths from there."""
        return "/".join([".."] * len(self.top.parts)) or "."

    def blob(self, name: str) -> bytes | None:
        """What a blob holds; None where this copy of the repository does not have it."""
        if name not in self._blobs:
            size = self._asked("--batch", name)
            out = self._reader("--batch").stdout
            self._blobs[name] = None if size is None else _read(out, size + 1)[:-1]
        return self._blobs[name]

    def size(self, name: str) -> int:
        """Bytes of a blob; 0 where this copy of the repository does not have it."""
        if name not in self._sizes:
            self._sizes[name] = self._asked("--batch-check", name) or 0
        return self._sizes[name]

    def measure(self, names: Iterable[str]) -> None:
        """Ask for many sizes at once."""
        wanted = [name for name in dict.fromkeys(names) if name not in self._sizes]
        if wanted:
            out = self._ask("cat-file", "--batch-check", "--buffer", told="\n".join(wanted) + "\n").decode()
            self._sizes |= {name: _size(line) or 0 for name, line in zip(wanted, out.splitlines(), strict=True)}

    def _asked(self, kind: str, name: str) -> int | None:
        process = self._reader(kind)
        if process.stdin is None or process.stdout is None:
            raise GitError("git cat-file cannot be spoken to")
        process.stdin.write(name.encode() + b"\n")
        process.stdin.flush()
        return _size(process.stdout.readline().decode())

    def _reader(self, kind: str) -> subprocess.Popen[bytes]:
        if kind not in self._readers:
            command = [*self._command, "cat-file", kind]
            self._readers[kind] = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={**os.environ, **QUIET},
            )
        return self._readers[kind]

    def _ask(self, *words: str, told: str | None = None) -> bytes:
        try:
            done = subprocess.run(
                [*self._command, *words],
                input=None if told is None else told.encode(),
                stdin=subprocess.DEVNULL if told is None else None,
                capture_output=True,
                env={**os.environ, **QUIET},
            )
        except OSError as error:
            raise GitError(f"git cannot be run: {error.strerror}") from error
        if done.returncode:
            raise GitError(_said(done.stderr, words))
        return done.stdout


def _said(stderr: bytes, words: Sequence[str]) -> str:
    lines = stderr.decode("utf-8", "replace").strip().splitlines()
    return lines[0].removeprefix("fatal: ") if lines else f"`git {words[0]}` knows no `{words[-1]}`"


def _entry(told: bytes) -> Entry | None:
    """`:100644 100755 old new M` as what is there afterwards."""
    _, mode, _, blob, _ = told.decode().split(" ")
    return None if mode == "000000" or blob == _GONE else Entry(mode, blob)


def _size(line: str) -> int | None:
    words = line.split()
    return int(words[2]) if len(words) == 3 and words[2].isdigit() else None


def _read(stream: IO[bytes] | None, size: int) -> bytes:
    return stream.read(size) if stream is not None else b""


def walked(repository: Repository, commits: Iterable[str]) -> Iterator[tuple[str, dict[str, Entry], list[Change]]]:
    """Each commit with its tree and what changed since the one before it in the row; the tree is the same object."""
    tree: dict[str, Entry] = {}
    before: str | None = None
    for commit in commits:
        if before is None:
            tree = repository.tree(commit)
            changed: list[Change] = [*tree.items()]
        else:
            changed = repository.changes(before, commit)
        for path, entry in changed:
            if entry is None:
                tree.pop(path, None)
            else:
                tree[path] = entry
        before = commit
        yield commit, tree, changed
