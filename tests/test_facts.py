"""Facts: stages, scopes, chains, package calls, package lists."""

from __future__ import annotations

import pytest

from optimizer.facts import Copy, Facts
from optimizer.facts.bases import System, knows_option, system_of
from optimizer.facts.chains import leaves
from optimizer.facts.mounts import mounts
from optimizer.syntax.nodes import Instruction
from optimizer.syntax.parser import parse


def facts(text: str) -> Facts:
    return Facts(parse(text))


def last_run(found: Facts) -> Instruction:
    return list(found.runs)[-1]


def test_stages_know_their_names_parents_and_systems() -> None:
    found = facts("FROM debian:12 AS Base\nFROM base AS tools\nFROM --platform=x python:3.12-alpine3.20\nFROM $X\n")
    assert [(s.name, s.base, s.parent and s.parent.name, s.system) for s in found.stages] == [
        ("base", "debian:12", None, System("debian", "bookworm")),
        ("tools", "base", "base", System("debian", "bookworm")),
        (None, "python:3.12-alpine3.20", None, System("alpine", "3.20")),
        (None, None, None, None),
    ]
    assert found.children(found.stages[0]) == (found.stages[1],)


def test_which_stages_a_target_needs() -> None:
    found = facts(
        "FROM a AS base\nFROM b AS tools\nFROM c AS unused\nFROM base AS build\nCOPY --from=tools /x /x\n"
        "FROM d AS lint\nFROM scratch\nRUN --mount=from=build,target=/m true\nCOPY --from=1 /y /y\n"
    )
    assert [s.name for s in found.needed_for(found.stages[-1])] == ["base", "tools", "build", None]
    assert [s.name for s in found.needed_for(found.stages[2])] == ["unused"]


def test_a_copy_in_json_form_needs_its_stage() -> None:
    found = facts('FROM a AS build\nFROM scratch\nCOPY --from=build ["/a b", "/c"]\n')
    assert [s.name for s in found.needed_for(found.stages[-1])] == ["build", None]
    assert found.copied_out_of(found.stages[0]) == ("/a b",)


def test_an_argument_of_a_build_is_never_known() -> None:
    found = facts("ARG TAG=12\nFROM debian:${TAG}\nARG V=1\nENV W=$V X=2\nRUN true\n")
    assert found.stages[0].base is None
    variables = found.scopes[last_run(found)].variables
    assert variables == {"V": None, "W": None, "X": "2"}


def test_a_stage_inherits_what_its_parent_ends_with() -> None:
    found = facts(
        'FROM debian:12 AS a\nENV A=1\nUSER app\nWORKDIR /srv\nSHELL ["/bin/bash", "-ec"]\n'
        "FROM a\nWORKDIR sub\nRUN true\nFROM debian:12\nRUN true\n"
    )
    inherited, fresh = (found.scopes[run] for run in found.runs)
    assert (inherited.variables, inherited.user, inherited.folder) == ({"A": "1"}, "app", "/srv/sub")
    assert inherited.stops_at_errors
    assert (fresh.variables, fresh.user, fresh.folder, fresh.shell) == ({}, "root", "/", ("/bin/sh", "-c"))


def test_what_nobody_can_know_is_none() -> None:
    found = facts("FROM registry.example/x\nWORKDIR rel\nUSER $WHO\nRUN true\n")
    scope = found.scopes[last_run(found)]
    assert (scope.folder, scope.user, found.stages[0].system) == (None, None, None)


@pytest.mark.parametrize(
    ("shell", "readable"),
    [
        ('["/bin/bash", "-o", "pipefail", "-c"]', True),
        ('["ash", "-c"]', True),
        ('["powershell", "-Command"]', False),
        ('["cmd", "/S", "/C"]', False),
        ('["/usr/bin/python3", "-c"]', False),
    ],
)
def test_only_a_posix_shell_is_read(shell: str, readable: bool) -> None:
    found = facts(f"FROM debian:12\nSHELL {shell}\nRUN apt-get update\n")
    assert (found.script(last_run(found)) is not None) == readable


