"""`fetch-step`."""

from collections.abc import Iterator

from optimizer.facts import Copy, Facts
from optimizer.facts.durations import text_seconds
from optimizer.facts.fetching import Fetching, fetching
from optimizer.facts.sinking import reaches
from optimizer.syntax.nodes import Instruction, Node, source
from optimizer.transform import Declined, Leeway, Proposal, Safety, example, transform, unchanged

_UV = {
    "pyproject.toml": '[project]\nname = "x"\nversion = "1"\n[build-system]\nrequires = []\n',
    "uv.lock": "",
    "x.py": "",
}
_GRADLE = {
    "gradlew": "",
    "gradle/wrapper/gradle-wrapper.jar": "",
    "gradle/wrapper/gradle-wrapper.properties": "distributionUrl=https://example.com/gradle.zip",
    "build.gradle": "",
}
_GO = {"go.mod": "", "go.sum": "", "main.go": ""}


@transform(Safety.SAFE, may_change={"layers"}, leeway={"fetched"})
@example(
    "the dependencies, and then the project itself",
    """
      FROM python:3.12-slim
      WORKDIR /app
      COPY . .
    + RUN uv sync --locked --no-install-project
      RUN uv sync --locked
      CMD ["python", "x.py"]
    """,
    context=_UV,
)
@example(
    "what a publish restores first",
    """
      FROM mcr.microsoft.com/dotnet/sdk:9.0 AS build
      WORKDIR /src
      COPY . .
    + RUN dotnet restore App.csproj -r linux-x64
      RUN dotnet publish App.csproj -c Release -r linux-x64 -o /out
      FROM mcr.microsoft.com/dotnet/aspnet:9.0
      COPY --from=build /out /app
    """,
    context={"App.csproj": "<Project/>", "Program.cs": ""},
)
@example(
    "the modules of a program",
    """
      FROM golang:1.24 AS build
      WORKDIR /src
      COPY . .
    + RUN go mod download
      # static, for the image below
      RUN CGO_ENABLED=0 go build -o /tool .
      FROM scratch
      COPY --from=build /tool /
    """,
    context=_GO,
    unsafe=True,
)
@example(
    "the gradle that a wrapper fetches",
    """
      FROM eclipse-temurin:21
      WORKDIR /src
      COPY . .
    + RUN ./gradlew --version
      RUN ./gradlew bootJar
    """,
    context=_GRADLE,
)
@unchanged(
    "they were fetched above",
    """
    FROM golang:1.24
    WORKDIR /src
    COPY go.mod go.sum ./
    RUN go mod download
    COPY . .
    RUN go build -o /tool .
    """,
    context=_GO,
    unsafe=True,
)
@unchanged(
    "they lie in the sources",
    """
    FROM golang:1.24
    WORKDIR /src
    COPY . .
    RUN go build -o /tool .
    """,
    context={**_GO, "vendor/modules.txt": ""},
    unsafe=True,
)
@unchanged(
    "a step that stands between needs the sources",
    """
    FROM golang:1.24
    WORKDIR /src
    COPY . .
    RUN ./generate.sh
    RUN go build -o /tool .
    """,
    context={**_GO, "generate.sh": ""},
    unsafe=True,
)
@unchanged(
    "a step of the same RUN installs the tool",
    """
    FROM alpine:3.22
    WORKDIR /src
    COPY . .
    RUN apk add --no-cache go && go build -o /tool . && apk del go
    """,
    context=_GO,
    unsafe=True,
)
@unchanged(
    "a mount keeps what is fetched",
    """
    FROM golang:1.24
    WORKDIR /src
    COPY . .
    RUN --mount=type=cache,target=/go/pkg/mod go build -o /tool .
    """,
    context=_GO,
    unsafe=True,
)
@unchanged(
    "no context tells what a fetch reads",
    """
    FROM golang:1.24
    WORKDIR /src
    COPY . .
    RUN go build -o /tool .
    """,
    unsafe=True,
)
@unchanged(
    "a configuration may have packages of its own",
    """
    FROM mcr.microsoft.com/dotnet/sdk:9.0
    WORKDIR /src
    COPY . .
    RUN dotnet publish App.csproj -c Release
    """,
    context={"App.csproj": "<Project Condition=\"'$(Configuration)'\"/>", "Program.cs": ""},
)
@unchanged(
    "gradle has no such command",
    """
    FROM gradle:9-jdk21
    WORKDIR /src
    COPY . .
    RUN gradle build
    """,
    context={"build.gradle": "", "src/main/java/App.java": ""},
    unsafe=True,
)
def fetch_step(facts: Facts) -> Iterator[Proposal | Declined]:
    """Fetches what a build would fetch by itself in a step before it, which needs only the manifests.

    A build that stands below a COPY of all sources fetches all its dependencies again when any file changes.
    `copy-manifests-first` then moves the COPY below the new step.

    Safety: only where the build context tells all that the step reads, and the COPY can sink behind it. The step is
    the one that the row of the tool gives, in the words of the build, in its folder, with its variables. Safe where the
    build does the same first and finds it done (`dotnet restore`, the wrapper of gradle), or installs its packages in
    two parts (`uv sync`, `poetry install`). Unsafe for go, cargo and maven: these also fetch what only tests, other
    systems or other phases need, and a package that is gone stops them. Not where anything was fetched above, where the
    dependencies lie in the sources, where a mount keeps them, or where a step of the same RUN may install the tool. Of
    gradle only gradle itself is fetched, by its wrapper: no command fetches all that a build needs.

    Sources: go help mod download, cargo-fetch, dependency:go-offline, dotnet-restore, uv in Docker, poetry faq;
    fetching.toml says what was tried; domain.md 1.2.
    """
    for stage in facts.stages:
        for run in stage.instructions:
            copies = _above(facts, run) if run.name == "RUN" else []
            found = fetching(facts, run) if copies else None
            if isinstance(found, str):
                yield Declined(run, f"its dependencies are not fetched in a step of their own: {found}")
            elif found is not None and (item := _proposed(facts, found, copies)) is not None:
                yield item


