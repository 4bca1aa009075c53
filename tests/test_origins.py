"""Places of edited texts are told in the original."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from optimizer import optimize
from optimizer.engine import spliced
from optimizer.origins import Origins, Place, whole_line
from transforms import PIPELINE


def _text_at(original: str, place: Place) -> str:
    """What of the original lies at a place, by lines and columns alone."""
    lines = [line + "\n" for line in original.split("\n")]
    mark = original.startswith("\ufeff")
    first = place.column - 1 + (mark and place.line == 1)
    last = place.end_column - 1 + (mark and place.end_line == 1)
    if place.line == place.end_line:
        return lines[place.line - 1][first:last]
    between = lines[place.line : place.end_line - 1]
    return "".join([lines[place.line - 1][first:], *between, lines[place.end_line - 1][:last]])


@st.composite
def _edited(draw: st.DrawFn) -> tuple[str, list[list[tuple[int, int, str]]]]:
    """A text of distinct characters, and rounds of edits that put capitals in."""
    original = "".join(draw(st.lists(st.sampled_from("abcdefgh\n"), min_size=1, max_size=30)))
    text, rounds = original, []
    for _ in range(draw(st.integers(1, 4))):
        cuts = sorted(draw(st.sets(st.integers(0, len(text)), max_size=6)))
        pairs = [pair for number, pair in enumerate(pairwise(cuts)) if number % 2 == 0]
        edits = [(start, end, draw(st.sampled_from(["", "X", "Y\nZ"]))) for start, end in pairs]
        rounds.append(edits)
        text = spliced(text, edits)
    return original, rounds


@given(_edited())
def test_what_was_kept_is_found_where_it_was(case: tuple[str, list[list[tuple[int, int, str]]]]) -> None:
    original, rounds = case
    # Beside the text goes, for each character, the offset that it has in the original; None for new ones.
    text, offsets = original, list(range(len(original)))
    origins = Origins(original)
    for edits in rounds:
        origins = origins.edited(edits, len(text))
        text = spliced(text, edits)
        for start, end, new in reversed(edits):
            offsets[start:end] = [None] * len(new)
    for at, offset in enumerate(offsets):
        place = origins.place(at, at + 1)
        if offset is not None:
            assert _text_at(original, place) == original[offset] == text[at]
            line = original.count("\n", 0, offset) + 1
            assert (place.line, place.column) == (line, offset - original.rfind("\n", 0, offset))


def test_new_text_came_from_what_it_replaced() -> None:
    origins = Origins("one two three\n").edited([(4, 7, "2, or so\n")], 14)
    assert origins.place(4, 6) == Place(1, 5, 1, 8)
    assert origins.place(14, 19) == Place(1, 9, 1, 14)
    assert origins.edited([(5, 6, "x")], 19).place(5, 6) == Place(1, 5, 1, 8)


def test_a_byte_order_mark_has_no_column() -> None:
    assert Origins("\ufeffFROM x\nRUN y\n").place(1, 5) == Place(1, 1, 1, 5)
    assert Origins("\ufeffFROM x\nRUN y\n").place(8, 11) == Place(2, 1, 2, 4)


def test_the_place_of_a_change_is_the_offending_text() -> None:
    text = "FROM debian:bookworm\n# tools\nRUN apt-get update && \\\n    apt-get install curl\n"
    result = optimize(text)
    said = {change.transform: _text_at(text, change.place) for change in result.changes}
    assert said == {"assume-yes": "apt-get install curl", "clean-in-same-layer": "apt-get install curl"}


def test_each_example_tells_a_place_that_holds_text() -> None:
    for transform in PIPELINE:
        for case in transform.examples:
            if transform.subject != "Dockerfile":
                continue
            result = optimize(case.before, [transform.configured(case.options)], unsafe=True, context=case.given)
            for told in (*result.changes, *result.pending, *result.stood_back):
                at = _text_at(case.before, told.place)
                assert at == at.strip() != "", (transform.id, told)


def test_the_line_of_a_ci_file() -> None:
    assert whole_line(["a", "  - b  "], 2) == Place(2, 3, 2, 6)
    assert whole_line([""], 1) == Place(1, 1, 1, 1)
