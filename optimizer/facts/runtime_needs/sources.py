"""What the sources in the context show: programs that they start, files that they read, TLS, time zones, locales.

They are searched for what the rows of each language name; a name that is put together there is not known.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping

from optimizer.facts import BuildStage, Facts
from optimizer.facts.bases import image_of
from optimizer.facts.context import Context
from optimizer.facts.runtime_needs import Kind, Need, Unknown
from optimizer.facts.runtime_needs.started import files_of, unseen
from optimizer.facts.texts import argument_text, shortened
from optimizer.facts.tools import first_image
from optimizer.knowledge import commands
from optimizer.knowledge.interpreters import interpreters
from optimizer.knowledge.runtime_needs import Language, runtime_needs_table
from optimizer.knowledge.stacks import stacks

_LITERAL = re.compile(
    r"""(?:[rbuRBU]|@|\$)?(?P<quote>\"\"\"|'''|["'`])(?P<text>(?:\\.|(?!(?P=quote)).)*)(?P=quote)""", re.S
)
_FORMATTED = re.compile(r"""[fF][rR]?(?P<quote>["'])(?P<text>(?:\\.|(?!(?P=quote)).)*)(?P=quote)""", re.S)
_CONSTANT = re.compile(r"""^\s*(?:[\w.<>:\[\] ]*\s)?([A-Za-z_]\w*)\s*:?=\s*\[?["']([^"'\n$]*)["'][;,\s]""", re.M)
_NAME = re.compile(r"[A-Za-z_$][\w$]*")
_COMMENT = re.compile(r"^\s*(?://|#(?!!)|\*|/\*)")
_MOST = 5_000
"""Sources that are read; of more it is not known what they need."""


def of_sources(facts: Facts, stage: BuildStage) -> Iterator[Need | Unknown]:
    """What the sources need that come into the image, or into a stage that is built for it."""
    context = facts.context
    if context is None:
        why = facts.no_context or "the build context is not known"
        yield from (Unknown(kind, why) for kind in (Kind.PROGRAM, Kind.FILE, Kind.CERTIFICATES, Kind.ZONES))
        return
    for one in facts.needed_for(stage):
        for instruction in unseen(facts, one):
            told = shortened(argument_text(instruction), 40)
            yield Unknown(Kind.PROGRAM, f"what `COPY {told}` brings is not seen in the build context")
    paths = sorted({path for one in facts.needed_for(stage) for path in files_of(facts, one).values()})
    languages = [one for one in _languages() if _is_read(facts, stage, one)]
    sources = [(path, language) for path in paths for language in languages if language.is_source(path)]
    if len(sources) > _MOST:
        yield Unknown(Kind.PROGRAM, f"the build context holds more than {_MOST:,} sources")
        return
    for path, language in sources:
        content = context.content(path)
        if content is None:
            yield Unknown(Kind.PROGRAM, f"`{path}` cannot be read")
            continue
        yield from _of_source(context, path, language, content.decode("utf-8", "replace"))


def _languages() -> tuple[Language, ...]:
    return runtime_needs_table().languages


def _is_read(facts: Facts, stage: BuildStage, language: Language) -> bool:
    """Whether something in the image may read sources of the language: a known base may have no such program."""
    images = [image_of(first_image(one) or "")[0] for one in facts.needed_for(stage)]
    known = interpreters().by_image.keys() | {name for name, one in stacks().builders.items() if not one.needs}
    if not language.readers or not known.issuperset(images) or set(images) & set(language.readers):
        return True
    return re.search(rf"\b(?:{'|'.join(language.readers)})(?:js)?\b", facts.text) is not None


def _of_source(context: Context, path: str, language: Language, text: str) -> Iterator[Need | Unknown]:
    by = f"`{path}`"
    if language.certificate and (found := language.certificate.search(text)):
        yield Need(Kind.CERTIFICATES, "system", f"{by} speaks TLS: `{found[0].strip()}`")
    if language.zone and language.zone.search(text):
        yield Need(Kind.ZONES, "all", f"{by} reads time zones")
    if language.locale:
        for found in language.locale.finditer(text):
            yield from _locale(text[found.end() :], by)
    if language.read:
        for found in language.read.finditer(text):
            yield from _file(context, text[found.end() :], by)
    if not language.requires or re.search(language.requires, text):
        names = dict(_constants(text))
        for pattern, shell in ((language.started, False), (language.shell, True)):
            for found in pattern.finditer(text) if pattern else ():
                if not _COMMENT.match(text[text.rfind("\n", 0, found.start()) + 1 : found.start()]):
                    yield from _program(language, text[_argument(text, found.end()) :], names, by, shell=shell)


