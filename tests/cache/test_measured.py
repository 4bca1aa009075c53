"""Seconds of a build log for the steps of a file, while it is edited; the log of another file is refused."""

from __future__ import annotations

import pytest

from optimizer.cache.logs import LogError, read_log
from optimizer.cache.measured import seconds_by_line
from optimizer.engine import optimize
from optimizer.facts import Facts
from optimizer.facts.measured import at_lines, carried
from optimizer.syntax.parser import parse
from transforms import PIPELINE

FILE = """\
FROM debian:bookworm-slim
# what it is made of
RUN apt-get update && apt-get install -y --no-install-recommends curl \\
    && rm -rf /var/lib/apt/lists/*
COPY data /srv/data
RUN chmod 755 /usr/local
"""
LOG = """\
#5 [1/4] FROM docker.io/library/debian
#5 DONE 1.0s
#6 [2/4] RUN apt-get update && apt-get install -y --no-install-recommends curl     && rm -rf /var/lib/apt/lists/*
#6 DONE 9.0s
#7 [3/4] COPY data /srv/data
#7 DONE 0.1s
#8 [4/4] RUN chmod 755 /usr/local
#8 DONE 55.5s
"""


def seconds(log: str, text: str = FILE) -> dict[int, float]:
    return dict(seconds_by_line(read_log(log.encode()), Facts(parse(text))))


def stamped(log: str) -> str:
    """The log as a CI service keeps it: a second a line."""
    lines = log.splitlines()
    return "".join(f"2026-01-01T00:00:{at:02d}.1234567Z {line}\n" for at, line in enumerate(lines))


@pytest.mark.parametrize(
    "log", [LOG, stamped(LOG), LOG.replace("\n", "\r\n")], ids=["plain", "of a CI service", "CRLF"]
)
def test_each_step_by_its_line(log: str) -> None:
    assert seconds(log) == {3: 9.0, 5: 0.1, 6: 55.5}


def test_a_build_for_two_platforms_takes_what_the_slower_one_takes() -> None:
    fast = LOG.replace("[", "[linux/amd64 ")
    slow = fast.replace("amd64", "arm64").replace("#", "#1").replace("55.5", "400.5")
    assert seconds(fast + slow) == {3: 9.0, 5: 0.1, 6: 400.5}


def test_a_step_that_came_from_the_cache_tells_nothing() -> None:
    assert seconds(LOG.replace("DONE 9.0s", "CACHED")) == {5: 0.1, 6: 55.5}


def test_a_step_that_was_edited_since_tells_nothing() -> None:
    assert seconds(LOG, FILE.replace("755", "700")) == {3: 9.0, 5: 0.1}


def test_a_step_that_came_between_hides_no_other() -> None:
    assert seconds(LOG, FILE.replace("COPY", "RUN mkdir /srv/x\nCOPY")) == {3: 9.0, 6: 0.1, 7: 55.5}


def test_variables_of_the_file_are_filled_in_by_the_builder() -> None:
    text = FILE.replace("COPY data", "ARG FROM_HERE=data\nCOPY $FROM_HERE")
    assert seconds(LOG, text) == {3: 9.0, 6: 0.1, 7: 55.5}


def test_a_heredoc_is_shown_in_brackets() -> None:
    text = FILE.replace("RUN chmod 755 /usr/local\n", "RUN <<EOF\nchmod 755 /usr/local\nEOF\n")
    assert seconds(LOG.replace("RUN chmod 755 /usr/local", "RUN <<EOF (chmod 755 /usr/local)"), text)[6] == 55.5


@pytest.mark.parametrize(
    ("log", "why"),
    [
        (LOG.replace("apt-get", "dnf").replace("data", "web"), "another Dockerfile: it has `RUN dnf update"),
        (LOG.replace("[", "[build "), "another Dockerfile"),
        (LOG.replace("RUN", "COPY"), "another Dockerfile"),
        ("#5 [1/1] FROM docker.io/library/debian\n#5 DONE 1.0s\n", "no step makes a layer"),
        ("".join(f"{line[:3]}CACHED\n" if "DONE" in line else line + "\n" for line in LOG.splitlines()), "were cached"),
    ],
)
def test_what_does_not_go_with_the_file_is_refused(log: str, why: str) -> None:
    with pytest.raises(LogError, match=why):
        seconds(log)


