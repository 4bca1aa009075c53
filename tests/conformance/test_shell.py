"""The shell that runs nothing, beside real ones: the same commands in the same order, folder and umask."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest

from tests.conformance.build import build
from tests.conformance.judge import CHECKS
from tests.conformance.script import UnreadableError
from tests.conformance.shell import run
from tests.conformance.state import State
from tests.conformance.words import expanded

# `say` tells where it runs; `say bad...` fails. Both readers see the same script behind this.
PRELUDE = 'say() { echo "$1 $PWD $(umask)"; case $1 in bad*) return 1;; esac; }\n'
SCRIPTS = """
say a && say b; say c
say bad && say b; say c
say bad; say b
say bad || say b && say c
say a || say b && say bad
set -e; say a; say bad; say b
set -e; say bad || true; say b
set -e; say bad && say b; say c
set -e; say a && say bad; say c
set -e; ! say a; say b
set -e; if say bad; then say b; fi; say c
set -e; (say bad; say b); say c
set -e; { say bad; say b; }; say c
set -e; { say bad && say x; } || say b; say c
set -e; f() { say bad; say inside; }; f || say b; say c
set -e; f() { say bad; say inside; }; f; say c
set -e; say bad | cat; say b
set +e; set -e; set +e; say bad; say b
cd /usr && say a; cd - > /dev/null; say b
(cd /usr && say a); say b
{ cd /usr; say a; }; say b
cd /nowhere 2> /dev/null || say a
umask 077; say a; (umask 022; say b); say c
say a; exit 3; say b
(exit 3); say a
say bad || exit 0; say a
exec true; say a
if say a; then say b; else say c; fi
if say bad; then say b; elif say c; then say d; else say e; fi
for i in 1 2; do say x; done; say y
for i in 1 2 3; do say bad && break; say b; done
while say bad; do say b; done; say c
until say a; do say b; done; say c
f() { say in; return 1; say never; }; f || say out
f() { cd /usr; say in; }; f; say out
trap 'say end' EXIT; say a
trap 'say end' EXIT; say bad && say b
trap 'say end' EXIT; say a; exit 2
(trap 'say inner' EXIT; say a); say b
! say bad && say a
! say a || say b
say a && { say bad || say c; } && say d
true && say a; : ; say b; false; say c
[ -e /nowhere-at-all ] && say a; say b
set -eu; say a; (set +e; say bad; say b); say c
say a | cat && say b
set -e; say bad; say b || say c
""".strip().split("\n")


def noted(script: str) -> tuple[list[str], int]:
    def ends(text: str) -> int:
        return int(text == "false" or text.startswith(("say bad", "cd /nowhere", "[ -e /nowhere")))

    steps, status = run(script, State(folder="/", has_pipefail=True), ends)
    said = [step for step in steps if step.text.startswith("say ")]
    return [f"{step.text.split()[1]} {step.folder} 0{step.umask}" for step in said], status


@pytest.mark.parametrize("shell", ["bash", "dash"])
@pytest.mark.parametrize("script", SCRIPTS)
def test_it_walks_as_real_shells_run(script: str, shell: str) -> None:
    command = [shell, "-c", f"umask 022\n{PRELUDE}{script}"]
    done = subprocess.run(command, capture_output=True, check=False, cwd="/", text=True)
    assert done.stderr == ""
    assert noted(script) == (done.stdout.splitlines(), done.returncode)


def test_pipefail_where_the_shell_has_it() -> None:
    script = "set -o pipefail; say bad | cat; say b"
    assert noted("set -e; " + script) == (["bad / 0022"], 1)
    assert run("set -o pipefail; a", State("/", has_pipefail=False), lambda _: 0)[1] == 2


def test_a_text_that_is_no_script_is_refused() -> None:
    with pytest.raises(UnreadableError):
        run("a && && b", State("/"), lambda _: 0)


def test_what_a_command_runs_in_is_noted() -> None:
    script = "export A=1; B=2; set -fu; . /x; c $B > /out 2>&1 &"
    step = run(script, State("/", environment={"E": "e"}), lambda _: 0)[0][-1]
    assert step.text == "c $B >/out 2>&1"
    assert step.options == "f u"
    assert dict(step.variables) == {"A": "1", "B": "2", "(before)": ". /x;"}
    assert dict(step.environment) == {"E": "e"}
    assert step.around == ("&",)


VARIABLES = {"x": "foobar", "empty": "", "p": "/usr/lib/liba.so.1", "n": "5", "sp": "a b"}
RECORDED = (Path(__file__).parents[1] / "syntax/expansion-cases.txt").read_text("utf-8").strip().split("\n")
_ANSWER = re.compile(r'(.*?) +esc=(.) -> (".*?") words=.*')
_KNOWN = [m for line in RECORDED if (m := _ANSWER.fullmatch(line)) and not re.search(r"\$\{\w+(?:[#%/?]|:[^-+])", m[1])]


@pytest.mark.parametrize("match", _KNOWN, ids=lambda match: match[1])
def test_the_value_that_buildkit_recorded(match: re.Match[str]) -> None:
    assert expanded(match[1], VARIABLES, match[2]) == json.loads(match[3])


def test_a_whole_file_is_read() -> None:
    text = """ARG BASE=debian
FROM ${BASE}:12 AS One
ENV A=1 B="x $A"
WORKDIR /srv
WORKDIR app
RUN cd sub && make
ONBUILD RUN trigger
USER app
FROM one
RUN whoami
ENTRYPOINT ["/entry"]
"""
    seen = build(text, lambda _: 0)
    assert seen is not None
    assert seen.stages[0].base == "debian:12"
    assert [(step.text, step.folder, step.user) for step in seen.steps] == [
        ("cd sub", "/srv/app", "root"),
        ("make", "/srv/app/sub", "root"),
        ("trigger", "/srv/app", "app"),
        ("whoami", "/srv/app", "app"),
    ]
    assert seen.stages[1].config.env["B"] == "x "
    assert seen.stages[1].config.entrypoint == ("/entry",)
    assert not seen.broken


def test_the_judge_asks_each_question_once() -> None:
    assert len({check.__name__ for check in CHECKS}) == len(CHECKS)
