"""Settings files: the nearest folder first, and mistakes in them are named."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import transforms
from optimizer.cli import catalogue
from optimizer.cli.settings import settings_for
from optimizer.facts import Facts
from optimizer.knowledge import profiles
from optimizer.syntax.nodes import source
from optimizer.transform import Declined, Proposal, Safety, transform
from tests.cli.conftest import Dockopt

TEXT = "FROM debian:12\nRUN apt-get update && apt-get install python3-pip\nRUN pip install flask\n"


def ids(dockopt: Dockopt, *words: str) -> list[str]:
    return [line.split()[1] for line in dockopt("fix", *words).changes]


@pytest.fixture
def dockerfile(folder: Path) -> Path:
    """A file for assume-yes, no-cache-flag, clean-in-same-layer; two folders below the one of the call."""
    path = folder / "a/b/Dockerfile"
    path.parent.mkdir(parents=True)
    path.write_text(TEXT)
    return path


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("dockopt.toml", 'select = ["no-cache-flag"]\n'),
        (".dockopt.toml", 'select = ["no-cache-flag"]\n'),
        ("pyproject.toml", '[project]\nname = "x"\n[tool.dockopt]\nselect = ["no-cache-flag"]\n'),
    ],
)
@pytest.mark.parametrize("place", ["a/b", "a", "."])
def test_settings_are_read_from_the_folder_or_one_above(
    dockopt: Dockopt, folder: Path, dockerfile: Path, name: str, text: str, place: str
) -> None:
    (folder / place / name).write_text(text)
    assert ids(dockopt) == ["no-cache-flag"]


def test_the_nearest_folder_wins_whatever_the_file_is_called(dockopt: Dockopt, folder: Path, dockerfile: Path) -> None:
    (folder / "dockopt.toml").write_text('select = ["no-cache-flag"]\n')
    (folder / "a/pyproject.toml").write_text('[tool.dockopt]\nselect = ["assume-yes"]\n')
    assert ids(dockopt) == ["assume-yes"]


def test_in_one_folder_the_file_of_our_own_wins(dockopt: Dockopt, folder: Path, dockerfile: Path) -> None:
    (folder / "dockopt.toml").write_text('select = ["no-cache-flag"]\n')
    (folder / ".dockopt.toml").write_text('select = ["assume-yes"]\n')
    (folder / "pyproject.toml").write_text('[tool.dockopt]\nselect = ["assume-yes"]\n')
    assert ids(dockopt) == ["no-cache-flag"]


def test_each_file_has_the_settings_of_its_folder(dockopt: Dockopt, folder: Path, dockerfile: Path) -> None:
    (folder / "Dockerfile").write_text(TEXT)
    (folder / "a/dockopt.toml").write_text('select = ["no-cache-flag"]\n')
    assert dockopt("fix", "--ignore", "clean-in-same-layer").changes == [
        "Dockerfile:2 assume-yes",
        "Dockerfile:3 no-cache-flag",
        "a/b/Dockerfile:3 no-cache-flag",
    ]


@pytest.mark.parametrize(
    "text", ["[project]\nname = 'dockopt'\n", "[tool.black]\n", "tool = 3\n# dockopt\n", "not = = toml"]
)
def test_a_pyproject_without_a_table_of_ours_is_passed_over(
    dockopt: Dockopt, folder: Path, dockerfile: Path, text: str
) -> None:
    (folder / "dockopt.toml").write_text('select = ["assume-yes"]\n')
    (folder / "a/pyproject.toml").write_text(text)
    assert ids(dockopt) == ["assume-yes"]


def test_unsafe_can_be_set(dockopt: Dockopt, folder: Path, dockerfile: Path) -> None:
    (folder / "dockopt.toml").write_text("unsafe = true\n")
    assert "no-install-recommends" in ids(dockopt)


def test_the_command_line_selects_over_the_settings_and_ignores_beside_them(
    dockopt: Dockopt, folder: Path, dockerfile: Path
) -> None:
    (folder / "dockopt.toml").write_text('select = ["no-cache-flag"]\nignore = ["clean-in-same-layer"]\n')
    assert ids(dockopt, "--select", "assume-yes,clean-in-same-layer") == ["assume-yes"]
    assert ids(dockopt, "--ignore", "no-cache-flag") == []


def test_a_profile_is_a_list_of_transforms(dockopt: Dockopt, folder: Path, dockerfile: Path) -> None:
    (folder / "dockopt.toml").write_text('profile = "small"\n')
    assert ids(dockopt) == ["clean-in-same-layer", "no-cache-flag"]
    assert ids(dockopt, "--ignore", "no-cache-flag") == ["clean-in-same-layer"]
    assert ids(dockopt, "--select", "assume-yes") == ["assume-yes"]
    assert ids(dockopt, "--profile", "safe") == ["assume-yes", "clean-in-same-layer", "no-cache-flag"]


def test_the_profile_of_the_command_line_is_instead_of_what_settings_select(
    dockopt: Dockopt, folder: Path, dockerfile: Path
) -> None:
    (folder / "dockopt.toml").write_text('select = ["assume-yes"]\n')
    assert ids(dockopt, "--profile", "small") == ["clean-in-same-layer", "no-cache-flag"]


def test_every_profile_names_transforms_that_are_there() -> None:
    known = {transform.id for transform in transforms.PIPELINE}
    assert set(profiles()) == {"safe", "small", "fast"}
    for name, chosen in profiles().items():
        assert set(chosen) <= known | {"default"}, name


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--profile", "smal"), "--profile: unknown profile `smal`; did you mean `small`?"),
        (("--profile", "x"), "--profile: unknown profile `x`; there are `safe`, `small`, `fast`"),
        (("--profile", "safe", "--select", "assume-yes"), "--profile and --select exclude each other"),
    ],
)
def test_a_mistake_in_a_profile_is_a_usage_error(
    dockopt: Dockopt, dockerfile: Path, words: tuple[str, ...], message: str
) -> None:
    ran = dockopt("fix", *words)
    assert (ran.code, ran.err) == (2, f"dockopt: {message}\n")


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pipeline with a transform that is off by default and repeats what settings tell it."""

    def repeat_words(facts: Facts, loud: str = "no", text: str = "-") -> Iterator[Declined | Proposal]:
        """Says what it was told."""
        first = next(iter(facts.tree.instructions))
        if "told" not in facts.text:
            yield Proposal(first, f"{loud} {text}", {first: "# told\n" + source(first)})

    off = transform(Safety.SAFE, may_change={"comments"}, default=False, options={"loud": ("no", "yes"), "text": ()})(
        repeat_words
    )
    monkeypatch.setattr(transforms, "PIPELINE", (*transforms.PIPELINE, off))
    monkeypatch.setattr(catalogue, "PIPELINE", transforms.PIPELINE)


