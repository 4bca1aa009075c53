"""What is known of owners and modes: what chmod makes of a mode, what a base has, what a step touches."""

from __future__ import annotations

import pytest

from optimizer.engine import optimize
from optimizer.facts import Facts
from optimizer.facts.base_folders import existing, held_by_base, is_free
from optimizer.facts.bases import system_of
from optimizer.facts.context import Context, File, Given
from optimizer.facts.ownership import Settled, settings
from optimizer.facts.permissions import applied, octal
from optimizer.syntax.parser import parse
from transforms import copy_with_owner_and_mode


@pytest.mark.parametrize(
    ("mode", "before", "after"),
    [
        ("755", None, "755"),
        ("0644", "600", "644"),
        ("+x", "644", "755"),
        ("u+x", "644", "744"),
        ("a+x", "640", "751"),
        ("g+rwX", "644", "664"),
        ("g+rwX", "744", "774"),
        ("go-rwx,u+x", "644", "700"),
        ("u=rwx,go=rx", "600", "755"),
        ("+w", "444", "644"),
        ("+x", None, None),
        ("=rx", "644", None),
        ("+s", "644", None),
        ("4755", "644", None),
        ("u=g", "644", None),
    ],
)
def test_what_chmod_makes_of_a_mode(mode: str, before: str | None, after: str | None) -> None:
    assert applied(mode, before) == after


def test_modes_are_three_octal_digits() -> None:
    assert [octal(mode) for mode in ("755", "0755", "4755", "75", "+x", "888")] == [
        "755",
        "755",
        None,
        None,
        None,
        None,
    ]


def test_where_a_base_image_has_nothing() -> None:
    node = held_by_base("docker.io/library/node:22-slim")
    assert node is not None
    assert [
        path for path in ("/app", "/opt/tool/bin", "/srv/x", "/home/app", "/usr/src/app") if not is_free(path, node)
    ] == []
    assert [
        path for path in ("/", "/opt", "/etc/app", "/home/node/x", "/usr/share/x", "/tmp/x") if is_free(path, node)
    ] == []
    assert held_by_base("example.org/node") is None
    assert held_by_base("node:8-onbuild") is None
    assert "/usr/local/bin" in existing(system_of("alpine"))
    assert existing(None) == {"/", "/etc", "/bin", "/tmp"}


def reasons(text: str, context: Context | None = None) -> list[str]:
    """For each step that sets something: why it is not known, or the things that it sets."""
    found = settings(Facts(parse(text), context))
    return [step if isinstance(step, str) else " ".join(sorted(step.after)) for _, _, step in found]


def test_what_a_recursive_chown_reaches() -> None:
    text = "FROM debian:bookworm\n{}COPY a /app/a\nRUN chown -R 1:1 /app\n"
    assert reasons(text.format("")) == ["/app COPY 1 to /app/a"]
    assert reasons(text.format("WORKDIR /app/deep\n")) == ["/app /app/deep COPY 1 to /app/a"]
    assert reasons(text.format("RUN mkdir -p /app/x\n")) == ["/app /app/x COPY 1 to /app/a"]
    assert reasons(text.format("RUN useradd -m other && apt-get install -y curl\n")) == ["/app COPY 1 to /app/a"]


@pytest.mark.parametrize(
    "step",
    [
        "touch /app/x",
        "cd /app && mkdir x",
        "useradd -d /app -m app",
        "echo x > /app/x",
        "{ echo x; } > /app/x",
        "./configure",
        "tar -xf /tmp/a.tar -C /",
        "cp -r /usr/share/x /app",
        "for f in a b; do touch /app/$f; done",
        "echo $(touch /app/x)",
        "--mount=type=cache,target=/app/cache true",
        '["/bin/tool"]',
    ],
)
def test_a_step_that_may_have_written_there(step: str) -> None:
    text = f"FROM debian:bookworm\nCOPY a /app\nRUN {step}\nRUN chown -R 1:1 /app\n"
    assert reasons(text) == ["a step may have made other files there"]


def test_variables_are_followed_where_both_read_them_alike() -> None:
    text = "FROM debian:bookworm\nENV U=app D=/app\n{}COPY a $D\nRUN chown -R $U:$U $D\n"
    assert reasons(text.format("RUN useradd app\n")) == ["COPY 1 to /app"]
    assert reasons("FROM debian:bookworm\nENV UID=5\nCOPY a /app\nRUN chown -R $UID:5 /app\n") == [
        "`$UID` is not known"
    ]
    assert reasons("FROM debian:bookworm\nARG G\nCOPY a /app\nRUN chown -R 5:$G /app\n") == ["`$G` is not known"]
    text = "FROM debian:bookworm\nARG G=5\nCOPY a /app\nRUN chown -R 5:$G /app\n"
    assert "COPY --chown=5:$G a /app" in optimize(text, [copy_with_owner_and_mode]).after
    changed = text.replace("RUN", "ENV G=6\nRUN")
    assert not optimize(changed, [copy_with_owner_and_mode]).changed


def test_the_context_tells_the_mode_and_the_bytes() -> None:
    text = "FROM alpine\nCOPY run.sh tool /usr/local/bin/\nRUN chmod +x /usr/local/bin/run.sh /usr/local/bin/tool\n"
    context = Given({"run.sh": b"#!/bin/sh\n", "tool": b"12345"})
    result = optimize(text, [copy_with_owner_and_mode], context=context)
    assert result.after == "FROM alpine\nCOPY --chmod=755 run.sh tool /usr/local/bin/\n"
    assert result.changes[0].saves == 15
    assert not optimize(text, [copy_with_owner_and_mode]).changed


class Odd(Given):
    """A context with a file that has a setuid bit, and a link."""

    @property
    def files(self) -> dict[str, File]:
        """The two."""
        return {"su": File("su", 1, 0o4755), "link": File("link", 1, 0o777, "somewhere")}


@pytest.mark.parametrize("name", ["su", "link", "missing"])
def test_what_is_no_plain_file_is_left_alone(name: str) -> None:
    text = f"FROM alpine\nCOPY {name} /usr/local/bin/\nRUN chmod 755 /usr/local/bin/{name}\n"
    assert not optimize(text, [copy_with_owner_and_mode], context=Odd()).changed


def test_a_later_copy_over_a_file_hides_it() -> None:
    text = "FROM debian:bookworm\nCOPY a.sh /app/a.sh\nCOPY . /app\nRUN chmod 755 /app/a.sh\n"
    assert all(not isinstance(step, Settled) for _, _, step in settings(Facts(parse(text))))
