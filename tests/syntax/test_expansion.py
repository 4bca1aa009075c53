"""Variables in arguments, as BuildKit's lexer expands them: its recorded answers."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from optimizer.facts.scope import Scope
from optimizer.syntax.heredocs import openings
from optimizer.syntax.lexer import Lexer, LexError

VARIABLES = {"x": "foobar", "empty": "", "p": "/usr/lib/liba.so.1", "n": "5", "sp": "a b"}
_ANSWER = re.compile(r'(.*?) +esc=(.) (?:-> (".*?") words=(\[.*\]) unset=\[.*\]|ERR .*)')
LINES = (Path(__file__).parent / "expansion-cases.txt").read_text("utf-8").strip("\n").split("\n")


@pytest.mark.parametrize("line", [line for line in LINES if line], ids=lambda line: line[:28].strip())
def test_the_recorded_expansion(line: str) -> None:
    match = _ANSWER.fullmatch(line)
    assert match, line
    text, escape, answer, words = match.groups()
    if answer is None:
        with pytest.raises(LexError):
            Lexer(text, VARIABLES.get, escape).expand()
        return
    assert Lexer(text, VARIABLES.get, escape).expand() == json.loads(answer)
    assert Lexer(text, VARIABLES.get, escape).words() == [
        json.loads(w) for w in re.findall(r'"(?:[^"\\]|\\.)*"', words)
    ]


def test_an_unknown_value_is_no_value() -> None:
    scope = Scope({"A": "1", "B": None})
    assert scope.expand("x$A", "\\") == "x1"
    assert scope.expand("$B", "\\") is None
    assert scope.expand("$FROM_THE_BASE", "\\") is None
    assert Scope(complete=True).expand("x$UNSET", "\\") == "x"


def test_heredocs_are_found_on_the_joined_line() -> None:
    assert [opening.name for opening in openings("cat <<A <<-'B' 3<<C")] == ["A", "B", "C"]
    assert openings("echo it's <<EOF") == ()