@pytest.mark.usefixtures("told")
def test_what_is_off_by_default_runs_where_it_is_selected(dockopt: Dockopt, dockerfile: Path) -> None:
    assert "repeat-words" not in ids(dockopt)
    assert ids(dockopt, "--select", "repeat-words") == ["repeat-words"]
    assert ids(dockopt, "--select", "default,repeat-words")[0] == "repeat-words"
    assert len(ids(dockopt, "--select", "default,repeat-words")) == 4
    assert dockopt("rules").out.endswith(
        "repeat-words               safe        Says what it was told. Off by default.\n"
    )
    assert 'Off by default: select it. Settings: `repeat-words = "no"` (default), `repeat-words = "yes"`. ' in (
        dockopt("explain", "repeat-words").out
    )


@pytest.mark.usefixtures("told")
@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "no -"),
        ('repeat-words = "yes"', "yes -"),
        ('[repeat-words]\nloud = "yes"\ntext = "a b"', "yes a b"),
        ('[repeat-words]\ntext = "a b"', "no a b"),
        ('[repeat-words]\ntext = ["a", "b"]', "no a b"),
    ],
)
def test_a_transform_is_told_its_options(dockopt: Dockopt, folder: Path, dockerfile: Path, text: str, why: str) -> None:
    (folder / "dockopt.toml").write_text(text)
    assert f"repeat-words  {why}\n" in dockopt("fix", "--select", "repeat-words").out
    (folder / "dockopt.toml").unlink()
    table = text.replace("[repeat-words]", "[tool.dockopt.repeat-words]")
    (folder / "pyproject.toml").write_text(f"[tool.dockopt]\n{table}\n")
    settings_for.cache_clear()
    assert f"repeat-words  {why}\n" in dockopt("fix", "--select", "repeat-words").out


