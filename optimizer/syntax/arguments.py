"""Flags and arguments of an instruction, split as BuildKit splits them, each a slice of the joined line."""

from __future__ import annotations

import json
import re
from typing import NoReturn

from optimizer.syntax.chars import FLAG_SPACE, SEPARATOR, SPACE, WORDS
from optimizer.syntax.joined import Joined
from optimizer.syntax.nodes import ExecForm, Flag, Gap, Item, Operator, Pair, Pairs, Word, Words

_QUOTED_WORDS = {
    "\\": re.compile(rf"""(?:[^{SPACE}'"\\]|\\.|\\\Z|'[^']*(?:'|\Z)|"(?:[^"\\]|\\.|\\\Z)*(?:"|\Z))+""", re.S),
    "`": re.compile(rf"""(?:[^{SPACE}'"`]|`.|`\Z|'[^']*(?:'|\Z)|"(?:[^"`]|`.|`\Z)*(?:"|\Z))+""", re.S),
}
_WHOLE_WORDS = {
    "\\": re.compile(rf"""(?:[^{SPACE}'"\\]|\\.|'[^']*(?:'|\Z)|"(?:[^"\\]|\\.)*(?:"|\Z))+""", re.S),
    "`": re.compile(rf"""(?:[^{SPACE}'"`]|`.|'[^']*(?:'|\Z)|"(?:[^"`]|`.)*(?:"|\Z))+""", re.S),
}
"""The same without a lone escape at the end, which BuildKit skips."""
_JSON_TOKENS = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\],]')


def flags(joined: Joined, start: int, end: int, escape: str) -> tuple[tuple[Flag | Gap, ...], int]:
    """The flags in front of the arguments with the gaps after them, and where the arguments begin."""
    if not joined.text.startswith("--", start):
        return (), start
    parts: list[Flag | Gap] = []
    at = start
    while joined.text.startswith("--", at) and at < end:
        text, stop = _flag(joined.text, at, end, escape)
        parts.append(Flag(joined.raw(at, stop), text))
        following = stop
        while following < end and joined.text[following] in SPACE:
            following += 1
        if following < end:
            gap = joined.file[joined.span(at, stop)[1] : joined.origin(following)]
            parts.extend([Gap(gap)] if gap else [])
        at = following
        if text == "--":
            break
    return tuple(parts), at


def _flag(text: str, at: int, end: int, escape: str) -> tuple[str, int]:
    """One flag without its quotes, and where it ends. BuildKit reads bytes here: non-ASCII text comes out garbled."""
    out: list[str] = []
    quote = ""
    escaped = False
    while at < end:
        for char in text[at].encode("utf-8", "surrogateescape").decode("latin-1"):
            if escaped:
                out.append(char)
                escaped = False
            elif char == escape:
                escaped = True
            elif quote:
                quote = "" if char == quote else quote
                out.append("" if not quote else char)
            elif char in "'\"":
                quote = char
            elif char in FLAG_SPACE:
                return "".join(out), at if text[at] in FLAG_SPACE and ord(char) < 128 else at + (char != text[at])
            else:
                out.append(char)
        at += 1
    return "".join(out), end


def separated(joined: Joined, start: int, end: int) -> Words:
    """Words split at blanks alone: quotes and escapes mean nothing here."""
    return Words(_with_gaps(joined, [match.span() for match in WORDS.finditer(joined.text, start, end)]))


def whole(joined: Joined, start: int, end: int) -> Words:
    """The rest of the line as one word: USER, WORKDIR, STOPSIGNAL, MAINTAINER."""
    return Words(_with_gaps(joined, [(start, end)]))


def typed(joined: Joined, start: int, end: int) -> Words:
    """The first word, and the rest of the line as another: HEALTHCHECK where it is no CMD."""
    first = WORDS.match(joined.text, start, end)
    stop = first.end() if first else end
    rest = stop + len(joined.text[stop:end]) - len(joined.text[stop:end].lstrip(SPACE))
    return Words(_with_gaps(joined, [(start, stop), (rest, end)] if rest < end else [(start, end)]))


