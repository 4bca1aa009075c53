"""What a source change rebuilds before and after: the figures of the cache model, for one and the same file."""

from __future__ import annotations

from pathlib import Path

from optimizer.cli.contexts import context_of
from optimizer.engine import optimize
from optimizer.report import Rebuild, rebuild
from tests.report import hostile


def found(folder: Path, counts: dict[str, int] | None = None, text: str = hostile.NODE) -> Rebuild | None:
    hostile.write(
        folder, {"Dockerfile": text, "package.json": "{}", "package-lock.json": "{}", "a.js": "1", "src/b.js": "1"}
    )
    _, context = context_of(folder / "Dockerfile", text.encode(), None)
    return rebuild(optimize(text, context=context), context, lambda: counts or {})


def test_the_install_is_no_longer_run(tmp_path: Path) -> None:
    seen = found(tmp_path)
    assert seen is not None
    assert seen.known
    assert (seen.before.again, seen.before.steps, seen.after.again, seen.after.steps) == (2, 3, 1, 4)
    assert seen.after.seconds < seen.before.seconds < seen.before.all_seconds
    assert [note.word for note in seen.before.notes[0]] == ["hit", "runs", "runs"]
    assert seen.before.notes[0][1].why == "`a.js` is in what it takes"
    assert seen.has("hit")
    assert not seen.has("maybe")


def test_the_file_that_changes_most_is_taken(tmp_path: Path) -> None:
    seen = found(tmp_path, {"src/b.js": 7})
    assert seen is not None
    assert (seen.change, seen.files) == ("src/b.js", 2)


def test_without_a_context_there_are_stages_and_no_figures() -> None:
    seen = rebuild(optimize(hostile.STAGES))
    assert seen is not None
    assert not seen.known
    assert [box.title for box in seen.before.graph.stages] == ["0 build", "1"]
    assert seen.before.notes == ()


def test_what_no_builder_accepts_has_none(tmp_path: Path) -> None:
    assert rebuild(optimize("IMPORT x\n")) is None
    assert found(tmp_path, text="FROM a\nRUN echo\n") is not None
