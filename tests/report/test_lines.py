"""Two texts beside each other: nothing is lost, notes stand at their lines, and what differs in a line is marked."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from optimizer.report.lines import LONGEST, Block, Kind, Line, Note, side_by_side


def text(line: Line | None) -> str | None:
    return None if line is None else "".join(piece.text for piece in line.pieces)


def table(blocks: tuple[Block, ...]) -> list[tuple[str | None, str | None]]:
    return [(text(row.before), text(row.after)) for block in blocks for row in block.rows]


def lines(*names: str) -> str:
    return "".join(f"{name}\n" for name in names)


def test_equal_texts_without_notes_show_nothing() -> None:
    assert side_by_side("a\nb\n", "a\nb\n", ()) == ()


def test_a_changed_line_stands_beside_the_new_one() -> None:
    blocks = side_by_side(lines("a", "RUN x y", "c"), lines("a", "RUN x z", "c"), ())
    assert table(blocks) == [("a", "a"), ("RUN x y", "RUN x z"), ("c", "c")]
    assert [block.changed for block in blocks] == [False, True, False]
    (row,) = blocks[1].rows
    assert row.before is not None
    assert [(piece.text, piece.differs) for piece in row.before.pieces] == [("RUN x ", False), ("y", True)]


def test_lines_far_from_any_change_are_counted_and_left_out() -> None:
    old = lines(*map(str, range(20)))
    blocks = side_by_side(old, old.replace("10\n", "ten\n"), ())
    assert [block.hidden for block in blocks] == [7, 0, 0, 6]
    assert len(table(blocks)) == 7


def test_one_line_alone_is_not_left_out() -> None:
    old = lines(*map(str, range(16)))
    blocks = side_by_side(old, old.replace("4\n", "four\n").replace("12\n", "twelve\n"), ())
    assert len(table(blocks)) == 16
    assert not any(block.hidden for block in blocks)


def test_a_note_stands_above_its_line_and_above_what_comes_because_of_it() -> None:
    note = Note(Kind.CHANGE, 2, "t", "w")
    blocks = side_by_side(lines("a", "COPY . .", "c"), lines("a", "new", "COPY . .", "c"), [note])
    noted = next(block for block in blocks if block.notes)
    assert noted.notes == (note,)
    assert table((noted,)) == [(None, "new")]


def test_a_note_at_a_line_that_stays_shows_the_lines_around_it() -> None:
    note = Note(Kind.WAITING, 10, "t", "w")
    text_ = lines(*map(str, range(1, 20)))
    blocks = side_by_side(text_, text_, [note])
    assert [row[0] for row in table(blocks)] == ["8", "9", "10", "11", "12"]
    assert [block.notes for block in blocks] == [(), (note,), ()]
    assert [block.hidden for block in blocks] == [7, 0, 7]


def test_a_note_beyond_the_end_stands_at_the_last_line() -> None:
    note = Note(Kind.REFUSED, 99, "t", "w")
    blocks = side_by_side("a\nb\n", "a\nb\n", [note])
    assert [(block.notes, table((block,))) for block in blocks][-1] == ((note,), [("b", "b")])
    assert side_by_side("", "", [note]) == ()


def test_line_ends_are_shown_only_where_they_are_all_that_differs() -> None:
    assert table(side_by_side("a\r\nb\r\n", "a\r\nc\r\n", ())) == [("a", "a"), ("b", "c")]
    assert table(side_by_side("a\n", "a", ())) == [("a\n", "a")]


def test_lines_that_share_little_are_not_marked() -> None:
    blocks = side_by_side("one two\n", "quite unlike\n", ())
    assert [piece.differs for row in blocks[0].rows if row.after for piece in row.after.pieces] == [False]


def test_a_long_line_is_cut_and_says_so() -> None:
    ((before, _),) = table(side_by_side("x" * (LONGEST + 1234) + "\n", "y\n", ()))
    assert before is not None
    assert before.endswith("x … 1,234 more characters")


TEXTS = st.lists(st.sampled_from(["a", "b", "RUN x", "RUN x y", ""]), max_size=12).map(lambda found: lines(*found))


@given(TEXTS, TEXTS, st.lists(st.integers(1, 14), max_size=3))
def test_each_line_is_shown_or_counted_once(before: str, after: str, at: list[int]) -> None:
    notes = [Note(Kind.CHANGE, number, "t", "w") for number in at]
    blocks = side_by_side(before, after, notes)
    if not blocks:
        assert before == after
        return
    for side, whole in (("before", before), ("after", after)):
        shown = [line for block in blocks for row in block.rows if (line := getattr(row, side)) is not None]
        assert [text(line) for line in shown] == [whole.split("\n")[line.number - 1] for line in shown]
        assert len(shown) + sum(block.hidden for block in blocks) == whole.count("\n")
    if before:
        assert sorted(note.line for block in blocks for note in block.notes) == sorted(at)
