"""RUNs made one by force: which joins do the same as the RUNs apart, judged by the checks alone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from optimizer.engine import optimize
from optimizer.facts import Facts
from optimizer.syntax.nodes import source
from optimizer.transform import Declined, Proposal, Safety, transform


def refusal(one: str, other: str, joined: str, head: str = "FROM debian:bookworm-slim\n") -> str:
    """Why the two RUNs may not become the joined one; empty where they may."""

    def lie(facts: Facts) -> Iterator[Proposal | Declined]:
        """Joins. Safety: none. Sources: none."""
        runs = list(facts.runs)
        if len(runs) == 2:
            yield Proposal(runs[0], "one", {runs[0]: "", runs[1]: f"RUN {joined}\n"})
            assert source(runs[1]).startswith("RUN ")

    result = optimize(
        f"{head}RUN {one}\nRUN {other}\n", [transform(Safety.SAFE, may_change={"layers", "comments"})(lie)]
    )
    assert not result.problems
    assert result.changed or result.refusals
    return "".join(one.why for one in result.refusals)


SAME = [
    ("a", "b", "a && b"),
    ("a && b", "c | d", "a && b && c | d"),
    ("a", "cd /x && b", "a && cd /x && b"),
    ("cd /x && a", "b", "( cd /x && a ) && b"),
    ("A=1 && export B=2 && a", "b", "(A=1 && export B=2 && a) && b"),
    ("umask 077 && a", "umask 022 && b", "( umask 077 && a ) && ( umask 022 && b )"),
    ("a && exit 0", "b", "( a && exit 0 ) && b"),
    (". /env && a", "b", "( . /env && a ) && b"),
    ("a || b", "c; d", "( a || b ) && ( c; d )"),
    ("! a", "b", "! a && b"),
    ("a; b;", "c", "( a; b ) && c"),
    ("a", "set -e; b; c", "a && ( set -e; b; c )"),
    ("if a; then b; fi", "c", "if a; then b; fi && c"),
    ("set -e && a && b", "c", "( set -e && a && b ) && c"),
    ("f() { a; } && f", "b", "( f() { a; } && f ) && b"),
    ("(cd /x && a)", "b", "(cd /x && a) && b"),
]


@pytest.mark.parametrize(("one", "other", "joined"), SAME)
def test_a_join_that_does_the_same(one: str, other: str, joined: str) -> None:
    assert refusal(one, other, joined) == ""


OTHER = [
    ("cd /x && a", "b", "cd /x && a && b"),
    ("export A=1 && a", "b", "export A=1 && a && b"),
    ("umask 077 && a", "b", "umask 077 && a && b"),
    ("set -x && a", "b", "set -x && a && b"),
    ("a && exit 0", "b", "a && exit 0 && b"),
    ("exec a", "b", "exec a && b"),
    ("trap c EXIT && a", "b", "trap c EXIT && a && b"),
    ("a || b", "c", "a || b && c"),
    ("a; b", "c", "a; b && c"),
    ("a; b", "c", "a && b && c"),
    ("a; b", "c", "( a && b ) && c"),
    ("a && b", "c", "( a; b ) && c"),
    ("set -e; a; b", "c", "( set -e; a; b ) && c"),
    ("set -e && a && { b; c; }", "d", "( set -e && a && { b; c; } ) && d"),
    ("set -e && a && { b; c; }", "d", "set -e && a && { b; c; } && d"),
    ("set -e && A=$(b; c)", "d", "( set -e && A=$(b; c) ) && d"),
    (". /env && { b; c; }", "d", "( . /env && { b; c; } ) && d"),
    ("a", "b", "( a ) > /log && b"),
    ("a", "b", "( a && b ) &"),
    ("a &", "b", "( a & ) && b"),
    ("{ a & } && b", "c", "{ a & } && b && c"),
    ("service a start", "b", "service a start && b"),
    ("service a start", "b", "( service a start ) && b"),
    ("/etc/init.d/a start", "b", "( /etc/init.d/a start ) && b"),
    ("echo 1.2.3.4 a >> /etc/hosts", "b", "echo 1.2.3.4 a >> /etc/hosts && b"),
    ("cd /x && a", "b", "( a ) && b"),
    ("a", "b", "b && a"),
    ("a", "b", "( a && b ) || true"),
]


@pytest.mark.parametrize(("one", "other", "joined"), OTHER)
def test_a_join_that_does_something_else_is_refused(one: str, other: str, joined: str) -> None:
    assert refusal(one, other, joined)


def test_a_shell_that_stops_at_errors_does_not_do_so_left_of_and() -> None:
    head = 'FROM debian:bookworm-slim\nSHELL ["/bin/sh", "-ec"]\n'
    assert refusal("a; b", "c", "a; b; c", head) == ""
    assert refusal("a && b", "c", "( a && b ) && c", head) == ""
    assert refusal("a; b", "c", "( a; b ) && c", head)
    assert refusal("for x in 1 2; do a; b; done", "c", "for x in 1 2; do a; b; done && c", head)


@pytest.mark.parametrize(("flags", "refused"), [("--mount=type=cache,target=/c ", False), ("--network=none ", False)])
def test_runs_with_the_same_flags_may_join(flags: str, refused: bool) -> None:
    assert bool(refusal(f"{flags}a", f"{flags}b", f"{flags}a && b")) is refused
    assert refusal(f"{flags}a", "b", f"{flags}a && b")
    assert refusal(f"{flags}a", f"{flags}b", "a && b")