CLASSIC = """\
Step 1/4 : FROM debian:bookworm-slim
 ---> aaaaaaaaaaaa
Step 2/4 : RUN apt-get update && apt-get install -y --no-install-recommends curl     && rm -rf /var/lib/apt/lists/*
 ---> Using cache
Step 3/4 : COPY data /srv/data
 ---> bbbbbbbbbbbb
Step 4/4 : RUN chmod 755 /usr/local
 ---> Running in cccccccccccc
 ---> dddddddddddd
"""


def test_the_classic_builder_needs_the_times_of_a_ci_service() -> None:
    assert seconds(stamped(CLASSIC)) == {5: 2.0, 6: 2.0}
    with pytest.raises(LogError, match="the classic builder tells no times"):
        seconds(CLASSIC)


def order(text: str, given: dict[int, float] | None) -> tuple[list[str], str]:
    """The first words of the lines after `order-by-cost`, and the reason."""
    [transform] = [one for one in PIPELINE if one.id == "order-by-cost"]
    result = optimize(text, [transform], seconds=given)
    return [line[:8] for line in result.after.splitlines()], "".join(one.why for one in result.changes)


TWO = "FROM debian:bookworm-slim\nCOPY data /srv/data\nRUN apt-get update && apt-get install -y curl\n"


def test_what_was_measured_outweighs_the_estimate() -> None:
    moved = ["FROM deb", "RUN apt-", "COPY dat"]
    stays = ["FROM deb", "COPY dat", "RUN apt-"]
    assert order(TWO, None)[0] == moved
    assert "(estimated)" in order(TWO, None)[1]
    assert order(TWO, {3: 0.2}) == (stays, "")
    assert order(TWO, {2: 0.5, 3: 80.0})[0] == moved
    assert "about 80 s; now 1, about 0 s (measured)" in order(TWO, {2: 0.5, 3: 80.0})[1]
    assert "(1 of 2 steps measured)" in order(TWO, {3: 80.0})[1]


def test_a_cheap_step_that_takes_long_is_moved() -> None:
    cheap = TWO.replace("apt-get update && apt-get install -y curl", "chmod 755 /usr/local")
    assert order(cheap, None) == (["FROM deb", "COPY dat", "RUN chmo"], "")
    assert order(cheap, {3: 55.0})[0] == ["FROM deb", "RUN chmo", "COPY dat"]


def after_edit(before: str, after: str, given: dict[int, float]) -> list[float | None]:
    """The seconds of the layers of a file that was edited."""
    from optimizer.engine import sharing

    old = Facts(parse(before))
    old.measured = at_lines(old, given)
    new = Facts(sharing(parse(after), old, ()))
    found = carried(old, new)
    return [found.get(one) for stage in new.stages for one in stage.instructions]


@pytest.mark.parametrize(
    ("before", "after", "found"),
    [
        ("RUN a\nRUN b\n", "RUN a && b\n", [5.0]),
        ("RUN a\nRUN b\n", "RUN b\nRUN a\n", [3.0, 2.0]),
        ("RUN a\nRUN b\n", "RUN a\nRUN b -y\n", [2.0, 3.0]),
        ("RUN a\nRUN b\n", "RUN a1\nRUN a2\nRUN b\n", [None, None, 3.0]),
        ("RUN a\nRUN b\n", "COPY x /\nRUN b\nCOPY y /\nRUN a\n", [None, 3.0, None, 2.0]),
        ("RUN a\nCOPY x /\n", "COPY x /\nRUN a\n", [3.0, 2.0]),
        ("RUN a\nCOPY x /\n", "RUN a x\n", [None]),
        ("RUN a\nRUN a\n", "RUN a\nRUN a\n", [2.0, 3.0]),
    ],
)
def test_seconds_go_along_with_edits(before: str, after: str, found: list[float | None]) -> None:
    assert after_edit("FROM x\n" + before, "FROM x\n" + after, {2: 2.0, 3: 3.0}) == found


def test_what_was_not_measured_makes_a_merged_step_unknown() -> None:
    assert after_edit("FROM x\nRUN a\nRUN b\n", "FROM x\nRUN a && b\n", {2: 2.0}) == [None]
