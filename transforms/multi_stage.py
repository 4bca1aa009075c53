"""`multi-stage`."""

from __future__ import annotations

from collections.abc import Iterator

from optimizer.facts import Facts
from optimizer.facts.interpreted import conversion
from optimizer.facts.stacks import Unknown, plan
from optimizer.facts.stacks.writer import Writer
from optimizer.transform import Declined, Leeway, Proposal, Safety, example, transform, unchanged

WHY = "what only the build needs is of no use in the container"
_OF_BASES = (
    "APP_UID ASPNETCORE_HTTP_PORTS ASPNET_VERSION CARGO_HOME CA_CERTIFICATES_JAVA_VERSION "
    "DOTNET_GENERATE_ASPNET_CERTIFICATE DOTNET_NOLOGO DOTNET_RUNNING_IN_CONTAINER DOTNET_SDK_VERSION "
    "DOTNET_USE_POLLING_FILE_WATCHER DOTNET_VERSION ELIXIR_VERSION GCC_MIRRORS GCC_VERSION GOLANG_VERSION GOPATH "
    "GOTOOLCHAIN GO_VERSION GPG_KEYS GRADLE_HOME GRADLE_USER_HOME GRADLE_VERSION JAVA_ALPINE_VERSION "
    "JAVA_DEBIAN_VERSION JAVA_HOME JAVA_URL JAVA_VERSION LANG LANGUAGE LC_ALL MAVEN_CONFIG MAVEN_HOME "
    "NUGET_XMLDOC_MODE OTP_VERSION PATH POWERSHELL_DISTRIBUTION_CHANNEL REBAR3_VERSION REBAR_VERSION RUSTUP_HOME "
    "RUST_VERSION SSL_CERT_FILE USER_HOME_DIR"
)
"""The variables that base images set for their own tools: all of `stacks.toml`, as a test sees to."""
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
_PHP = {
    "composer.json": '{"require": {"monolog/monolog": "3"}}',
    "composer.lock": "{}",
    "public/index.php": "<?php echo 1;\n",
}
_POETRY = {
    "pyproject.toml": '[project]\nname = "notes"\nrequires-python = ">=3.11"\ndependencies = ["flask"]\n',
    "poetry.lock": "",
    "uv.lock": "",
    "app.py": "import flask\n",
}
_ELIXIR = {
    "mix.exs": 'def project do\n  [app: :hello, deps: [{:plug, "~> 1.15"}]]\nend\n',
    "mix.lock": '%{\n  "plug": {:hex, :plug, "1.15.3", "0", [:mix], [], "hexpm", "0"},\n}\n',
    "lib/hello.ex": "defmodule Hello do\nend\n",
}
_RUBY = {"Gemfile": 'gem "rack"\n', "Gemfile.lock": "GEM\n", "app.rb": ""}


