"""Which files of a context a source of COPY, ADD or a mount takes, and their digest as the cache keys know it.

In the digest: the names inside a folder, modes, link targets, bytes. Not in it: times, owners, the source's own name.
"""

from __future__ import annotations

import posixpath
import re
from bisect import bisect_left
from collections.abc import Callable, Sequence
from hashlib import blake2b

from msgspec import Struct

from optimizer.cache.ignores import left_out
from optimizer.facts.context import Context, File
from optimizer.facts.context.globs import BadPattern, glob
from optimizer.facts.copies import normalised

_WILD = re.compile(r"[*?\[\\]")
_MOST_LINKS = 40


class Taken(Struct, frozen=True):
    """The files that one source takes: name below the source -> path in the context. `name`: the source's base name."""

    name: str
    files: tuple[tuple[str, str], ...]
    digest: str
    context: Context

    @property
    def size(self) -> int:
        """Bytes of all files together."""
        known = self.context.files
        return sum(known[path].size for _, path in self.files)

    def prints(self) -> dict[str, str]:
        """What is told of each file in the digest, by its path in the context."""
        known = self.context.files
        return {path: fingerprint(self.context, known[path]) for _, path in self.files}


class Index:
    """A context, asked for the files below folders; each answer is remembered."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._paths = list(context.files)
        self._known: dict[tuple[str, tuple[str, ...], bool, bool], Taken | None] = {}

    def taken(
        self, source: str, excludes: Sequence[str] = (), *, parents: bool = False, classic: bool = False
    ) -> Taken | None:
        """The files of a source; None where there is none of them: a build fails there, if it is no wildcard."""
        key = (source, tuple(excludes), parents, classic)
        if key not in self._known:
            self._known[key] = self._taken(source, excludes, parents=parents, classic=classic)
        return self._known[key]

    def _taken(self, source: str, excludes: Sequence[str], *, parents: bool, classic: bool) -> Taken | None:
        path = normalised(source.replace("/./", "/") if parents else source)
        roots = self._matching(path) if _WILD.search(path) else [path]
        out = _excluded(excludes)
        found: list[tuple[str, str]] = []
        for root in roots:
            whole = len(roots) > 1 or (root != path and not classic) or parents
            prefix = (root if parents else posixpath.basename(root)) if whole else ""
            found += [
                (posixpath.join(prefix, name) if name else prefix, inside)
                for name, inside in self._below(root)
                if not out(name or posixpath.basename(root))
            ]
        if not found and not any(root == "." or root in self._context.folders for root in roots):
            return None
        name = ",".join(roots) if classic else "" if path == "." else posixpath.basename(path)
        return Taken(name, tuple(found), self._digest(found, classic=classic), self._context)

    def _below(self, root: str) -> list[tuple[str, str]]:
        """The file of that path, or all files below that folder, with their names inside it."""
        root = self._behind_links(root)
        if root == ".":
            return [(path, path) for path in self._paths]
        if root in self._context.files:
            return [("", root)]
        prefix = root + "/"
        first = bisect_left(self._paths, prefix)
        last = bisect_left(self._paths, root + "0", first)  # "0" is the character behind "/".
        return [(path[len(prefix) :], path) for path in self._paths[first:last]]

    def _behind_links(self, path: str) -> str:
        """Where a source leads that is a link, or lies behind one: never out of the context."""
        known = self._context.files
        for _ in range(_MOST_LINKS):
            heads = [path[: slash.start()] for slash in re.finditer("/", path)] + [path]
            link = next((known[head] for head in heads if head in known and known[head].link), None)
            if link is None:
                return path
            target = posixpath.join(posixpath.dirname(link.path), link.link or "", path[len(link.path) + 1 :])
            path = normalised(target)
        return path

    def _matching(self, pattern: str) -> list[str]:
        """The files and folders that a wildcard names; `*` stops at a slash (Go's `filepath.Match`)."""
        depth = pattern.count("/") + 1
        found = dict.fromkeys("/".join(path.split("/")[:depth]) for path in self._paths if path.count("/") + 1 >= depth)
        try:
            matches = glob(pattern).fullmatch
        except BadPattern:
            return []
        return [path for path in found if matches(path)]

    def _digest(self, files: Sequence[tuple[str, str]], *, classic: bool) -> str:
        known = self._context.files
        found = blake2b(digest_size=16)
        for name, path in files:
            told = fingerprint(self._context, known[path], classic=classic)
            found.update(f"{name}\0{told}\n".encode("utf-8", "surrogateescape"))
        return found.hexdigest()


def fingerprint(context: Context, file: File, *, classic: bool = False) -> str:
    """What the digests hold of one file: mode, and link target or content."""
    if file.link is not None:
        # The classic builder does not notice where a link points to.
        return "link" if classic else f"link {file.link}"
    return f"{file.mode & 0o7777:o} {content_print(context, file)}"


def content_print(context: Context, file: File) -> str:
    """What stands for a file's content; for one that cannot be read, its size."""
    told = context.digest(file.path)
    return f"size {file.size}" if told is None else told


def _excluded(patterns: Sequence[str]) -> Callable[[str], bool]:
    """Whether `--exclude` leaves a path out; patterns that BuildKit rejects leave out nothing."""
    try:
        return left_out(tuple(patterns))
    except BadPattern:
        return lambda path: False
