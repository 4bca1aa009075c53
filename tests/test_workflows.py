"""CI files: what `ci-cache` makes of them, and that the checks catch a transform that lies."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from optimizer.facts.ci import Workflow
from optimizer.facts.ci.github import jobs_of
from optimizer.facts.ci.values import BadYaml, read
from optimizer.transform import Insertion, LeftAlone, Safety, Subject, Transform, transform
from optimizer.workflows import improve
from transforms.ci_cache import ci_cache

HEAD = """\
on: push
jobs:
  image:
    runs-on: ubuntu-latest
    steps:
      - uses: docker/setup-buildx-action@v3
"""
BUILD = """\
      - uses: docker/build-push-action@v6
        with:
          context: .  # all of it
          push: true
"""
PLAIN = HEAD + BUILD


def scopes(text: str) -> list[str]:
    """The options of each `cache-to` that was added."""
    result = improve(text, [ci_cache], unsafe=True)
    assert (result.refusals, result.problems) == ((), ())
    assert not improve(result.after, [ci_cache], unsafe=True).changed
    new = [line.strip() for line in result.after.splitlines() if line not in text.splitlines()]
    return [line.removeprefix("cache-to: type=gha,mode=max") for line in new if line.startswith("cache-to")]


def reasons(text: str) -> list[str]:
    """Why nothing was changed."""
    result = improve(text, [ci_cache], unsafe=True)
    assert not result.changed
    return [one.why for one in result.stood_back]


def test_a_change_waits_for_unsafe() -> None:
    result = improve(PLAIN, [ci_cache])
    assert not result.changed
    assert [(change.transform, change.line) for change in result.pending] == [("ci-cache", 7)]


def test_lines_are_those_of_the_file_as_it_was() -> None:
    text = HEAD + BUILD.replace(": .", ": a") + BUILD.replace(": .", ": b")
    result = improve(text, [ci_cache], unsafe=True)
    assert [change.line for change in result.changes] == [7, 11]


def built(**inputs: str) -> str:
    """A build with these inputs, `_` for `-`."""
    lines = "".join(f"          {name.replace('_', '-')}: {value}\n" for name, value in inputs.items())
    return f"      - uses: docker/build-push-action@v6\n        with:\n{lines}"


@pytest.mark.parametrize(
    ("builds", "expected"),
    [
        ([built(push="true")], [""]),
        ([built(context=".", file="./Dockerfile")], [""]),
        ([built(context="${{ github.workspace }}")], [""]),
        ([built(context='"{{defaultContext}}:web"')], [",scope=web"]),
        ([built(context="web", file="web/Dockerfile")], [",scope=web"]),
        ([built(context="web", file="./web/Dockerfile.prod")], [",scope=web-prod"]),
        ([built(file="docker/api/Dockerfile", target="run")], [",scope=docker-api-run"]),
        ([built(file="api.Dockerfile")], [",scope=api"]),
        ([built(push="true"), built(push="false")], ["", ""]),
        (
            [built(platforms="linux/amd64"), built(platforms="linux/arm64")],
            [",scope=linux-amd64", ",scope=linux-arm64"],
        ),
        (
            [built(build_args="A=1", tags="me/one:1"), built(build_args="A=2", tags="me/two:1")],
            [",scope=one", ",scope=two"],
        ),
        ([built(build_args="A=1"), built(build_args="A=2")], []),
        ([built(build_args="A=1", cache_to="type=gha"), built(build_args="A=2", tags="r:5000/me/two")], [",scope=two"]),
        ([built(context="a", cache_from="type=gha"), built(context="b")], [",scope=b"]),
    ],
)
def test_the_scope_tells_what_is_built(builds: list[str], expected: list[str]) -> None:
    assert scopes(HEAD + "".join(builds)) == expected


def matrix(text: str, build: str) -> str:
    return HEAD.replace("    runs-on", f"    strategy:\n      matrix:\n{text}    runs-on") + build


@pytest.mark.parametrize(
    ("values", "build", "expected"),
    [
        ("        app: [a, b]\n", built(context="${{ matrix.app }}"), [",scope=${{ matrix.app }}"]),
        ("        app: [a, b]\n", built(context="x/${{ matrix.app }}"), [",scope=x-${{ matrix.app }}"]),
        ("        test: [1, 2]\n", built(context="."), [""]),
        ("        app: ['a,b', c]\n", built(build_args="X=${{ matrix.app }}"), []),
        (
            "        include:\n          - {name: a, p: 'x,y'}\n          - {name: b, p: z}\n",
            built(platforms="${{ matrix.p }}"),
            [",scope=${{ matrix.name }}"],
        ),
        (
            "        a: [x, y]\n        b: [x, y]\n",
            built(build_args="V=${{ steps.v.outputs.v }}"),
            [",scope=${{ matrix.a }}-${{ matrix.b }}"],
        ),
        (
            "        a: [{n: x}, {n: y}]\n",
            built(target="${{ matrix.a.n }}", build_args="V=${{ env.V }}"),
            [",scope=${{ matrix.a.n }}"],
        ),
        ("        a: ${{ fromJSON(needs.x.outputs.y) }}\n", built(target="${{ matrix.a }}"), []),
        ("        a: [x, y]\n", built(target="${{ toJSON(matrix) }}"), [",scope=${{ matrix.a }}"]),
        ("        a: [{}, {b: c}]\n", built(target="${{ toJSON(matrix) }}"), []),
    ],
)
def test_the_scope_of_a_matrix(values: str, build: str, expected: list[str]) -> None:
    assert scopes(matrix(values, build)) == expected


def test_the_runs_of_a_matrix_are_those_that_github_makes() -> None:
    text = """
