"""`strip-binaries`."""

import re
from collections.abc import Iterator, Mapping

from optimizer.facts import Call, Facts
from optimizer.facts.arrivals import arrived
from optimizer.facts.bases import is_image
from optimizer.facts.layout import flag_inserted
from optimizer.facts.tools import ToolCall, first_image, tool_call
from optimizer.knowledge.ecosystems import ecosystems
from optimizer.syntax.nodes import Command, Gap, Instruction, Node, Word, source
from optimizer.transform import Declined, Proposal, Safety, example, transform, unchanged

_FLAG = re.compile(r"--?ldflags(=|$)")
_PATTERN = re.compile(r"[\w./*]+=-")
_PROFILE = re.compile(rb"(?m)^\s*(strip|debug|split-debuginfo)\s*=")

_TARGETS = ("/usr/src/*/target/**", "/app/target/**", "/src/target/**", "/build/target/**", "/usr/src/app/target/**")


@transform(
    Safety.UNSAFE,
    may_change=set(),
    leeway={"stripped"},
    # The usual places of programs: a build that writes elsewhere is not proved, as it should be.
    may_change_paths=(
        *("/usr/local/bin/*", "/go/bin/*", "/app/bin/*", "/usr/local/sbin/*", "/app", "/main", "/server"),
        *("/app/app", "/app/main", "/app/server", "/root/.cache/go-build/**", "/usr/local/cargo/bin/*", *_TARGETS),
    ),
    may_remove=("/root/.cache/go-build/**", *_TARGETS),
)
@example(
    "go: symbols, and the paths of the build",
    """
      FROM golang:1.24
    - RUN go build -o /app .
    + RUN go build -trimpath -ldflags="-s -w" -o /app .
    """,
    unsafe=True,
)
@example(
    "flags that are there stay; two that mean nothing since Go 1.10 go",
    """
      FROM golang:1.24
      ARG VERSION
    - RUN CGO_ENABLED=0 go build -a -installsuffix cgo -ldflags "-X main.version=$VERSION" -o /app .
    + RUN CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X main.version=$VERSION" -o /app .
    - RUN go install -ldflags=-s -trimpath ./cmd/tool
    + RUN go install -ldflags="-s -w" -trimpath ./cmd/tool
    """,
    unsafe=True,
)
@example(
    "C and C++ where they link",
    """
      FROM gcc:14
      COPY tool.c .
    - RUN gcc -O2 -o /usr/local/bin/tool tool.c
    + RUN gcc -s -O2 -o /usr/local/bin/tool tool.c
    """,
    unsafe=True,
)
@example(
    "cargo by its environment",
    """
      FROM rust:1
      COPY . .
    - RUN cargo build --release
    + RUN CARGO_PROFILE_RELEASE_STRIP=symbols cargo build --release
    """,
    unsafe=True,
)
@example(
    "a go of unknown age may not know the option for paths",
    """
      FROM alpine:3.10
    - RUN apk add --no-cache go && go build -o /app .
    + RUN apk add --no-cache go && go build -ldflags="-s -w" -o /app .
    """,
    unsafe=True,
)
@example(
    "what was compiled for a test serves the build, as long as both want the paths",
    """
      FROM golang:1.24
    - RUN go vet ./... && go build -o /app .
    + RUN go vet ./... && go build -ldflags="-s -w" -o /app .
    """,
    unsafe=True,
)
@unchanged(
    "a debugger, or a command that strips",
    """
    FROM golang:1.24
    RUN go install github.com/go-delve/delve/cmd/dlv@latest
    RUN go build -o /app .
    CMD ["dlv", "exec", "/app"]
    FROM gcc:14
    RUN gcc -O2 -o /tool tool.c && strip /tool
    """,
    unsafe=True,
)
@unchanged(
    "a build for debugging or of objects, and one that a variable may make so",
    """
    FROM gcc:14
    RUN gcc -g -o a a.c && gcc -c -o b.o b.c && gcc $CFLAGS -o c c.c && gcc -O0 -o d d.c
    RUN go build -gcflags="all=-N -l" -o /app . && cargo build
    """,
    unsafe=True,
)
@unchanged(
    "the environment holds flags of go, which an option of the command would replace",
    """
    FROM golang:1.24
    ENV GOFLAGS=-ldflags=-X=main.version=1
    RUN go build -o /app .
    """,
    unsafe=True,
)
@unchanged(
    "nothing is written: it only compiles",
    """
    FROM golang:1.24
    RUN go build ./... && go build -v std
    """,
    unsafe=True,
)
@unchanged(
    "the project decides for itself, as the build context shows",
    """
    FROM rust:1
    WORKDIR /src
    COPY . .
    RUN cargo build --release
    """,
    unsafe=True,
    context={"Cargo.toml": "[profile.release]\nstrip = true\n"},
)
@unchanged(
    "packages that `cargo chef` built would be built again",
    """
    FROM rust:1
    RUN cargo chef cook --release
    RUN cargo build --release
    """,
    unsafe=True,
)
@unchanged(
    "already so",
    """
    FROM golang:1.24
    RUN go build -trimpath -ldflags="-w -s" -o /app . && gcc -s -O2 -o /tool tool.c
    """,
    unsafe=True,
)
def strip_binaries(facts: Facts) -> Iterator[Proposal | Declined]:
    """Builds programs without symbols and debugging information, which nothing in a container reads.

    That is a quarter to a third of a Go program, and more of a C++ or Rust one. A stack trace of Go keeps its
    functions and lines; a debugger would find nothing.

    Safety: unsafe, as the program is another file, and one that looks for its own sources by the paths of its stack
    finds none. Flags that are there stay. `-trimpath` not behind a command that compiled with the paths, `go vet` or
    `go test`: all packages would be compiled anew. Not where a debugger, `strip` or a
    build for debugging is seen, where a variable may hold such options, nor where GOFLAGS holds linker flags. UPX is
    never added: layers are compressed anyway (a packed program made an image of 17.1 MB one of 18.9 MB and start twice
    as slowly), each process unpacks it into memory of its own, and scanners take it for malware.

    Sources: cmd/link, go help build, ld(1), cargo reference (profiles); domain.md 6.
    """
    for instruction in facts.runs:
        calls = facts.calls(instruction)
        if instruction.name != "RUN" or _is_debugged(facts, instruction):
            continue
        for call in calls:
            if call.substituted or not isinstance(call.node, Command):
                continue
            edits = _edits(facts, instruction, call)
            if edits:
                yield Proposal(call.node, "symbols and debugging information are read by nothing in a container", edits)


