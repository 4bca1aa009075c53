"""Releases of Elixir: which image runs one, how its name and place are found, and lies about that."""

from __future__ import annotations

import pytest

from optimizer.facts.stacks.writer import RUNS
from tests.test_interpreted import lies
from tests.test_stacks import Files, parted

PLUG = '  "plug": {:hex, :plug, "1.15.3", "0", [:mix], [{:mime, "~> 1.0", [hex: :mime]}], "hexpm", "0"},\n'
BCRYPT = '  "bcrypt_elixir": {:hex, :bcrypt_elixir, "3.1.0", "0", [:make], [{:elixir_make, "~> 0.6"}], "hexpm", "0"},\n'
STRANGE = '  "fast_xml": {:hex, :fast_xml, "1.1.51", "0", [:rebar3, :make], [], "hexpm", "0"},\n'
FILES: Files = {
    "mix.exs": 'def project do\n  [app: :hello, deps: [{:plug, "~> 1.15"}]]\nend\n',
    "mix.lock": "%{\n" + PLUG + BCRYPT + "}\n",
    "lib/hello.ex": "defmodule Hello do\nend\n",
    "priv/static/app.css": "",
    "seeds/words.csv": "",
}
HEXPM = "FROM hexpm/elixir:1.17.3-erlang-27.1-debian-bookworm-20240904-slim\n"
BUILD = "ENV MIX_ENV=prod\nWORKDIR /app\nRUN mix local.hex --force\nCOPY . .\nRUN mix deps.get && mix compile\n"
STARTED = 'CMD ["_build/prod/rel/hello/bin/hello", "start"]\n'
LEAN = "apt-get update && apt-get install -y --no-install-recommends"
PACKAGES = "ca-certificates libncurses6 libncursesw6 libssl3 libtinfo6"


def stage_of(text: str, files: Files) -> str:
    result = parted(text, {**FILES, **files})
    assert result.refusals == ()
    return result.after.partition(RUNS + "\n")[2]


def test_the_image_is_the_builders_release_with_what_the_runtime_system_links() -> None:
    assert stage_of(f"{HEXPM}{BUILD}RUN mix release\n{STARTED}", {}) == (
        f"FROM debian:bookworm-slim\nENV LANG=C.UTF-8\nRUN {LEAN} {PACKAGES} && rm -rf /var/lib/apt/lists/*\n"
        "ENV MIX_ENV=prod\nWORKDIR /app\nCOPY --from=builder /app/_build/prod/rel/hello /app/_build/prod/rel/hello\n"
        f"COPY --from=builder /app/seeds /app/seeds\n{STARTED}"
    )


def test_on_alpine_a_locale_of_the_file_is_kept() -> None:
    text = f"FROM elixir:1.17-otp-27-alpine\nENV LANG=de_DE.UTF-8\n{BUILD}RUN mix release\n{STARTED}"
    assert stage_of(text, {}).startswith(
        "FROM alpine:3.23\nRUN apk add --no-cache libstdc++ ncurses-libs openssl\nENV LANG=de_DE.UTF-8\n"
    )


@pytest.mark.parametrize(
    ("manifest", "command", "path"),
    [
        ("app: :hello", "mix release", "hello"),
        ("app: :hello, releases: [one: [steps: [:assemble]]]", "mix release", "one"),
        (
            "app: :hello, releases: releases()]\nend\ndefp releases do\n  [\n    two: [a: [b: 1]]\n  ",
            "mix release",
            "two",
        ),
        ("app: :hello, releases: [a: [], b: []], default_release: :b", "mix release --overwrite", "b"),
        ("app: :hello, releases: [a: [], b: []]", "MIX_ENV=prod mix release a", "a"),
    ],
)
def test_the_name_of_a_release(manifest: str, command: str, path: str) -> None:
    files = {"mix.exs": f'def project do\n  [{manifest}]\nend\n{{:plug, "1"}}\n'}
    text = f'{HEXPM}{BUILD}RUN {command}\nCMD ["/app/_build/prod/rel/{path}/bin/{path}", "start"]\n'
    assert f"COPY --from=builder /app/_build/prod/rel/{path} /app/_build/prod/rel/{path}\n" in stage_of(text, files)


@pytest.mark.parametrize(
    ("head", "command", "files", "why"),
    [
        ("FROM elixir:1.14\n", "mix release", {}, "its tag does not say which version"),
        ("FROM elixir:1.17-otp-25\n", "mix release", {}, "its tag does not say which version"),
        (HEXPM, "mix release --path /out", {}, "`--path` puts the release elsewhere"),
        (HEXPM, "mix do compile, release", {}, "`mix do` makes a release"),
        (HEXPM, "mix release", {"mix.exs": "releases: Hello.list()\n"}, "not written out"),
        (
            HEXPM,
            "mix release",
            {"mix.exs": "releases: [a: [], b: []], app: :a\n"},
            "name of the release is not written",
        ),
        (HEXPM, "mix release", {"mix.exs": "releases: [a: [include_erts: false]]\n"}, "`include_erts` changes"),
        (HEXPM, "mix release", {"mix.exs": "releases: [a: [path: x]]\n"}, "`path:` changes where it lies"),
        (HEXPM, "mix release", {"mix.lock": "%{\n" + STRANGE + "}\n"}, "which library the package `fast_xml` links"),
        (HEXPM, "MIX_BUILD_PATH=/b mix release", {}, "`MIX_BUILD_PATH` changes where it builds"),
        (HEXPM, "mix phx.gen.release", {}, "`mix` may make what the container needs"),
        (HEXPM, "mix release", {"lib/a.ex": "System.cmd(program, [])\n"}, "`lib/a.ex` starts a program whose name"),
    ],
)
def test_what_is_not_known_is_named(head: str, command: str, files: Files, why: str) -> None:
    result = parted(f"{head}{BUILD}RUN {command}\n{STARTED}", {**FILES, **files})
    assert not result.changed
    assert result.refusals == ()
    assert why in result.stood_back[0].why


def test_a_container_that_starts_mix_is_left_alone() -> None:
    result = parted(f'{HEXPM}{BUILD}CMD ["mix", "phx.server"]\n', FILES)
    assert not result.changed
    assert "`mix` is started" in result.stood_back[0].why


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("FROM debian:bookworm-slim", "FROM gcr.io/distroless/cc-debian13", "needs a shell"),
        (f" {PACKAGES}", " ca-certificates libssl3", "the libraries of `libncurses-dev` would not be there"),
        ("ENV LANG=C.UTF-8\n", "", "the variable `LANG` would go"),
        ("ENV LANG=C.UTF-8\n", "ENV LANG=C\n", "the variable `LANG` would have another value"),
        ("/rel/hello /app/_build/prod/rel/hello\n", "/rel/hi /app/_build/prod/rel/hi\n", "would not be there"),
        ("/app/seeds /app/seeds\n", "/app/seeds /srv/seeds\n", "would come to another place"),
    ],
)
def test_a_lie_about_a_release_is_caught(old: str, new: str, why: str) -> None:
    result = lies(f"{HEXPM}{BUILD}RUN mix release\n{STARTED}", old, new, FILES)
    assert not result.changed
    assert any(why in one.why for one in result.refusals), result.refusals