jobs:
  a:
    strategy:
      matrix:
        fruit: [apple, pear]
        animal: [cat, dog]
        exclude:
          - {fruit: pear, animal: dog}
        include:
          - color: green
          - {color: pink, animal: cat}
          - {fruit: banana}
"""
    assert jobs_of(read(text))[0].runs == [
        {"fruit": "apple", "animal": "cat", "color": "pink"},
        {"fruit": "apple", "animal": "dog", "color": "green"},
        {"fruit": "pear", "animal": "cat", "color": "pink"},
        {"fruit": "banana"},
    ]


SETUP = "docker/setup-buildx-action@v3\n"


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        (SETUP, "actions/checkout@v5\n", "no `docker/setup-buildx-action`"),
        (SETUP, f"{SETUP}        if: github.ref == 'x'\n", "under another condition"),
        (SETUP, f"{SETUP}        with:\n          driver: docker\n", "the driver `docker`"),
        (SETUP, f"{SETUP}        with:\n          driver: ${{{{ inputs.d }}}}\n", "the driver"),
        (SETUP, f"{SETUP}        with:\n          version: v0.12.1\n", "buildx `v0.12.1` is older"),
        (
            SETUP,
            f"{SETUP}        with:\n          driver-opts: image=moby/buildkit:v0.11.0\n",
            "`moby/buildkit:v0.11.0`",
        ),
        (SETUP, f"{SETUP}        with:\n          driver-opts: image=mine/buildkit\n", "BuildKit `mine/buildkit`"),
        (SETUP, f"{SETUP}        with:\n          append: x\n", "several nodes"),
        (SETUP, f"{SETUP}        with:\n          use: false\n", "is not used"),
        (SETUP, f"{SETUP}      - run: docker buildx use default\n", "changes the builder"),
        ("on: push", "on: push\nenv: {BUILDX_BUILDER: mine}", "`BUILDX_BUILDER`"),
        ("on: push", "on: [pull_request_target]", "`pull_request_target`"),
        ("on: push", "on:\n  push:\n    tags: ['v*']\n  workflow_dispatch:", "for tags only"),
        ("on: push", "on: release", "for tags only"),
        ("ubuntu-latest", "[self-hosted, linux]", "one's own"),
        ("push: true", "builder: mine", "the builder `mine`"),
        ("push: true", "no-cache: ${{ inputs.fresh }}", "`no-cache`"),
        ("push: true", "build-args: A=${{ secrets.A }}", "`secrets.A`"),
        ("push: true", "file: ${{ inputs.file }}", "`file` comes from `inputs.file`"),
        ("push: true", "# cache-to: type=gha", "switched off"),
        ("push: true\n", "push: true\n          # cache-to: type=gha\n", "switched off"),
        ("with:\n", "with: &inputs\n", "an anchor"),
        ("          push: true\n", "          <<: {push: true}\n", "a merge key"),
        ("with:\n          context: .  # all of it\n          push: true", "with: {context: .}", "in braces"),
        ("        with:\n          context: .  # all of it\n          push: true\n", "        id: x\n", "no `with`"),
        ("push: true\n", "tags: |\n            a", "has no end"),
        (
            "      - uses: docker/build",
            "      # dockopt: ignore[ci-cache] full\n      - uses: docker/build",
            "a comment says",
        ),
        ("push: true", "push: true  # dockopt: ignore", "a comment says"),
        ("on: push", "# dockopt: ignore-file\non: push", "the file says"),
    ],
)
def test_it_stands_back_and_says_why(old: str, new: str, why: str) -> None:
    assert old in PLAIN
    (said,) = reasons(PLAIN.replace(old, new, 1))
    assert why in said


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("build-push-action@v6", "build-push-action@v1"),
        ("docker/build-push-action", "docker/bake-action"),
        ("push: true", "call: check"),
        ("push: true", "CACHE-FROM: type=inline"),
        ("push: true", "cache-to: type=inline"),
    ],
)
def test_what_is_no_matter_of_ours_is_passed_over(old: str, new: str) -> None:
    assert reasons(PLAIN.replace(old, new)) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("build-push-action@v6", "build-push-action@0123456789abcdef0123456789abcdef01234567 # v6.1.0"),
        ("build-push-action@v6", "build-push-action@master"),
        (
            SETUP,
            f"{SETUP}        with:\n          version: v0.21.2\n          driver-opts: |\n            network=host\n",
        ),
        (SETUP, f"{SETUP}        with:\n          driver-opts: image=moby/buildkit:buildx-stable-1\n"),
        (SETUP, f"{SETUP}        id: b\n"),
        ("on: push", "on:\n  push:\n    branches: [main]\n    tags: ['*']"),
        ("on: push", "on: [push, release]"),
        ("push: true\n", "push: true\n          tags: |\n            a\n            b\n\n\n  other: {runs-on: x}\n"),
        ("push: true\n", "push: true\n          tags: >-\n            a\n            # no comment\n"),
        ("push: true\n", 'tags: "a,\n            b"\n        id: x\n'),
    ],
)
def test_it_acts(old: str, new: str) -> None:
    assert scopes(PLAIN.replace(old, new, 1)) == [""]


def test_an_action_of_ones_own_is_like_a_job() -> None:
    steps = PLAIN.partition("    steps:\n")[2]
    assert scopes(f"name: build\nruns:\n  using: composite\n  steps:\n{steps}") == [""]


def test_gitlab_gets_a_suggestion_for_each_build() -> None:
    text = """\
