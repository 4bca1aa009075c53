"""A context on the disk: what is listed, what is not, and what cannot be."""

import os
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimizer import optimize, parse
from optimizer.facts import Facts
from optimizer.facts.context import LARGEST, Given, Missing, disk, once
from optimizer.facts.context.disk import OnDisk, listed
from optimizer.facts.context.globs import BadPattern
from optimizer.facts.context.ignore import ignore_file
from optimizer.facts.context.patterns import Patterns


@pytest.fixture
def write(tmp_path):
    """Writes files: path -> content."""

    def written(contents):
        for path, content in contents.items():
            file = tmp_path / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content.encode() if isinstance(content, str) else content)
        return tmp_path

    return written


def opened(root, dockerfile="Dockerfile"):
    ignore = ignore_file(root / dockerfile, root)
    return ignore if isinstance(ignore, Missing) else listed(root, ignore)


def paths(root, dockerfile="Dockerfile"):
    return list(opened(root, dockerfile).files)


def test_files_are_sorted_and_have_sizes_and_modes(write):
    root = write({"b": "12345", "a/c": "", "Dockerfile": "FROM scratch\n"})
    (root / "b").chmod(0o750)
    context = opened(root)
    assert list(context.files) == ["Dockerfile", "a/c", "b"]
    assert (context.files["b"].size, context.files["b"].mode) == (5, 0o750)


def test_empty_folders_are_part_of_the_context(write):
    root = write({"a/b/file": ""})
    (root / "empty").mkdir()
    assert set(opened(root).folders) == {"a", "a/b", "empty"}


def test_what_the_ignore_file_names_is_not_there(write):
    root = write(
        {".dockerignore": "# secrets\n.env\n**/node_modules\n", ".env": "", "web/node_modules/x": "", "web/a": ""}
    )
    context = opened(root)
    assert list(context.files) == [".dockerignore", "web/a"]
    assert set(context.folders) == {"web"}
    assert context.content(".env") is None
    assert context.ignore_file.patterns == (".env", "**/node_modules")


def test_the_dockerfile_and_the_ignore_file_can_be_hidden_from_copy(write):
    root = write({".dockerignore": "Dockerfile\n.dockerignore\n", "Dockerfile": "", "app": ""})
    assert paths(root) == ["app"]


def test_the_ignore_file_named_after_the_dockerfile_wins(write):
    root = write({".dockerignore": "a\n", "api.Dockerfile": "", "api.Dockerfile.dockerignore": "b\n", "a": "", "b": ""})
    assert "a" in paths(root, "api.Dockerfile")
    assert "b" not in paths(root, "api.Dockerfile")
    assert "a" not in paths(root, "Dockerfile")


def test_it_lies_beside_the_dockerfile_not_in_the_context(write):
    root = write({"docker/Dockerfile": "", "docker/Dockerfile.dockerignore": "b\n", "a": "", "b": ""})
    write({"docker/.dockerignore": "a\n"})
    assert "b" not in paths(root, "docker/Dockerfile")
    assert "a" in paths(root, "docker/Dockerfile")


def test_a_file_below_an_ignored_folder_can_be_taken_back(write):
    root = write(
        {".dockerignore": "*\n!src\nsrc/*.log\n", "src/a": "", "src/b.log": "", "src/deep/c.log": "", "docs/d": ""}
    )
    assert paths(root) == ["src/a", "src/deep/c.log"]


def test_the_folders_above_what_is_taken_back_are_there(write):
    root = write({".dockerignore": "**\n!a/b/c\n", "a/b/c/file": "", "a/b/d": ""})
    context = opened(root)
    assert list(context.files) == ["a/b/c/file"]
    assert set(context.folders) == {"a", "a/b", "a/b/c"}


def test_so_are_those_above_an_empty_folder_that_is_taken_back(write):
    root = write({".dockerignore": "**\n!a/b/empty\n"})
    (root / "a/b/empty").mkdir(parents=True)
    assert set(opened(root).folders) == {"a", "a/b", "a/b/empty"}


def test_links_are_listed_and_not_followed(write, tmp_path_factory):
    outside = tmp_path_factory.mktemp("outside")
    (outside / "secret").write_text("x")
    root = write({"file": "content"})
    (root / "out").symlink_to(outside)
    (root / "up").symlink_to("../..")
    (root / "in").symlink_to("file")
    context = opened(root)
    assert {path: file.link for path, file in context.files.items()} == {
        "file": None, "in": "file", "out": str(outside), "up": "../.."
    }  # fmt: skip
    assert context.content("out/secret") is None
    assert context.content("in") is None