def _with_gaps(joined: Joined, pieces: list[tuple[int, int]]) -> tuple[Word | Gap, ...]:
    parts: list[Word | Gap] = []
    reached = -1
    for start, end in pieces:
        first, last = joined.span(start, end)
        if parts and first > reached:
            parts.append(Gap(joined.file[reached:first]))
        parts.append(Word(joined.file[first:last], joined.text[start:end]))
        reached = last
    return tuple(parts)


def pairs(joined: Joined, start: int, end: int, escape: str, *, names_alone: bool) -> Pairs | None:
    """ENV and LABEL, or ARG with `names_alone`. None where BuildKit reports a syntax error."""
    spans = [match.span() for match in _QUOTED_WORDS[escape].finditer(joined.text, start, end)]
    if joined.text[start:end].endswith(escape) and spans and joined.text[spans[-1][0] : spans[-1][1]] == escape:
        # A lone escape at the end of the line is skipped.
        spans.pop()
    if not spans:
        return None
    if not names_alone and "=" not in joined.text[slice(*spans[0])]:
        return _legacy(joined, start, end)
    parts: list[Pair | Gap] = []
    reached = -1
    for first, last in spans:
        if "=" not in joined.text[first:last] and not names_alone:
            return None
        origin, stop = joined.span(first, last)
        if parts and origin > reached:
            parts.append(Gap(joined.file[reached:origin]))
        word = joined.text[first:last]
        skipped = word.endswith(escape) and _WHOLE_WORDS[escape].fullmatch(word) is None
        parts.append(_pair(joined, first, last, skipped=int(skipped)))
        reached = stop
    rest = joined.file[reached : joined.span(start, end)[1]]
    return Pairs((*parts, Gap(rest)) if rest else tuple(parts))


def _pair(joined: Joined, start: int, end: int, skipped: int) -> Pair:
    """A name and its value; the last `skipped` characters are source text that is not read."""
    equals = joined.text.find("=", start, end)
    if equals < 0:
        return Pair(Word(joined.raw(start, end), joined.text[start : end - skipped]), None, None)
    at, stop = joined.origin(equals), joined.span(start, end)[1]
    value = joined.origin(equals + 1) if equals + 1 < end else stop
    return Pair(
        Word(joined.file[joined.origin(start) : at], joined.text[start:equals]),
        Operator(joined.file[at:value], "="),
        Word(joined.file[value:stop], joined.text[equals + 1 : end - skipped]),
    )


def _legacy(joined: Joined, start: int, end: int) -> Pairs | None:
    """`ENV NAME the rest`: the name ends at the first blank, the rest of the line is the value."""
    match = re.compile(rf"([^{SEPARATOR}]+)[{SEPARATOR}]+").match(joined.text, start, end)
    if match is None or match.end() == end:
        return None
    name_end, value_start = joined.span(*match.span(1))[1], joined.origin(match.end())
    pair = Pair(
        Word(joined.raw(*match.span(1)), match[1]),
        Gap(joined.file[name_end:value_start]),
        Word(joined.raw(match.end(), end), joined.text[match.end() : end]),
    )
    return Pairs((pair,))


class NotStrings(ValueError):
    """A JSON array that holds something else than strings; BuildKit rejects the file."""


def exec_form(joined: Joined, start: int, end: int) -> ExecForm | None:
    """The JSON array that the whole text is; None: BuildKit falls back to the other form. Raises NotStrings."""
    text = joined.text[start:end]
    if not text.startswith("["):
        return None
    try:
        values = json.loads(text, parse_constant=_reject)
    except (ValueError, RecursionError):
        return None
    if not all(isinstance(value, str) for value in values):
        raise NotStrings
    parts: list[Item | Operator | Gap] = []
    reached = -1
    strings = iter(values)
    for match in _JSON_TOKENS.finditer(joined.text, start, end):
        first, last = joined.span(*match.span())
        if parts and first > reached:
            parts.append(Gap(joined.file[reached:first]))
        raw = joined.file[first:last]
        parts.append(Item(raw, next(strings)) if match[0][0] == '"' else Operator(raw, match[0]))
        reached = last
    return ExecForm(tuple(parts))


def _reject(constant: str) -> NoReturn:
    """Go knows no NaN and no Infinity."""
    raise ValueError(constant)
