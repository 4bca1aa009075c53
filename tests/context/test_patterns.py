"""What `.dockerignore` and COPY patterns match: the cases that patternmatcher and `filepath.Match` document."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimizer.facts.context.globs import BadPattern, cleaned, glob, split_wildcards
from optimizer.facts.context.ignore import patterns_in
from optimizer.facts.context.patterns import Patterns

HIT = [
    ("name", "name"),
    ("name", "name/below/it"),
    ("name/", "name/below"),
    ("./name", "name"),
    ("one/../two", "two/three"),
    ("*", "anything"),
    ("*", "a/folder/and/below"),
    ("*/temp*", "some/temporary"),
    ("*/temp*", "some/temporary/below"),
    ("temp?", "tempa"),
    ("temp?", "temp☺"),
    ("**", "deep/down"),
    ("**/", "file"),
    ("**/**", "deep/down"),
    ("**/*.go", "main.go"),
    ("**/*.go", "cmd/tool/main.go"),
    ("**/**/*.go", "main.go"),
    ("**/*_test.go", "x_test.go/below"),
    ("**/build", "build"),
    ("**/build", "a/b/build/c"),
    ("**/a/b", "a/b"),
    ("**/a/b", "x/y/a/b"),
    ("**tail", "tail"),
    ("**tail", "head-tail"),
    ("**tail", "some/head-tail"),
    ("src/**", "src/main.c"),
    ("src/**", "src/deep/main.c"),
    ("src**", "src-and-more"),
    ("src**/*.c", "src/main.c"),
    ("src**/*.c", "srcs/deep/main.c"),
    ("**/cache/*", "x/cache/y"),
    ("**/cache/**", "x/cache/y/z"),
    ("a/*.txt**", "a/b.txt.gz"),
    ("***", "a/b"),
    ("****", "a/b"),
    ("[b-d]at", "cat"),
    ("[^b-d]at", "rat"),
    ("[b-d]at", "bat/below"),
    ("x[^a]y", "x/y"),
    (".*", ".env"),
    ("**/.env", ".env"),
    (r"a\*b", "a*b"),
    (r"a\\", "a\\"),
    ("*.(x)+$", "z.(x)+$"),
    ("*.{js,ts}", "a.{js,ts}"),
    ("a|(b)c{2}", "a|(b)c{2}"),
    ("^start", "^start"),
    (r"bin\Debug", "binxebug"),
]
MISS = [
    ("name", "names"),
    ("name", "below/name"),
    ("temp?", "temp"),
    ("temp?", "temp/"),
    ("*.go", "cmd/main.go"),
    ("src/**", "src"),
    ("src/*", "src"),
    ("**/.env", "my.env"),
    ("**/build", "rebuild"),
    ("**/**/*.go", "main.gox"),
    ("a.c", "abc"),
    ("[b-d]at", "at"),
    ("[^b-d]at", "cat"),
    ("a*b", "a/b"),
    ("src**/*.c", "src/main.h"),
    (".", "anything"),
    ("/", "anything"),
    ("../up", "up"),
    ("a^b*", "a^bc"),
    (r"bin\Debug", "bin/Debug"),
]


@pytest.mark.parametrize(("pattern", "path"), HIT)
def test_matches(pattern, path):
    assert Patterns([pattern]).matches(path)


@pytest.mark.parametrize(("pattern", "path"), MISS)
def test_does_not_match(pattern, path):
    assert not Patterns([pattern]).matches(path)


@pytest.mark.parametrize(
    ("patterns", "path", "ignored"),
    [
        (["*.md", "!README.md"], "README.md", False),
        (["*.md", "!README.md"], "NEWS.md", True),
        (["!README.md", "*.md"], "README.md", True),
        (["*.md", "!README*.md", "README-secret.md"], "README-secret.md", True),
        (["*.md", "README-secret.md", "!README*.md"], "README-secret.md", False),
        (["docs", "!docs/keep"], "docs/keep", False),
        (["docs/", "!docs/keep"], "docs/keep/below", False),
        (["docs/*", "!docs/keep"], "docs/other", True),
        (["**", "!src/app"], "src/app/deep/file", False),
        (["**", "!src/app", "src/app/deep"], "src/app/deep/file", True),
        (["**", "!src/app"], "src/other", True),
        (["*", "!*.toml", "!src"], "src/a/b", False),
        (["*", "!*.toml", "!src"], "pyproject.toml", False),
        (["*", "!**/*.toml"], "deep/pyproject.toml", False),
        (["*", " !src "], "src/a", False),
        (["a/x", "!a"], "a/x", True),
        ([], "a", False),
    ],
)
def test_the_last_pattern_that_speaks_of_a_path_decides(patterns, path, ignored):
    assert Patterns(patterns).matches(path) is ignored


@pytest.mark.parametrize("pattern", ["[", "[]a]", "[x-]", "[-x]", "[a-b-c]", "[^", "a[", "\\", "!", "a/[", "*["])
def test_go_refuses(pattern):
    with pytest.raises(BadPattern):
        Patterns([pattern])


@pytest.mark.parametrize(
    "pattern", ["[Local-Only]/", r"obj\Release", r"a\x41", "[[:alpha:]]", r"a\1", "a|*", "a{2}*", "*?" * 7, "**/*a" * 6]
)
def test_odd_patterns_are_refused_not_guessed(pattern):
    with pytest.raises(BadPattern):
        Patterns([pattern])


def test_many_stars_do_not_take_long():
    start = time.monotonic()
    assert not Patterns(["*a" * 30 + "b"]).matches("a" * 250)
    assert not Patterns(["**/a" * 6 + "b"]).matches("a/" * 30 + "c")
    assert not glob("*a" * 30 + "b").fullmatch("a" * 250)
    assert time.monotonic() - start < 5


@pytest.mark.parametrize(
    ("line", "pattern"),
    [
        (b"# a comment", None),
        (b"  # no comment", "# no comment"),
        (b"  spaces\t", "spaces"),
        (b"windows\r", "windows"),
        (b"", None),
        (b" \t ", None),
        (b"/rooted/path/", "rooted/path"),
        (b"//twice", "twice"),
        (b"! /back", "!back"),
        (b"!!twice", "!!twice"),
        (b"!", "!"),
        (b"/", "/"),
        (b"a/./b//c/..", "a/b"),
        (b"\xef\xbb\xbfwith-bom", "with-bom"),
        (b"\xef\xbb\xbf# comment", None),
        (b"caf\xc3\xa9", "café"),
        (b"\xff", "\udcff"),
    ],
)
def test_a_line_of_an_ignore_file(line, pattern):
    assert patterns_in(line) == ((pattern,) if pattern else ())


def test_a_bom_on_another_line_is_part_of_the_pattern():
    assert patterns_in(b"a\n\xef\xbb\xbfb\n") == ("a", "\ufeffb")


def test_a_line_that_go_cannot_buffer_fails_the_build():
    assert patterns_in(b"a" * 65_535) is not None
    assert patterns_in(b"a" * 65_536) is None


def test_an_exclamation_mark_alone_fails_the_build():
    with pytest.raises(BadPattern):
        Patterns(patterns_in(b"! /\n"))


GO_MATCH = [
    ("abc", "abc", True), ("*", "abc", True), ("*c", "abc", True), ("a*", "a", True), ("a*", "ab/c", False),
    ("a*/b", "abc/b", True), ("a*/b", "a/c/b", False), ("a*b*c*d*e*/f", "axbxcxdxe/f", True),
    ("a*b*c*d*e*/f", "axbxcxdxe/xxx/f", False), ("a*b?c*x", "abxbbxdbxebxczzx", True),
    ("a*b?c*x", "abxbbxdbxebxczzy", False), ("ab[c]", "abc", True), ("ab[e-g]", "abc", False),
    ("ab[^c]", "abc", False), ("ab[^e-g]", "abc", True), (r"a\*b", "a*b", True), ("a?b", "a☺b", True),
    ("a???b", "a☺b", False), ("[a-ζ]*", "α", True), ("*[a-ζ]", "A", False), ("a?b", "a/b", False),
    (r"[\]a]", "]", True), (r"[\-]", "-", True), (r"[x\-]", "z", False), ("*x", "xxx", True), ("[z-a]", "m", False),
    ("arr[[]0].txt", "arr[0].txt", True), ("**/x", "a/x", True), ("**/x", "a/b/x", False), ("[^a]", "\n", True),
]  # fmt: skip


@pytest.mark.parametrize(("pattern", "name", "matched"), GO_MATCH)
def test_filepath_match(pattern, name, matched):
    assert (glob(pattern).fullmatch(name) is not None) is matched


def test_cleaned_paths():
    cases = {"": ".", "a/": "a", "//a": "/a", "/..": "/", "a//b/../c": "a/c", "..": "..", "./": "."}
    assert {path: cleaned(path) for path in cases} == cases


def test_the_part_of_a_source_before_its_wildcards():
    assert split_wildcards("a/b/*.c") == ("a/b", "*.c")
    assert split_wildcards("a/b*/c/d") == ("a", "b*/c/d")
    assert split_wildcards("*.c") == (".", "*.c")
    assert split_wildcards(r"a/\*/c") == (r"a/\*/c", "")


PARTS = st.lists(st.sampled_from("a b . * ** ? / ! [ab] \\* ab".split()), min_size=1, max_size=7).map("".join)
PATHS = st.lists(st.text("ab.*", min_size=1, max_size=3), min_size=1, max_size=4).map("/".join)


def matched_one_by_one(patterns, path):
    """What patternmatcher says, in the plainest words: each pattern for itself, from the top folder down."""
    parts = path.split("/")
    above = [False] * len(patterns)
    for end in range(1, len(parts) + 1):
        matched = False
        for i, pattern in enumerate(patterns):
            takes_back = pattern.startswith("!")
            if not above[i] and takes_back == matched:
                one = Patterns([pattern.removeprefix("!")])
                above[i] = one.match("/".join(parts[:end]), one.nothing)[0]
            if above[i]:
                matched = not takes_back
    return matched


@given(st.lists(PARTS, max_size=5), PATHS)
def test_patterns_in_groups_say_what_each_for_itself_says(texts, path):
    patterns = [text for text in map(cleaned, texts) if usable(text)]
    assert Patterns(patterns).matches(path) is matched_one_by_one(patterns, path)


def usable(text):
    try:
        return bool(Patterns([text])) and not text.startswith("!!")
    except BadPattern:
        return False
