"""A proof holds for an honest rewrite, and names the transform that lied."""

import json
import tempfile
from pathlib import Path

import pytest
from msgspec.structs import replace

from optimizer.prove.allowances import Allowance
from optimizer.prove.builders import BuildOptions, Built, Order
from optimizer.prove.errors import BuildFailed, ProofError, TableError
from optimizer.prove.proof import Proof, ProofOptions, Rewrite, prove
from optimizer.prove.report import document, render_image, render_markdown, render_text
from optimizer.prove.smoke import SmokeTest
from optimizer.prove.steps import Progress
from optimizer.prove.workshop import PREFIX

from .archives import Member, docker_archive, folder, layer
from .shelf import Shelf

BASE = (folder("app"), folder("var/cache"))
APP, CACHE, EXTRA = Member("app/main", b"1"), Member("var/cache/x", b"2"), Member("app/extra", b"3")
QUIET = ProofOptions(rebuild=False)
ALLOWANCES = {
    "clean": Allowance(may_remove=("/var/cache/**",)),
    "merge": Allowance(),
    "lie": Allowance(),
    "lie-again": Allowance(),
}


def image(*members: Member, env: str = "A=1", jar: bytes = b"same") -> bytes:
    return docker_archive([layer(*BASE, *members, Member("app.jar", jar))], {"Env": [env]})


FULL = image(APP, CACHE, EXTRA)


def proof(
    shelf: Shelf, *steps: tuple[str, str] | Rewrite, options: ProofOptions = QUIET, context: Path = Path()
) -> Proof:
    return prove("before", [Rewrite(*step) for step in steps], context, shelf, ALLOWANCES, options)


def test_an_honest_rewrite_is_proved() -> None:
    shelf = Shelf({"before": [FULL], "merged": [FULL], "cleaned": [image(APP, EXTRA)]})
    found = proof(shelf, ("merge", "merged"), ("clean", "cleaned"))
    assert found.holds
    assert shelf.built == ["before", "cleaned"]
    assert found.transforms == ("merge", "clean")


def test_the_transform_that_dropped_a_file_is_named() -> None:
    texts = [f"text {number}" for number in range(8)]
    shelf = Shelf(
        {"before": [FULL], **{text: [FULL if number < 5 else image(APP, CACHE)] for number, text in enumerate(texts)}}
    )
    steps = [("lie" if number == 5 else "merge", text) for number, text in enumerate(texts)]
    found = proof(shelf, *steps)
    assert [(each.transform, [str(one) for one in each.problems]) for each in found.culprits] == [
        ("lie", ["removed /app/extra"])
    ]
    assert len(shelf.built) <= 2 + 4


def test_two_transforms_that_lied_are_both_named() -> None:
    lost, changed = image(APP, CACHE), image(APP, CACHE, env="A=2")
    shelf = Shelf({"before": [FULL], "one": [lost], "two": [lost], "three": [changed], "four": [changed]})
    found = proof(shelf, ("lie", "one"), ("merge", "two"), ("lie-again", "three"), ("merge", "four"))
    assert [(each.transform, each.problems[0].subject) for each in found.culprits] == [
        ("lie", "/app/extra"),
        ("lie-again", "Env"),
    ]


def test_a_transform_may_not_use_what_another_one_was_allowed_before_it_ran() -> None:
    shelf = Shelf({"before": [FULL], "one": [image(APP, EXTRA)], "two": [image(APP)]})
    found = proof(shelf, ("clean", "one"), ("lie", "two"))
    assert [each.transform for each in found.culprits] == ["lie"]


def test_a_rewrite_that_does_not_build_names_the_first_that_does_not() -> None:
    shelf = Shelf({"before": [FULL], "one": [FULL]})
    found = proof(shelf, ("merge", "one"), ("lie", "two"), ("merge", "three"))
    assert not found.holds
    assert [(each.transform, each.problems[0].kind) for each in found.culprits] == [("lie", "build")]
    assert "cannot build three" in render_text(found)


def test_a_step_that_only_ignores_files_is_built_without_them(tmp_path: Path) -> None:
    (tmp_path / ".dockerignore").write_text("docs")
    lost = image(APP, CACHE)
    shelf = Shelf(
        {"before": [FULL], "before less docs\nextra\n": [lost], "after less docs\nextra\n": [lost], "merged": [FULL]}
    )
    steps = [Rewrite("merge", "merged"), Rewrite("lie", "before", ("extra",)), Rewrite("merge", "after", ("extra",))]
    found = proof(shelf, *steps, context=tmp_path)
    assert [(each.transform, str(each.problems[0])) for each in found.culprits] == [("lie", "removed /app/extra")]
    assert (tmp_path / ".dockerignore").read_text() == "docs"


