"""What a COPY or ADD takes out of the build context, and where it lands.

Source: BuildKit's dockerfile2llb/convert_copy.go and llbsolver/file/backend.go; fsutil's copy/copy.go. A COPY that an
ONBUILD holds takes from another build's context: ask for none.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from msgspec import Struct

from optimizer.facts.context import Context, File
from optimizer.facts.context.archives import is_archive
from optimizer.facts.context.globs import BadPattern, cleaned, glob, has_wildcard, split_wildcards
from optimizer.facts.context.patterns import Patterns
from optimizer.facts.copies import Copy, is_remote, normalised

_MOST_LINKS = 255


class Absent(Struct, frozen=True):
    """A source, as written, that is not in the context: a build fails."""

    source: str


class Landing(Struct, frozen=True):
    """Where a file of the context lands in the image."""

    file: File
    path: str
    """Absolute, as the destination is written: a folder of the image that is a link is not followed."""
    sure: bool = True
    """False for a file whose destination may be a folder of the image: then it lands in that, under its name."""
    unpacked: bool = False
    """Whether ADD unpacks it below the path, or may do so."""

    @property
    def inside(self) -> str:
        """Where it lands if its path is a folder."""
        return posixpath.join(self.path, posixpath.basename(self.file.path))

    @property
    def named_alike(self) -> bool:
        """Whether it keeps its name: a folder of that name would be odd."""
        return posixpath.basename(self.path) == posixpath.basename(self.file.path)


class _Unknown(Exception):
    """It is not known what is taken."""


class _NotThere(Exception):
    """The message is a source that is not in the context."""


def taken(copy: Copy, context: Context) -> tuple[File, ...] | Absent | None:
    """The files that a copy takes, each once; links that it names are followed, those in folders are links.

    None where it is not known: variables, remote sources, `--from`. Empty where a wildcard matches nothing.
    """
    found = _all_landings(copy, context)
    if found is None or isinstance(found, Absent):
        return found
    return tuple(dict.fromkeys(landing.file for landing in found))


def placed(copy: Copy, context: Context) -> tuple[Landing, ...] | Absent | None:
    """Where each file that a copy takes lands, later ones over earlier ones; None where that is not known."""
    return None if copy.destination is None else _all_landings(copy, context)


def _all_landings(copy: Copy, context: Context) -> tuple[Landing, ...] | Absent | None:
    """Below `/` where the destination is not known."""
    if copy.origin is not None:
        return None
    try:
        return tuple(landing for source in copy.sources for landing in _landings(copy, source, context))
    except _NotThere as error:
        # The backslashes of a Windows image are slashes.
        return Absent(str(error)) if "\\" not in str(error) else None
    except (_Unknown, BadPattern):
        return None


def _landings(copy: Copy, source: str | None, context: Context) -> Iterator[Landing]:
    """Raises _Unknown, _NotThere and BadPattern."""
    if not source or is_remote(source):
        raise _Unknown
    destination = copy.destination or "/"
    excludes = Patterns(copy.excludes)
    if copy.parents:
        folder, includes = _pivot(source, context)
        found = [(f, rest) for f, rest in _below(folder, context, excludes) if includes.matches(rest)]
        named = not has_wildcard(source)
        if named and not found and not any(includes.matches(rest) for rest in _folders_below(folder, context)):
            raise _NotThere(source)
        yield from (Landing(file, posixpath.join(destination, rest)) for file, rest in found)
        return
    for path in _matches(source, context):
        target = _followed(path, context)
        if target in context.files:
            yield _of_file(copy, path, context.files[target], context, excludes)
        elif target == "" or target in context.folders:
            for file, rest in _below(target, context, excludes):
                yield Landing(file, posixpath.join(destination, rest))
        else:
            raise _NotThere(source)


def _of_file(copy: Copy, path: str, file: File, context: Context, excludes: Patterns) -> Landing:
    """Where a file lands that a source names. BuildKit's text says that `--exclude` holds for it, its code does not."""
    name, destination = posixpath.basename(path), copy.destination or "/"
    if excludes.matches(name):
        raise _Unknown
    unpacks = copy.instruction.flag("unpack") or ("true" if copy.instruction.name == "ADD" else "false")
    if unpacks != "false" and is_archive(context, file.path) is not False:
        return Landing(file, destination, sure=False, unpacked=True)
    if destination.endswith("/") or copy.into_folder:
        return Landing(file, posixpath.join(destination, name))
    return Landing(file, destination, sure=False)


def _matches(source: str, context: Context) -> list[str]:
    """The paths that a source names: itself, or what its wildcards match; nothing below a folder that matches."""
    base, pattern = split_wildcards(normalised(source))
    if not pattern:
        return [base]
    folder = _followed(base, context)
    if folder and folder not in context.folders:
        if folder in context.files:
            return []
        raise _NotThere(source)
    matcher = glob(pattern)
    prefix = folder + "/" if folder else ""
    depth = len(prefix)
    found = [p for p in (*context.files, *context.folders) if p.startswith(prefix) and matcher.fullmatch(p[depth:])]
    return sorted(p for p in found if not any(p.startswith(other + "/") for other in found))


def _below(folder: str, context: Context, excludes: Patterns) -> Iterator[tuple[File, str]]:
    """The files in a folder that are not excluded, each with its path from there."""
    prefix = folder + "/" if folder else ""
    for path, file in context.files.items():
        if path.startswith(prefix) and not (excludes and excludes.matches(path[len(prefix) :])):
            yield file, path[len(prefix) :]


def _folders_below(folder: str, context: Context) -> Iterator[str]:
    prefix = folder + "/" if folder else ""
    return (path[len(prefix) :] for path in context.folders if path.startswith(prefix))


def _pivot(source: str, context: Context) -> tuple[str, Patterns]:
    """For `--parents`: the folder before `/./`, from which paths are kept, and what is taken out of it."""
    parent, pivot, pattern = source.partition("/./")
    if not pivot:
        parent, pattern = "", source
    pattern = cleaned("/" + pattern).lstrip("/")
    folder = _followed(normalised(parent), context)
    if has_wildcard(parent) or not pattern or folder in context.files:
        raise _Unknown
    if folder and folder not in context.folders:
        raise _NotThere(source)
    return folder, Patterns([pattern])


def _followed(path: str, context: Context) -> str:
    """Where a path leads when links are followed within the context; empty for its root."""
    waiting, here, links = path.split("/")[::-1], "", 0
    while waiting:
        part = waiting.pop()
        if part in ("", "."):
            continue
        if part == "..":
            here = posixpath.dirname(here)
            continue
        at = posixpath.join(here, part)
        file = context.files.get(at)
        if file is None or file.link is None:
            here = at
            continue
        links += 1
        if links > _MOST_LINKS:
            raise _Unknown
        here = "" if file.link.startswith("/") else here
        waiting += file.link.split("/")[::-1]
    return here
