"""The value of a word is told only where bash and dash agree on it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from optimizer.syntax.quoting import is_assignment, literal

VALUES = {
    "apt-get": "apt-get",
    "python3=3.11~rc1+b2": "python3=3.11~rc1+b2",
    "https://a.b/c?d": None,
    "é": "é",
    "[": "[",
    "]": "]",
    "{}": "{}",
    "a#b": "a#b",
    "!": "!",
    "''": "",
    '""': "",
    "'a b'c": "a bc",
    "'$x'": "$x",
    '"a b"': "a b",
    '"\\$x \\" \\\\ \\a"': '$x " \\ \\a',
    '"*"': "*",
    "\\*\\ \\$": "* $",
    "a\\\nb": "ab",
    '"a\\\nb"': "ab",
    "'a\\\nb'": "a\\\nb",
    "A='b c'": "A=b c",
}
UNKNOWN = [
    *(
        "",
        "$x",
        "a$",
        '"$x"',
        '"a$"',
        "`a`",
        '"`a`"',
        "$'a'",
        '$"a"',
        "a*",
        "a?",
        "[a]",
        "[a",
        "~",
        "~a",
        "a=~",
        "a:~",
        '"a"~',
    ),
    *(
        "{a,b}",
        "{a}",
        "a{1..3}",
        "{}{,}",
        "a{},b}",
        "'a",
        '"a',
        "a\\",
        "#a",
        "a b",
        "a;b",
        "a>b",
        "a(b)",
        "+(a)",
        "a\nb",
        "\0",
    ),
]


@pytest.mark.parametrize("text", VALUES)
def test_the_value_of_a_word(text: str) -> None:
    assert literal(text) == VALUES[text]


@pytest.mark.parametrize("text", UNKNOWN)
def test_a_word_that_only_a_shell_can_read_has_no_value(text: str) -> None:
    assert literal(text) is None


@pytest.mark.parametrize("text", ["A=", "a_1=b", "A+=b", "a[1]=b", "a[$i]=b", "A='b c'"])
def test_a_word_that_sets_a_variable(text: str) -> None:
    assert is_assignment(text)


@pytest.mark.parametrize(
    "text", ["", "a", "=a", "1a=b", "'a'=b", "a-b=c", "--a=b", "a[=b", "a[ ]=b", "$a=b", "a==b"[:1]]
)
def test_a_word_that_sets_no_variable(text: str) -> None:
    assert not is_assignment(text)


PIECES = [
    "a",
    "b",
    "1",
    "=",
    ":",
    "/",
    ".",
    "..",
    ",",
    "{",
    "}",
    "{}",
    "[",
    "]",
    "~",
    "#",
    "!",
    "^",
    "-",
    "+",
    "@",
    "%",
    "é",
]
PIECES += [
    "'",
    '"',
    "''",
    '"a b"',
    "'a b'",
    "\\",
    "\\\\",
    "\\a",
    "\\$",
    "\\\n",
    '\\"',
    "\\*",
    '"\\a"',
    '"\\$"',
    "'*'",
    "\\{",
    '"{"',
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which patterns find something."""
    path = tmp_path_factory.mktemp("files")
    for name in ("a", "b", "ab", "1", "a=b", "]", "!", "-"):
        (path / name).touch()
    return path


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(words=st.lists(st.lists(st.sampled_from(PIECES), min_size=1, max_size=7).map("".join), min_size=60, max_size=60))
@example(
    words=[
        "{},b}",
        "a{},b}",
        "{}..}",
        "a{}1..3}",
        "a^b",
        "^a",
        "!a",
        "a!",
        "]",
        "[",
        "-",
        "a]",
        "{}{}",
        "\\\n#",
        "\\\n",
    ]
)
def test_bash_and_dash_read_the_value_that_is_told(folder: Path, words: list[str]) -> None:
    told = [(word, value) for word in words if (value := literal(word)) is not None]
    assert read_by("bash", folder, [word for word, _ in told]) == [value for _, value in told]
    assert read_by("dash", folder, [word for word, _ in told]) == [value for _, value in told]


def read_by(shell: str, folder: Path, words: list[str]) -> list[str]:
    """The one field that the shell makes of each word; many fields are shown with their number."""
    script = "f() { [ $# = 1 ] || printf '%s fields: ' $#; printf '%s\\0' \"$1\"; }\n"
    script += "".join(f"f {word}\n" for word in words)
    environment = {"HOME": "/home", "PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"}
    run = subprocess.run([shell], input=script.encode(), capture_output=True, cwd=folder, env=environment, check=True)
    return run.stdout.decode().split("\0")[:-1]
