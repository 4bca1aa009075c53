"""`dockopt fix`: what it prints, what it returns, and that one bad file never stops the others."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import transforms
from optimizer.facts import Facts
from optimizer.transform import Proposal, Safety, transform
from tests.cli.conftest import Dockopt

GOOD = "FROM alpine:3.20\nRUN apk add --no-cache curl\n"
PENDING = "FROM alpine:3.20\nRUN apk add curl\n"
FIXED = GOOD
REJECTED = "FROM alpine:3.20\nCOPY everything\n"
REFUSED = 'FROM alpine:3.20\nCMD ["lie"]\n'
UNSAFE = "FROM debian:12\nRUN apt-get update && apt-get install -y curl && rm -rf /var/lib/apt/lists/*\n"


@transform(Safety.SAFE, may_change={"layers"})
def tell_lies(facts: Facts) -> Iterator[Proposal]:
    """Takes `CMD ["lie"]` away, though it promises that only layers change."""
    for instruction in facts.tree.instructions:
        if instruction.name == "CMD" and "lie" in facts.sources[instruction]:
            yield Proposal(instruction, "nobody needs a command", {instruction: ""})


@pytest.fixture
def liar(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pipeline with a transform that breaks its promise."""
    monkeypatch.setattr(transforms, "PIPELINE", (*transforms.PIPELINE, tell_lies))


STATES = {"good": GOOD, "pending": PENDING, "rejected": REJECTED, "refused": REFUSED}
COMBINATIONS = [names for size in range(1, 5) for names in itertools.combinations(STATES, size)]


@pytest.mark.usefixtures("liar")
@pytest.mark.parametrize("option", ["", "--check", "--write"])
@pytest.mark.parametrize("states", COMBINATIONS, ids="+".join)
def test_the_exit_code_says_the_worst_and_the_other_files_go_on(
    dockopt: Dockopt, folder: Path, states: tuple[str, ...], option: str
) -> None:
    for state in states:
        (folder / f"Dockerfile.{state}").write_text(STATES[state])
    ran = dockopt("fix", ".", *([option] if option else []))
    if "rejected" in states:
        assert ran.code == 2
    elif "refused" in states:
        assert ran.code == 3
    else:
        assert ran.code == (1 if option == "--check" and "pending" in states else 0)
    assert ("Dockerfile.rejected:2: " in ran.err) == ("rejected" in states)
    assert ("Dockerfile.refused:2 tell-lies was refused by a check: " in ran.err) == ("refused" in states)
    assert ran.changes == (["Dockerfile.pending:2 no-cache-flag"] if "pending" in states else [])
    for state in states:
        text = FIXED if state == "pending" and option == "--write" else STATES[state]
        assert (folder / f"Dockerfile.{state}").read_text() == text


def test_a_missing_file_is_named_and_the_others_go_on(dockopt: Dockopt, folder: Path) -> None:
    (folder / "Dockerfile").write_text(PENDING)
    ran = dockopt("fix", "nowhere/Dockerfile", "Dockerfile")
    assert ran.code == 2
    assert ran.err.startswith("nowhere/Dockerfile: there is no such file or folder\n")
    assert ran.changes == ["Dockerfile:2 no-cache-flag"]


def test_a_link_to_nowhere_is_named_and_the_others_go_on(dockopt: Dockopt, folder: Path) -> None:
    (folder / "Dockerfile").symlink_to("nowhere")
    (folder / "Dockerfile.b").write_text(PENDING)
    ran = dockopt("fix")
    assert ran.code == 2
    assert "Dockerfile: cannot be read: No such file or directory\n" in ran.err
    assert ran.changes == ["Dockerfile.b:2 no-cache-flag"]


def test_a_ring_of_links_is_named(dockopt: Dockopt, folder: Path) -> None:
    (folder / "Dockerfile").symlink_to("Dockerfile.a")
    (folder / "Dockerfile.a").symlink_to("Dockerfile")
    ran = dockopt("fix", "Dockerfile", ".")
    assert ran.code == 2
    assert "Dockerfile: cannot be read: Too many levels of symbolic links\n" in ran.err


def test_an_unreadable_file_is_named_and_the_others_go_on(dockopt: Dockopt, ordinary_user: Path) -> None:
    (ordinary_user / "Dockerfile").write_text(PENDING)
    (ordinary_user / "Dockerfile").chmod(0)
    (ordinary_user / "Dockerfile.b").write_text(PENDING)
    ran = dockopt("fix")
    assert ran.code == 2
    assert ran.err.startswith("Dockerfile: cannot be read: Permission denied\n")
    assert ran.changes == ["Dockerfile.b:2 no-cache-flag"]


