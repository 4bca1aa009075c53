"""What the commands of a RUN are seen to write, and what they take away or write anew; only what is certain.

Paths are absolute and literal. What lies in a system folder is known only where a command names it.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase

from msgspec import Struct

from optimizer.facts import Facts
from optimizer.facts.calls import Call
from optimizer.facts.chains import Step, leaves
from optimizer.knowledge.writers import Writer, writers
from optimizer.syntax.nodes import Command, Instruction, Item, Word

_SYSTEM = frozenset("bin boot dev etc lib lib32 lib64 media mnt proc run sbin sys usr var".split())
_SAFE = re.compile(r"[\w./+*-]+")
_SMALL = frozenset({"echo", "printf", "cat", ""})
"""What writes no more than the text of the Dockerfile."""


class Made(Struct, frozen=True):
    """A path that is written; `below`: also anything in it."""

    path: str
    below: bool = False

    def holds(self, path: str) -> bool:
        """Whether the path is what was written, or lies in it."""
        return path == self.path or (self.below and path.startswith(self.path.rstrip("/") + "/"))


class Changed(Struct, frozen=True):
    """A path, its last part maybe with `*`, that a command deletes, moves or changes; `deep`: with all below it."""

    path: str
    does: str
    deep: bool

    def meets(self, made: Made) -> bool:
        """Whether it surely concerns what was written."""
        if self.path == made.path or ("*" in self.path and fnmatchcase(made.path, self.path)):
            return True
        if self.deep and made.path.startswith(self.path.removesuffix("/*").rstrip("/") + "/"):
            return True
        return made.holds(self.path)


def writes(facts: Facts, run: Instruction) -> tuple[Made, ...]:
    """What the commands of a RUN surely write."""
    return facts.remembered(("writes", run), lambda: tuple(m for c, f in placed(facts, run) for m in written_by(c, f)))


def changes(facts: Facts, run: Instruction) -> tuple[Changed, ...]:
    """What the commands of a RUN surely delete, move or change, be it theirs or not."""
    return facts.remembered(("changes", run), lambda: tuple(m for c, f in placed(facts, run) for m in changed_by(c, f)))


def placed(facts: Facts, run: Instruction) -> Iterator[tuple[Call, str | None]]:
    """Each command of a RUN with the folder that it runs in; None where that is not known."""
    folder = facts.scopes[run].folder
    chain = facts.chain(run)
    if chain is None:
        moves = any(call.name in ("cd", "pushd", "popd", None) for call in facts.calls(run))
        yield from ((call, None if moves else folder) for call in facts.calls(run))
        return
    for step in chain.steps:
        inside = step.command is None and any(call.name in ("cd", "pushd", "popd") for call in step.calls)
        yield from ((call, None if inside else folder) for call in step.calls)
        if leaves(step) & {"directory", "control"}:
            folder = _entered(step, folder)


def _entered(step: Step, folder: str | None) -> str | None:
    words = step.command.words if step.command is not None else ()
    if len(words) != 2 or words[0].literal != "cd" or words[1].literal is None:
        return None
    return _path(words[1].literal, folder)


def _path(text: str, folder: str | None) -> str | None:
    """The absolute path; None where it cannot be told."""
    if not _SAFE.fullmatch(text) or ".." in text.split("/"):
        return None
    if not text.startswith("/"):
        if folder is None:
            return None
        text = posixpath.join(folder, text)
    return posixpath.normpath(text)


def _text(word: Word | Item) -> str:
    """The word where only `*` in it is special; else nothing."""
    return word.literal if word.literal is not None else (word.text if _SAFE.fullmatch(word.text) else "")


def written_by(call: Call, folder: str | None) -> Iterator[Made]:
    """What one command, run in that folder, surely writes."""
    if call.substituted:
        return
    for text in _redirected(call):
        if (path := _path(text, folder)) is not None and "*" not in path:
            yield Made(path)
    words = [_text(word) for word in call.words[1:]]
    for writer in writers().writers.get(call.name or "", ()):
        if not writer.verb or words[:1] == [writer.verb]:
            yield from _by(writer, words[1:] if writer.verb else words, folder)


def _redirected(call: Call) -> Iterator[str]:
    if isinstance(call.node, Command) and call.name not in _SMALL:
        for redirect in call.node.redirects:
            if redirect.operator.text in (">", "1>"):
                yield redirect.target.literal or ""


def _by(writer: Writer, words: Sequence[str], folder: str | None) -> Iterator[Made]:
    values, operands = _split(writer, words)
    into = next((values[option] for option in writer.folder if option in values), None)
    place = folder if into is None else _path(into, folder)
    named = [path for option in writer.output if (path := _path(values.get(option, ""), place)) is not None]
    yield from map(Made, named)
    if any(option in values for option in writer.output):
        return
    if writer.into and place is not None:
        yield Made(posixpath.join(place, writer.into), below=True)
    if writer.unpacks and place is not None and _extracts(writer, words) and not _is_system(place):
        yield Made(place, below=True)
    urls = [operand for operand in operands if "://" in operand]
    targets = operands if writer.all else operands[-1:] if writer.last and len(operands) > 1 else []
    targets = [target for target in targets if target not in urls] or [
        posixpath.basename(url.partition("?")[0].rstrip("/")).removesuffix(".git")
        for url in urls
        if _by_url(writer, words)
    ]
    for target in targets:
        if (path := _path(target, place)) is not None and "*" not in path:
            yield Made(path, below=writer.verb == "clone")


def _split(writer: Writer, words: Sequence[str]) -> tuple[dict[str, str], list[str]]:
    """The values of the options that take one, and the operands."""
    takes = {*writer.output, *writer.folder, *writer.value_options}
    values: dict[str, str] = {}
    operands = []
    at = 0
    while at < len(words):
        word = words[at]
        name, equals, value = word.partition("=")
        at += 1
        if equals and name in takes:
            values[name] = value
        elif word in takes and at < len(words):
            values[word] = words[at]
            at += 1
        elif re.fullmatch(r"-[A-Za-z]{2,}", word) and f"-{word[-1]}" in takes and at < len(words):
            values[f"-{word[-1]}"] = words[at]
            at += 1
        elif not word.startswith("-"):
            operands.append(word)
    return values, operands


def _by_url(writer: Writer, words: Sequence[str]) -> bool:
    """Whether the file is named by its URL."""
    if "always" in writer.url_options:
        return True
    letters = {option[1] for option in writer.url_options if len(option) == 2}
    return any(
        word in writer.url_options or (re.fullmatch(r"-[A-Za-z]+", word) and letters & set(word)) for word in words
    )


def _extracts(writer: Writer, words: Sequence[str]) -> bool:
    """Whether tar unpacks: an `x` among its first letters, or the long option."""
    if "tar" not in writer.name:
        return True
    if "-O" in words or "--to-stdout" in words:
        return False
    letters = [word for word in words[:1] if re.fullmatch(r"-?[A-Za-z]+", word)]
    letters += [word for word in words if re.fullmatch(r"-[A-Za-z]+", word)]
    return any("x" in word for word in letters) or "--extract" in words


def _is_system(path: str) -> bool:
    """Whether a base image has files there already."""
    parts = path.split("/")
    return path == "/" or (
        parts[1] in _SYSTEM and not path.startswith(("/usr/src/", "/var/www/", "/var/lib/", "/var/opt/"))
    )


def changed_by(call: Call, folder: str | None) -> Iterator[Changed]:
    """What one command, run in that folder, surely deletes, moves or changes."""
    changer = writers().changers.get(call.name or "")
    if changer is None or call.substituted:
        return
    words = [_text(word) for word in call.words[1:]]
    options = [word for word in words if word.startswith("-")]
    operands = [word for word in words if not word.startswith("-")][changer.skip :]
    letters = {letter for word in options if not word.startswith("--") for letter in word[1:]}
    deep = "always" in changer.deep or bool(letters.intersection(changer.deep)) or "--recursive" in options
    for operand in operands[:-1] if changer.keeps_last else operands:
        if operand and (path := _path(operand, folder)) is not None and path != "/":
            yield Changed(path, changer.does, deep)