@pytest.mark.parametrize(
    ("body", "separator", "steps"),
    [
        ("a && b | c && d", "&&", 3),
        ("a", "&&", 1),
        ("set -e; a; b && c; d", ";", 4),
        ("set -o errexit; a", ";", 2),
        ("a; b", None, 0),
        ("a && b || c", None, 0),
        ("a &", None, 0),
        ("a && b # c", "&&", 2),
        ("( a; b ) && c", "&&", 2),
        ("! a && b", "&&", 2),
    ],
)
def test_a_chain_stops_at_its_first_failure(body: str, separator: str | None, steps: int) -> None:
    found = facts(f"FROM debian:12\nRUN {body}\n")
    chain = found.chain(last_run(found))
    assert (chain.separator if chain else None, len(chain.steps) if chain else 0) == (separator, steps)


@pytest.mark.parametrize(
    ("step", "left"),
    [
        ("cd /x", {"directory"}),
        ("(cd /x)", set()),
        ("cd /x | cat", set()),
        ("{ cd /x; }", {"directory"}),
        ("A=1", {"environment"}),
        ("A=1 make", set()),
        ("export A=1", {"environment"}),
        ("export PATH=/x:$PATH", {"control"}),
        ("set -eux", {"options"}),
        ("set -o pipefail", {"options"}),
        ("set -f", {"control"}),
        ("umask 077", {"options"}),
        (". /etc/env", {"control"}),
        ("exit 0", {"control"}),
        ("exec bash", {"control"}),
        ("trap x EXIT", {"control"}),
        ("f() { x; }", {"control"}),
        ("$CMD x", {"control"}),
        ("if x; then cd /y; fi", {"directory"}),
        ("make", set()),
        ("command cd /x", {"directory"}),
    ],
)
def test_what_a_step_leaves_in_the_shell(step: str, left: set[str]) -> None:
    found = facts(f"FROM debian:12\nRUN {step} && x\n")
    chain = found.chain(last_run(found))
    assert chain is not None
    assert leaves(chain.steps[0]) == left


@pytest.mark.parametrize(
    ("command", "read"),
    [
        ("apt-get install -y a b", ("apt-get", "install", ["a", "b"], True)),
        ("apt-get -o X=1 -t sid install a", ("apt-get", "install", ["a"], True)),
        ("apt-get install --foo a", ("apt-get", "install", ["a"], False)),
        ("apt-get install $X a", ("apt-get", "install", ["$X", "a"], False)),
        ("apt-get $X install a", None),
        ("sudo -E -u root apt install a", ("apt-get", "install", ["a"], True)),
        ("DEBIAN_FRONTEND=x /usr/bin/apt-get update", ("apt-get", "update", [], True)),
        ("env A=b nice -n 5 apt-get update", ("apt-get", "update", [], True)),
        ("python3.11 -m pip install -r x.txt a", ("pip", "install", ["a"], True)),
        ("/v/bin/pip3 install a", ("pip", "install", ["a"], True)),
        ("pip install -rx.txt", ("pip", "install", [], True)),
        ("uv pip install a", ("uv", "install", ["a"], True)),
        ("apk --no-cache add -t x a", ("apk", "add", ["a"], True)),
        ("pacman -Syu --noconfirm a", ("pacman", "S", ["a"], True)),
        ("echo apt-get install a", None),
    ],
)
def test_package_managers_are_read_by_their_rows(command: str, read: tuple[str, str, list[str], bool] | None) -> None:
    found = facts(f"FROM debian:12\nRUN {command}\n")
    calls = found.package_calls(last_run(found))
    if read is None:
        assert calls == ()
        return
    call = calls[0]
    assert (call.manager.name, call.verb, [o.text for o in call.operands], call.understood) == read


