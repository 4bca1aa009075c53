"""A command that only fetches comes above a build: what it may be, and lying transforms that are caught."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest

from optimizer.engine import Result, optimize
from optimizer.facts import Facts
from optimizer.facts.context import Given
from optimizer.facts.durations import run_seconds
from optimizer.facts.fetching import fetching
from optimizer.syntax.parser import parse
from optimizer.transform import Declined, Proposal, Safety, transform
from transforms import copy_manifests_first, fetch_step

GO = {"go.mod": "module x\n", "go.sum": "", "main.go": "", "cmd/a/main.go": ""}
DOTNET = {"App.csproj": "<Project/>", "Program.cs": ""}
UV = {"pyproject.toml": '[project]\nname = "x"\n[build-system]\nrequires = []\n', "uv.lock": "", "x.py": ""}


def given(files: Mapping[str, str]) -> Given:
    return Given({path: text.encode() for path, text in files.items()})


def step(build: str, files: Mapping[str, str] = GO, head: str = "FROM golang:1.24\nWORKDIR /src\nCOPY . .\n") -> str:
    """The command that may stand above a RUN; the reason in angle brackets where there is none."""
    facts = Facts(parse(head + f"RUN {build}\n"), given(files))
    found = fetching(facts, facts.stages[-1].instructions[-1])
    return "" if found is None else f"<{found}>" if isinstance(found, str) else found.text


@pytest.mark.parametrize(
    ("build", "text"),
    [
        ("go build -o /tool ./cmd/a", "go mod download"),
        ("CGO_ENABLED=0 GOPROXY=direct go test ./...", "GOPROXY=direct go mod download"),
        ("mkdir -p /out && go vet ./... && go build .", "go mod download"),
        ("cd /src && go build .", "go mod download"),
        ("go install example.com/tool@latest", ""),
        ("go version", ""),
        ("make build", ""),
    ],
)
def test_a_build_tells_what_fetches_for_it(build: str, text: str) -> None:
    assert step(build) == text


@pytest.mark.parametrize(
    ("build", "why"),
    [
        ("--mount=type=cache,target=/go/pkg/mod go build .", "mount"),
        ("apk add go && go build .", "a step before it"),
        ("FOO=1 go build .", "`FOO` is set"),
        ("export GOFLAGS=-mod=vendor && go build .", "`GOFLAGS` is set"),
        ("cd cmd/a && go build .", "is not copied"),
    ],
)
def test_what_is_not_certain_is_no_step(build: str, why: str) -> None:
    assert why in step(build)


def test_the_environment_may_decide() -> None:
    head = "FROM golang:1.24\nENV {}\nWORKDIR /src\nCOPY . .\n"
    assert "`GO111MODULE` decides" in step("go build .", head=head.format("GO111MODULE=off"))
    assert step("go build .", head=head.format("GO111MODULE=on")) == "go mod download"
    assert "too old" in step("go build .", head="FROM golang:1.10\nWORKDIR /src\nCOPY . .\n")


def test_a_build_elsewhere_is_entered() -> None:
    files = {"a/go.mod": "module x\n", "a/main.go": "", "b/x": ""}
    assert step("cd a && go build .", files) == "cd /src/a && go mod download"


def test_rows_of_other_tools() -> None:
    assert step("dotnet publish App.csproj -c Release -r linux-x64", DOTNET) == "dotnet restore App.csproj -r linux-x64"
    assert step("dotnet publish --no-restore", DOTNET) == ""
    assert step("uv sync --locked", UV) == "uv sync --locked --no-install-project"
    poetry = {"pyproject.toml": '[tool.poetry]\nname = "x"\n', "poetry.lock": ""}
    assert step("poetry install --only main", poetry) == "poetry install --only main --no-root"
    assert step("./mvnw -B package -DskipTests", {"pom.xml": "<project/>", "mvnw": ""}).startswith(
        "./mvnw -B dependency:"
    )
    cargo = {"Cargo.toml": '[package]\nname = "x"\n', "Cargo.lock": "", "src/main.rs": "", "src/a.rs": ""}
    assert step("cargo build --release", cargo) == "cargo fetch --locked"
    assert "no command of gradle" in step("gradle build", {"build.gradle": ""})


def test_a_workspace_of_uv_is_read() -> None:
    root = '[project]\nname = "x"\n[tool.uv.workspace]\nmembers = ["m/*"]\n[build-system]\nrequires = []\n'
    files = {"pyproject.toml": root, "uv.lock": "", "m/a/pyproject.toml": '[project]\nname = "a"\n', "m/a/a.py": ""}
    assert step("uv sync --frozen", files) == "uv sync --frozen --no-install-workspace"
    files["m/a/pyproject.toml"] += 'dynamic = ["version"]\n'
    assert "`dynamic`" in step("uv sync --frozen", files)


def test_the_copy_sinks_behind_the_new_step() -> None:
    before = "FROM golang:1.24\nWORKDIR /src\nCOPY . .\nRUN go build -o /tool .\n"
    result = optimize(before, [fetch_step, copy_manifests_first], unsafe=True, context=given(GO))
    behind = "COPY go.mod go.sum ./\nRUN go mod download\nCOPY . .\nRUN go build -o /tool .\n"
    assert result.after == "FROM golang:1.24\nWORKDIR /src\n" + behind
    assert not result.refusals
    assert optimize(before, [fetch_step], context=given(GO)).pending


PROPERTIES = "gradle/wrapper/gradle-wrapper.properties"
WRAPPER = {
    "gradlew": "",
    "gradle/wrapper/gradle-wrapper.jar": "",
    PROPERTIES: "distributionUrl=https\\://services.gradle.org/distributions/g.zip\n",
    "build.gradle": "",
    "src/main/java/App.java": "",
}


def test_the_wrapper_of_gradle_is_fetched_by_what_it_needs() -> None:
    before = "FROM eclipse-temurin:21\nWORKDIR /src\nCOPY . .\nRUN ./gradlew --no-daemon bootJar\n"
    result = optimize(before, [fetch_step, copy_manifests_first], context=given(WRAPPER))
    assert result.after == before.replace(
        "COPY . .\n",
        "COPY gradlew ./\nCOPY gradle/wrapper/gradle-wrapper.jar gradle/wrapper/gradle-wrapper.properties"
        " ./gradle/wrapper/\nRUN ./gradlew --version\nCOPY . .\n",
    )
    assert not result.refusals


@pytest.mark.parametrize(
    ("build", "files", "why"),
    [
        ("./gradlew build", {**WRAPPER, PROPERTIES: "distributionUrl=g.zip"}, "elsewhere"),
        (
            "./gradlew build",
            {**WRAPPER, PROPERTIES: f"{WRAPPER[PROPERTIES]}zipStoreBase=PROJECT"},
            "into the project",
        ),
        ("./gradlew build", {path: "" for path in WRAPPER if "jar" not in path}, "is not copied"),
        ("chmod +x gradlew && ./gradlew build", WRAPPER, "a step before it"),
        ("/src/gradlew build", WRAPPER, "cannot be read"),
        ("bin/gradlew build", {**WRAPPER, "bin/gradlew": ""}, "cannot be read"),
        ("./gradlew -g /cache build", WRAPPER, ""),
        ("gradle build", WRAPPER, "no command of gradle"),
    ],
)
def test_gradle_may_be_elsewhere(build: str, files: Mapping[str, str], why: str) -> None:
    found = step(build, files)
    assert why in found
    assert not found or found.startswith("<")


MODULES = {
    "pom.xml": "<project><artifactId>p</artifactId><modules><module>a</module><module>b</module></modules></project>",
    "a/pom.xml": "<project><parent><artifactId>p</artifactId></parent><artifactId>a</artifactId></project>",
    "b/pom.xml": "<project><parent><artifactId>p</artifactId></parent><artifactId>b</artifactId></project>",
    "a/src/A.java": "",
}


def test_poms_of_modules_come_above_the_sources() -> None:
    before = "FROM maven:3-eclipse-temurin-21\nWORKDIR /src\nCOPY . .\nRUN mvn -B package\n"
    result = optimize(before, [fetch_step, copy_manifests_first], unsafe=True, context=given(MODULES))
    assert result.after == before.replace(
        "COPY . .\n",
        "COPY pom.xml ./\nCOPY a/pom.xml ./a/\nCOPY b/pom.xml ./b/\nRUN mvn -B dependency:go-offline\nCOPY . .\n",
    )
    assert not result.refusals


@pytest.mark.parametrize(
    ("build", "fetch"),
    [
        ("mvn package -q -P mongo", "mvn -B dependency:go-offline -P mongo"),
        ("mvn -Pmongo -DskipTests -Da=b package", "mvn -B dependency:go-offline -Pmongo -Da=b"),
        ("mvn package -D a=b --activate-profiles x", "mvn -B dependency:go-offline -D a=b --activate-profiles x"),
    ],
)
def test_an_option_is_repeated_with_its_value(build: str, fetch: str) -> None:
    """`-P` without one would stop maven."""
    assert step(build, MODULES) == fetch
    before = f"{ALL}RUN {build}\n"
    assert lied(before, f"{ALL}RUN {fetch}\nRUN {build}\n", MODULES, BOTH).changed
    short = fetch.rpartition(" ")[0]
    assert not lied(before, f"{ALL}RUN {short}\nRUN {build}\n", MODULES, BOTH).changed


def test_a_lie_about_modules_is_caught() -> None:
    needs = "<dependencies><dependency><artifactId>a</artifactId></dependency></dependencies></project>"
    files = {**MODULES, "b/pom.xml": MODULES["b/pom.xml"].replace("</project>", needs)}
    lie = f"{ALL}RUN mvn -B dependency:go-offline\nRUN mvn -B package\n"
    assert lied(f"{ALL}RUN mvn -B package\n", lie, MODULES, BOTH).changed
    assert "not known what it reads" in lied(f"{ALL}RUN mvn -B package\n", lie, files, BOTH).refusals[0].why
    wrapper = f"{ALL}RUN ./gradlew --version\nRUN ./gradlew build\n"
    assert lied(f"{ALL}RUN ./gradlew build\n", wrapper, WRAPPER, ("fetched",)).changed
    for other in ("./gradlew help", "./gradlew --version build", "/src/gradlew --version"):
        told = wrapper.replace("./gradlew --version", other)
        assert not lied(f"{ALL}RUN ./gradlew build\n", told, WRAPPER, BOTH).changed
    missing = {path: text for path, text in WRAPPER.items() if "jar" not in path}
    assert not lied(f"{ALL}RUN ./gradlew build\n", wrapper, missing, BOTH).changed


def test_the_manifests_of_a_workspace_come_above_its_sources() -> None:
    crate = '[package]\nname = "x"\n'
    files = {
        "Cargo.toml": '[workspace]\nmembers = ["m/*"]\n',
        "Cargo.lock": "",
        "m/a/Cargo.toml": f'{crate}[[bin]]\nname = "a"\npath = "a.rs"\n',
        "m/a/a.rs": "",
        "m/b/Cargo.toml": crate,
        "m/b/src/lib.rs": "",
        "m/b/build.rs": "",
    }
    head = "FROM rust:1.90\nWORKDIR /src\n"
    before = head + "COPY . .\nRUN cargo build --release\n"
    result = optimize(before, [fetch_step, copy_manifests_first], unsafe=True, context=given(files))
    assert result.after == head + (
        "COPY Cargo.toml Cargo.lock ./\nCOPY m/a/Cargo.toml ./m/a/\nCOPY m/b/Cargo.toml ./m/b/\n"
        "COPY m/b/src/lib.rs ./m/b/src/\nRUN cargo fetch --locked\nCOPY . .\nRUN cargo build --release\n"
    )
    assert not result.refusals
    lie = f"{ALL}RUN cargo fetch --locked\nRUN cargo build\n"
    assert lied(f"{ALL}RUN cargo build\n", lie, files, BOTH).changed
    del files["m/b/src/lib.rs"]
    assert "not known what it reads" in lied(f"{ALL}RUN cargo build\n", lie, files, BOTH).refusals[0].why


def test_a_build_takes_longer_where_it_fetches_by_itself() -> None:
    facts = Facts(parse("FROM golang\nRUN go build .\nFROM golang\nRUN go mod download\nRUN go build .\n"))
    alone, fetch, after = (one for one in facts.runs if one.name == "RUN")
    assert run_seconds(facts, alone) > run_seconds(facts, after)
    assert run_seconds(facts, alone) <= run_seconds(facts, fetch) + run_seconds(facts, after)


def seconds(run: str) -> float:
    facts = Facts(parse(f"FROM debian\nRUN {run}\n"))
    return run_seconds(facts, facts.stages[0].instructions[-1])


@pytest.mark.parametrize(
    ("command", "mounted", "other"),
    [
        ("go build .", "/root/.cache/go-build", "/go/pkg/mod"),
        ("go mod download", "/go/pkg/mod", "/root/.cache/go-build"),
        ("cargo fetch", "/usr/local/cargo/registry", "/src/target"),
        ("mvn dependency:go-offline", "/root/.m2/repository", "/root/.npm"),
        ("dotnet restore", "/root/.nuget/packages", "/tmp"),
    ],
)
def test_with_what_an_earlier_build_left_in_its_mount_it_takes_less(command: str, mounted: str, other: str) -> None:
    alone = seconds(command)
    assert seconds(f"--mount=type=cache,target={mounted} {command}") < alone / 2
    assert seconds(f"--mount=type=tmpfs,target={mounted} {command}") == alone
    assert seconds(f"--mount=type=cache,target={other} {command}") > alone / 2


def test_a_cache_of_packages_does_not_compile() -> None:
    registry = "--mount=type=cache,target=/usr/local/cargo/registry cargo build"
    assert 100 < seconds(registry) < seconds("cargo build")


def test_a_tool_that_tells_its_version_does_no_work() -> None:
    assert seconds("bazel --version") < 1.5 < seconds("bazel build //...")
    assert seconds("cargo chef prepare") < 3
    assert seconds("./gradlew --version") > 5


HEAD = "FROM golang:1.24\nWORKDIR /src\n"


def lied(before: str, after: str, files: Mapping[str, str], leeway: tuple[str, ...]) -> Result:
    """What the engine makes of a transform that puts the second text in the place of the first, behind the head."""

    def lie(facts: Facts) -> Iterator[Proposal | Declined]:
        """Lies. Safety: none. Sources: none."""
        steps = facts.stages[0].instructions[1:]
        if facts.text == HEAD + before:
            yield Proposal(steps[0], "it says so", {steps[0]: after, **dict.fromkeys(steps[1:], "")})

    made = transform(Safety.SAFE, may_change={"layers", "copied", "config"}, leeway=set(leeway))(lie)
    return optimize(HEAD + before, [made], context=given(files))


BOTH = ("fetched", "fetched-more")
BUILD = "RUN go build -o /tool .\n"
ALL = "COPY . .\n"


def test_an_honest_step_is_let_through() -> None:
    assert lied(ALL + BUILD, f"{ALL}RUN go mod download\n{BUILD}", GO, BOTH).changed
    publish = "RUN dotnet publish App.csproj -o /out\n"
    assert lied(ALL + publish, f"{ALL}RUN dotnet restore App.csproj\n{publish}", DOTNET, ("fetched",)).changed
    sync = "RUN uv sync --locked\n"
    assert lied(ALL + sync, f"{ALL}RUN uv sync --locked --no-install-project\n{sync}", UV, ("fetched",)).changed


@pytest.mark.parametrize(
    ("before", "after", "why"),
    [
        (ALL + BUILD, f"{ALL}RUN go mod tidy\n{BUILD}", "not one command that fetches"),
        (ALL + BUILD, f"{ALL}RUN curl -O https://example.com\n{BUILD}", "not one command that fetches"),
        (ALL + BUILD, f"{ALL}RUN rm -rf / && go mod download\n{BUILD}", "not one command that fetches"),
        (ALL + BUILD, f"{ALL}RUN --network=none go mod download\n{BUILD}", "cannot be read"),
        (ALL + BUILD, f"{ALL}RUN go mod download example.com/x\n{BUILD}", "it is not one command"),
        (
            ALL + BUILD,
            f"{ALL}RUN GOPROXY=https://e.example go mod download\n{BUILD}",
            "variables that the build has not",
        ),
        (ALL + BUILD, f"{ALL}RUN cd / && go mod download\n{BUILD}", "another folder"),
        (ALL + BUILD, f"RUN go mod download\n{ALL}{BUILD}", "no RUN behind it builds"),
        (ALL + BUILD, f"{ALL}{BUILD}RUN go mod download\n", "no RUN behind it builds"),
        (ALL + BUILD, f"{ALL}RUN npm ci\n{BUILD}", "not what the row says"),
        (ALL + BUILD, f"{ALL}RUN go mod download\n", "no RUN behind it builds"),
        (f"{ALL}RUN true\n", f"{ALL}RUN go mod download\nRUN true\n", "no RUN behind it builds"),
        (
            f"{ALL}RUN make && go build .\n",
            f"{ALL}RUN go mod download\nRUN make && go build .\n",
            "runs before the build",
        ),
        (
            f"{ALL}RUN GOPROXY=x go build .\n",
            f"{ALL}RUN go mod download\nRUN GOPROXY=x go build .\n",
            "which it has not",
        ),
        (f"{ALL}RUN go build -mod=vendor .\n", f"{ALL}RUN go mod download\nRUN go build -mod=vendor .\n", "may change"),
        (
            f"ENV GOFLAGS=-mod=vendor\n{ALL}{BUILD}",
            f"ENV GOFLAGS=-mod=vendor\n{ALL}RUN go mod download\n{BUILD}",
            "`GOFLAGS` may change",
        ),
        (f"COPY *.go ./\n{BUILD}", f"COPY *.go ./\nRUN go mod download\n{BUILD}", "not known what it reads"),
    ],
)
def test_a_lie_about_a_step_is_caught(before: str, after: str, why: str) -> None:
    result = lied(before, after, GO, BOTH)
    assert not result.changed
    assert why in result.refusals[0].why


def test_what_may_fetch_more_must_say_so() -> None:
    result = lied(ALL + BUILD, f"{ALL}RUN go mod download\n{BUILD}", GO, ("fetched",))
    assert "it may fetch something else" in result.refusals[0].why


@pytest.mark.parametrize(
    ("files", "why"),
    [
        ({**GO, "vendor/modules.txt": ""}, "the project holds"),
        ({**GO, "go.mod": "module x\nreplace a => ../a\n"}, "not known what it reads"),
    ],
)
def test_a_project_may_speak_against_it(files: Mapping[str, str], why: str) -> None:
    assert why in lied(ALL + BUILD, f"{ALL}RUN go mod download\n{BUILD}", files, BOTH).refusals[0].why


def test_options_must_be_those_of_the_build() -> None:
    for build, fetch in (
        ("dotnet publish App.csproj -r linux-x64", "dotnet restore App.csproj"),
        ("dotnet publish App.csproj", "dotnet restore"),
        ("uv sync --locked", "uv sync --no-install-project"),
        ("uv sync --locked", "uv sync --locked --no-install-project --no-dev"),
    ):
        files = DOTNET if build.startswith("dotnet") else UV
        result = lied(f"{ALL}RUN {build}\n", f"{ALL}RUN {fetch}\nRUN {build}\n", files, BOTH)
        assert "not what the row says" in result.refusals[0].why
