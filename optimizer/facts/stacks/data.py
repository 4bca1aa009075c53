"""The files of the context that a program may read when it runs: all that are no sources, documents or embedded.

Which of them it reads cannot be seen; so none is left behind but by the rows of `stacks.toml`.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from fnmatch import fnmatchcase

from optimizer.facts.context import Context, text_of
from optimizer.facts.paths import within
from optimizer.knowledge.stacks import Stack, is_left, signs


def needed(
    files: Mapping[str, str], stack: Stack, context: Context, named: Collection[str], folder: str
) -> dict[str, str]:
    """Of the files that a stage holds (path of the image -> path of the context) those that must stay.

    `named`: paths of the image, of files or folders, that something names which runs; nothing there is left behind.
    `folder`: in which the program starts.
    """
    read = {path for path in files if any(within(path, one) for one in named)}
    read |= {path for path, origin in files.items() if stack.is_beside(path, folder, origin)}
    data = {path: origin for path, origin in files.items() if path in read or not stack.is_source(origin)}
    if not data:
        return {}
    inside = embedded(set(files.values()), stack, context)
    return {path: origin for path, origin in data.items() if path in read or origin not in inside}


def named_in(words: Iterable[str], files: Mapping[str, str], folder: str) -> frozenset[str]:
    """The files, and the folders of files, that words of a command name: also behind `=`, `:` and `,`."""
    found = set()
    for piece in (piece for word in words for piece in re.split(r"[=:,]", word)):
        path = posixpath.normpath(posixpath.join(folder, piece)) if re.search(r"[/.]", piece) else ""
        if path not in ("", "/", folder) and any(within(one, path) for one in files):
            found.add(path)
    return frozenset(found)


def embedded(origins: Iterable[str], stack: Stack, context: Context) -> frozenset[str]:
    """The files that a build puts into the program, as the sources say."""
    origins = sorted(origins)
    found: set[str] = set()
    for path in origins if stack.embeds else ():
        if not stack.is_read(path):
            continue
        text = text_of(context, path)
        for match in signs(stack.embeds).finditer(text):
            for pattern in (match[1] or "").replace('"', "").replace("`", "").split():
                wanted = posixpath.normpath(posixpath.join(posixpath.dirname(path), pattern.removeprefix("all:")))
                found |= {one for one in origins if fits(one, wanted)}
    return frozenset(found)


def fits(path: str, pattern: str) -> bool:
    """Whether a path, or one of the folders that it lies in, fits a pattern whose `*` stop at slashes."""
    parts, wanted = path.split("/"), pattern.split("/")
    return len(parts) >= len(wanted) and all(map(fnmatchcase, parts, wanted))


def places(data: Mapping[str, str], files: Mapping[str, str], stack: Stack) -> list[str]:
    """The paths of the image to be copied for the data: whole folders where no source lies below them, else files."""
    closed = {parent for path, origin in files.items() if _is_source(origin, stack) for parent in _above(path)}
    return sorted({_highest(path, origin, closed) for path, origin in data.items()})


def _is_source(origin: str, stack: Stack) -> bool:
    """Whether a folder with that file is not copied as a whole; a document in it may come along."""
    return stack.is_source(origin) and not is_left(origin)


def _above(path: str) -> Iterator[str]:
    while path != "/":
        path = posixpath.dirname(path)
        yield path


def _highest(path: str, origin: str, closed: set[str]) -> str:
    """The highest folder above a file that came from the context under its name and that holds no source."""
    folder, source = posixpath.dirname(path), posixpath.dirname(origin)
    while source and posixpath.basename(folder) == posixpath.basename(source) and folder not in closed:
        path = folder
        folder, source = posixpath.dirname(folder), posixpath.dirname(source)
    return path
