"""`multi-stage`."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from optimizer.facts import BuildStage, Facts
from optimizer.facts.chains import Step
from optimizer.facts.interpreted import conversion
from optimizer.facts.layout import step_text, written_like
from optimizer.facts.stacks import Plan, Unknown, plan
from optimizer.facts.stacks.choice import values_of
from optimizer.facts.stacks.survey import MOVED
from optimizer.syntax.nodes import Instruction, Node, Words, rewritten
from optimizer.transform import Declined, Leeway, Proposal, Safety, comment_lines, example, transform, unchanged

BUILDS = "# builds what the stage below runs"
RUNS = "# holds what the container needs, and nothing that built it"
WHY = "what only the build needs is of no use in the container"
_NAMES = ("builder", "build", "compile", "build-stage", "build-tools")
_OF_BASES = (
    "APP_UID ASPNETCORE_HTTP_PORTS ASPNET_VERSION CARGO_HOME CA_CERTIFICATES_JAVA_VERSION "
    "DOTNET_GENERATE_ASPNET_CERTIFICATE DOTNET_NOLOGO DOTNET_RUNNING_IN_CONTAINER DOTNET_SDK_VERSION "
    "DOTNET_USE_POLLING_FILE_WATCHER DOTNET_VERSION GCC_MIRRORS GCC_VERSION GOLANG_VERSION GOPATH GOTOOLCHAIN "
    "GO_VERSION GPG_KEYS GRADLE_HOME GRADLE_USER_HOME GRADLE_VERSION JAVA_ALPINE_VERSION JAVA_DEBIAN_VERSION "
    "JAVA_HOME JAVA_URL JAVA_VERSION LANG LANGUAGE LC_ALL MAVEN_CONFIG MAVEN_HOME NUGET_XMLDOC_MODE PATH "
    "POWERSHELL_DISTRIBUTION_CHANNEL RUSTUP_HOME RUST_VERSION SSL_CERT_FILE USER_HOME_DIR"
)
"""The variables that base images set for their own tools: all of `stacks.toml`, as a test sees to."""
_PLAIN = re.compile(r"[\w./+@:,~=-]+")
_GO = {
    "go.mod": "module example.org/quotes\n\ngo 1.24\n",
    "main.go": 'package main\n\nimport "net/http"\n\nfunc main() { http.ListenAndServe(":8080", nil) }\n',
}
_NODE = {
    "package.json": (
        '{"scripts": {"build": "tsc"}, "dependencies": {"fastify": "4"}, "devDependencies": {"typescript": "5"}}'
    ),
    "package-lock.json": "{}",
    "src/main.ts": 'import fastify from "fastify"\n',
}
_PYTHON = {"requirements.txt": "flask\npsycopg2\n", "app.py": "import flask\n", "static/style.css": ""}
_RUBY = {"Gemfile": 'gem "rack"\n', "Gemfile.lock": "GEM\n", "app.rb": ""}


@transform(
    Safety.UNSAFE,
    may_change={"stages", "config", "comments", "layers", "copied"},
    leeway={"staging"},
    options={"artefacts": (), "packages": ()},
    may_change_base=True,
    may_change_settings=tuple(f"Env.{name}" for name in _OF_BASES.split()),
)
@example(
    "a program of Go that is linked to the C library",
    """
    - FROM golang:1.24
    + # builds what the stage below runs
    + FROM golang:1.24 AS builder
      WORKDIR /src
      COPY . .
      RUN go build -o /usr/local/bin/quotes .
    +
    + # holds what the container needs, and nothing that built it
    + FROM gcr.io/distroless/base-debian13
    + WORKDIR /src
    + COPY --from=builder /usr/local/bin/quotes /usr/local/bin/quotes
      EXPOSE 8080
      CMD ["quotes"]
    """,
    unsafe=True,
    context=_GO,
)
@example(
    "one that is linked to nothing, with the files that it may read; a name, comments and a configuration stay",
    """
      # the service
    - FROM golang:1.24 AS service
    + # builds what the stage below runs
    + FROM golang:1.24 AS builder
      ENV CGO_ENABLED=0
      WORKDIR /app
      COPY go.mod main.go ./
      RUN go mod download
      COPY . .
      # one program
      RUN go build -o server ./cmd/server
    +
    + # holds what the container needs, and nothing that built it
    + FROM gcr.io/distroless/static-debian13 AS service
    + ENV CGO_ENABLED=0
    + WORKDIR /app
    + COPY --from=builder /app/server /app/server
    + COPY --from=builder /app/base.yaml /app/local.yaml /app/
    + COPY --from=builder /app/web/templates /app/web/templates
      # what is asked
      EXPOSE 8080
      CMD ["./server"]
    """,
    unsafe=True,
    context={
        **_GO,
        "go.mod": "module example.org/quotes\n\nrequire example.org/left v1.2.0\n",
        "cmd/server/main.go": "package main\n",
        "cmd/server/main_test.go": 'package main\n\nimport "os/exec"\n',
        "web/web.go": "package web\n\n//go:embed static\nvar files embed.FS\n",
        "web/static/style.css": "",
        "web/templates/index.html": "",
        "base.yaml": "",
        "local.yaml": "",
        "README.md": "",
    },
)
@example(
    "linked to nothing, and in need of nothing",
    """
    - FROM golang:1.24-alpine
    + # builds what the stage below runs
    + FROM golang:1.24-alpine AS builder
      WORKDIR /src
      COPY . .
      RUN CGO_ENABLED=0 go build -o /quotes .
    +
    + # holds what the container needs, and nothing that built it
    + FROM scratch
    + WORKDIR /src
    + COPY --from=builder /quotes /quotes
      USER 1000
      ENTRYPOINT ["/quotes"]
    """,
    unsafe=True,
    context=_GO,
)
@example(
    "a user is made in both, and has what was given to him",
    """
    - FROM golang:1.24-alpine3.22
    + # builds what the stage below runs
    + FROM golang:1.24-alpine3.22 AS builder
      RUN addgroup -S app && adduser -S -G app app
      WORKDIR /srv
      COPY . .
      RUN apk add --no-cache git && go build -o /srv/quotes .
      RUN chown -R app:app /srv
    +
    + # holds what the container needs, and nothing that built it
    + FROM alpine:3.22
    + RUN addgroup -S app && adduser -S -G app app
    + WORKDIR /srv
    + COPY --from=builder /srv/quotes /srv/quotes
    + RUN chown -R app:app /srv
      USER app
      CMD ["/srv/quotes"]
    """,
    unsafe=True,
    context=_GO,
)
@example(
    "libraries of development packages, and the program that a health check calls, in a shell",
    """
    - FROM golang:1.24-bookworm
    + # builds what the stage below runs
    + FROM golang:1.24-bookworm AS builder
      RUN apt-get update && apt-get install -y --no-install-recommends libpcap-dev && rm -rf /var/lib/apt/lists/*
      WORKDIR $GOPATH/src/quotes
      COPY . .
      RUN go install .
    +
    + # holds what the container needs, and nothing that built it
    + FROM debian:bookworm-slim
    + ENV PATH=/go/bin:/usr/local/go/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
    + RUN apt-get update && apt-get install -y --no-install-recommends libpcap0.8 procps && rm -rf /var/lib/apt/lists/*
    + WORKDIR /go/src/quotes
    + COPY --from=builder /go/bin/quotes /go/bin/quotes
      HEALTHCHECK CMD pgrep quotes || exit 1
      CMD quotes
    """,
    unsafe=True,
    context=_GO,
)
@example(
    "what is not known is told",
    """
    - FROM golang:1.24-bookworm
    + # builds what the stage below runs
    + FROM golang:1.24-bookworm AS builder
      WORKDIR /src
      COPY . .
      RUN make
    +
    + # holds what the container needs, and nothing that built it
    + FROM debian:bookworm-slim
    + RUN apt-get update && apt-get install -y --no-install-recommends graphviz && rm -rf /var/lib/apt/lists/*
    + WORKDIR /src
    + COPY --from=builder /src/quotes /src/quotes
      CMD ["/src/quotes"]
    """,
    unsafe=True,
    options={"artefacts": "/src/quotes", "packages": "graphviz"},
    context=_GO,
)
@example(
    "a server on Node: the folder goes along, development packages do not",
    """
    - FROM node:22
    + # builds what the stage below runs
    + FROM node:22 AS builder
      WORKDIR /app
      COPY . .
      RUN npm ci
      RUN npm run build
    + RUN npm prune --omit=dev
    +
    + # holds what the container needs, and nothing that built it
    + FROM node:22-slim
    + WORKDIR /app
    + COPY --from=builder /app /app
      USER node
      CMD ["node", "dist/main.js"]
    """,
    unsafe=True,
    context=_NODE,
)
@example(
    "packages of Python: an environment that both images find, and the libraries that they link",
    """
    - FROM python:3.13-bookworm
    + # builds what the stage below runs
    + FROM python:3.13-bookworm AS builder
    + RUN python -m venv /opt/venv
    + ENV PATH=/opt/venv/bin:$PATH
      WORKDIR /app
      COPY . .
      RUN pip install -r requirements.txt
    +
    + # holds what the container needs, and nothing that built it
    + FROM python:3.13-slim-bookworm
    + ENV PATH=/opt/venv/bin:$PATH
    + RUN apt-get update && apt-get install -y --no-install-recommends libpq5 && rm -rf /var/lib/apt/lists/*
    + WORKDIR /app
    + COPY --from=builder /opt/venv /opt/venv
    + COPY --from=builder /app /app
      CMD ["flask", "run"]
    """,
    unsafe=True,
    context=_PYTHON,
)
@example(
    "gems lie in a folder of their own",
    """
    - FROM ruby:3.3
    + # builds what the stage below runs
    + FROM ruby:3.3 AS builder
      WORKDIR /app
      COPY . .
      RUN bundle install
    +
    + # holds what the container needs, and nothing that built it
    + FROM ruby:3.3-slim
    + WORKDIR /app
    + COPY --from=builder /usr/local/bundle /usr/local/bundle
    + COPY --from=builder /app /app
      CMD ["ruby", "app.rb"]
    """,
    unsafe=True,
    context=_RUBY,
)
@unchanged(
    "sources start a program whose name is not known: the slim image may lack it",
    """
    FROM python:3.13
    WORKDIR /app
    COPY . .
    RUN pip install -r requirements.txt
    CMD ["python", "app.py"]
    """,
    unsafe=True,
    context={**_PYTHON, "app.py": "import subprocess\nsubprocess.run(command)\n"},
)
@unchanged(
    "something hangs on where the packages lie",
    """
    FROM python:3.13
    WORKDIR /app
    COPY . .
    RUN pip install -r requirements.txt
    CMD ["/usr/local/bin/flask", "run"]
    """,
    unsafe=True,
    context=_PYTHON,
)
@unchanged(
    "a package that drives a browser needs much of the image",
    """
    FROM node:22
    WORKDIR /app
    COPY . .
    RUN npm ci
    CMD ["node", "main.js"]
    """,
    unsafe=True,
    context={"package.json": '{"dependencies": {"puppeteer": "22"}}', "main.js": ""},
)
@unchanged(
    "nothing of the build stays in a slim image",
    """
    FROM python:3.13-slim
    WORKDIR /app
    COPY . .
    RUN pip install -r requirements.txt
    CMD ["python", "app.py"]
    """,
    unsafe=True,
    context=_PYTHON,
)
@unchanged(
    "the sources are not seen",
    """
    FROM golang:1.24
    WORKDIR /src
    COPY . .
    RUN go build -o /quotes .
    CMD ["/quotes"]
    """,
    unsafe=True,
)
@unchanged(
    "a step may make anything",
    """
    FROM golang:1.24
    WORKDIR /src
    COPY . .
    RUN make
    CMD ["/src/quotes"]
    """,
    unsafe=True,
    context=_GO,
)
@unchanged(
    "the program starts others",
    """
    FROM golang:1.24
    WORKDIR /src
    COPY . .
    RUN go build -o /quotes .
    CMD ["/quotes"]
    """,
    unsafe=True,
    context={**_GO, "run.go": 'package main\n\nimport "os/exec"\n\nvar run = exec.Command(tool)\n'},
)
@unchanged(
    "libraries are loaded by their names",
    """
    FROM golang:1.24
    WORKDIR /src
    COPY . .
    RUN go build -o /quotes .
    CMD ["/quotes"]
    """,
    unsafe=True,
    context={**_GO, "load.go": 'package main\n\nimport "plugin"\n'},
)
@unchanged(
    "the container starts a tool of the builder, or Compose does",
    """
    FROM golang:1.24
    WORKDIR /src
    COPY . .
    RUN go build ./...
    CMD ["go", "run", "."]
    """,
    unsafe=True,
    context=_GO,
)
@unchanged(
    "it is parted already",
    """
    FROM golang:1.24 AS builder
    WORKDIR /src
    COPY . .
    RUN CGO_ENABLED=0 go build -o /quotes .
    FROM scratch
    COPY --from=builder /quotes /quotes
    CMD ["/quotes"]
    """,
    unsafe=True,
    context=_GO,
)
def multi_stage(facts: Facts, artefacts: str = "", packages: str = "") -> Iterator[Proposal | Declined]:
    """Parts a stage that builds and runs into one that builds and one that runs.

    An image that was built with its compiler ships the compiler, the sources and all that was fetched for them. The
    builder keeps the steps; the stage behind it takes what they made out of it, to the same places, and has the same
    configuration. Which image that stage stands on follows from what the program needs when it runs.

    Safety: only where the sources are seen and each step is known; not where a program calls others, loads libraries
    by name, or starts a tool of the builder; files that a program may read go with it. What is not known can be told:
    `artefacts` are paths that the container needs, `packages` what brings the programs that it calls. Other than
    before: a shell in the container, where nothing that is seen needs one. A program that an interpreter reads keeps
    its whole folder and gets the slim variant of the same image: not where sources or packages may start programs,
    or link libraries, that are not known. Packages of Python move to an environment; not where something names the
    place in which they were. Development packages of Node go where nothing that is started or loaded needs them.

    Sources: Docker's documentation of multi-stage builds; domain.md 1.4, 3.
    """
    stage = facts.stages[-1] if facts.stages else None
    if stage is None:
        return
    head = stage.node.instructions[0]
    try:
        told = (artefacts.split(), packages.split())
        found = plan(facts, stage, *told) or conversion(facts, stage, *told)
        if found is not None:
            yield _Writer(facts, stage, found).proposal()
    except Unknown as unknown:
        yield Declined(unknown.at or head, unknown.why)


@dataclass(slots=True)
class _Writer:
    """Writes the two stages of a plan."""

    facts: Facts
    stage: BuildStage
    plan: Plan

    def proposal(self) -> Proposal:
        """The edits: the FROM, what goes from the builder, and the new stage behind the last instruction."""
        head = self.stage.node.instructions[0]
        steps = self.stage.instructions
        moved = {one for n, one in enumerate(steps) if one.name in MOVED or n > self._last_layer}
        edits: dict[Node, str] = {head: self._head(), **dict.fromkeys(moved, "")}
        if self.plan.closing is not None:
            edits[steps[self._last_layer]] = self._with_closing(steps[self._last_layer], self.plan.closing)
        edits[steps[-1]] = self._closed(edits.get(steps[-1], self.facts.sources[steps[-1]]))
        given = frozenset({Leeway.TOLD} if self.plan.given else ())
        return Proposal(head, WHY, edits, saves=self.plan.saves, basis=self.plan.basis, leeway=given)

    @property
    def _last_layer(self) -> int:
        return max(n for n, one in enumerate(self.stage.instructions) if one.name in ("RUN", "COPY", "ADD"))

    def _builder(self) -> str:
        """A name for the builder that nothing in the file uses."""
        used = {one.name for one in self.facts.stages} | {one.base for one in self.facts.stages}
        used |= {name.lower() for name in re.findall(r"from=([\w.-]+)", self.facts.text)}
        return next(name for name in (*_NAMES, *(f"builder-{n}" for n in range(2, 99))) if name not in used)

    def _head(self) -> str:
        head = self.stage.node.instructions[0]
        body = head.body
        assert isinstance(body, Words)
        name = self._builder()
        word = " as " if head.keyword.raw.islower() else " AS "
        named = len(body.words) == 3
        edits: dict[Node, str] = {body.words[2]: name} if named else {body.words[0]: body.words[0].raw + word + name}
        text = rewritten(head, edits)[len(comment_lines(head)) :]
        lines = [written_like(self._run, *said) + self.facts.newline for said in self.plan.opening]
        return comment_lines(head) + BUILDS + self.facts.newline + text + "".join(lines)

    def _with_closing(self, last: Instruction, command: str) -> str:
        text = self.facts.sources[last]
        return (text if text.endswith("\n") else text + self.facts.newline) + (
            written_like(self._run, "RUN", command) + self.facts.newline
        )

    def _closed(self, own: str) -> str:
        """The text of the last instruction with the new stage behind it."""
        newline = self.facts.newline
        own += newline if own and not own.endswith("\n") else ""
        text = own + newline + "".join(line if line.endswith("\n") else line + newline for line in self._lines())
        ends = self.facts.sources[self.stage.instructions[-1]].endswith("\n")
        return text if ends else text.removesuffix(newline)

    def _lines(self) -> Iterator[str]:
        """The new stage."""
        head = self.stage.node.instructions[0]
        body = head.body
        assert isinstance(body, Words)
        flags = "".join(f"{flag.text} " for flag in head.all_flags)
        name = f" {body.words[1].raw} {body.words[2].raw}" if len(body.words) == 3 else ""
        yield RUNS
        yield written_like(head, "FROM", f"{flags}{self.plan.image}{name}")
        yield from (written_like(self._run, *said) for said in self.plan.opening if said[0] == "ENV")
        lines = list(self._body())
        for key, value in values_of(self.plan, lines).items():
            yield written_like(self._run, "ENV", f"{key}={value}")
        if self.plan.packages:
            yield self._install()
        yield from lines

    def _install(self) -> str:
        names = " ".join(sorted(self.plan.packages))
        system = self.stage.system
        if system is not None and system.name == "alpine":
            return written_like(self._run, "RUN", f"apk add --no-cache {names}")
        lean = "" if self.plan.survey.recommended else " --no-install-recommends"
        command = f"apt-get update && apt-get install -y{lean} {names} && rm -rf /var/lib/apt/lists/*"
        return written_like(self._run, "RUN", command)

    @property
    def _run(self) -> Instruction:
        return next(one for one in self.stage.instructions if one.name == "RUN")

    def _body(self) -> Iterator[str]:
        """What stands behind the FROM, but for what the builder's image set."""
        steps = self.stage.instructions
        entered = [one for one in steps if one.name == "WORKDIR"]
        if not entered and self.plan.survey.end.folder != "/":
            yield written_like(self.stage.node.instructions[0], "WORKDIR", self.plan.survey.end.folder or "/")
        names = self._variables()
        for number, one in enumerate(steps):
            last = number == self._last_layer
            if one.name == "WORKDIR" and one is entered[-1]:
                yield self._entered(one, moved=number > self._last_layer)
            elif one.name in MOVED or (number > self._last_layer and one.name != "WORKDIR"):
                yield self.facts.sources[one]
            elif one.name in ("ENV", "USER", "SHELL") or (one.name == "ARG" and _defines(one, names)):
                yield self._without_comments(one)
            elif one.name == "RUN" and (made := [step for run, step in self.plan.users if run is one]):
                yield _ran(one, made)
            elif one in self.plan.survey.elsewhere:
                yield self._without_comments(one)
            if last:
                yield from self._copies()
                yield from self._owners(one)

    def _variables(self) -> set[str]:
        """The names that what stands in the new stage reads."""
        kept = [one for one in self.stage.instructions if one.name in (*MOVED, "ENV", "USER", "WORKDIR")]
        kept += [run for run, _ in (*self.plan.users, *self.plan.owners)] + self.plan.survey.elsewhere
        return {name for one in kept for name in re.findall(r"\$\{?(\w+)", self.facts.sources[one])}

    def _entered(self, one: Instruction, *, moved: bool) -> str:
        """The last WORKDIR, with an absolute path."""
        text = self.facts.sources[one] if moved else self._without_comments(one)
        body = one.body
        if isinstance(body, Words) and not body.words[0].text.startswith(("/", '"/')):
            text = (comment_lines(one) if moved else "") + written_like(
                one, "WORKDIR", self.plan.survey.end.folder or "/"
            )
        return text

    def _without_comments(self, one: Instruction) -> str:
        return self.facts.sources[one][len(comment_lines(one)) :]

    def _copies(self) -> Iterator[str]:
        like = next((one for one in self.stage.instructions if one.name == "COPY"), self.stage.node.instructions[0])
        together: dict[str, list[str]] = {}
        for path in self.plan.copies:
            if not _PLAIN.fullmatch(path):
                raise Unknown(f"`{path}` cannot be written as a plain word")
            alone = path not in self.plan.survey.ground.files
            together.setdefault(path if alone else posixpath.dirname(path).rstrip("/") + "/", []).append(path)
        for target, paths in together.items():
            target = paths[0] if len(paths) == 1 else target
            yield written_like(like, "COPY", f"--from={self._builder()} {' '.join(paths)} {target}")

    def _owners(self, last: Instruction) -> Iterator[str]:
        scopes = self.plan.survey.scopes
        for run in dict.fromkeys(run for run, _ in self.plan.owners):
            if scopes[run].user != scopes[last].user:
                raise Unknown("another user is in force where it sets owners", run)
            yield _ran(run, [step for other, step in self.plan.owners if other is run])


def _ran(run: Instruction, steps: Sequence[Step]) -> str:
    return written_like(run, "RUN", " && ".join(step_text(step).strip() for step in steps))


def _defines(instruction: Instruction, names: set[str]) -> bool:
    """Whether an ARG is one of these."""
    return any(pair.name.text in names for pair in getattr(instruction.body, "pairs", ()))
