"""`ci-cache`."""

import re
from collections.abc import Iterator

from optimizer.facts.ci import BuildLine, Workflow
from optimizer.facts.ci.github import Job, Step, names_in
from optimizer.facts.ci.scopes import Build, UnknownScope, env_of, scopes_of
from optimizer.facts.ci.values import Value
from optimizer.transform import Insertion, LeftAlone, Safety, Subject, example, transform, unchanged

_BUILD = "docker/build-push-action"
_SETUP = "docker/setup-buildx-action"
_OLDEST_BUILDX = (0, 21)
_OLDEST_BUILDKIT = (0, 20)
"""The first that speak to the cache service that GitHub has kept."""
_NEWEST = re.compile(r"latest|edge|master|nightly|buildx-stable-1")


@transform(Safety.UNSAFE, may_change=set(), subject=Subject.WORKFLOW)
@example(
    "a build that begins with an empty cache on each run",
    """
      on:
        push:
          branches: [main]
      jobs:
        image:
          runs-on: ubuntu-latest
          steps:
            - uses: actions/checkout@v5
            - uses: docker/setup-buildx-action@v3
            - name: Build and push
              uses: docker/build-push-action@v6
              with:
                push: true
                tags: |
                  example/app:latest
                  example/app:${{ github.sha }}
    +           cache-from: type=gha
    +           cache-to: type=gha,mode=max

            # the next one
            - run: echo done
    """,
    unsafe=True,
)
@example(
    "two builds need two scopes",
    """
      on: [push]
      jobs:
        images:
          runs-on: ubuntu-latest
          steps:
            - uses: docker/setup-buildx-action@v3
            - uses: docker/build-push-action@v6
              with:
                context: ./web
    +           cache-from: type=gha,scope=web
    +           cache-to: type=gha,mode=max,scope=web
            - uses: docker/build-push-action@v6
              with:
                file: docker/Dockerfile.worker  # the context is the repository
    +           cache-from: type=gha,scope=docker-worker
    +           cache-to: type=gha,mode=max,scope=docker-worker
    """,
    unsafe=True,
)
@example(
    "the scope holds the values of the matrix that the build depends on",
    """
      on: [push, pull_request]
      jobs:
        image:
          strategy:
            matrix:
              platform: [linux/amd64, linux/arm64]
          runs-on: ubuntu-latest
          steps:
            - uses: docker/setup-buildx-action@v3
            - uses: docker/build-push-action@v6
              with:
                context: .
                platforms: ${{ matrix.platform }}
    +           cache-from: type=gha,scope=${{ matrix.platform }}
    +           cache-to: type=gha,mode=max,scope=${{ matrix.platform }}
    """,
    unsafe=True,
)
@unchanged(
    "it has a cache already, or none is wanted",
    """
    on: push
    jobs:
      image:
        runs-on: ubuntu-latest
        steps:
          - uses: docker/setup-buildx-action@v3
          - uses: docker/build-push-action@v6
            with:
              context: a
              cache-from: type=registry,ref=example/app:buildcache
          - uses: docker/build-push-action@v6
            with:
              context: b
              no-cache: true
    """,
    unsafe=True,
)
@unchanged(
    "the builder of Docker itself cannot export a cache",
    """
    on: push
    jobs:
      image:
        runs-on: ubuntu-latest
        steps:
          - uses: docker/build-push-action@v6
            with:
              context: .
    """,
    unsafe=True,
)
@unchanged(
    "what a tag writes to the cache, no other run can read",
    """
    on:
      release:
        types: [published]
    jobs:
      image:
        runs-on: ubuntu-latest
        steps:
          - uses: docker/setup-buildx-action@v3
          - uses: docker/build-push-action@v6
            with:
              context: .
    """,
    unsafe=True,
)
@unchanged(
    "the values of the matrix are not known",
    """
    on: push
    jobs:
      image:
        strategy:
          matrix:
            service: ${{ fromJSON(needs.list.outputs.services) }}
        runs-on: ubuntu-latest
        steps:
          - uses: docker/setup-buildx-action@v3
          - uses: docker/build-push-action@v6
            with:
              context: ${{ matrix.service }}
    """,
    unsafe=True,
)
@unchanged(
    "a secret is a build argument: a step may write it into a layer, and pull requests read the cache",
    """
    on: push
    jobs:
      image:
        runs-on: ubuntu-latest
        steps:
          - uses: docker/setup-buildx-action@v3
          - uses: docker/build-push-action@v6
            with:
              context: .
              build-args: NPM_TOKEN=${{ secrets.NPM_TOKEN }}
    """,
    unsafe=True,
)
@unchanged(
    "a comment says so",
    """
    on: push
    jobs:
      image:
        runs-on: ubuntu-latest
        steps:
          - uses: docker/setup-buildx-action@v3
          # dockopt: ignore[ci-cache] the cache is full
          - uses: docker/build-push-action@v6
            with:
              context: .
    """,
    unsafe=True,
)
@unchanged(
    "GitLab CI: a suggestion",
    """
    image:
      script:
        - docker build --tag $CI_REGISTRY_IMAGE .
        - docker push $CI_REGISTRY_IMAGE
    """,
    unsafe=True,
)
def ci_cache(workflow: Workflow) -> Iterator[Insertion | LeftAlone]:
    """Keeps the layers of builds in CI from one run to the next: `docker/build-push-action` gets a cache.

    A runner begins with an empty builder, so each run builds every layer anew. `cache-from` and `cache-to` keep them in
    the cache of GitHub Actions; `mode=max`, as `mode=min` holds only what the last stage needs. Builds that differ get
    a `scope` each, named by context, file, target or matrix, as one overwrites what another wrote under the same name.
    `docker build` in the scripts of GitLab CI gets a suggestion.

    Safety: unsafe, as the build takes space of the 10 GB that a repository has, and old layers (an `apt-get update` of
    last week) are used again. Only where a `docker/setup-buildx-action` stands before it, of versions that speak to
    GitHub's cache and with a driver that can export, under the same condition. Not with `no-cache`; not for tags and
    releases alone, whose cache no other run can read; not for `pull_request_target`, where strangers would write to the
    cache of the default branch; not with secrets as build arguments; not on runners of one's own. Nothing that an
    anchor shares, no `with` in braces. A scope is known or the step stays as it is: values of a matrix are literals
    without commas. A cache that is there, wholly or in part, stays as it is.

    Sources: docs.docker.com/build/cache/backends/gha (scope, mode, drivers, versions); GitHub's rules of which runs can
    read a cache.
    """
    if workflow.on_github:
        yield from _of_github(workflow)
    for line in workflow.build_lines:
        if "--cache-from" not in line.words:
            yield _suggestion(line)