def test_a_folder_that_cannot_be_listed_is_named(dockopt: Dockopt, ordinary_user: Path) -> None:
    (ordinary_user / "closed").mkdir(mode=0)
    (ordinary_user / "Dockerfile").write_text(PENDING)
    ran = dockopt("fix")
    assert ran.code == 2
    assert "closed: cannot be read: Permission denied\n" in ran.err
    assert ran.changes == ["Dockerfile:2 no-cache-flag"]


def test_a_file_that_dockopt_fails_on_is_named_with_the_place_and_the_others_go_on(
    dockopt: Dockopt, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    @transform(Safety.SAFE, may_change={"layers"})
    def stumble(facts: Facts) -> Iterator[Proposal]:
        """Fails on a file that says so."""
        if "stumble" in facts.text:
            raise IndexError("nothing there")
        yield from ()

    monkeypatch.setattr(transforms, "PIPELINE", (stumble, *transforms.PIPELINE))
    (folder / "Dockerfile").write_text(PENDING + "# stumble\n")
    (folder / "Dockerfile.b").write_text(PENDING)
    ran = dockopt("fix", "--write")
    assert ran.code == 2
    assert "Dockerfile: dockopt fails on this file (IndexError in test_fix.py:" in ran.err
    assert "nothing there); please report it\n" in ran.err
    assert (folder / "Dockerfile").read_text() == PENDING + "# stumble\n"
    assert (folder / "Dockerfile.b").read_text() == FIXED


def test_an_empty_folder_holds_nothing_to_fix(dockopt: Dockopt) -> None:
    ran = dockopt("fix")
    assert (ran.code, ran.out, ran.err) == (0, "", "no Dockerfile found\n")


@pytest.mark.parametrize("text", ["", "\n", "# a comment\n"])
def test_a_file_without_instructions_is_rejected_with_its_place(dockopt: Dockopt, folder: Path, text: str) -> None:
    (folder / "Dockerfile").write_text(text)
    ran = dockopt("fix")
    assert ran.code == 2
    assert ran.err.startswith("Dockerfile:1: ")


@pytest.mark.parametrize(
    "text",
    ["FROM {{ base }}\nCOPY {{ all }}\n", "{% if x %}\nFROM a\n", "<% x %>\n", "FROM a\n%%RUN_TEST%%\n", "@FROM@\n"],
)
def test_a_template_that_buildkit_rejects_is_only_a_note(dockopt: Dockopt, folder: Path, text: str) -> None:
    (folder / "Dockerfile").write_text(text)
    ran = dockopt("fix", "--check")
    assert ran.code == 0
    assert ": looks like a template; left as it is\n" in ran.err


def test_a_shell_expansion_makes_no_template(dockopt: Dockopt, folder: Path) -> None:
    (folder / "Dockerfile").write_text('FROM a\nRUN echo "${A%%-*}" user@example.org\nCOPY all\n')
    assert dockopt("fix").code == 2


def test_bytes_that_are_not_utf8_stay_as_they_are(dockopt: Dockopt, folder: Path) -> None:
    before = b"# caf\xe9\nFROM alpine:3.20\nRUN apk add curl && echo '\xff\xfe'\n"
    (folder / "Dockerfile").write_bytes(before)
    ran = dockopt("fix", "--write")
    assert ran.code == 0
    assert (folder / "Dockerfile").read_bytes() == before.replace(b"apk add", b"apk add --no-cache")


def test_a_change_line_names_the_line_of_the_original_file(dockopt: Dockopt, folder: Path) -> None:
    (folder / "Dockerfile").write_text(
        "# syntax=docker/dockerfile:1\nFROM debian:12\n\nRUN apt-get update\nRUN apt-get install -y curl\n\n"
        "# python\nFROM python:3.12\nRUN \\\n    pip install flask\n"
    )
    ran = dockopt("fix")
    assert [line for line in ran.changes if "clean-in" not in line] == [
        "Dockerfile:4 merge-update-into-install",
        "Dockerfile:10 no-cache-flag",
    ]


def test_a_change_line_says_why(dockopt: Dockopt, folder: Path) -> None:
    (folder / "Dockerfile").write_text(PENDING)
    last = dockopt("fix").out.splitlines()[-1]
    assert last == "Dockerfile:2 no-cache-flag  the download cache of apk stays in the layer and nothing reads it"


def test_what_was_found_is_counted(dockopt: Dockopt, folder: Path) -> None:
    (folder / "Dockerfile").write_text(PENDING)
    (folder / "Dockerfile.b").write_text(GOOD)
    assert dockopt("fix").err == "1 change found in 1 of 2 files\n"
    assert dockopt("fix", "--write").err == "1 change made in 1 of 2 files\n"
    assert dockopt("fix").err == "0 changes found in 0 of 2 files\n"


def test_a_file_named_twice_is_done_once(dockopt: Dockopt, folder: Path) -> None:
    (folder / "Dockerfile").write_text(PENDING)
    (folder / "Dockerfile.link").symlink_to("Dockerfile")
    ran = dockopt("fix", "Dockerfile", "./Dockerfile", str(folder / "Dockerfile"), ".")
    assert ran.changes == ["Dockerfile:2 no-cache-flag"]


def test_a_path_below_this_folder_is_shown_as_it_would_be_typed(dockopt: Dockopt, folder: Path) -> None:
    (folder / "a").mkdir()
    (folder / "a/Dockerfile").write_text(PENDING)
    for path in ("a", "./a/Dockerfile", str(folder / "a")):
        ran = dockopt("fix", path)
        assert ran.changes == ["a/Dockerfile:2 no-cache-flag"]
        assert ran.out.startswith("--- a/a/Dockerfile\n+++ b/a/Dockerfile\n")


def test_a_name_with_a_line_end_stays_on_its_line(dockopt: Dockopt, folder: Path) -> None:
    (folder / "Dockerfile.\n--- a").write_text(PENDING)
    assert dockopt("fix").out.splitlines()[-1].startswith("Dockerfile.\\x0a--- a:2 no-cache-flag  ")


def test_what_waits_for_unsafe_is_counted_and_named_with_its_estimate(dockopt: Dockopt, folder: Path) -> None:
    (folder / "Dockerfile").write_text(UNSAFE)
    (folder / "Dockerfile.b").write_text(UNSAFE)
    ran = dockopt("fix", "--check")
    assert (ran.code, ran.out) == (0, "")
    assert ran.err == (
        "0 changes found in 0 of 2 files\n2 more with --unsafe: no-install-recommends, at most about 7.6 MB\n"
    )


def test_unsafe_makes_what_waited(dockopt: Dockopt, folder: Path) -> None:
    (folder / "Dockerfile").write_text(UNSAFE)
    ran = dockopt("fix", "--check", "--unsafe")
    assert (ran.code, ran.changes) == (1, ["Dockerfile:2 no-install-recommends"])
    assert "--unsafe" not in ran.err


def test_verbose_says_what_was_not_changed_and_why(dockopt: Dockopt, folder: Path) -> None:
    text = UNSAFE + "FROM python:3.12\n# dockopt: ignore[no-cache-flag] we measure it\nRUN pip install flask\n"
    (folder / "Dockerfile").write_text(text)
    assert "Dockerfile:" not in dockopt("fix").err
    err = dockopt("fix", "--verbose").err
    assert "Dockerfile:2 no-install-recommends waits for --unsafe: " in err
    assert " (at most about 3.8 MB)\n" in err
    assert "Dockerfile:5 no-cache-flag left it alone: a comment says to ignore `no-cache-flag`\n" in err


def test_write_and_check_exclude_each_other(dockopt: Dockopt, folder: Path) -> None:
    (folder / "Dockerfile").write_text(PENDING)
    ran = dockopt("fix", "--write", "--check")
    assert (ran.code, ran.err) == (2, "dockopt: --write and --check exclude each other\n")
    assert (folder / "Dockerfile").read_text() == PENDING


@pytest.mark.parametrize("option", ["--select", "--ignore"])
def test_an_unknown_id_is_an_error_with_a_suggestion_before_anything_is_done(
    dockopt: Dockopt, folder: Path, option: str
) -> None:
    (folder / "Dockerfile").write_text(PENDING)
    ran = dockopt("fix", "--write", option, "no-cache-flag,no-cache-flags")
    assert ran.code == 2
    assert ran.err == f"dockopt: {option}: unknown transform `no-cache-flags`; did you mean `no-cache-flag`?\n"
    assert (folder / "Dockerfile").read_text() == PENDING
    (folder / "Dockerfile").unlink()
    assert dockopt("fix", option, "xyz").err == f"dockopt: {option}: unknown transform `xyz`\n"


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--select", "no-cache-flag"], ["no-cache-flag"]),
        (["--select", "assume-yes,no-cache-flag"], ["assume-yes", "no-cache-flag"]),
        (["--select", "assume-yes", "--select", " no-cache-flag ,"], ["assume-yes", "no-cache-flag"]),
        (["--ignore", "no-cache-flag,clean-in-same-layer"], ["assume-yes"]),
        (["--select", "assume-yes,no-cache-flag", "--ignore", "assume-yes"], ["no-cache-flag"]),
    ],
)
def test_select_and_ignore_choose_the_transforms(
    dockopt: Dockopt, folder: Path, options: list[str], expected: list[str]
) -> None:
    (folder / "Dockerfile").write_text(
        "FROM debian:12\nRUN apt-get update && apt-get install python3-pip\nRUN pip install flask\n"
    )
    assert [line.split()[1] for line in dockopt("fix", *options).changes] == expected


