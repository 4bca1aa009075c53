"""What a review says, and on which lines: only where the forge takes a comment, nothing that comes to life."""

from __future__ import annotations

import json
import random
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from optimizer.cli.review import ReviewOptions, review_all
from optimizer.review.markdown import LIMIT, code, fenced, joined, length, prose
from optimizer.review.patches import hunks
from optimizer.review.suggestions import key_in
from tests.cli.conftest import Dockopt, dockopt, folder
from tests.review.repos import changed, commentable, commit, git
from tests.test_corpus import PROJECTS, TRICKY

__all__ = ["dockopt", "folder"]
BEFORE = b"FROM alpine:3.20\n" + b"".join(b"# %d\n" % n for n in range(30)) + b"RUN apk add curl\n"
AFTER = BEFORE.replace(b"# 5\n", b"# 5\nRUN apk add git\n")


def printed(folder: Path, form: str, **options: object) -> str:
    """The review of the repository's HEAD against main."""
    output = folder.parent / "review.out"
    review_all(ReviewOptions("main", None, form, post=False, output=output, **options), {})  # type: ignore[arg-type]
    return output.read_text("utf-8")


def test_a_suggestion_stands_on_lines_of_the_change_and_the_rest_in_the_summary(folder: Path, dockopt: Dockopt) -> None:
    changed(folder / "r", {"a/Dockerfile": BEFORE}, {"a/Dockerfile": AFTER})
    import os

    os.chdir(folder / "r")
    told = json.loads(dockopt("review", "--base", "main", "--format", "json").out)
    assert [(one["path"], one["first"], one["last"], one["new"]) for one in told["comments"]] == [
        ("a/Dockerfile", 8, 8, "RUN apk add --no-cache git\n")
    ]
    assert "line 33, **no-cache-flag**" in told["summary"]
    assert "+RUN apk add --no-cache curl" in told["summary"]
    assert "+RUN apk add --no-cache git" not in told["summary"]


LINES = sorted({line for path in PROJECTS + TRICKY for line in path.read_bytes().split(b"\n")})


@settings(max_examples=60, suppress_health_check=list(HealthCheck))
@given(st.integers(0, len(PROJECTS) - 1), st.randoms(use_true_random=False))
def test_no_comment_stands_where_the_forge_would_void_it(number: int, chance: random.Random) -> None:
    after = PROJECTS[number].read_bytes().split(b"\n")
    before = list(after)
    for _ in range(chance.randint(1, 5)):
        at = chance.randrange(len(before) + 1)
        before[at : at + chance.randint(0, 3)] = [chance.choice(LINES) for _ in range(chance.randint(0, 3))]
    with tempfile.TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patch:
        place = Path(name) / "r"
        changed(place, {"Dockerfile": b"\n".join(before)}, {"Dockerfile": b"\n".join(after)})
        patch.chdir(place)
        told = json.loads(printed(place, "json"))
        shown = commentable(place).get("Dockerfile", [])
        for comment in told["comments"]:
            wanted = set(range(comment["first"], comment["last"] + 1))
            assert any(wanted <= set(hunk) for hunk in shown), comment


def test_the_two_readers_of_diffs_agree_and_a_lie_is_seen(folder: Path) -> None:
    changed(folder / "r", {"Dockerfile": BEFORE}, {"Dockerfile": AFTER.replace(b"# 29\n", b"# \xff\n\\ x\n")})
    found = hunks(git(folder / "r", "diff", "main", "HEAD").encode("utf-8", "surrogateescape"))
    theirs = commentable(folder / "r")["Dockerfile"]
    assert [list(range(hunk.first, hunk.last + 1)) for hunk in found] == theirs
    assert found[0].old(8) is None
    assert found[0].old(9) == 8