def test_commands_are_found_in_every_form() -> None:
    found = facts(
        "FROM debian:12\nRUN if x; then apt-get install a; fi; y=$(apt-get install b)\n"
        'RUN ["apt-get", "install", "c"]\nRUN <<EOF\napt-get install d\nEOF\nONBUILD RUN apt-get install e\n'
    )
    names = [[w.text for w in call.words if w.text in "abcde"] for run in found.runs for call in found.calls(run)]
    assert [name for name in names if name] == [["a"], ["b"], ["c"], ["d"], ["e"]]
    substituted = [c.substituted for run in found.runs for c in found.calls(run) if c.words and c.words[-1].text == "b"]
    assert substituted == [True]


def test_what_is_piped_into_a_command_is_seen() -> None:
    found = facts("FROM debian:12\nRUN yes | apt-get install a && apt-get install b < /x && apt-get install c 2>&1\n")
    assert [package.call.fed for package in found.package_calls(last_run(found))] == [True, True, False]


def test_mounts_are_read_as_buildkit_reads_them() -> None:
    flags = '--mount=type=cache,dst=/x/ --mount="target=/y,from=b,source=/z" --mount=type=tmpfs,target=$T'
    run = list(parse(f"FROM a\nRUN {flags} x\n").instructions)[1]
    found = mounts(run)
    assert [(m.kind, m.target, m.source_stage, m.source) for m in found] == [
        ("cache", "/x", None, None),
        ("bind", "/y", "b", "/z"),
        ("tmpfs", None, None, None),
    ]
    assert found[0].covers("/x/sub")
    assert not found[0].covers("/xy")
    assert found[2].covers("/anything")


@pytest.mark.parametrize(
    ("reference", "system"),
    [
        ("debian", System("debian", None)),
        ("debian:13-slim", System("debian", "trixie")),
        ("docker.io/library/ubuntu:22.04", System("ubuntu", "jammy")),
        ("python:3.12", System("debian", None)),
        ("python:3.12-slim-bookworm@sha256:0", System("debian", "bookworm")),
        ("node:20-alpine", System("alpine", None)),
        ("alpine:3.20.1", System("alpine", "3.20")),
        ("registry.example:5000/debian", None),
        ("ghcr.io/x/y:1", None),
        (None, None),
    ],
)
def test_the_system_of_a_base(reference: str | None, system: System | None) -> None:
    assert system_of(reference) == system


def test_old_tools_do_not_know_every_option() -> None:
    assert not knows_option(System("ubuntu", "trusty"), "--no-cache-dir")
    assert knows_option(System("ubuntu", "jammy"), "--no-cache-dir")
    assert knows_option(None, "--no-cache-dir")


def copies_in(text: str) -> list[Copy]:
    return list(Facts(parse(text)).copies.values())


def test_a_copy_is_read_as_it_is_meant() -> None:
    text = "FROM debian\nENV D=srv\nWORKDIR /a\nCOPY --chown=app --from=build --link x ./y /$D/b/ $D\n"
    (found,) = copies_in(text)
    assert (found.sources, found.destination) == (("x", "./y", "/srv/b/"), "/a/srv")
    assert (found.origin, found.owner, found.mode, found.link) == ("build", "app", None, True)


def test_a_copy_of_a_variable_or_a_document_is_not_known() -> None:
    variable, document = copies_in("FROM x\nARG S\nCOPY $S /d/\nCOPY <<E f ./d\ntext\nE\n")
    assert (variable.sources, variable.destination) == ((None,), "/d/")
    assert (document.sources, document.destination, document.into_folder) == (("f",), None, None)
    assert document.documents


def test_only_a_copy_of_the_root_takes_the_whole_context() -> None:
    taken = [one.whole_context for one in copies_in("FROM x\nCOPY . /a\nCOPY ./ /a\nCOPY ./s /a\nCOPY --from=b / /a\n")]
    assert taken == [True, True, False, False]
