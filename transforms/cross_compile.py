"""`cross-compile`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from optimizer.facts import BuildStage, Facts
from optimizer.facts.bases import image_of
from optimizer.facts.layout import written_like
from optimizer.facts.texts import argument_text
from optimizer.facts.tools import tool_call
from optimizer.syntax.nodes import Command, Instruction, Node, Words, rewritten, source
from optimizer.transform import Declined, Proposal, Safety, example, transform, unchanged

_SETTINGS = "GOOS=$TARGETOS GOARCH=$TARGETARCH "
_C = re.compile(r"\bgcc\b|\bg\+\+|\bbuild-base\b|\bmusl-dev\b|\blibc-dev\b|-dev\b|CGO_ENABLED=1|CGO_[CL]")
_PROGRAMS = re.compile(r"/(?:usr/)?(?:local/)?(?:s?bin|lib)\b|/go/bin")
_ARCHITECTURE = re.compile(
    r"amd64|x86_64|arm64|aarch64|GOARCH|GOOS|TARGETARCH|TARGETPLATFORM|uname|--print-architecture"
)


@transform(
    Safety.UNSAFE,
    may_change={"config"},
    leeway={"cross"},
    default=False,
    may_change_paths=("/root/.cache/go-build/**",),
)
@example(
    "Go compiles for the target on the machine that builds",
    """
    - FROM golang:1.26 AS build
    + FROM --platform=$BUILDPLATFORM golang:1.26 AS build
      WORKDIR /src
      COPY go.mod go.sum ./
      RUN go mod download
      COPY . .
    + ARG TARGETOS TARGETARCH
    - RUN CGO_ENABLED=0 go build -o /server .
    + RUN GOOS=$TARGETOS GOARCH=$TARGETARCH CGO_ENABLED=0 go build -o /server .
      FROM scratch
      COPY --from=build /server /server
      CMD ["/server"]
    """,
    unsafe=True,
)
@unchanged(
    "cgo needs a compiler for the target",
    """
    FROM golang:1.26 AS build
    COPY . .
    RUN go build -o /server .
    FROM scratch
    COPY --from=build /server /server
    """,
    unsafe=True,
)
@unchanged(
    "a stage that is shipped, or that runs what it compiled",
    """
    FROM golang:1.26
    RUN CGO_ENABLED=0 go build -o /server .
    """,
    unsafe=True,
)
@unchanged(
    "it names an architecture already, or installs a program where only the target is known",
    """
    FROM golang:1.26 AS build
    RUN CGO_ENABLED=0 GOARCH=arm64 go build -o /server .
    FROM golang:1.26 AS tools
    ENV CGO_ENABLED=0
    RUN go install example.org/tool@v1
    FROM scratch
    COPY --from=build /server /server
    COPY --from=tools /go/bin/tool /tool
    """,
    unsafe=True,
)
def cross_compile(facts: Facts) -> Iterator[Proposal | Declined]:
    """Compiles Go for the target's architecture on the builder's own, instead of under emulation.

    An image for another architecture is else built in an emulator, about ten times slower. Where both architectures are
    one, nothing changes.

    Safety: only stages of the official image of Go that are not shipped, where cgo is off in so many words; not where
    something names an architecture, C comes in, a program that was built is run, or `go install` chooses the folder.
    Not for Rust: each target needs a linker of its own, build scripts may look at the machine that they run on, and the
    folder that cargo writes to is named by the target, which a COPY of a later stage would have to follow.

    Sources: Docker's "Multi-platform builds", cross-compilation; go help environment; BuildKit's global platform ARGs.
    """
    for stage in facts.stages:
        if stage.parent is None and image_of(stage.base or "")[0] == "golang" and not facts.ships(stage):
            head = stage.node.instructions[0]
            builds = [i for i in stage.instructions if i.name == "RUN" and _compiles(facts, i)]
            if not builds or head.flag("platform") is not None:
                continue
            why = _why_not(facts, stage, builds)
            yield Declined(head, why) if why is not None else _proposal(facts, stage, head, builds)


def _compiles(facts: Facts, run: Instruction) -> bool:
    return any(found is not None and found.tool.name == "go" for found in map(tool_call, facts.calls(run)))


def _why_not(facts: Facts, stage: BuildStage, builds: list[Instruction]) -> str | None:
    text = "".join(facts.sources[i] for i in stage.instructions)
    if facts.children(stage):
        return "another stage is built from it"
    if match := _ARCHITECTURE.search(text):
        return f"it names `{match[0]}`, so it minds the architecture already"
    if match := _C.search(text):
        return f"`{match[0]}` may bring C into the build, which needs a compiler for the target"
    if not any(re.search(r"\bCGO_ENABLED[= ]0\b", facts.sources[i]) for i in stage.instructions if i.name == "ENV"):
        for run in builds:
            if not all("CGO_ENABLED=0" in source(node) for node in _builds(facts, run)):
                return "cgo is not switched off, and would need a compiler for the target"
    outputs = {word for i in stage.instructions for word in argument_text(i).split()}
    if taken := [path for path in facts.copied_out_of(stage) if _PROGRAMS.match(path) and path not in outputs]:
        return f"`{taken[0]}` is taken out of it, and would be for the builder's architecture"
    for run in (i for i in stage.instructions if i.name == "RUN"):
        if facts.opaque(run):
            return "a `RUN` cannot be read"
        for call in facts.calls(run):
            found = tool_call(call)
            go = found is not None and found.tool.name == "go"
            if go and found is not None and found.verb in ("install", "run", "test", "generate"):
                return f"`go {found.verb}` runs what it builds, or chooses its folder by the architecture"
            plain = (
                "cd",
                "mkdir",
                "echo",
                "rm",
                "cp",
                "mv",
                "apk",
                "apt-get",
                "chmod",
                "ls",
                "git",
                "go",
                "test",
                "true",
            )
            if call.name not in plain:
                return f"`{call.name}` may run or mind what is built"
    return None


def _builds(facts: Facts, run: Instruction) -> list[Command]:
    """The commands that compile for the target."""
    found = [tool_call(call) for call in facts.calls(run)]
    nodes = [one.call.node for one in found if one is not None and one.tool.name == "go" and one.verb == "build"]
    return [node for node in nodes if isinstance(node, Command)]


def _proposal(facts: Facts, stage: BuildStage, head: Instruction, builds: list[Instruction]) -> Proposal | Declined:
    body = head.body
    commands = [node for run in builds for node in _builds(facts, run)]
    if not isinstance(body, Words) or not commands or facts.sources[head][-1:] != "\n":
        return Declined(head, "nothing in it compiles by `go build`")
    image = body.words[0]
    new = rewritten(head, {image: f"--platform=$BUILDPLATFORM {source(image)}"})
    first = next(run for run in builds if _builds(facts, run))
    line = written_like(first, "ARG", "TARGETOS TARGETARCH")
    told: dict[Node, str] = {node: _SETTINGS + source(node) for node in commands}
    own: dict[Node, str] = {node: told.pop(node) for node in _builds(facts, first)}
    # Right above the first build: what is fetched before is fetched once for all platforms.
    return Proposal(
        head,
        "the compiler runs on the machine that builds, and compiles for the target, without an emulator",
        {head: new, first: f"{line}{facts.newline}{rewritten(first, own)}", **told},
    )