def test_standard_input_is_shown_as_a_diff(dockopt: Dockopt) -> None:
    ran = dockopt("fix", "-", stdin=PENDING.encode())
    assert ran.out.startswith("--- a/Dockerfile\n+++ b/Dockerfile\n")
    assert ran.changes == ["Dockerfile:2 no-cache-flag"]


def test_the_name_of_standard_input_stands_in_messages_and_finds_settings(dockopt: Dockopt, folder: Path) -> None:
    (folder / "b").mkdir()
    (folder / "b/dockopt.toml").write_text('ignore = ["no-cache-flag"]\n')
    assert dockopt("fix", "-", "--stdin-filename", "b/c/Dockerfile", stdin=PENDING.encode()).out == ""
    ran = dockopt("fix", "-", "--stdin-filename", "a/Dockerfile.b", stdin=PENDING.encode())
    assert ran.out.startswith("--- a/a/Dockerfile.b\n")
    assert ran.changes == ["a/Dockerfile.b:2 no-cache-flag"]


@pytest.mark.parametrize("before", [b"\xff", REJECTED.encode(), GOOD.encode(), PENDING.replace("\n", "\r\n").encode()])
def test_write_turns_standard_input_into_standard_output_whatever_it_holds(dockopt: Dockopt, before: bytes) -> None:
    ran = dockopt("fix", "-", "--write", stdin=before)
    assert ran.raw == before.replace(b"add curl", b"add --no-cache curl")