def test_content_is_read_up_to_a_bound_and_hashed_without_one(write):
    big = b"x" * (LARGEST + 1)
    context = opened(write({"small": "abc", "big": big, "edge": big[1:]}))
    assert context.content("small") == b"abc"
    assert context.content("big") is None
    assert context.content("edge") == big[1:]
    assert context.head("big", 3) == b"xxx"
    assert context.digest("big") == sha256(big).hexdigest()
    assert context.content("absent") is None
    assert context.digest("absent") is None


def test_a_pipe_is_not_waited_for(write):
    root = write({"a": ""})
    os.mkfifo(root / "pipe")
    assert opened(root).content("pipe") is None


def test_what_is_not_sent_is_counted_by_its_first_folder(write):
    root = write(
        {".dockerignore": "dist\nweb/tmp\n*.log\n", "dist/a/b": "12345", "web/tmp/x": "123", "web/y": "1", "z.log": ""}
    )
    context = opened(root)
    assert context.ignored == {"dist": 5, "web": 3}
    assert sum(file.size for file in context.files.values()) == 1 + len("dist\nweb/tmp\n*.log\n")


def test_too_many_files_are_not_known(write, monkeypatch):
    monkeypatch.setattr(disk, "MOST_FILES", 10)
    root = write({f"many/{number}": "" for number in range(12)})
    assert "more than 10 files" in opened(root).why
    (root / ".dockerignore").write_text("many\n")
    context = opened(root)
    assert isinstance(context, OnDisk)
    assert context.ignored is None


def test_a_folder_that_does_not_exist_is_empty(tmp_path):
    assert dict(listed(tmp_path / "absent").files) == {}


@pytest.mark.parametrize("text", ["[", "!", "a" * 70_000, "*|b"])
def test_an_ignore_file_that_cannot_be_read_makes_the_context_unknown(write, text):
    assert "`.dockerignore`" in opened(write({".dockerignore": text, "a": ""})).why


def test_an_ignore_file_that_leads_elsewhere_makes_the_context_unknown(write, tmp_path_factory):
    outside = tmp_path_factory.mktemp("outside") / "ignore"
    outside.write_text("a\n")
    root = write({"a": "", "docker/ignore": "a\n"})
    (root / ".dockerignore").symlink_to(outside)
    assert "leads out" in opened(root).why
    (root / ".dockerignore").unlink()
    (root / ".dockerignore").symlink_to("docker/ignore")
    assert paths(root) == [".dockerignore", "docker/ignore"]


def test_progress_is_told(write, tmp_path):
    write({f"{number}": "" for number in range(5001)})
    told = []
    listed(tmp_path, None, told.append)
    assert told == [5000]


NAMES = st.sampled_from(["a", "b", "ab", ".c"])
TREES = st.sets(st.lists(NAMES, min_size=1, max_size=4).map("/".join), max_size=12)
LINES = st.lists(
    st.sampled_from(["a", "b", "*", "**", "**/b", "a/*", "a/**", ".c", "!a", "!a/b", "!**/ab", "!b/*", "!a*"]),
    max_size=5,
)


@given(TREES, LINES)
def test_what_is_listed_is_what_the_patterns_leave(tmp_path_factory, tree, lines):
    files = {path for path in tree if not any(other.startswith(path + "/") for other in tree)}
    root = tmp_path_factory.mktemp("tree")
    for path in files:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text("")
    patterns = Patterns(lines)
    ignore = None if not lines else disk.IgnoreFile("x", tuple(lines))
    assert list(listed(root, ignore).files) == sorted(path for path in files if not patterns.matches(path))


class Counting:
    """Counts how often a context is asked for."""

    def __init__(self, found):
        self.found = found
        self.asked = 0

    def __call__(self):
        self.asked += 1
        return self.found


def test_nothing_is_listed_until_a_fact_asks():
    supply = Counting(Given({"a": b""}))
    facts = Facts(parse("FROM scratch\nCOPY a /\n"), supply)
    assert not facts.problems
    assert supply.asked == 0
    assert list(facts.context.files) == ["a"]
    assert facts.no_context is None
    assert facts.context is facts.context
    assert supply.asked == 1


def test_the_transforms_of_one_file_ask_once():
    supply = Counting(Given())
    shared = once(supply)
    for text in ("FROM a\n", "FROM b\n"):
        assert Facts(parse(text), shared).context is supply.found
    assert supply.asked == 1


def test_no_context_says_why():
    assert Facts(parse("FROM a\n")).no_context == "no build context was given"
    facts = Facts(parse("FROM a\n"), Missing("nobody knows"))
    assert (facts.context, facts.no_context) == (None, "nobody knows")


def test_a_library_user_gives_a_context_or_none():
    text = "FROM debian\nRUN apt-get update && apt-get install curl\n"
    assert optimize(text, context=Given()).after == optimize(text).after == optimize(text, context=Missing("")).after


def test_bad_patterns_are_value_errors():
    assert issubclass(BadPattern, ValueError)
