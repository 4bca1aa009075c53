"""What parts a stage in two is caught where it loses something: a lie is the true conversion with one text changed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from optimizer.engine import Result, optimize
from optimizer.facts import Facts
from optimizer.facts.context import Given
from optimizer.syntax.parser import parse
from optimizer.transform import Declined, Leeway, Proposal, Safety, Transform, transform
from transforms import PIPELINE
from transforms.multi_stage import multi_stage

FILE = """\
# the service
FROM golang:1.24-bookworm AS service
ARG VERSION=dev
ENV MODE=fast \\
    LOG=info
RUN apt-get update && apt-get install -y --no-install-recommends libpcap-dev && rm -rf /var/lib/apt/lists/*
RUN useradd --system app
WORKDIR /app
COPY . .
RUN go vet ./...
# one program
RUN go build -o /app/server .
RUN chown -R app:app /app
LABEL version=$VERSION
EXPOSE 8080
VOLUME /app/state
# not as root
USER app
STOPSIGNAL SIGINT
ENTRYPOINT ["/app/server"]
CMD ["-config", "base.yaml"]
"""
CONTEXT = Given(
    {
        "go.mod": b"module example.org/quotes\n\nrequire example.org/left v1.2.0\n",
        "main.go": b'package main\n\nimport "time"\n\nvar zone = time.LoadLocation("UTC")\n',
        "templates/index.html": b"",
        "base.yaml": b"",
        "README.md": b"",
    }
)
AFTER = """\
# the service
# builds what the stage below runs
FROM golang:1.24-bookworm AS builder
ARG VERSION=dev
ENV MODE=fast \\
    LOG=info
RUN apt-get update && apt-get install -y --no-install-recommends libpcap-dev && rm -rf /var/lib/apt/lists/*
RUN useradd --system app
WORKDIR /app
COPY . .
RUN go vet ./...
# one program
RUN go build -o /app/server .
RUN chown -R app:app /app

# holds what the container needs, and nothing that built it
FROM debian:bookworm-slim AS service
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates libpcap0.8 && CLEAN
ARG VERSION=dev
ENV MODE=fast \\
    LOG=info
RUN useradd --system app
WORKDIR /app
RUN chown app:app /app
COPY --from=builder --chown=app:app /app/server /app/server
COPY --from=builder --chown=app:app /app/base.yaml /app/base.yaml
COPY --from=builder --chown=app:app /app/templates /app/templates
LABEL version=$VERSION
EXPOSE 8080
VOLUME /app/state
# not as root
USER app
STOPSIGNAL SIGINT
ENTRYPOINT ["/app/server"]
CMD ["-config", "base.yaml"]
""".replace("CLEAN", "rm -rf /var/lib/apt/lists/*")


def run_with(one: Transform, text: str = FILE, context: Given | None = CONTEXT) -> Result:
    """What becomes of the file with one transform alone."""
    return optimize(text, [one], unsafe=True, context=context)


def lying(old: str, new: str) -> Transform:
    """The conversion, with a text of what it writes changed."""

    def lie(facts: Facts) -> Iterator[Proposal | Declined]:
        """Lies. Safety: none. Sources: none."""
        for item in multi_stage.run(facts):
            assert isinstance(item, Proposal)
            edits = {node: text.replace(old, new) for node, text in item.edits.items()}
            if edits == dict(item.edits):
                at = next(i for i, text in facts.sources.items() if old in text and i not in edits)
                edits[at] = facts.sources[at].replace(old, new)
            yield Proposal(item.at, "it says so", edits)

    return transform(
        Safety.UNSAFE, may_change={"stages", "config", "comments", "layers", "copied"}, leeway={"staging"}
    )(lie)


LIES = {
    "a forgotten program": (
        "COPY --from=builder --chown=app:app /app/server /app/server\n",
        "",
        "is started, and would not be there",
    ),
    "a forgotten file": (
        "COPY --from=builder --chown=app:app /app/base.yaml /app/base.yaml\n",
        "",
        "`/app/base.yaml` would be left behind",
    ),
    "a forgotten folder": (
        "COPY --from=builder --chown=app:app /app/templates /app/templates\n",
        "",
        "`/app/templates/index.html` would be left behind",
    ),
    "a wrong path": ("/app/server /app/server", "/bin/server /app/server", "would have another owner"),
    "a path that nothing wrote": (
        "/app/templates /app/templates\n",
        "/app/templates /app/templates\nCOPY --from=builder /opt/tool /opt/tool\n",
        "does not surely have `/opt/tool`",
    ),
    "another owner for what is copied": (
        "--from=builder --chown=app:app /app/server",
        "--from=builder --chown=1000 /app/server",
        "would have another owner",
    ),
    "a file of the context that was not copied": (
        "WORKDIR /app\nRUN chown app:app /app\n",
        "WORKDIR /app\nRUN chown app:app /app\nCOPY other /app/other\n",
        "was not copied before",
    ),
    "another variable": (
        "FROM debian:bookworm-slim AS service\n",
        "FROM debian:bookworm-slim AS service\nENV A=1\n",
        "`A`",
    ),
    "a variable with another value": (
        "    LOG=info\nRUN useradd",
        "    LOG=debug\nRUN useradd",
        "`LOG` would have another",
    ),
    "a variable that is lost": (
        "ENV MODE=fast \\\n    LOG=info\nRUN useradd",
        "RUN useradd",
        "would have another value",
    ),
    "an argument that a label needs": (
        "rm -rf /var/lib/apt/lists/*\nARG VERSION=dev\n",
        "rm -rf /var/lib/apt/lists/*\n",
        "the labels would change",
    ),
    "a label that is lost": ("LABEL version=$VERSION\n", "", "the labels would change"),
    "a user that is lost": ("# not as root\nUSER app\n", "", "not as root"),
    "a user that is another one": ("USER app", "USER root", "the user would change"),
    "a user that nobody made": (
        "RUN useradd --system app\nWORKDIR /app\nRUN chown app:app",
        "WORKDIR /app\nRUN chown app:app",
        "`app`",
    ),
    "an owner that is not set": ("RUN chown app:app /app\n", "", "which sets an owner"),
    "a file without its owner": ("--chown=app:app /app/server", "/app/server", "which sets an owner"),
    "another folder that is given": ("RUN chown app:app /app\n", "RUN chown app:app /srv\n", "would run where it did"),
    "another owner of the folder": ("RUN chown app:app /app\n", "RUN chown app:root /app\n", "would run where it did"),
    "a port that is lost": ("EXPOSE 8080\n", "", "the ports or volumes"),
    "a volume that is another one": ("VOLUME /app/state", "VOLUME /state", "the ports or volumes"),
    "a signal that is lost": ("STOPSIGNAL SIGINT\n", "", "`STOPSIGNAL` would change"),
    "a command that is another one": ('"base.yaml"]', '"local.yaml"]', "`CMD` would change"),
    "an entry point in another form": (
        'ENTRYPOINT ["/app/server"]',
        "ENTRYPOINT /app/server",
        "`ENTRYPOINT` would change",
    ),
    "another folder": ("WORKDIR /app\nRUN chown app:app", "WORKDIR /srv\nRUN chown app:app", "the folder"),
    "a comment that is lost": ("# not as root\n", "", "the comment `not as root` would go"),
    "a comment that is told of something else": (
        "# not as root\nUSER app\n",
        "USER app\n# not as root\n",
        "`not as root`",
    ),
    "comments of its own": ("EXPOSE 8080", "# the port\nEXPOSE 8080", "another comment would come"),
    "a comment that speaks to a tool": (
        "# holds what",
        "# hadolint ignore=DL3006\n# holds what",
        "another comment would come",
    ),
    "a step that is dropped": ("RUN go vet ./...\n", "", "the builder would"),
    "a step that is changed": ("-o /app/server .", "-race -o /app/server .", "the builder would"),
    "a step that comes": (
        "RUN chown app:app /app\n",
        "RUN chown app:app /app && ls\n",
        "would run where it did not",
    ),
    "a package that comes": (
        "ca-certificates libpcap0.8",
        "ca-certificates libpcap0.8 nmap",
        "would run where it did not",
    ),
    "certificates that are lost": ("ca-certificates libpcap0.8", "libpcap0.8", "no CA certificates"),
    "a base image without a shell": ("debian:bookworm-slim", "gcr.io/distroless/static-debian13", ""),
    "a base image that is not in the table": ("debian:bookworm-slim", "busybox", "not in the table"),
    "another builder": ("FROM golang:1.24-bookworm", "FROM golang:1.23-bookworm", "another image"),
    "another name of the last stage": ("slim AS service", "slim AS main", "another name"),
    "no name for the last stage": ("slim AS service", "slim", "another name"),
}


def test_the_conversion_is_the_one_that_the_lies_change() -> None:
    result = run_with(multi_stage)
    assert (result.after, result.refusals) == (AFTER, ())


@pytest.mark.parametrize("name", LIES)
def test_a_lie_is_caught(name: str) -> None:
    old, new, says = LIES[name]
    result = run_with(lying(old, new))
    assert not result.changed
    assert len(result.refusals) == 1
    assert says in result.refusals[0].why


def test_zones_that_are_lost() -> None:
    text = """\
FROM golang:1.24-alpine3.22
COPY . /src
WORKDIR /src
RUN go build -o /server .
CMD /server -config base.yaml
"""
    assert "apk add --no-cache tzdata" in run_with(multi_stage, text).after
    assert "no time zones" in run_with(lying(" tzdata", ""), text).refusals[0].why


def test_a_program_that_may_be_linked_does_not_go_to_an_image_of_nothing() -> None:
    text = 'FROM golang:1.24\nCOPY . /src\nWORKDIR /src\nRUN go build -o /server .\nUSER 1\nCMD ["/server"]\n'
    context = Given({"main.go": b"package main\n"})
    result = run_with(lying("gcr.io/distroless/base-debian13", "scratch"), text, context)
    assert "may be linked" in result.refusals[0].why


def test_a_command_in_shell_form_needs_a_shell() -> None:
    text = "FROM golang:1.24-bookworm\nCOPY . /src\nWORKDIR /src\nRUN go build -o /server .\nCMD /server\n"
    context = Given({"main.go": b"package main\n"})
    result = run_with(lying("debian:bookworm-slim", "gcr.io/distroless/base-debian13"), text, context)
    assert "needs a shell" in result.refusals[0].why


def test_the_mode_of_a_folder_is_set_again() -> None:
    text = """\
FROM golang:1.24-bookworm
COPY . /src
WORKDIR /src
RUN go build -o /server . && chmod +x /server
RUN mkdir /state && chmod 1777 /state
USER 1000
CMD ["/server"]
"""
    context = Given({"main.go": b"package main\n"})
    after = run_with(multi_stage, text, context).after
    assert "COPY --from=builder /state /state\nRUN chmod 1777 /state\n" in after
    lie = lying("RUN chmod 1777 /state\n", "")
    assert "would be left out, which sets an owner" in run_with(lie, text, context).refusals[0].why


def test_a_folder_that_belongs_to_a_user_is_not_copied() -> None:
    text = """\
FROM golang:1.24-bookworm
COPY --chown=1000 . /src
WORKDIR /src
RUN go build -o /server .
CMD ["/server"]
"""
    context = Given({"main.go": b"package main\n", "state/a.json": b""})
    after = run_with(multi_stage, text, context).after
    assert "COPY --from=builder /src/state /src/state\n" in after
    owned = text.replace("CMD", "USER 1000\nCMD")
    assert "belongs to a user" in run_with(multi_stage, owned, context).stood_back[0].why
    from optimizer.checks.staging import staged_wrongly

    lie = Facts(parse(after.replace("CMD", "USER 1000\nCMD")), context)
    assert "would lose its owner" in (staged_wrongly(Facts(parse(owned), context), lie, told=False) or "")


def test_the_sources_must_be_seen() -> None:
    converted = run_with(multi_stage).after
    from optimizer.checks.staging import staged_wrongly

    assert staged_wrongly(Facts(parse(FILE)), Facts(parse(converted)), told=False) is not None
    assert staged_wrongly(Facts(parse(FILE)), Facts(parse(converted)), told=True) is None


def test_what_is_told_counts_only_with_its_leeway() -> None:
    told = multi_stage.configured({"artefacts": "/app/server"})
    assert run_with(told).changed
    assert any(
        Leeway.TOLD in item.leeway for item in told.run(Facts(parse(FILE), CONTEXT)) if isinstance(item, Proposal)
    )


def test_a_second_run_is_silent() -> None:
    result = run_with(multi_stage, AFTER)
    assert not result.changed
    assert not result.stood_back


def test_with_the_other_transforms_it_gives_the_files_of_the_guide() -> None:
    """Manifests first, one stage that builds and one that is run, symbols left out: the guide's Go pair."""
    text = """\
FROM golang:1.24
WORKDIR /app
COPY . .
ENV CGO_ENABLED=0
RUN go mod download && go build -o main .
EXPOSE 8080
CMD ["./main"]
"""
    context = Given(
        {
            "go.mod": b"module example.org/app\n\ngo 1.24\n\nrequire example.org/left v1.2.0\n",
            "go.sum": b"example.org/left v1.2.0 h1:x=\nexample.org/left v1.2.0/go.mod h1:x=\n",
            "main.go": b"package main\n\nfunc main() {}\n",
        }
    )
    result = optimize(text, [one for one in PIPELINE if one.default], unsafe=True, context=context)
    assert result.refusals == ()
    assert (
        result.after
        == """\
# builds what the stage below runs
FROM golang:1.24 AS builder
WORKDIR /app
ENV CGO_ENABLED=0
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN go build -trimpath -ldflags="-s -w" -o main .

# holds what the container needs, and nothing that built it
FROM gcr.io/distroless/static-debian13
WORKDIR /app
ENV CGO_ENABLED=0
COPY --from=builder /app/main /app/main
EXPOSE 8080
CMD ["./main"]
"""
    )
