"""`runtime-base`."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from optimizer.facts import BuildStage, Facts
from optimizer.facts.bases import system_of
from optimizer.facts.estimates import of_bases, of_packages, told
from optimizer.facts.layout import install_steps, written_like
from optimizer.facts.packages import package_call
from optimizer.facts.runtime_needs import Kind, runtime_needs
from optimizer.facts.texts import argument_text, shortened
from optimizer.facts.variants import runtime_of
from optimizer.knowledge import commands
from optimizer.knowledge.variants import Runtime
from optimizer.syntax.nodes import Instruction, Words, rewritten, source
from optimizer.transform import Declined, Proposal, Safety, example, transform, unchanged

_JAR = {"app.jar": "PK"}


@transform(
    Safety.UNSAFE,
    may_change={"layers"},
    leeway={"base"},
    may_remove=("/usr/**", "/etc/**", "/var/**", "/opt/**", "/root/**", "/go/**", "/home/gradle/**"),
    may_change_paths=("/usr/**", "/etc/**", "/var/**", "/opt/**"),
    may_drop_packages=True,
)
@example(
    "a JRE runs what the JDK of another stage built",
    """
      FROM maven:3.9-eclipse-temurin-21 AS build
      COPY . /src
      RUN mvn -f /src/pom.xml package
    - FROM eclipse-temurin:21-jdk
    + FROM eclipse-temurin:21-jre
      COPY --from=build /src/target/app.jar /app.jar
      CMD ["java", "-jar", "/app.jar"]
    """,
    unsafe=True,
    context=_JAR,
)
@example(
    "Maven is no runtime",
    """
    - FROM maven:3.9-eclipse-temurin-17
    + FROM eclipse-temurin:17-jre
      COPY app.jar /app.jar
      ENTRYPOINT ["java", "-jar", "/app.jar"]
    """,
    unsafe=True,
    context=_JAR,
)
@example(
    "a program of Go needs no Go, on the same release of Debian",
    """
      FROM golang:1.26-trixie AS build
      COPY . /src
      RUN cd /src && go build -o /server .
    - FROM golang:1.26-trixie
    + FROM debian:trixie-slim
    + RUN apt-get update \\
    +     && apt-get install -y --no-install-recommends ca-certificates \\
    +     && rm -rf /var/lib/apt/lists/*
      WORKDIR /srv
      COPY --from=build /server /usr/local/bin/server
      CMD ["/usr/local/bin/server"]
    """,
    unsafe=True,
    context=_JAR,
)
@unchanged(
    "it builds there: that needs stages",
    """
    FROM eclipse-temurin:21-jdk
    COPY . .
    RUN javac Main.java
    CMD ["java", "Main"]
    """,
    unsafe=True,
    context=_JAR,
)
@unchanged(
    "the SDK of .NET listens on another port where nobody sets one",
    """
    FROM mcr.microsoft.com/dotnet/sdk:8.0
    COPY app.jar /app/app.dll
    ENTRYPOINT ["dotnet", "/app/app.dll"]
    """,
    unsafe=True,
    context=_JAR,
)
@unchanged(
    "a health check with a tool that only the first image may have, and a release that the tag does not name",
    """
    FROM gradle:8.10-jdk21
    COPY app.jar /app.jar
    HEALTHCHECK CMD wget -q http://localhost:8080
    CMD ["java", "-jar", "/app.jar"]
    FROM golang:1.26
    WORKDIR /srv
    COPY app.jar /srv/server
    CMD ["/srv/server"]
    """,
    unsafe=True,
    context=_JAR,
)
def runtime_base(facts: Facts) -> Iterator[Proposal | Declined]:
    """Takes the image that only runs programs where the last stage stands on one that builds them, and builds nothing.

    A JRE for a JDK, Maven or Gradle, ASP.NET for the SDK of .NET, slim Debian for Go, of the same version and release.

    Safety: only where the stage copies and starts things, and all that it calls is in both images; not where a
    variable, a user, a folder or an entrypoint of the first image may matter, where a script cannot be seen, or where
    the tag does not name the release of the system that a program was linked on.

    Sources: the Dockerfiles of docker-library, adoptium/containers, dotnet-docker; domain.md 1.4 and 3.1.
    """
    stage = facts.stages[-1] if facts.stages else None
    found = runtime_of(stage.base) if stage is not None and stage.base is not None else None
    if stage is None or found is None or stage.parent is not None:
        return
    reference, row = found
    head = stage.node.instructions[0]
    if (why := _does_more(facts, stage, row)) is not None:
        yield Declined(head, why)
        return
    body = head.body
    if not isinstance(body, Words) or body.words[0].text != stage.base:
        yield Declined(head, "the name of the base is not written out")
        return
    saved = of_bases(stage.base, reference, row.adds) or told(row.kib - min(of_packages(row.adds)))
    yield Proposal(
        head,
        f"the stage only runs what was built elsewhere; `{reference}` is enough for that",
        {head: _written(facts, stage, head, rewritten(head, {body.words[0]: reference}), row)},
        saves=saved.bytes if saved else None,
        basis=saved.basis if saved else "",
    )


def _written(facts: Facts, stage: BuildStage, head: Instruction, new: str, row: Runtime) -> str:
    """FROM, and an install of what a program may need that the second image has not."""
    if not row.adds:
        return new
    model = next((i for i in stage.instructions if i.name in ("RUN", "COPY")), head)
    joint = f" {facts.tree.escape}{facts.newline}    && "
    steps = install_steps(system_of(stage.base), row.adds)
    return new + written_like(model, "RUN", joint.join(steps)) + facts.newline


def _does_more(facts: Facts, stage: BuildStage, row: Runtime) -> str | None:
    """Why the stage may need more than to run; None where it only runs."""
    if facts.context is None:
        return facts.no_context or "the build context is not known"
    instructions = stage.instructions
    texts = " ".join(facts.sources[i] for i in instructions)
    started = {i.name for i in instructions} & {"CMD", "ENTRYPOINT"}
    if not started or (row.entrypoint and "ENTRYPOINT" not in started):
        return f"`{row.image}` says itself what is started"
    if any(i.name == "ONBUILD" for i in instructions):
        return "what is built from this image may need the tools"
    if named := [
        name for name in (*row.sets, *row.signs, row.user) if name and re.search(rf"\b{re.escape(name)}\b", texts)
    ]:
        return f"it names `{named[0]}`, for which only `{row.image}` is sure to do"
    first = next((i for i in instructions if i.name in ("WORKDIR", "COPY", "ADD", "RUN")), None)
    enters = first is not None and first.name == "WORKDIR" and argument_text(first).startswith("/")
    if row.folder and not enters:
        return f"it starts in `{row.folder}`, a folder of `{row.image}`"
    if row.must_set and not any(re.search(rf"\b{name}\b", texts) for name in row.must_set):
        return f"the port would be another one; set one of `{'`, `'.join(row.must_set)}`"
    return _calls_more(facts, stage, row) or _runs_more(facts, stage, row)


def _calls_more(facts: Facts, stage: BuildStage, row: Runtime) -> str | None:
    for run in (i for i in stage.instructions if i.name == "RUN"):
        if facts.opaque(run):
            return "a `RUN` cannot be read"
        for call in facts.calls(run):
            name = call.name or ""
            shown = shortened(" ".join(source(call.node).split()), 40)
            if name in ("curl", "wget", "git"):
                return f"`{shown}` fetches what cannot be looked into"
            if name in row.lacks:
                return f"`{shown}` builds there; `multi-stage` parts what builds from what runs"
            if not (name in commands().plain or name in commands().builtins or package_call(call) is not None):
                return f"`{shown}` may need a tool of `{row.image}`"
    return None


def _runs_more(facts: Facts, stage: BuildStage, row: Runtime) -> str | None:
    needs = runtime_needs(facts, stage)
    if (doubt := needs.doubt(Kind.PROGRAM)) is not None:
        return doubt
    copied = {posixpath.basename(copy.destination or "") for copy in facts.copies.values()}
    known = {"sh", *commands().plain, *commands().builtins, *row.programs, *copied}
    for need in needs.of(Kind.PROGRAM):
        if need.name in row.lacks or not (need.name in known or need.name.startswith("/")):
            return f"`{need.name}` may be only in `{row.image}`: {need.why}"
    return None