def _is_debugged(facts: Facts, instruction: Instruction) -> bool:
    """Whether the stage, one built from it, or one that takes from it names a debugger or strips by itself."""
    words = re.compile(rf"(?<![\w./-])({'|'.join(ecosystems().linking.debuggers)})(?![\w-])|/dlv\b|cmd/dlv")
    stage = facts.stage_of[instruction]
    return facts.remembered(("debugged", stage), lambda: any(map(words.search, _texts(facts, stage.number))))


def _texts(facts: Facts, number: int) -> list[str]:
    return [facts.sources[i] for i, stage in facts.stage_of.items() if stage.number >= number]


def _edits(facts: Facts, instruction: Instruction, call: Call) -> Mapping[Node, str] | None:
    linking = ecosystems().linking
    if call.name in linking.commands:
        return _linked(call)
    found = tool_call(call)
    if found is None:
        return None
    if found.tool.name == "go" and found.verb in linking.go_verbs:
        return _go(facts, instruction, found)
    if found.tool.name == "cargo" and found.verb in linking.cargo_verbs:
        return _cargo(facts, instruction, found)
    return None


def _linked(call: Call) -> Mapping[Node, str] | None:
    linking = ecosystems().linking
    words = [word.literal for word in call.words]
    options = [word for word in words if word is not None and word.startswith("-")]
    if None in words or "-o" not in options:
        return None
    if any(option in (*linking.already, *linking.stops) or option.startswith(linking.debug) for option in options):
        return None
    return flag_inserted(call.words, call.words[0], linking.option)


def _cargo(facts: Facts, instruction: Instruction, found: ToolCall) -> Mapping[Node, str] | None:
    linking = ecosystems().linking
    stage = facts.stage_of[instruction]
    released = found.verb == "install" or any(option in ("--release", "-r") for option in found.options)
    text = " ".join(facts.sources[i] for one in stage.lineage for i in one.instructions)
    if not released or "--debug" in found.options or found.call.wrapped_by or "cargo chef" in text:
        return None
    if "CARGO_PROFILE_RELEASE" in text or "--config" in text or "RUSTFLAGS" in text:
        return None
    manifest = arrived(facts, instruction, "Cargo.toml")
    content = manifest.content(facts) if manifest is not None else None
    if is_image(first_image(stage), linking.cargo_too_old) or (content is not None and _PROFILE.search(content)):
        return None
    first = found.call.words[0]
    return {first: f"{linking.cargo_setting} {source(first)}"}