def _suggestion(line: BuildLine) -> Insertion:
    ref = "type=registry,ref=$CI_REGISTRY_IMAGE:buildcache"
    return Insertion(
        line.line,
        "each job builds all layers anew; write `docker buildx create --use` and then "
        f"`docker buildx build --cache-from {ref} --cache-to {ref},mode=max ...`",
        after=line.line,
        safety=Safety.SUGGESTION,
    )


def _of_github(workflow: Workflow) -> Iterator[Insertion | LeftAlone]:
    top = workflow.root.get("env")
    builds = [
        Build(job, step, env_of(top, job.value.get("env")))
        for job in workflow.jobs
        for step in job.steps
        if _builds(step)
    ]
    for build, scope in zip(builds, scopes_of(builds), strict=True):
        if build.step.input("cache-from") is not None or build.step.input("cache-to") is not None:
            continue
        line = build.step.value.first + 1
        why = _no_place(workflow, build.step) or _unfit(workflow, build) or _no_builder(build)
        if why or isinstance(scope, UnknownScope):
            yield LeftAlone(line, why or str(scope))
            continue
        yield _insertion(workflow, build.step, scope)


def _builds(step: Step) -> bool:
    old = re.match(r"v?[01]\b", step.version)
    return step.action == _BUILD and not old and (step.input("call") or "build") == "build"


def _insertion(workflow: Workflow, step: Step, scope: str) -> Insertion:
    assert step.inputs is not None
    name = f",scope={scope}" if scope else ""
    indent = " " * step.inputs.column
    told = f"; under the name `{scope}`, as builds under one name overwrite each other's" if scope else ""
    return Insertion(
        step.value.first + 1,
        f"each run builds all layers anew: GitHub's cache keeps them, `mode=max` those of all stages{told}",
        after=_last_line(workflow, step) + 1,
        lines=(f"{indent}cache-from: type=gha{name}", f"{indent}cache-to: type=gha,mode=max{name}"),
    )


def _last_line(workflow: Workflow, step: Step) -> int:
    """The last line of the last input, counted from 0. A block scalar ends before what is indented less, and blanks."""
    assert step.inputs is not None and step.inputs.pairs
    key, value = step.inputs.pairs[-1]
    if value.style not in ("|", ">"):
        return max(key.last, value.last)
    last = value.first
    for number in range(value.first + 1, len(workflow.lines)):
        line = workflow.lines[number]
        if line.strip() and len(line) - len(line.lstrip(" ")) <= step.inputs.column:
            break
        if line.strip():
            last = number
    return last


def _no_place(workflow: Workflow, step: Step) -> str | None:
    """Why no lines can be put into the step; None where they can."""
    inputs = step.inputs
    if inputs is None or not inputs.pairs:
        return "it has no `with` to which the cache could be added"
    if step.value.shared or inputs.shared:
        return "an anchor or a merge key shares the step or its `with`"
    if inputs.flow or step.value.flow:
        return "its `with` is written in braces"
    if inputs.pairs[-1][1].text is None:
        return "its last input is no plain text"
    last = _last_line(workflow, step)
    if inputs.pairs[-1][1].style in ("|", ">") and not workflow.lines[last].endswith(("\n", "\r")):
        return "the last line of the file belongs to its last input and has no end"
    for line in workflow.lines[inputs.first : last + 1]:
        if re.match(r"\s*#\s*cache-(from|to)\s*:", line):
            return "a comment in it has a cache that was switched off"
    below = "".join(workflow.lines[last + 1 :])
    if (match := re.match(r"(?:\s*#.*\n?)+", below)) is not None and re.search(r"#\s*cache-(from|to)\s*:", match[0]):
        return "a comment below it has a cache that was switched off"
    return None