def _above(facts: Facts, run: Instruction) -> list[Copy]:
    """The copies of folders of the context that stand above in the stage."""
    own = facts.stage_of[run].instructions
    found = [facts.copies[one] for one in own[: own.index(run)] if one in facts.copies and one.name in ("COPY", "ADD")]
    return [copy for copy in found if copy.from_context and _takes_folders(facts, copy)]


def _takes_folders(facts: Facts, copy: Copy) -> bool:
    places = facts.placed(copy) if facts.context is not None else None
    return places is not None and len(places) > len(copy.sources)


def _proposed(facts: Facts, found: Fetching, copies: list[Copy]) -> Proposal | Declined | None:
    run = found.run
    own = facts.stage_of[run].instructions
    copies = [copy for copy in copies if not (facts.placed(copy) or {}).keys() <= set(found.need.files)]
    if not copies:
        return None
    for copy in reversed(copies):
        behind = own[own.index(copy.instruction) + 1 :]
        why = reaches(facts, copy, facts.placed(copy) or {}, behind, run, found.need)
        if why is not None:
            return Declined(run, f"its dependencies are not fetched in a step of their own: {why}")
    gap = source(run.gap) if run.gap is not None else " "
    start = f"{run.indent}{run.keyword.text}" + (" " if gap.strip() or "\n" in gap else gap)
    step = f"{start}{found.text}{facts.newline}"
    edits: dict[Node, str] = {run: step + source(run)}
    builds = f"{found.call.name} {found.verb}"
    why = f"a change of any file made `{builds}` fetch {found.row.what} again, about {text_seconds(found.text):.0f} s"
    if found.row.safe:
        return Proposal(run, why, edits)
    why += f"; {found.row.differs}"
    return Proposal(run, why, edits, safety=Safety.UNSAFE, leeway=frozenset({Leeway.FETCHED_MORE}))