@pytest.mark.parametrize("text", ["x", "```\n", "a `````` b\n", "~~~\n", "<!-- dockopt fix 0123456789abcdef -->"])
def test_a_fence_holds_any_text(text: str) -> None:
    tokens = MarkdownIt().parse(f"before\n\n{fenced(text, 'suggestion')}\n\nafter")
    fence = next(token for token in tokens if token.type == "fence")
    assert (fence.info, fence.content) == ("suggestion", text if text.endswith("\n") else f"{text}\n")
    assert [token.type for token in tokens].count("paragraph_open") == 2


@pytest.mark.parametrize("text", ["a `b` c", "<b>", "[x](y)", "`", "``", "*a* _b_", "&lt;", "![x](y)", "# `a`b` <i>"])
def test_a_reason_shows_what_it_says(text: str) -> None:
    inline = MarkdownIt().parse(prose(text) + "\n")[1]
    shown = "".join(child.content for child in inline.children or [])
    assert {child.type for child in inline.children or []} <= {"text", "code_inline", "text_special"}
    assert shown.replace("`", "") == text.replace("`", "")


def test_nobody_is_called() -> None:
    assert "@octocat" not in prose("by @octocat")


@pytest.mark.parametrize("text", ["a", "`a`", "a``b", "`"])
def test_code_in_a_line_is_what_it_was(text: str) -> None:
    inline = MarkdownIt().parse(code(text))[1]
    assert [child.content for child in inline.children or []] == [text]


def test_a_key_counts_only_at_the_end_of_a_comment() -> None:
    assert key_in("x\r\n\r\n<!-- dockopt fix 0123456789abcdef -->\r\n") == "0123456789abcdef"
    assert key_in("<!-- dockopt fix 0123456789abcdef -->\n```") is None