def _argument(text: str, at: int) -> int:
    """Where the first value begins, that of a list too. A text that stands in front of a pattern's end begins there."""
    if text[at - 1 : at] in ("`", "{", "(", "[") and text[max(0, at - 3) : at - 1] in ("%x", "= ", "=\t"):
        return at - 1
    found = re.compile(r"[\s(\[{]*").match(text, at)
    return found.end() if found else at


def _constants(text: str) -> Iterator[tuple[str, str]]:
    """Names that a line gives a literal."""
    yield from _CONSTANT.findall(text)


def _program(
    language: Language, rest: str, names: Mapping[str, str], by: str, *, shell: bool
) -> Iterator[Need | Unknown]:
    if rest.startswith(language.own):
        return
    name = _started_text(rest, names)
    if name is None:
        yield Unknown(Kind.PROGRAM, f"{by} starts a program whose name is not known")
        return
    if shell:
        yield Need(Kind.PROGRAM, "sh", f"{by} starts a shell")
        yield from _of_shell(name, by)
        return
    word = name.split(" ")[0] if language.name in ("python", "dotnet", "php") else name
    if word and not word.startswith("."):
        yield Need(Kind.PROGRAM, posixpath.basename(word), f"{by} starts it")


def _started_text(rest: str, names: Mapping[str, str]) -> str | None:
    """The text of the first value; of one that is put together the part in front of the first gap, where words end."""
    if found := _LITERAL.match(rest):
        text = found["text"]
        gap = re.search(r"\$\{|#\{|\$\w", text) if found["quote"] in ("`", '"') else None
        return _complete(text[: gap.start()]) if gap else text
    if found := _FORMATTED.match(rest):
        return _complete(found["text"].partition("{")[0])
    found = _NAME.match(rest)
    return names.get(found[0]) if found else None


def _complete(text: str) -> str | None:
    """The words that surely end in front of a gap; None where there is none."""
    return text.rpartition(" ")[0].strip() or None


def _of_shell(text: str, by: str) -> Iterator[Need | Unknown]:
    """The programs of a command line: the first word of each command."""
    for part in re.split(r"\|\|?|&&|;|\n", text):
        words = [word for word in part.split() if not re.fullmatch(r"\w+=\S*", word)]
        if words and re.fullmatch(r"[\w./+-]+", words[0]) and words[0] not in commands().builtins:
            yield Need(Kind.PROGRAM, posixpath.basename(words[0]), f"{by} starts it")
        elif words and words[0] not in commands().builtins:
            yield Unknown(Kind.PROGRAM, f"{by} starts a program whose name is not known")


def _locale(rest: str, by: str) -> Iterator[Need | Unknown]:
    found = _LITERAL.match(rest)
    if found is None:
        yield Unknown(Kind.LOCALE, f"{by} sets a locale whose name is not known")
    elif found["text"] not in ("", "C", "POSIX", "C.UTF-8"):
        yield Need(Kind.LOCALE, found["text"], f"{by} sets it")


def _file(context: Context, rest: str, by: str) -> Iterator[Need | Unknown]:
    """A file or folder of the context that is read; one that is not there may be made when the program runs."""
    found = _LITERAL.match(rest)
    if found is None:
        yield Unknown(Kind.FILE, f"{by} reads a file whose name is not known")
        return
    path = posixpath.normpath(re.split(r"[*?\[]", found["text"])[0] or ".").lstrip("/")
    for candidate in (path, posixpath.dirname(path)):
        if candidate not in ("", ".") and (candidate in context.files or candidate in context.folders):
            yield Need(Kind.FILE, candidate, f"{by} reads it")
            return