stages: [build]
build:
  script:
    - docker login
    - docker build -t a .
    - |
      # docker build is below
      docker buildx build \\
        --cache-from type=registry,ref=a \\
        .
      docker buildx build \\
        --push .
    - !reference [.shared, script]
"""
    result = improve(text, [ci_cache], unsafe=True)
    assert not result.changed
    assert [(one.line, one.safety) for one in result.pending] == [(5, Safety.SUGGESTION), (11, Safety.SUGGESTION)]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a: b: c\n", 1),
        ("a:\n\t- b\n", 2),
        ("a: *x\n", 1),
        ("a: 1\n---\nb: 2\n", 2),
        ("a:\n  b: [\n", 3),
        ("", 1),
        ("# nothing\n", 1),
        ("a: 1\nb: \x01\n", 2),
        ("a: &x [*x]\n", 1),
        ("[" * 5000, 1),
    ],
)
def test_broken_yaml_is_told_with_its_line(text: str, line: int) -> None:
    result = improve(text, [ci_cache], unsafe=True)
    assert not result.changed
    assert [problem.line for problem in result.problems] == [line]


def test_bytes_that_are_not_utf8_are_a_problem_and_no_exception() -> None:
    assert improve(b"a: \xff\n", [ci_cache]).problems


def test_aliases_that_multiply_take_no_time() -> None:
    bomb = "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 30))
    assert scopes(bomb + PLAIN) == [""]


def lying(*lines: str, after: int, again: bool = False) -> Transform:
    """A transform that inserts these lines, once or ever again."""

    def lie(workflow: Workflow) -> Iterator[Insertion | LeftAlone]:
        """Lies. Safety: none. Sources: none."""
        if again or not all(line + "\n" in workflow.lines for line in lines):
            yield Insertion(1, "it says so", after, lines)

    return transform(Safety.SAFE, may_change=set(), subject=Subject.WORKFLOW)(lie)


BOTH = ("          cache-from: type=gha", "          cache-to: type=gha,mode=max")


def test_what_is_promised_is_allowed() -> None:
    assert improve(PLAIN, [lying(*BOTH, after=10)]).refusals == ()


@pytest.mark.parametrize(
    ("text", "liar", "why"),
    [
        (PLAIN, lying("          pull: true", after=10), "has other keys"),
        (PLAIN, lying(BOTH[0], after=10), "has other keys"),
        (PLAIN, lying(BOTH[0], "          cache-to: type=gha,mode=max,scope=x", after=10), "has other keys"),
        (PLAIN, lying(BOTH[0], "          cache-to: type=inline", after=10), "has other keys"),
        (PLAIN, lying(*BOTH, "          pull: true", after=10), "has other keys"),
        (PLAIN, lying("        if: false", after=7), "has other keys"),
        (PLAIN, lying("      - run: echo", after=6), "has another length"),
        (PLAIN, lying("x: 1", after=1), "has other keys"),
        (PLAIN, lying("          nonsense", after=8), "data: line"),
        (PLAIN.replace("build-push", "other"), lying(*BOTH, after=10), "has other keys"),
        (PLAIN + "          no-cache: |\n            a\n", lying("            b", after=12), "has another value"),
        (PLAIN.replace("push: true", "cache-to: x"), lying(BOTH[0], after=10), "has other keys"),
        (PLAIN.replace("\n", "\r\n"), lying("# a\n# b", after=1), "lines: they end"),
        (PLAIN, lying("# again", after=1, again=True), "asks for changes again"),
    ],
)
def test_a_lie_is_caught(text: str, liar: Transform, why: str) -> None:
    result = improve(text, [liar], unsafe=True)
    assert not result.changed
    assert result.refusals
    assert why in result.refusals[-1].why


def test_a_lost_line_is_caught() -> None:
    from optimizer.checks.workflows import violation

    text = "# a remark\n" + PLAIN
    assert violation(text, read(text), PLAIN) == "lines: one is gone, or differs"
    assert violation(text, read(text), text) is None


def test_no_text_makes_it_fail() -> None:
    """Lines and pieces of lines come, go and change places: no exception, no refusal, no second thoughts."""
    dice = random.Random(5)
    text = matrix(
        "        app: [a, b]\n", built(context="${{ matrix.app }}") + built(tags="|\n            a\n            b")
    )
    changed = 0
    for _ in range(300):
        lines = text.splitlines(keepends=True)
        for _ in range(dice.randint(1, 3)):
            at = dice.randrange(len(lines))
            lines[at] = dice.choice(["", lines[at] * 2, lines[at][1:], " " + lines[at], lines[at][:-1], "# x\n", "\n"])
        broken = "".join(lines)
        result = improve(broken, [ci_cache], unsafe=True)
        assert result.refusals == ()
        if result.changed:
            changed += 1
            assert not improve(result.after, [ci_cache], unsafe=True).changed
    assert changed > 50


def test_an_unreadable_document_says_so() -> None:
    with pytest.raises(BadYaml, match="there is nothing in it"):
        read("")