def test_a_long_summary_is_cut_between_paragraphs_and_says_so(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = {f"d{n:03}/Dockerfile": BEFORE.replace(b"# 7", b"# \xf0\x9f\x90\xb3 %d" % n * 40) for n in range(300)}
    changed(folder / "r", {"a": b""}, files)
    monkeypatch.chdir(folder / "r")
    told = json.loads(printed(folder / "r", "json"))
    assert len(told["comments"]) == 40
    assert length(told["summary"]) <= LIMIT
    assert "Cut here: " in told["summary"]
    assert told["summary"].endswith("\n\n<!-- dockopt summary -->")
    assert told["summary"].count("<details>") == told["summary"].count("</details>")
    assert joined(["a" * 50] * 9, 500, "end").count("a" * 50) < 9


@pytest.mark.parametrize("ends", [b"\n", b"\r\n"])
def test_a_line_end_of_windows_makes_no_other_suggestion(
    folder: Path, monkeypatch: pytest.MonkeyPatch, ends: bytes
) -> None:
    changed(folder / "r", {"Dockerfile": b"FROM alpine:3.20\n"}, {"Dockerfile": AFTER.replace(b"\n", ends)})
    monkeypatch.chdir(folder / "r")
    told = json.loads(printed(folder / "r", "json"))
    assert "```suggestion\nRUN apk add --no-cache git\n```" in told["comments"][0]["body"]


def test_only_what_lies_behind_the_merge_base_counts(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    changed(folder / "r", {"a/Dockerfile": BEFORE, "b/Dockerfile": BEFORE}, {"a/Dockerfile": AFTER})
    git(folder / "r", "checkout", "-q", "main")
    commit(folder / "r", {"b/Dockerfile": AFTER})
    git(folder / "r", "checkout", "-q", "change")
    monkeypatch.chdir(folder / "r")
    assert json.loads(printed(folder / "r", "json"))["files"] == ["a/Dockerfile"]


def test_a_file_that_moved_is_known_under_its_new_name(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    changed(folder / "r", {"a/Dockerfile": BEFORE}, {"a/Dockerfile": None, "b c/Döckerfile.Dockerfile": AFTER})
    monkeypatch.chdir(folder / "r" / "b c")
    told = json.loads(printed(folder / "r", "gitlab"))
    position = told["discussions"][0]["position"]
    assert (position["old_path"], position["new_path"]) == ("a/Dockerfile", "b c/Döckerfile.Dockerfile")
    assert "old_line" not in position
    assert "```suggestion:-0+0\n" in told["discussions"][0]["body"]


def test_a_line_that_was_there_has_its_old_number_for_gitlab(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = b"FROM alpine:3.20\n# a\nRUN apk add curl\n"
    changed(folder / "r", {"Dockerfile": before}, {"Dockerfile": before.replace(b"# a\n", b"# a\n# b\n# c\n")})
    monkeypatch.chdir(folder / "r")
    position = json.loads(printed(folder / "r", "gitlab"))["discussions"][0]["position"]
    assert (position["old_line"], position["new_line"]) == (3, 5)


def test_what_a_change_ignores_concerns_the_files_of_that_context(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = b"FROM alpine:3.20\nCOPY x /x\nRUN apk add curl\n"
    names = ("a/Dockerfile", "a/x", "b/Dockerfile", "b/x", "c/Dockerfile", "c/x")
    before = {name: plain if name.endswith("file") else b"" for name in names}
    changed(folder / "r", before, {"a/.dockerignore": b"docs\n", "c/Dockerfile.dockerignore": b"docs\n"})
    monkeypatch.chdir(folder / "r")
    told = json.loads(printed(folder / "r", "json"))
    assert told["files"] == ["a/Dockerfile", "c/Dockerfile"]
    assert told["comments"] == []


def test_a_file_that_is_other_on_the_disk_gets_no_comments(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    changed(folder / "r", {"Dockerfile": BEFORE}, {"Dockerfile": AFTER})
    (folder / "r" / "Dockerfile").write_bytes(b"# new\n" + AFTER)
    monkeypatch.chdir(folder / "r")
    told = json.loads(printed(folder / "r", "json"))
    assert told["comments"] == []
    assert "as it lies on the disk" in told["summary"]


def test_a_clone_without_history_is_told_what_to_fetch(folder: Path, dockopt: Dockopt) -> None:
    import os

    changed(folder / "r", {"Dockerfile": BEFORE}, {"Dockerfile": AFTER})
    git(folder, "clone", "-q", "--depth=1", f"file://{folder}/r", "shallow")
    git(folder / "shallow", "fetch", "-q", "--depth=1", "origin", "main:main")
    os.chdir(folder / "shallow")
    ran = dockopt("review", "--base", "main")
    assert ran.code == 2
    assert "fetch-depth: 0" in ran.err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("", "--base names what the change is compared with"),
        ("--base nothing", "nothing"),
        ("--base main --format markdwn", "did you mean `markdown`?"),
        ("--base main --post", "--post needs --format github or gitlab"),
        ("--base main --post --format github", "--post needs --repository and --pull-request"),
        (
            "--base main --post --format github --repository o/r --pull-request 7",
            "--post needs a token in $GITHUB_TOKEN",
        ),
    ],
)
def test_what_is_missing_is_said(
    folder: Path, dockopt: Dockopt, monkeypatch: pytest.MonkeyPatch, words: str, told: str
) -> None:
    for name in ("GITHUB_TOKEN", "GH_TOKEN", "GITHUB_EVENT_PATH", "GITHUB_REPOSITORY", "GITHUB_BASE_REF"):
        monkeypatch.delenv(name, raising=False)
    changed(folder / "r", {"Dockerfile": BEFORE}, {"Dockerfile": AFTER})
    monkeypatch.chdir(folder / "r")
    ran = dockopt("review", *words.split())
    assert ran.code == 2
    assert told in ran.err


def test_a_link_in_a_change_shows_nothing_of_what_it_names(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "secret").write_bytes(AFTER)
    changed(folder / "r", {"Dockerfile": BEFORE}, {"Dockerfile": AFTER})
    (folder / "r" / "x.Dockerfile").symlink_to(folder / "secret")
    commit(folder / "r", {})
    monkeypatch.chdir(folder / "r")
    assert json.loads(printed(folder / "r", "json"))["files"] == ["Dockerfile"]
