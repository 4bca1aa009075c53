"""What COPY and ADD mean: sources, destination, owner, mode; `None` where a variable hides it."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct

from optimizer.facts.scope import Scope
from optimizer.syntax.nodes import ExecForm, Instruction, Item, Word, Words


class Copy(Struct, frozen=True, eq=False):
    """One COPY or ADD, also one that ONBUILD holds (then nothing is expanded).

    `sources`: expanded, without heredocs; None for one that a variable hides. `destination`: absolute, with its final
    slash if it has one. `origin`, `owner`, `mode`: what `--from`, `--chown`, `--chmod` say, as written.
    """

    instruction: Instruction
    """The COPY or ADD itself."""
    sources: tuple[str | None, ...]
    destination: str | None
    words: tuple[Word | Item, ...]
    """The nodes: the sources, then the destination."""
    origin: str | None
    owner: str | None
    mode: str | None
    excludes: tuple[str, ...]
    link: bool
    parents: bool
    documents: bool
    """Whether some of its sources are heredocs."""

    @property
    def from_context(self) -> bool:
        """Whether it takes files of the build context (URLs and heredocs aside)."""
        return self.origin is None and any(source is None or not is_remote(source) for source in self.sources)

    @property
    def relative(self) -> bool:
        """Whether the destination is written as a path from the folder in force."""
        return not self.words[-1].text.startswith("/")

    @property
    def whole_context(self) -> bool:
        """Whether it takes all that the context holds."""
        return self.origin is None and any(s is not None and normalised(s) == "." for s in self.sources)

    @property
    def into_folder(self) -> bool | None:
        """Whether the destination is a folder into which the sources go; None where only the files tell."""
        if self.destination is None:
            return None
        if self.destination.endswith("/") or len(self.sources) + len(self.instruction.heredocs) > 1:
            return True
        return None


def copy_of(instruction: Instruction, scope: Scope | None, escape: str) -> Copy | None:
    """The instruction as a copy; None where it is none, or cannot be read."""
    inner = instruction.inner
    if inner.name not in ("COPY", "ADD"):
        return None
    match inner.body:
        case Words():
            words: tuple[Word | Item, ...] = inner.body.words
        case ExecForm():
            words = inner.body.items
        case _:
            return None
    if len(words) < (1 if inner.heredocs else 2):
        return None
    known = scope if scope is not None and inner is instruction else Scope()
    sources = [known.expand(word.text, escape) for word in words[:-1] if not word.text.startswith("<<")]
    return Copy(
        inner,
        tuple(sources),
        _absolute(known.expand(words[-1].text, escape), known.folder),
        words,
        inner.flag("from"),
        inner.flag("chown"),
        inner.flag("chmod"),
        tuple(flag.value or "" for flag in inner.all_flags if flag.name == "exclude"),
        _is_set(inner, "link"),
        _is_set(inner, "parents"),
        bool(inner.heredocs),
    )


def copies(
    instructions: Iterable[Instruction], scopes: Mapping[Instruction, Scope], escape: str
) -> Iterator[tuple[Instruction, Copy]]:
    """Each instruction that is a copy and can be read, in source order."""
    for instruction in instructions:
        found = copy_of(instruction, scopes.get(instruction), escape)
        if found is not None:
            yield instruction, found


def is_remote(source: str) -> bool:
    """Whether ADD fetches it: a URL or a git repository."""
    return source.startswith(("http://", "https://", "git@", "git://", "ssh://"))


def normalised(source: str) -> str:
    """A path of the context as BuildKit looks it up: relative to its root, `.` for all of it."""
    return posixpath.normpath("/" + source).lstrip("/") or "."


def _is_set(instruction: Instruction, name: str) -> bool:
    return any(flag.name == name and flag.value != "false" for flag in instruction.all_flags)


def _absolute(text: str | None, folder: str | None) -> str | None:
    if not text:
        return None
    if not text.startswith("/"):
        if folder is None:
            return None
        text = posixpath.join(folder, text)
    path = posixpath.normpath(text).replace("//", "/")
    folder_meant = text.endswith(("/", "/."))
    return path + "/" if folder_meant and path != "/" else path
