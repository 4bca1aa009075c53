"""The guide's techniques: the bad file, its context, and what must be true of the result.

Where the guide is wrong, the property is what is true today (`why` says so): the map of the guide is the judge.
"""

from __future__ import annotations

from collections.abc import Mapping
from textwrap import dedent

from msgspec import Struct, field

from tests.guide import contexts
from tests.guide import properties as p
from tests.guide.properties import Property


class Pair(Struct, frozen=True):
    """`needs`: property -> the transform that gives it; without that transform in the pipeline it is not asked for."""

    name: str
    before: str
    properties: tuple[Property, ...]
    files: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    needs: Mapping[str, tuple[Property, ...]] = field(default_factory=dict)
    switched_on: tuple[str, ...] = ()
    """Transforms that run only where somebody asks for them."""
    why: str = ""

    @property
    def text(self) -> str:
        return dedent(self.before).strip("\n") + "\n"


PAIRS = (
    Pair(
        "install, then copy",
        """
        FROM node:16
        WORKDIR /app
        COPY . .
        RUN npm install
        CMD ["node", "app.js"]
        """,
        (p.manifests_first("npm", "package.json", "package-lock.json"), p.runs("npm ci"), p.never_runs("npm install")),
        contexts.node("app.js"),
        needs={"production-dependencies": (p.runs("--omit=dev"),)},
    ),
    Pair(
        "an update of its own",
        """
        FROM debian:bookworm
        RUN apt-get update
        RUN apt-get install -y nginx
        CMD ["nginx", "-g", "daemon off;"]
        """,
        (p.update_with_install, p.cleans_lists, p.lacks("nginx=")),
        why="the guide pins a version: the archive moves on, and the build breaks",
    ),
    Pair(
        "a Go program on nothing",
        """
        FROM golang:1.21
        WORKDIR /app
        COPY . .
        RUN CGO_ENABLED=0 go build -o myapp
        ENTRYPOINT ["/app/myapp"]
        """,
        (p.keeps("ENTRYPOINT"),),
        contexts.go(),
        needs={
            "multi-stage": (p.stages(2), p.last_base("scratch", "gcr.io/distroless/static"), p.no_sources("*.go")),
            "strip-binaries": (p.runs("-s -w"),),
        },
    ),
    Pair(
        "a Node server: what builds is no part of what runs",
        """
        FROM node:16
        WORKDIR /app
        COPY . .
        RUN npm install
        RUN npm run build
        EXPOSE 3000
        CMD ["node", "dist/index.js"]
        """,
        (p.manifests_first("npm", "package.json", "package-lock.json"), p.runs("npm ci"), p.keeps("EXPOSE", "CMD")),
        contexts.node(),
        needs={
            "multi-stage": (
                p.stages(2),
                p.last_base("node:16-slim"),
                p.builds_with_all("npm"),
                p.production_in_image("npm"),
            )
        },
        why="the guide installs production packages before a build that needs all; its Alpine has another libc",
    ),
    Pair(
        "deleted in a later layer",
        """
        FROM ubuntu:20.04
        RUN apt-get update && apt-get install -y python3
        RUN rm -rf /var/lib/apt/lists/*
        CMD ["python3"]
        """,
        (p.cleans_lists, p.steps("RUN", 1)),
    ),
    Pair(
        "the whole pattern of apt",
        """
        FROM ubuntu:20.04
        RUN apt-get update
        RUN apt-get install -y unzip make jq
        CMD ["jq"]
        """,
        (p.update_with_install, p.runs("--no-install-recommends"), p.cleans_lists, p.lacks("apt-get clean", "/tmp/*")),
        why="`apt-get clean` does nothing on official images, and other people's temporary files are not ours",
    ),
    Pair(
        "what nobody needs is not sent",
        """
        FROM python:3.9-slim
        WORKDIR /app
        COPY . .
        CMD ["python", "app.py"]
        """,
        (p.ignores(".git"),),
        {**contexts.python(), ".git/HEAD": "ref: refs/heads/main\n", "__pycache__/app.cpython-39.pyc": "x"},
    ),
    Pair(
        "production packages only",
        """
        FROM node:18
        WORKDIR /app
        COPY package.json package-lock.json ./
        RUN npm ci --only=production
        COPY . .
        CMD ["node", "app.js"]
        """,
        (p.runs("npm ci --omit=dev"), p.lacks("--only=production")),
        contexts.node("app.js"),
        why="npm warns of `--only=production`",
    ),
    Pair(
        "no cache of pip",
        """
        FROM python:3.9-slim
        WORKDIR /app
        COPY requirements.txt .
        RUN pip install -r requirements.txt
        COPY . .
        CMD ["python", "app.py"]
        """,
        (p.runs("pip install --no-cache-dir -r requirements.txt"),),
        contexts.python(),
    ),
    Pair(
        "no recommended packages, no index of apk",
        """
        FROM alpine:3.18
        RUN apk update
        RUN apk add python3
        CMD ["python3"]
        """,
        (p.runs("apk add --no-cache python3"),),
    ),
    Pair(
        "alternatives are not swapped",
        """
        FROM debian:bookworm-slim
        RUN apt-get update && apt-get install -y imagemagick curl
        CMD ["convert"]
        """,
        (p.has("imagemagick curl"), p.lacks("imagemagick-light", "wget")),
        why="a smaller package is another program: a person decides",
    ),
    Pair(
        "build packages come and go in one layer",
        """
        FROM python:3.12-alpine
        WORKDIR /app
        RUN apk add --no-cache gcc musl-dev libffi-dev && pip install --no-cache-dir cffi
        COPY app.py ./
        CMD ["python", "app.py"]
        """,
        (p.keeps("CMD"),),
        contexts.python(),
        needs={"build-deps-in-one-run": (p.gone_or_apart("gcc"), p.runs("--virtual"))},
    ),
    Pair(
        "build packages of a layer of their own",
        """
        FROM python:3.12-alpine
        WORKDIR /app
        RUN apk add --no-cache gcc musl-dev libffi-dev
        COPY requirements.txt ./
        RUN pip install -r requirements.txt
        COPY . .
        CMD ["python", "app.py"]
        """,
        (p.keeps("CMD"),),
        contexts.python(),
        needs={"multi-stage": (p.gone_or_apart("gcc"),)},
        why="removing them in a later RUN saves nothing: a stage of its own does",
    ),
    Pair(
        "flags of Go",
        """
        FROM golang:1.21
        WORKDIR /src
        COPY . .
        RUN CGO_ENABLED=0 GOOS=linux go build -a -installsuffix cgo -o /app/binary ./cmd/app
        CMD ["/app/binary"]
        """,
        (p.lacks("-installsuffix"), p.lacks("upx")),
        contexts.go_command(),
        needs={
            "strip-binaries": (p.runs("-s -w"),),
            "multi-stage": (p.stages(2), p.last_base("scratch", "gcr.io/distroless/static"), p.no_sources("*.go")),
        },
        why="`-a -installsuffix cgo` is obsolete; a packed program is larger to pull and slower to start",
    ),
    Pair(
        "flags of C",
        """
        FROM gcc:12
        WORKDIR /src
        COPY app.c ./
        RUN gcc -O2 -o /usr/local/bin/app app.c
        CMD ["app"]
        """,
        (),
        {"app.c": "int main(void) { return 0; }\n"},
        needs={"strip-binaries": (p.runs("-s"),), "multi-stage": (p.stages(2), p.no_sources("*.c"))},
    ),
    Pair(
        "a Python application",
        """
        FROM python:3.9
        WORKDIR /app
        COPY . .
        RUN pip install -r requirements.txt
        CMD ["python", "app.py"]
        """,
        (
            p.manifests_first("pip", "requirements.txt"),
            p.runs("pip install --no-cache-dir -r requirements.txt"),
            p.lacks("/root/.local"),
            p.keeps("CMD"),
        ),
        contexts.python(),
        options={"non-root-user": {"user": "appuser"}},
        needs={
            "multi-stage": (p.stages(2), p.last_base("python:3.9-slim"), p.environment_of_its_own),
            "non-root-user": (p.has_user("appuser"),),
        },
        why="`/root/.local` cannot be read by another user: an environment at a neutral path",
    ),
    Pair(
        "from what stays to what changes",
        """
        FROM node:16-alpine
        WORKDIR /app
        COPY . .
        RUN apk add python3 make g++
        RUN npm ci
        RUN npm run build
        EXPOSE 3000
        USER node
        CMD ["node", "dist/index.js"]
        """,
        (
            p.order("apk add", "COPY package.json", "npm ci", "npm run build"),
            p.runs("apk add --no-cache"),
            p.keeps("USER", "EXPOSE", "CMD"),
        ),
        contexts.node(),
    ),
    Pair(
        "gems for production",
        """
        FROM ruby:3.3
        ENV RACK_ENV=production
        WORKDIR /app
        ENV RAILS_ENV=production
        COPY . .
        RUN bundle install
        CMD ["ruby", "app.rb"]
        """,
        (p.manifests_first("bundle", "Gemfile", "Gemfile.lock"), p.runs("development test")),
        {
            "Gemfile": 'source "https://rubygems.org"\ngem "rack", "~> 3.0"\n',
            "Gemfile.lock": "GEM\n  remote: https://rubygems.org/\n  specs:\n    rack (3.0.9)\n\nPLATFORMS\n  ruby\n\n"
            "DEPENDENCIES\n  rack (~> 3.0)\n\nBUNDLED WITH\n   2.5.3\n",
            "app.rb": "require 'rack'\nputs Rack.release\n",
        },
        needs={"multi-stage": (p.stages(2), p.last_base("ruby:3.3-slim"))},
    ),
    Pair(
        "a user that is not root",
        """
        FROM alpine:3.18
        WORKDIR /app
        COPY tool /app/
        CMD ["/app/tool"]
        """,
        (),
        {"tool": "#!/bin/sh\necho ok\n"},
        options={"non-root-user": {"user": "appuser"}},
        needs={"non-root-user": (p.has_user("appuser"), p.runs("adduser -S"))},
    ),
    Pair(
        "ownership is set by COPY",
        """
        FROM debian:bookworm-slim
        RUN groupadd -g 1001 app && useradd -u 1001 -g app app
        COPY app /app
        RUN chown -R app:app /app
        USER app
        CMD ["/app/run"]
        """,
        (p.has("--chown=app:app"), p.never_runs("chown -R")),
        {"app/run": "#!/bin/sh\necho ok\n"},
    ),
    Pair(
        "setuid bits",
        """
        FROM debian:bookworm-slim
        COPY tool /usr/local/bin/
        USER nobody
        CMD ["tool"]
        """,
        (),
        {"tool": "#!/bin/sh\necho ok\n"},
        needs={"setuid-bits": (p.runs("chmod a-s"),)},
        switched_on=("setuid-bits",),
    ),
    Pair(
        "arguments that change come late",
        """
        FROM node:20-slim
        ARG BUILD_DATE
        LABEL org.opencontainers.image.created="${BUILD_DATE}"
        WORKDIR /app
        COPY package.json package-lock.json ./
        RUN npm ci --omit=dev
        COPY . .
        CMD ["node", "app.js"]
        """,
        (p.order("npm ci", "ARG BUILD_DATE", "LABEL org.opencontainers.image.created"),),
        contexts.node("app.js"),
    ),
    Pair(
        "pitfall: comments do not invalidate a cache",
        """
        FROM python:3.9-slim
        # Updated on 2024-01-15
        COPY app.py ./
        CMD ["python", "app.py"]
        """,
        (p.has("# Updated on 2024-01-15"), p.lacks("ARG BUILD_DATE")),
        contexts.python(),
        why="a comment is in no key of the cache: it stays where it is",
    ),
    Pair(
        "several architectures",
        """
        FROM golang:1.21 AS builder
        WORKDIR /src
        COPY . .
        RUN CGO_ENABLED=0 go build -o /app ./cmd/app
        FROM alpine:3.18
        COPY --from=builder /app /app
        CMD ["/app"]
        """,
        (p.keeps("CMD"),),
        contexts.go_command(),
        needs={"cross-compile": (p.has("--platform=$BUILDPLATFORM"), p.runs("GOARCH=$TARGETARCH"))},
        switched_on=("cross-compile",),
    ),
    Pair(
        "a static front end",
        """
        FROM node:20
        WORKDIR /app
        COPY . .
        RUN npm install
        RUN npm run build
        RUN npm install -g serve
        EXPOSE 3000
        CMD ["serve", "-s", "dist", "-l", "3000"]
        """,
        (p.manifests_first("npm", "package.json", "package-lock.json"), p.keeps("EXPOSE", "CMD")),
        contexts.front_end(),
        needs={"multi-stage": (p.stages(2), p.last_base("node:20-slim"), p.has("/app/dist /app/dist"))},
        why="the server that the file uses stays: nginx answers otherwise (`static_servers.toml` says in what)",
    ),
)
