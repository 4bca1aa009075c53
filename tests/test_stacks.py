"""What becomes of a stage that builds, ecosystem by ecosystem: the stage that is run, or the fact that is missing."""

from __future__ import annotations

import pytest

from optimizer.engine import Result, optimize
from optimizer.facts.context import Given
from optimizer.facts.stacks.writer import RUNS
from optimizer.knowledge.stacks import stacks
from transforms.multi_stage import multi_stage

Files = dict[str, str]
POM = "<project><dependencies/><build><plugins><plugin>spring-boot-maven-plugin</plugin></plugins></build></project>"

PARTED: dict[str, tuple[str, Files, str]] = {
    "rust bins and a lib": (
        """\
FROM rust:1.80-bookworm
RUN apt-get update && apt-get install -y libpq-dev cmake
WORKDIR /app
COPY . .
RUN cargo build --release
EXPOSE 80
USER 1000
CMD ["./target/release/api"]
""",
        {
            "Cargo.toml": '[package]\nname = "roman"\n[dependencies]\ndiesel = "2"\n[[bin]]\nname = "api"\n',
            "Cargo.lock": '[[package]]\nname = "pq-sys"\n\n[[package]]\nname = "openssl-sys"\n',
            "src/main.rs": "fn main() {}\n",
            "migrations/1/up.sql": "",
            "Rocket.toml": "",
        },
        """\
FROM debian:bookworm-slim
RUN apt-get update && apt-get install -y ca-certificates libpq5 libssl3 && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY --from=builder /app/target/release/api /app/target/release/api
COPY --from=builder /app/Rocket.toml /app/Rocket.toml
COPY --from=builder /app/migrations /app/migrations
EXPOSE 80
USER 1000
CMD ["./target/release/api"]
""",
    ),
    "a tag that moves goes with one that moves": (
        """\
FROM gcc
WORKDIR /app
COPY main.c .
RUN gcc -o main main.c
CMD ["./main"]
""",
        {"main.c": "int main() {}\n"},
        """\
FROM debian:stable-slim
WORKDIR /app
COPY --from=builder /app/main /app/main
CMD ["./main"]
""",
    ),
    "whatever jar was packed, by the shell that starts it": (
        """\
FROM maven:3.9-eclipse-temurin-21
WORKDIR /app
COPY . .
RUN mvn clean package
CMD java -jar target/*.jar
""",
        {"pom.xml": POM, "src/main/java/App.java": "class App{}"},
        """\
FROM eclipse-temurin:21-jre
WORKDIR /app
COPY --from=builder /app/target/*.jar /app/target/
CMD java -jar target/*.jar
""",
    ),
    "rust musl": (
        """\
FROM rust:1.80
WORKDIR /app
COPY . .
RUN rustup target add x86_64-unknown-linux-musl && cargo build --release --target x86_64-unknown-linux-musl
ENTRYPOINT ["/app/target/x86_64-unknown-linux-musl/release/r"]
""",
        {
            "Cargo.toml": '[package]\nname = "r"\nversion = "0.1.0"\n',
            "Cargo.lock": '[[package]]\nname = "roman"\n',
            "src/main.rs": "fn main() {}\n",
        },
        """\
FROM scratch
WORKDIR /app
COPY --from=builder /app/target/x86_64-unknown-linux-musl/release/r /app/target/x86_64-unknown-linux-musl/release/r
ENTRYPOINT ["/app/target/x86_64-unknown-linux-musl/release/r"]
""",
    ),
    "rust cache mount": (
        """\
FROM rust:1.80
WORKDIR /app
COPY . .
RUN --mount=type=cache,target=/app/target cargo build --release && cp target/release/roman /usr/local/bin/
CMD ["roman"]
""",
        {
            "Cargo.toml": '[package]\nname = "roman"\nversion = "0.1.0"\n',
            "Cargo.lock": '[[package]]\nname = "roman"\n',
            "src/main.rs": "fn main() {}\n",
        },
        """\
FROM gcr.io/distroless/cc-debian13
WORKDIR /app
COPY --from=builder /usr/local/bin/roman /usr/local/bin/roman
CMD ["roman"]
""",
    ),
    "rust install, shell": (
        """\
FROM rust:1.80-slim-bookworm
WORKDIR /app
COPY . .
RUN cargo install --path .
CMD roman
""",
        {
            "Cargo.toml": '[package]\nname = "roman"\nversion = "0.1.0"\n',
            "Cargo.lock": '[[package]]\nname = "roman"\n',
            "src/main.rs": "fn main() {}\n",
        },
        """\
FROM debian:bookworm-slim
ENV PATH=/usr/local/cargo/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
WORKDIR /app
COPY --from=builder /usr/local/cargo/bin/roman /usr/local/cargo/bin/roman
CMD roman
""",
    ),
    "c++": (
        """\
FROM ubuntu:22.04
RUN apt-get update && apt-get install -y g++
COPY main.cpp /src/
WORKDIR /src
RUN g++ -O2 -o app main.cpp -lpthread
CMD ["./app"]
""",
        {"main.cpp": "int main(){}"},
        """\
FROM ubuntu:22.04
WORKDIR /src
COPY --from=builder /src/app /src/app
CMD ["./app"]
""",
    ),
    "c static alpine": (
        """\
FROM alpine:3.22
RUN apk add --no-cache gcc musl-dev
COPY main.c /src/
RUN gcc -static -o /bin/app /src/main.c
CMD ["/bin/app"]
""",
        {"main.c": "int main(){}"},
        """\
FROM scratch
COPY --from=builder /bin/app /bin/app
CMD ["/bin/app"]
""",
    ),
    "maven": (
        """\
FROM maven:3.9-eclipse-temurin-21
WORKDIR /app
COPY pom.xml .
RUN mvn dependency:go-offline
COPY src ./src
RUN mvn package -DskipTests
EXPOSE 8080
ENTRYPOINT ["java", "-jar", "target/app-0.0.1-SNAPSHOT.jar"]
""",
        {"pom.xml": POM, "src/main/java/App.java": "class App{}", "src/main/resources/application.yml": ""},
        """\
FROM eclipse-temurin:21-jre
WORKDIR /app
COPY --from=builder /app/target/app-0.0.1-SNAPSHOT.jar /app/target/app-0.0.1-SNAPSHOT.jar
EXPOSE 8080
ENTRYPOINT ["java", "-jar", "target/app-0.0.1-SNAPSHOT.jar"]
""",
    ),
    "maven that the file installs": (
        """\
FROM openjdk:17
WORKDIR /app
RUN apt-get update && apt-get install -y maven
COPY . .
RUN mvn package
CMD ["java", "-jar", "target/app.jar"]
""",
        {"pom.xml": POM, "src/main/java/App.java": "class App{}"},
        """\
FROM eclipse-temurin:17-jre
WORKDIR /app
COPY --from=builder /app/target/app.jar /app/target/app.jar
CMD ["java", "-jar", "target/app.jar"]
""",
    ),
    "maven wrapper on jdk": (
        """\
FROM eclipse-temurin:17-jdk-alpine
WORKDIR /app
COPY . .
RUN chmod +x mvnw && ./mvnw -B package -DskipTests
RUN mv target/app.jar /app/app.jar
EXPOSE 8080
CMD ["java", "-Xmx256m", "-jar", "/app/app.jar"]
""",
        {"pom.xml": POM, "mvnw": "", "src/main/java/App.java": "class App{}"},
        """\
FROM eclipse-temurin:17-jre-alpine
WORKDIR /app
COPY --from=builder /app/app.jar /app/app.jar
EXPOSE 8080
CMD ["java", "-Xmx256m", "-jar", "/app/app.jar"]
""",
    ),
    "gradle": (
        """\
FROM gradle:8-jdk17
COPY --chown=gradle:gradle . /home/gradle/src
WORKDIR /home/gradle/src
RUN gradle bootJar --no-daemon
CMD java -jar build/libs/app.jar
""",
        {
            "build.gradle": "plugins { id 'org.springframework.boot' }\ndependencies {\n implementation 'x:y:1'\n}\n",
            "src/main/java/App.java": "class App{}",
        },
        """\
FROM eclipse-temurin:17-jre
WORKDIR /home/gradle/src
COPY --from=builder /home/gradle/src/build/libs/app.jar /home/gradle/src/build/libs/app.jar
CMD java -jar build/libs/app.jar
""",
    ),
    "dotnet": (
        """\
FROM mcr.microsoft.com/dotnet/sdk:8.0
WORKDIR /src
COPY . .
RUN dotnet restore
RUN dotnet publish -c Release -o /app
WORKDIR /app
EXPOSE 8080
ENTRYPOINT ["dotnet", "App.dll"]
""",
        {"App.csproj": '<Project Sdk="Microsoft.NET.Sdk.Web"/>', "Program.cs": "var x=1;", "appsettings.json": ""},
        """\
FROM mcr.microsoft.com/dotnet/aspnet:8.0
ENV ASPNETCORE_HTTP_PORTS=
COPY --from=builder /app /app
WORKDIR /app
EXPOSE 8080
ENTRYPOINT ["dotnet", "App.dll"]
""",
    ),
    "dotnet in out": (
        """\
FROM mcr.microsoft.com/dotnet/sdk:8.0
WORKDIR /src
ENV ASPNETCORE_URLS=http://+:5000
COPY . .
RUN dotnet publish -c Release -o out
CMD ["dotnet", "out/App.dll"]
""",
        {"App.csproj": '<Project Sdk="Microsoft.NET.Sdk.Web"/>', "Program.cs": "var x=1;", "appsettings.json": ""},
        """\
FROM mcr.microsoft.com/dotnet/aspnet:8.0
ENV ASPNETCORE_HTTP_PORTS=
WORKDIR /src
ENV ASPNETCORE_URLS=http://+:5000
COPY --from=builder /src/out /src/out
COPY --from=builder /src/appsettings.json /src/appsettings.json
CMD ["dotnet", "out/App.dll"]
""",
    ),
    "a module of gradle, and files that the command names, sources or not": (
        """\
FROM gradle:8.7.0-jdk21 as gradle
WORKDIR /web
COPY . .
RUN gradle --no-daemon server:shadowJar
CMD java -jar server/build/libs/server.jar --conf=src/main/conf/config.json
""",
        {
            "server/build.gradle.kts": 'plugins { id("com.gradleup.shadow") }\n',
            "build.gradle.kts": "",
            "src/main/conf/config.json": "",
            "src/main/kotlin/App.kt": "",
        },
        """\
FROM eclipse-temurin:21-jre as gradle
WORKDIR /web
COPY --from=builder /web/server/build/libs/server.jar /web/server/build/libs/server.jar
COPY --from=builder /web/src/main/conf/config.json /web/src/main/conf/config.json
CMD java -jar server/build/libs/server.jar --conf=src/main/conf/config.json
""",
    ),
    "a program that the sources start comes with its package": (
        """\
FROM golang:1.24-bookworm
WORKDIR /src
COPY . .
RUN go build -o /usr/local/bin/tool .
ENTRYPOINT ["tool"]
""",
        {"main.go": 'package main\n\nimport "os/exec"\n\nvar run = exec.Command("git", "log")\n'},
        """\
FROM debian:bookworm-slim
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates git && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY --from=builder /usr/local/bin/tool /usr/local/bin/tool
ENTRYPOINT ["tool"]
""",
    ),
    "a script of the context that starts the program": (
        """\
FROM golang:1.24-alpine3.22
WORKDIR /src
COPY . .
RUN CGO_ENABLED=0 go build -o /usr/local/bin/tool . && chmod +x start.sh
ENTRYPOINT ["./start.sh"]
""",
        {"main.go": "package main\n", "start.sh": "#!/bin/sh\nset -e\nexec tool $TOOL_OPTIONS\n"},
        """\
FROM alpine:3.22
WORKDIR /src
COPY --from=builder /usr/local/bin/tool /usr/local/bin/tool
COPY --from=builder /src/start.sh /src/start.sh
ENTRYPOINT ["./start.sh"]
""",
    ),
}
"""Title -> the Dockerfile, its context, the stage that is run."""

