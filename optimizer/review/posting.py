"""Sends what is missing, once: where nobody knows whether it arrived, it is looked for before it is sent again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from msgspec import Struct

from optimizer.review.errors import Uncertain
from optimizer.review.reviews import Review

_Item = TypeVar("_Item")
_TRIES = 4


class Posted(Struct, frozen=True):
    """What was done. `there`: suggestions that were there, or that the summary has instead.

    `summary`: `new`, `updated`, `as before` or `not needed`.
    """

    made: int
    there: int
    summary: str


def kept(
    review: Review, find: Callable[[], Any], change: Callable[[Any, str], object], make: Callable[[str], object]
) -> str:
    """Write the summary, or bring the one that is there up to date; what was done, in a word. Raises PostError."""
    body = review.summary()
    for last in (False, True):
        if (mine := find()) is not None:
            if mine["body"].replace("\r\n", "\n") == body:
                return "as before"
            change(mine, body)
            return "updated"
        if review.empty:
            return "not needed"
        try:
            make(body)
            break
        except Uncertain:
            if last:
                raise
    return "new"


def surely(missing: Callable[[], Sequence[_Item]], send: Callable[[Sequence[_Item]], None]) -> int:
    """Send what is missing until nothing is; how many were. Raises PostError."""
    wanted = first = missing()
    for number in range(1, _TRIES + 1):
        if not wanted:
            break
        try:
            send(wanted)
            break
        except Uncertain:
            if number == _TRIES:
                raise
            wanted = missing()
    return len(first)
