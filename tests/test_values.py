"""What words of ENV and LABEL stand for, and how an image starts: facts that the transforms of metadata build on."""

from __future__ import annotations

import json
import subprocess

import pytest

from optimizer.engine import Result, optimize
from optimizer.facts import Facts
from optimizer.facts.bases import defaults_of
from optimizer.facts.values import constant, quoted, value
from optimizer.syntax.parser import parse
from optimizer.transform import Safety
from transforms.dead_stage import dead_stage
from transforms.exec_form_command import exec_form_command
from transforms.sudo_as_root import sudo_as_root
from transforms.upgrade_in_build import upgrade_in_build

EQUAL = [
    ("a b", '"a b"'),
    ("'a b'", "a\\ b"),
    ("$A", "${A}"),
    ("x$A-y", '"x${A}-y"'),
    ("\\$A", "'$A'"),
    ('{"a": "b c"}', '"{a: b c}"'),
    ("${A:-b}", '"${A:-b}"'),
]
OTHER = [
    ("$A", "'$A'"),
    ("$A", "$B"),
    ("${A:-b}", "${A-b}"),
    ("${A:-b}", "$A"),
    ("${A:+b}", "${A+b}"),
    ("${A#x}", "$A"),
    ("${A%.y}", "${A%.z}"),
    ("${A/a/b}", "$A"),
    ("${A:?no}", "$A"),
    ("a  b", "a b"),
    ("a", "a "),
]


@pytest.mark.parametrize(("one", "other"), EQUAL)
def test_two_ways_to_write_a_value(one: str, other: str) -> None:
    assert value(one, "\\") == value(other, "\\")


@pytest.mark.parametrize(("one", "other"), OTHER)
def test_values_that_differ_for_some_content_of_the_variables(one: str, other: str) -> None:
    assert value(one, "\\") != value(other, "\\")


@pytest.mark.parametrize("escape", ["\\", "`"])
@pytest.mark.parametrize("text", ["", "a b", "a \"b\" 'c'", "$HOME ${x:-y}", "\\n \\", "`a` \\$", "\udc80"])
def test_quoted_text_stands_for_itself(text: str, escape: str) -> None:
    assert value(quoted(text, escape), escape) == constant(text)


def test_all_pairs_of_one_instruction_see_what_was_before_it() -> None:
    found = Facts(parse("FROM scratch\nENV A=1 B=$A\nENV A=1\nENV B=$A\nFROM scratch\nENV A=1\nENV B=$A\n"))
    values = [v for pairs in found.pairs.values() for name, v in pairs if name == constant("B")]
    assert len(set(values)) == 3


def test_the_defaults_of_an_image() -> None:
    assert defaults_of("golang:1.24").folder == "/go"
    assert defaults_of("docker.io/library/debian:12").plain
    assert defaults_of("node:6-onbuild").entrypoint is None
    assert defaults_of("registry.example/debian").user is None
    assert defaults_of(None).entrypoint is None


def only(result: Result) -> list[tuple[int, Safety]]:
    return [(change.line, change.safety) for change in (*result.changes, *result.pending)]


def test_how_safe_it_is_to_start_a_program_without_a_shell() -> None:
    text = "FROM debian:12 AS a\nCMD {}\n"
    for command in ("nginx", "/usr/sbin/nginx -c x", "python3 app.py"):
        assert only(optimize(text.format(command), [exec_form_command])) == [(2, Safety.SAFE)], command
    for command in ("./nginx", "/opt/nginx", "run.sh", "/app/start"):
        assert only(optimize(text.format(command), [exec_form_command])) == [(2, Safety.UNSAFE)], command
    assert only(optimize("FROM debian:12\nENTRYPOINT nginx\n", [exec_form_command])) == [(2, Safety.UNSAFE)]


def test_how_safe_it_is_to_drop_sudo() -> None:
    text = "FROM {}\n{}\nRUN {}\n"
    safe = ("ubuntu:24.04", "ENV LANG=C", "sudo mkdir /a")
    assert only(optimize(text.format(*safe), [sudo_as_root])) == [(3, Safety.SAFE)]
    for other in (
        ("python:3.12", "ENV LANG=C", "sudo mkdir /a"),
        ("ubuntu:24.04", "ENV PATH=/x:$PATH", "sudo mkdir /a"),
        ("ubuntu:24.04", "ARG HTTP_PROXY", "sudo mkdir /a"),
        ("ubuntu:24.04", "ENV LANG=C", "sudo ./configure"),
        ("ubuntu:24.04", "ENV LANG=C", "sudo ./bin/install x"),
        ("ubuntu:24.04", "ENV LANG=C", "export A=1 && sudo mkdir /a"),
    ):
        assert only(optimize(text.format(*other), [sudo_as_root])) == [(3, Safety.UNSAFE)], other


def test_a_stage_that_nothing_needs_is_shown() -> None:
    text = 'FROM a AS base\nFROM base AS lint\nFROM c\nFROM base AS tools\nFROM d:$V\nCOPY --from=tools ["/a", "/b"]\n'
    result = optimize(text, [dead_stage], unsafe=True)
    assert (only(result), result.changed) == ([(2, Safety.SUGGESTION), (3, Safety.SUGGESTION)], False)
    assert "`lint`" in result.pending[0].why
    assert "number 2" in result.pending[1].why


def test_an_upgrade_of_all_packages_is_shown() -> None:
    text = "FROM debian:12\nRUN apt-get update && apt-get upgrade\nFROM fedora\nRUN dnf update -y\nRUN dnf upgrade x\n"
    assert only(optimize(text, [upgrade_in_build], unsafe=True)) == [(2, Safety.SUGGESTION), (4, Safety.SUGGESTION)]


@pytest.mark.parametrize(
    "words",
    ["a\\ b", "'a b'c", '"a \\" b"', '"a\\b"', "x]", "é=1", "-o a=b,c", "''", '"\\$x"', "a~b", "{}", "a!b", "x#y"],
)
def test_what_the_transform_reads_the_check_reads(words: str) -> None:
    """Two readers of shell words, ours and `shlex`: where they part, nothing is proposed."""
    result = optimize(f"FROM debian:12\nCMD python3 {words}\n", [exec_form_command])
    assert result.refusals == ()
    if result.changed:
        assert json.loads(result.after.split("CMD ")[1]) == _by_a_shell(f"python3 {words}")


def _by_a_shell(text: str) -> list[str]:
    printed = subprocess.run(["sh", "-c", f"printf '%s\\0' {text}"], capture_output=True, check=True).stdout
    return printed.decode().split("\0")[:-1]