def _go(facts: Facts, instruction: Instruction, found: ToolCall) -> Mapping[Node, str] | None:
    linking = ecosystems().linking
    words = list(found.call.words)
    if "GOFLAGS" in facts.sources[instruction] or "GOFLAGS" in facts.scopes[instruction].variables:
        return None
    names = [word.text.partition("=")[0].replace("--", "-", 1) for word in words]
    if set(names) & set(linking.go_debug) or ("-o" not in names and _only_compiles(found)):
        return None
    if any(word.text.startswith("$") for word in words):
        return None
    image = first_image(facts.stage_of[instruction])
    recent = is_image(image, ["golang"]) and not is_image(image, linking.go_without_paths)
    edits = _without_obsolete(found) if recent else {}
    place = next((i for i, word in enumerate(words) if _FLAG.match(word.text)), None)
    new: list[str] = []
    if linking.go_paths not in names and recent and not _compiled_before(facts, found):
        new.append(linking.go_paths)
    if place is None:
        new.append(f'-ldflags="{" ".join(linking.go_flags)}"')
    else:
        in_one = "=" in words[place].text
        if not in_one and place + 1 == len(words):
            return None
        word = words[place] if in_one else words[place + 1]
        merged = _merged(source(word), in_one=in_one)
        if merged is None:
            return None
        edits |= {word: merged} if merged != source(word) else {}
    verb = found.verb_word
    return edits | ({verb: f"{source(verb)} {' '.join(new)}"} if new else {})


def _compiled_before(facts: Facts, found: ToolCall) -> bool:
    """Whether a command above compiled with the paths: go would compile all packages anew without them."""
    linking = ecosystems().linking
    stage = facts.stage_of[found.call.instruction]
    for instruction in (i for one in stage.lineage for i in one.instructions if i.name == "RUN"):
        for call in facts.calls(instruction):
            if call is found.call:
                return False
            other = tool_call(call)
            compiles = other is not None and other.tool.name == "go" and other.verb in linking.go_compiles
            if compiles and linking.go_paths not in [word.text for word in call.words]:
                return True
    return False


def _only_compiles(found: ToolCall) -> bool:
    """Whether a build of several packages, or of the standard library, writes nothing."""
    return found.verb == "build" and any("..." in word.text or word.text == "std" for word in found.operands)


def _merged(text: str, *, in_one: bool) -> str | None:
    """The word with the linker's flags in front of those that are there; None where it cannot be told."""
    name, equals, value = text.partition("=") if in_one else ("", "", text)
    quote = value[:1] if value[:1] in ("'", '"') and value[-1:] == value[:1] and len(value) > 1 else ""
    inner = value[1:-1] if quote else value
    if _PATTERN.match(inner) or (not quote and not re.fullmatch(r"[\w=./-]*", inner)):
        return None
    missing = [flag for flag in ecosystems().linking.go_flags if flag not in inner.split()]
    if not missing:
        return text
    both = [flag for flag in ecosystems().linking.go_flags if flag in inner.split()] == inner.split()
    new = " ".join(ecosystems().linking.go_flags if both else (*missing, inner.strip(" ")))
    return f"{name}{equals}{quote or chr(34)}{new}{quote or chr(34)}"


def _without_obsolete(found: ToolCall) -> dict[Node, str]:
    """The edits that take `-a -installsuffix cgo` out."""
    words = found.call.words
    at = next((i for i, word in enumerate(words) if word.literal == "-installsuffix"), None)
    if at is None or at + 1 >= len(words) or not isinstance(found.call.node, Command):
        return {}
    gone = [words[at], words[at + 1], *(word for word in words if word.literal == "-a")]
    edits: dict[Node, str] = {}
    parts = found.call.node.parts
    for word in gone:
        assert isinstance(word, Word)
        gap = parts[parts.index(word) - 1]
        if not isinstance(gap, Gap) or gap.comments:
            return {}
        edits |= {word: "", gap: ""}
    return edits