REFUSED: dict[str, tuple[str, Files, str]] = {
    "rust strange crate": (
        """\
FROM rust:1.80
WORKDIR /app
COPY . .
RUN cargo build --release
CMD ["target/release/roman"]
""",
        {
            "Cargo.toml": '[package]\nname = "roman"\nversion = "0.1.0"\n',
            "Cargo.lock": '[[package]]\nname = "foo-sys"\n',
            "src/main.rs": "fn main() {}\n",
        },
        "which library the crate `foo-sys` links to is not known",
    ),
    "cargo run": (
        """\
FROM rust:1.80
WORKDIR /app
COPY . .
RUN cargo build --release
CMD ["cargo", "run", "--release"]
""",
        {
            "Cargo.toml": '[package]\nname = "roman"\nversion = "0.1.0"\n',
            "Cargo.lock": '[[package]]\nname = "roman"\n',
            "src/main.rs": "fn main() {}\n",
        },
        "`cargo` is started, and it is not known where it comes from",
    ),
    "maven, spring-boot:run": (
        """\
FROM maven:3.9-eclipse-temurin-21
WORKDIR /app
COPY . .
RUN mvn package
CMD ["mvn", "spring-boot:run"]
""",
        {"pom.xml": POM},
        "`mvn` is started, and it is not known where it comes from",
    ),
    "dotnet run": (
        """\
FROM mcr.microsoft.com/dotnet/sdk:8.0
WORKDIR /src
COPY . .
RUN dotnet build
CMD ["dotnet", "run"]
""",
        {"App.csproj": '<Project Sdk="Microsoft.NET.Sdk.Web"/>', "Program.cs": "var x=1;", "appsettings.json": ""},
        "nothing is known to be built",
    ),
}
"""Title -> the Dockerfile, its context, the reason."""


def parted(text: str, files: Files) -> Result:
    """What becomes of the file."""
    context = Given({path: content.encode() for path, content in files.items()})
    return optimize(text, [multi_stage], unsafe=True, context=context)


@pytest.mark.parametrize("title", PARTED)
def test_a_stage_that_builds_is_parted(title: str) -> None:
    text, files, stage = PARTED[title]
    result = parted(text, files)
    assert result.refusals == ()
    assert result.after.partition(RUNS + "\n")[2] == stage
    assert not parted(result.after, files).changed


@pytest.mark.parametrize("title", REFUSED)
def test_what_is_not_known_is_named(title: str) -> None:
    text, files, why = REFUSED[title]
    result = parted(text, files)
    assert not result.changed
    assert why in result.stood_back[0].why


def test_what_base_images_set_for_their_tools_is_declared() -> None:
    rows = (*stacks().builders.values(), *stacks().runtimes)
    names = {"PATH"}.union(*(row.environment for row in rows), *(row.values for row in rows))
    assert {f"Env.{name}" for name in names} <= set(multi_stage.may_change_settings)
