"""What the report adds up."""

from __future__ import annotations

from optimizer.report.lines import Kind, Note
from optimizer.report.model import Entry, State


def test_what_waits_at_one_line_is_one_or_the_other() -> None:
    notes = (
        Note(Kind.WAITING, 1, "multi-stage", "", 700),
        Note(Kind.WAITING, 1, "slim-base", "", 600),
        Note(Kind.WAITING, 4, "no-install-recommends", "", 30),
        Note(Kind.CHANGE, 4, "clean-in-same-layer", "", 5),
    )
    entry = Entry("Dockerfile", is_ci=False, state=State.CHANGES, notes=notes)
    assert (entry.could_save, entry.saves) == (730, 5)