def test_an_original_that_does_not_build_is_no_proof() -> None:
    with pytest.raises(BuildFailed, match="cannot build before"):
        proof(Shelf({}), ("merge", "one"))


def test_a_transform_without_an_allowance_is_refused() -> None:
    with pytest.raises(TableError, match="`new` has not said"):
        proof(Shelf({}), ("new", "one"))


def test_a_noise_check_takes_away_what_two_builds_of_the_original_differ_in() -> None:
    def shelf() -> Shelf:
        return Shelf({"before": [image(jar=b"1"), image(jar=b"2")], "after": [image(jar=b"3")]})

    assert not proof(shelf(), ("merge", "after")).holds
    checked = proof(shelf(), ("merge", "after"), options=replace(QUIET, noise_check=True))
    assert checked.holds
    assert [change.path for change in checked.verdict.noise] == ["/app.jar"]


@pytest.mark.parametrize(("status", "holds"), [(0, True), (1, False)])
def test_a_command_must_end_with_the_same_status(status: int, holds: bool) -> None:
    shelf = Shelf({"before": [FULL], "after": [FULL]}, {"after": status})
    found = proof(shelf, ("merge", "after"), options=replace(QUIET, smoke=SmokeTest(command="app --version")))
    assert found.holds is holds
    assert found.smoke
    assert found.smoke.after == f"exit status {status}"


def test_a_rebuild_changes_a_copy_and_never_the_context(tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text("print()\n")
    shelf = Shelf({"before": [FULL], "after": [FULL]})
    found = proof(shelf, ("merge", "after"), options=ProofOptions(BuildOptions(), touch="main.py"), context=tmp_path)
    contents = [each["main.py"] for each in shelf.contexts]
    assert contents[:2] == [b"print()\n"] * 2
    assert len(set(contents)) == 3
    assert all(content.split() == [b"print()"] for content in contents)
    assert (tmp_path / "main.py").read_text() == "print()\n"
    assert found.after
    assert found.after.rebuild_steps == 0


def test_a_file_to_touch_that_is_not_there_is_told_before_anything_is_built(tmp_path: Path) -> None:
    shelf = Shelf({"before": [FULL], "after": [FULL]})
    with pytest.raises(ProofError, match=r"`absent.py`, is not in the build context"):
        proof(shelf, ("merge", "after"), options=ProofOptions(touch="absent.py"), context=tmp_path)
    assert not shelf.built


class Picky(Shelf):
    """Does not build a context in which a line ends in blanks."""

    def build(self, order: Order, options: BuildOptions, progress: Progress) -> Built:
        if b" \n" in (order.context / "main.py").read_bytes():
            raise BuildFailed("blanks")
        return super().build(order, options, progress)


def test_a_rebuild_that_fails_is_not_measured_and_no_matter(tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text("print()\n")
    shelf = Picky({"before": [FULL], "after": [FULL]})
    found = proof(shelf, ("merge", "after"), options=ProofOptions(touch="main.py"), context=tmp_path)
    assert found.holds
    assert found.before.rebuild_seconds is None
    assert "rebuild" not in render_text(found)


def test_nothing_is_left_behind() -> None:
    shelf = Shelf({"before": [FULL], "after": [FULL]})
    proof(shelf, ("merge", "after"))
    assert not shelf.tags
    assert not list(Path(tempfile.gettempdir()).glob(f"{PREFIX}*/Dockerfile"))


def lost() -> Proof:
    return proof(Shelf({"before": [FULL], "after": [image(APP, CACHE)]}), ("lie", "after"))


def test_the_text_names_verdict_transform_and_path() -> None:
    text = render_text(lost())
    assert text.startswith("not proved: 1 difference that no transform declared\n")
    assert "lie:\n  removed /app/extra\n" in text


def test_the_markdown_is_a_table_that_bars_do_not_break() -> None:
    piped = image(APP, CACHE, EXTRA, Member("app/a|b"))
    text = render_markdown(proof(Shelf({"before": [FULL], "after": [piped]}), ("lie", "after")))
    assert "| image | 0.0 kB | 0.0 kB |" in text
    assert "- added /app/a\\|b" in text


def test_the_json_has_everything() -> None:
    found = json.loads(json.dumps(document(lost())))
    assert found["holds"] is False
    assert found["culprits"] == {"lie": [{"kind": "removed", "subject": "/app/extra", "detail": ""}]}
    assert found["before"]["layers"] == [{"instruction": "RUN 0", "bytes": 7, "wasted": 0}]


def test_the_analysis_of_an_image_is_shown_with_its_waste() -> None:
    text = render_image(lost().before.analysis, ())
    assert "efficiency 100.0%" in text