def _unfit(workflow: Workflow, build: Build) -> str | None:
    """Why a cache would be of no use, or of use to the wrong people; None where it would not."""
    step = build.step
    if (step.input("no-cache") or "false").strip() != "false":
        return "`no-cache` says that it is built anew"
    for name in ("pull_request_target", "issue_comment"):
        if name in workflow.events:
            return f"`{name}`: a stranger's build would write to the cache that the default branch reads"
    if "workflow_run" in workflow.events and _takes_what_ran(build.job):
        return "`workflow_run` of another's commit: its build would write to the cache that the default branch reads"
    if _only_tags(workflow):
        return "it runs for tags only, and what a tag writes to the cache no other run can read"
    for path in names_in(step.input("build-args") or ""):
        if path[0] == "secrets" or path == ("github", "token"):
            return f"`{'.'.join(path)}` is a build argument: a step may write it into a layer of the cache"
    if any("self-hosted" in text for text in build.job.runners):
        return "the runner is one's own: whether its buildx speaks to GitHub's cache is not known"
    return None


def _takes_what_ran(job: Job) -> bool:
    checkouts = (step.inputs for step in job.steps if step.action == "actions/checkout" and step.inputs is not None)
    return any("workflow_run" in text for inputs in checkouts for text in inputs.texts())


def _only_tags(workflow: Workflow) -> bool:
    """Whether all that starts the workflow but a person is a tag."""
    events = {name: value for name, value in workflow.events.items() if name != "workflow_dispatch"}
    return bool(events) and all(
        name == "release" or (name == "push" and value is not None and _of_tags(value))
        for name, value in events.items()
    )


def _of_tags(push: Value) -> bool:
    return "tags" in push and "branches" not in push and "branches-ignore" not in push


def _no_builder(build: Build) -> str | None:
    """What the job lacks of a builder that can export a cache; None where it has one."""
    job, step = build.job, build.step
    before = job.steps[: job.steps.index(step)]
    setup = next((one for one in reversed(before) if one.action == _SETUP), None)
    if setup is None:
        return "no `docker/setup-buildx-action` stands before it, and Docker's own builder cannot export a cache"
    if setup.condition not in (None, step.condition):
        return "its `docker/setup-buildx-action` runs under another condition"
    driver = setup.input("driver") or "docker-container"
    if driver not in ("docker-container", "kubernetes"):
        return f"the driver `{driver}` of its builder cannot export such a cache, or keeps one of its own"
    if setup.input("append") is not None:
        return "its builder has several nodes, which would overwrite each other's cache"
    if why := _too_old(Build(job, setup, build.env)):
        return why
    return _other_builder(build, setup, before)


def _too_old(setup: Build) -> str | None:
    images = re.findall(r"(?m)^\s*image=(.+?)\s*$", setup.resolved("driver-opts"))
    image, _, tag = images[-1].rpartition(":") if images else ("moby/buildkit", "", "latest")
    if image.removeprefix("docker.io/") != "moby/buildkit" or not _new_enough(tag, _OLDEST_BUILDKIT):
        return f"whether BuildKit `{images[-1]}` speaks to GitHub's cache is not known, or it is too old (0.20)"
    version = setup.resolved("version") or "latest"
    return None if _new_enough(version, _OLDEST_BUILDX) else f"its buildx `{version}` is older than 0.21, or not known"


def _new_enough(version: str, oldest: tuple[int, int]) -> bool:
    numbers = re.match(r"v?(\d+)\.(\d+)", version)
    if numbers is None:
        return _NEWEST.match(version) is not None
    return (int(numbers[1]), int(numbers[2])) >= oldest


def _other_builder(build: Build, setup: Step, before: tuple[Step, ...]) -> str | None:
    """Why the build may not run in the builder that was set up; None where it does."""
    wanted = build.step.input("builder")
    name = setup.value.said("id")
    if wanted is not None:
        own = name is not None and re.fullmatch(rf"\$\{{\{{\s*steps\.{re.escape(name)}\.outputs\.name\s*\}}\}}", wanted)
        return None if own else f"it runs in the builder `{wanted}`, which is not known"
    if (setup.input("use") or "true") != "true":
        return "the builder that is set up is not used"
    envs = (build.job.value.get("env"), build.step.value.get("env"))
    if any(env is not None and "BUILDX_BUILDER" in env for env in envs) or "BUILDX_BUILDER" in build.env:
        return "`BUILDX_BUILDER` names another builder"
    later = before[before.index(setup) + 1 :]
    if any(re.search(r"buildx\s+(use|create|rm)", one.value.said("run") or "") for one in later):
        return "a step before it changes the builder"
    return None