@transform(
    Safety.UNSAFE,
    may_change={"stages", "config", "comments", "layers", "copied"},
    leeway={"staging"},
    options={"artefacts": (), "packages": ()},
    may_change_base=True,
    may_change_settings=tuple(f"Env.{name}" for name in (*_OF_BASES.split(), "VIRTUAL_ENV")),
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
    + RUN chown app:app /srv
    + COPY --from=builder --chown=app:app /srv/quotes /srv/quotes
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
    "a front end: what hands it out reads one folder, so nothing else goes along",
    """
    - FROM node:22-alpine
    + # builds what the stage below runs
    + FROM node:22-alpine AS builder
      WORKDIR /app
      COPY . .
      RUN npm ci && npm run build
      RUN npm install -g serve
    +
    + # holds what the container needs, and nothing that built it
    + FROM node:22-alpine
    + WORKDIR /app
    + RUN npm install -g serve
    + COPY --from=builder /app/dist /app/dist
      EXPOSE 3000
      CMD ["serve", "-s", "dist", "-l", "3000"]
    """,
    unsafe=True,
    context={"package.json": '{"scripts": {"build": "vite build"}}', "package-lock.json": "{}", "index.html": ""},
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
    "packages that Poetry installs; it stays behind itself, as nothing starts it",
    """
    - FROM python:3.13
    + # builds what the stage below runs
    + FROM python:3.13 AS builder
      RUN pip install poetry
    + RUN python -m venv /opt/venv
    + ENV PATH=/opt/venv/bin:$PATH VIRTUAL_ENV=/opt/venv
      WORKDIR /app
      COPY . .
      RUN poetry config virtualenvs.create false && poetry install --only main
    +
    + # holds what the container needs, and nothing that built it
    + FROM python:3.13-slim
    + ENV PATH=/opt/venv/bin:$PATH VIRTUAL_ENV=/opt/venv
    + WORKDIR /app
    + COPY --from=builder /opt/venv /opt/venv
    + COPY --from=builder /app /app
      CMD ["flask", "run"]
    """,
    unsafe=True,
    context=_POETRY,
)
@example(
    "uv makes an environment in the project; it comes along, as it starts the program",
    """
    - FROM python:3.13
    + # builds what the stage below runs
    + FROM python:3.13 AS builder
      COPY --from=ghcr.io/astral-sh/uv:0.9 /uv /bin/uv
      WORKDIR /app
      COPY . .
      RUN uv sync --locked
    +
    + # holds what the container needs, and nothing that built it
    + FROM python:3.13-slim
    + COPY --from=ghcr.io/astral-sh/uv:0.9 /uv /bin/uv
    + WORKDIR /app
    + COPY --from=builder /app /app
      CMD ["uv", "run", "--no-sync", "app.py"]
    """,
    unsafe=True,
    context=_POETRY,
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
@example(
    "composer and headers stay behind; extensions of PHP go along, with the libraries that they link",
    """
    - FROM php:8.3-apache-bookworm
    + # builds what the stage below runs
    + FROM php:8.3-apache-bookworm AS builder
      COPY --from=composer:2 /usr/bin/composer /usr/local/bin/composer
      RUN apt-get update && apt-get install -y --no-install-recommends git libpng-dev && rm -rf /var/lib/apt/lists/*
      RUN docker-php-ext-install gd
      RUN a2enmod rewrite
      COPY . .
      RUN composer install --no-dev
    +
    + # holds what the container needs, and nothing that built it
    + FROM php:8.3-apache-bookworm
    + RUN apt-get update && apt-get install -y --no-install-recommends libpng16-16 && rm -rf /var/lib/apt/lists/*
    + RUN a2enmod rewrite
    + COPY --from=builder /usr/local/etc/php/conf.d /usr/local/etc/php/conf.d
    + COPY --from=builder /usr/local/lib/php/extensions /usr/local/lib/php/extensions
    + COPY --from=builder /var/www /var/www
      EXPOSE 80
    """,
    unsafe=True,
    context=_PHP,
)
@example(
    "a release of Elixir holds the run-time system of Erlang: what that links comes from packages",
    """
    - FROM elixir:1.17-alpine
    + # builds what the stage below runs
    + FROM elixir:1.17-alpine AS builder
      ENV MIX_ENV=prod
      WORKDIR /app
      RUN mix local.hex --force && mix local.rebar --force
      COPY . .
      RUN mix deps.get --only prod && mix compile
      RUN mix release
    +
    + # holds what the container needs, and nothing that built it
    + FROM alpine:3.23
    + ENV LANG=C.UTF-8
    + RUN apk add --no-cache libstdc++ ncurses-libs openssl
    + ENV MIX_ENV=prod
    + WORKDIR /app
    + COPY --from=builder /app/_build/prod/rel/hello /app/_build/prod/rel/hello
      CMD ["_build/prod/rel/hello/bin/hello", "start"]
    """,
    unsafe=True,
    context=_ELIXIR,
)
@unchanged(
    "little would stay behind",
    """
    FROM php:8.3-apache-bookworm
    COPY --from=composer:2 /usr/bin/composer /usr/local/bin/composer
    RUN apt-get update && apt-get install -y --no-install-recommends unzip && rm -rf /var/lib/apt/lists/*
    COPY . .
    RUN composer install --no-dev
    """,
    unsafe=True,
    context=_PHP,
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
    "uv passes environments by",
    """
    FROM python:3.13
    COPY --from=ghcr.io/astral-sh/uv:0.9 /uv /bin/uv
    WORKDIR /app
    COPY . .
    RUN uv pip install --system flask
    CMD ["python", "app.py"]
    """,
    unsafe=True,
    context=_POETRY,
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

    Safety: only where the sources are seen and each step is known; not where a program calls others, loads libraries by
    name, or starts a tool of the builder; files that a program may read go with it. What is not known can be told:
    `artefacts` are paths that the container needs, `packages` what brings the programs that it calls. Other than
    before: a shell in the container, where nothing that is seen needs one. A program that an interpreter reads keeps
    its whole folder and gets the slim variant of the same image: not where sources or packages may start programs, or
    link libraries, that are not known. Packages of Python move to an environment, those of Poetry and Pipenv too; one
    that a tool makes stays where it is. Not where something names the place in which packages were, or where another
    environment is taken than this one. A tool comes along where something starts it (`poetry run`, `uv run`), but not
    where it would install packages then. Images of PHP have no slim variant: both stages stand on the same one; not
    where only a little would stay behind. Development packages of Node go where nothing that is started or loaded needs
    them. Where all that is started hands out a folder (`serve`, `http-server`), only that folder goes along; nginx
    never takes its place, as it answers otherwise.

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
            given = frozenset({Leeway.TOLD} if found.given else ())
            edits = Writer(facts, stage, found).edits()
            yield Proposal(head, WHY, edits, saves=found.saves, basis=found.basis, leeway=given)
    except Unknown as unknown:
        yield Declined(unknown.at or head, unknown.why)
