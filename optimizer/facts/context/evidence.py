"""What a result owes to the build context: all that was seen of it, so that a later run can tell whether it holds.

A result is made of the text, the transforms and what they saw of the context, of nothing else; so where all of this is
as it was, so is the result.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from hashlib import sha256

from msgspec import Struct, field

from optimizer.facts.context import Context, File, IgnoreFile, Missing, Start
from optimizer.facts.context.choice import Chosen
from optimizer.facts.context.disk import OnDisk
from optimizer.facts.context.finder import FoundContext
from optimizer.facts.context.history import History


class Evidence(Struct, frozen=True):
    """What was seen. Digests stand for what is long."""

    sources: tuple[str, ...]
    """What the Dockerfile names of its context: so that the context can be chosen again without the text."""
    chosen: str
    """Which folder it is and why, or why it is not known."""
    listing: str
    """Its files with sizes, modes and links, its folders, its ignore file; or why it could not be listed."""
    answers: tuple[tuple[str, ...], ...] = ()
    """Pairs: what files were asked (`content:PATH`, `digest:PATH`, `head:SIZE:PATH`), a digest of the answer."""
    ignored: str | None = None
    """What is not sent; None where nobody asked."""
    starts: str = ""
    """What Compose files start of the image."""
    history: str | None = None
    """Which files the last commits changed; None where nobody asked."""

    def holds(self, found: FoundContext) -> bool:
        """Whether all of it would be seen again."""
        if _chosen(found.chosen) != self.chosen:
            return False
        context = found()
        if _listing(context) != self.listing:
            return False
        if isinstance(context, Missing):
            return True
        if _starts(context) != self.starts:
            return False
        if self.ignored is not None and _ignored(context) != self.ignored:
            return False
        if self.history is not None and _history(context) != self.history:
            return False
        return all(_answer(context, question) == digest for question, digest in self.answers)


class Witness:
    """Finds the context of a Dockerfile when a fact asks for it, and writes down what is seen of it."""

    def __init__(self, found: FoundContext, find: Callable[[], OnDisk | Missing] | None = None) -> None:
        """`find`: what lists it, if not `found` itself."""
        self._found = found
        self._find = find or found
        self._seen: _Seen | Missing | None = None

    def __call__(self) -> Context | Missing:
        """The context, which tells what it is asked; the same whenever it is asked for."""
        if self._seen is None:
            context = self._find()
            self._seen = context if isinstance(context, Missing) else _Seen(context)
        return self._seen

    def evidence(self) -> Evidence | None:
        """What was seen; None where nobody asked for the context."""
        seen = self._seen
        if seen is None:
            return None
        about = self._found.sources, _chosen(self._found.chosen)
        if isinstance(seen, Missing):
            return Evidence(*about, _listing(seen))
        context = seen.context
        return Evidence(
            *about,
            _listing(context),
            tuple(sorted(seen.asked.items())),
            _ignored(context) if seen.asked_ignored else None,
            _starts(context),
            _history(context) if seen.asked_history else None,
        )


class _Seen(Struct):
    """A context that writes down what it is asked, and the answers."""

    context: OnDisk
    asked: dict[str, str] = field(default_factory=dict)
    asked_ignored: bool = False
    asked_history: bool = False

    @property
    def starts(self) -> tuple[Start, ...]:
        """What Compose files start of the image."""
        return self.context.starts

    @property
    def files(self) -> Mapping[str, File]:
        """All files by their paths; the listing is seen in any case."""
        return self.context.files

    @property
    def folders(self) -> Collection[str]:
        """All folders by their paths."""
        return self.context.folders

    @property
    def ignore_file(self) -> IgnoreFile | None:
        """What says which files are not sent."""
        return self.context.ignore_file

    @property
    def ignored(self) -> Mapping[str, int] | None:
        """Bytes that are not sent, by the first part of their path."""
        self.asked_ignored = True
        return self.context.ignored

    @property
    def history(self) -> History | None:
        """Which files the last commits changed."""
        self.asked_history = True
        return self.context.history

    def content(self, path: str) -> bytes | None:
        """What a file holds."""
        answer = self.context.content(path)
        self.asked[f"content:{path}"] = _digest(answer)
        return answer

    def head(self, path: str, size: int) -> bytes | None:
        """The first bytes of a file."""
        answer = self.context.head(path, size)
        self.asked[f"head:{size}:{path}"] = _digest(answer)
        return answer

    def digest(self, path: str) -> str | None:
        """The SHA-256 of what a file holds."""
        answer = self.context.digest(path)
        self.asked[f"digest:{path}"] = answer or ""
        return answer


def _chosen(chosen: Chosen | Missing) -> str:
    return f"- {chosen.why}" if isinstance(chosen, Missing) else f"{chosen.root}\n{chosen.why}"


def _listing(context: OnDisk | Missing) -> str:
    return f"- {context.why}" if isinstance(context, Missing) else context.fingerprint


def _ignored(context: Context) -> str:
    ignored = context.ignored
    return sha256(repr(None if ignored is None else sorted(ignored.items())).encode()).hexdigest()


def _history(context: Context) -> str:
    history = context.history
    told = None if history is None else (history.commits, sorted(history.touched.items()))
    return sha256(repr(told).encode("utf-8", "surrogateescape")).hexdigest()


def _starts(context: Context) -> str:
    return sha256(repr(context.starts).encode("utf-8", "surrogateescape")).hexdigest() if context.starts else ""


def _answer(context: Context, question: str) -> str:
    """The digest of what a context says to a question."""
    kind, _, path = question.partition(":")
    if kind == "digest":
        return context.digest(path) or ""
    if kind == "content":
        return _digest(context.content(path))
    size, _, path = path.partition(":")
    return _digest(context.head(path, int(size)))


def _digest(content: bytes | None) -> str:
    return "" if content is None else sha256(content).hexdigest()