def test_changes_of_a_written_standard_input_are_told_beside_it(dockopt: Dockopt) -> None:
    ran = dockopt("fix", "-", "--write", stdin=PENDING.encode())
    assert ran.out == FIXED
    assert ran.err.startswith("Dockerfile:2 no-cache-flag  ")


def test_standard_input_has_exit_codes_too(dockopt: Dockopt) -> None:
    assert dockopt("fix", "-", "--check", stdin=PENDING.encode()).code == 1
    assert dockopt("fix", "-", "--check", stdin=GOOD.encode()).code == 0
    assert dockopt("fix", "-", stdin=REJECTED.encode()).code == 2


def test_a_name_for_standard_input_needs_standard_input(dockopt: Dockopt) -> None:
    ran = dockopt("fix", "--stdin-filename", "Dockerfile")
    assert (ran.code, ran.err) == (2, "dockopt: --stdin-filename names what `-` reads; give `-` too\n")


def test_a_file_called_dash_can_be_named(dockopt: Dockopt, folder: Path) -> None:
    (folder / "-").write_text(PENDING)
    assert dockopt("fix", "--write", "./-").code == 0
    assert (folder / "-").read_text() == FIXED


def test_a_reader_that_goes_away_brings_no_traceback(folder: Path) -> None:
    (folder / "Dockerfile").write_text(PENDING)
    command = f"{sys.executable} -c 'from optimizer.cli import main; main()' fix Dockerfile | true"
    environment = os.environ | {"PYTHONPATH": str(Path(transforms.__file__).parents[1])}
    ran = subprocess.run(["sh", "-c", command], capture_output=True, text=True, env=environment, check=True)
    assert "Traceback" not in ran.stderr


@pytest.mark.parametrize("option", ["--selct", "--wirte"])
def test_an_unknown_option_is_an_error(dockopt: Dockopt, option: str) -> None:
    ran = dockopt("fix", option)
    assert ran.code == 2
    assert option in ran.err