@pytest.mark.usefixtures("told")
@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('repeat-words = "yess"', "`repeat-words` is one of `no`, `yes`, not `yess`; did you mean `yes`?"),
        ("repeat-words = 3", "`repeat-words` is a text, not `3`"),
        ('[repeat-words]\nlod = "yes"', "unknown key `repeat-words.lod`; did you mean `loud`?"),
        ('[repeat-words]\nloud = "x"', "`repeat-words.loud` is one of `no`, `yes`, not `x`"),
        ('repeat-word = "yes"', "unknown key `repeat-word`; did you mean `repeat-words`?"),
        ('assume-yes = "all"', "`assume-yes` has no options"),
    ],
)
def test_a_mistake_in_options_is_named(
    dockopt: Dockopt, folder: Path, dockerfile: Path, text: str, message: str
) -> None:
    (folder / "dockopt.toml").write_text(text)
    ran = dockopt("fix")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith(f"dockopt.toml: {message}\n")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("selct = []", "unknown key `selct`; did you mean `select`?"),
        ('profile = "big"', "unknown profile `big`; there are `safe`, `small`, `fast`"),
        ("profile = []", "unknown profile `[]`"),
        ('profile = "safe"\nselect = []', "`profile` and `select` exclude each other"),
        ("[rules]", "unknown key `rules`"),
        ('select = ["no-cache-flags"]', "unknown transform `no-cache-flags`; did you mean `no-cache-flag`?"),
        ('ignore = ["DL3009"]', "unknown transform `DL3009`"),
        ('select = "no-cache-flag"', "`select` is a list of transforms, not `no-cache-flag`"),
        ("ignore = [3]", "`ignore` is a list of transforms, not `[3]`"),
        ('unsafe = "yes"', "`unsafe` is true or false, not `yes`"),
        ("unsafe = 1", "`unsafe` is true or false, not `1`"),
        ("select = [", "cannot be read: "),
    ],
)
def test_a_mistake_is_named_with_its_file_and_only_the_files_below_it_are_left_alone(
    dockopt: Dockopt, folder: Path, dockerfile: Path, text: str, message: str
) -> None:
    (folder / "a/dockopt.toml").write_text(text)
    (folder / "a/Dockerfile").write_text(TEXT)
    (folder / "b").mkdir()
    (folder / "b/Dockerfile").write_text(TEXT)
    ran = dockopt("fix", "--write")
    assert ran.code == 2
    assert ran.err.count(f"a/dockopt.toml: {message}") == 1
    assert dockerfile.read_text() == TEXT
    assert (folder / "b/Dockerfile").read_text() != TEXT


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[tool]\ndockopt = 3\n", "`tool.dockopt` is a table, not `3`"),
        ("[tool.dockopt]\nselct = []\n", "unknown key `selct`; did you mean `select`?"),
        ("[tool.dockopt]\nselect = \n", "cannot be read: "),
    ],
)
def test_a_mistake_in_a_pyproject_is_named(
    dockopt: Dockopt, folder: Path, dockerfile: Path, text: str, message: str
) -> None:
    (folder / "pyproject.toml").write_text(text)
    ran = dockopt("fix")
    assert ran.code == 2
    assert f"pyproject.toml: {message}" in ran.err


def test_settings_that_are_no_utf8_are_named(dockopt: Dockopt, folder: Path, dockerfile: Path) -> None:
    (folder / "dockopt.toml").write_bytes(b"# \xff\n")
    ran = dockopt("fix")
    assert ran.code == 2
    assert "dockopt.toml: cannot be read: " in ran.err
