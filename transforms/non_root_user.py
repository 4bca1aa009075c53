"""`non-root-user`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from optimizer.facts import BuildStage, Facts
from optimizer.facts.layout import written_like
from optimizer.facts.starting import known_users, names_in, root_image, started
from optimizer.facts.texts import argument_text
from optimizer.knowledge.hardening import hardening
from optimizer.syntax.nodes import LAYERS, Instruction
from optimizer.transform import Declined, Proposal, Safety, example, transform, unchanged

_NAME = re.compile(r"[a-z_][a-z0-9_-]{0,31}")
_PORT = re.compile(r"(?:^|[\s\"':=\0])(\d{1,5})(?:/tcp|/udp)?(?=$|[\s\"'\0])")


@transform(
    Safety.SUGGESTION,
    may_change={"layers"},
    leeway={"hardening"},
    counterparts=("DL3002",),
    # The accounts, and a folder of WORKDIR at the usual places.
    may_change_paths=(
        *(f"/etc/{name}*" for name in ("passwd", "group", "shadow", "gshadow", "subuid", "subgid")),
        *("/app", "/code", "/src", "/data", "/workspace", "/opt/app", "/srv/app", "/usr/src/app", "/home/node"),
        *("/home/node/app", "/var/www", "/go/src/app"),
    ),
    options={"user": ()},
)
@example(
    "a user is made, gets the folder, and runs what the container starts",
    """
      FROM python:3.12-slim
      WORKDIR /app
      COPY . .
    + RUN useradd --system --no-create-home app && chown app:app /app
      EXPOSE 8000
    + USER app
      CMD ["python", "main.py"]
    """,
    unsafe=True,
    options={"user": "app"},
)
@example(
    "a base image that has a user for it",
    """
      FROM node:22-slim
      WORKDIR /app
      COPY . .
    + RUN chown node:node /app
    + USER node
      CMD ["node", "main.js"]
    """,
    unsafe=True,
    options={"user": "app"},
)
@example(
    "Alpine",
    """
      FROM alpine:3.21
      COPY tool /usr/local/bin/
    + RUN addgroup -S app && adduser -S -G app app
    + USER app
      ENTRYPOINT ["tool"]
    """,
    unsafe=True,
    options={"user": "app"},
)
@unchanged(
    "a person has to say so: without the option it is only told",
    """
    FROM python:3.12-slim
    COPY . /app
    CMD ["python", "/app/main.py"]
    """,
    unsafe=True,
)
@unchanged(
    "it has a user",
    """
    FROM python:3.12-slim
    USER 1000
    CMD ["python"]
    """,
    unsafe=True,
    options={"user": "app"},
)
@unchanged(
    "a port below 1024, or a program that starts as root on purpose",
    """
    FROM python:3.12-slim
    EXPOSE 80
    CMD ["python", "-m", "http.server", "80"]
    """,
    unsafe=True,
    options={"user": "app"},
)
@unchanged(
    "it gives its rights up by itself",
    """
    FROM debian:bookworm-slim
    RUN apt-get update && apt-get install -y gosu
    ENTRYPOINT ["gosu", "nobody", "tool"]
    """,
    unsafe=True,
    options={"user": "app"},
)
@unchanged(
    "nobody knows as whom the base image runs, or nothing is started",
    """
    FROM example.org/base
    CMD ["tool"]
    """,
    unsafe=True,
    options={"user": "app"},
)
def non_root_user(facts: Facts, user: str = "") -> Iterator[Proposal | Declined]:
    """Tells of an image that runs as root, and with the option `user` gives it a user.

    A process that runs as root is root for the kernel, too. The user is made with the system's own command, or is the
    one that the base image has; the folder of WORKDIR goes to it, without its files. Which other places the program
    writes to cannot be seen, so this is a suggestion: `[non-root-user] user = "app"` makes it an edit for `--unsafe`.

    Safety: never where the image has a user already or the base's is not known; not where a port below 1024 is
    named, a volume is declared, or a program is started that needs root or gives its rights up by itself.

    Sources: CIS Docker Benchmark 4.1; useradd(8), BusyBox adduser; the Dockerfiles of official images; hadolint DL3002.
    """
    stage = facts.stages[-1] if facts.stages else None
    if stage is None or not _runs_as_root(facts, stage):
        return
    at = next((i for i in started(stage) if facts.stage_of[i] is stage), stage.node.instructions[0])
    if (why := _needs_root(facts, stage)) is not None:
        yield Declined(at, why)
        return
    reason = "the container runs as root"
    name = _name(facts, stage, user)
    if not user or name is None:
        yield Proposal(at, f"{reason}; a `USER` before `{at.name}` would be safer", {})
        return
    yield _proposal(facts, stage, at, name, reason)


def _runs_as_root(facts: Facts, stage: BuildStage) -> bool:
    """Whether something is started, and surely as root."""
    if not started(stage) or any(i.name == "USER" for one in stage.lineage for i in one.instructions):
        return False
    return stage.system is not None and root_image(stage) not in hardening().root_images


def _needs_root(facts: Facts, stage: BuildStage) -> str | None:
    table = hardening()
    instructions = tuple(i for one in stage.lineage for i in one.instructions)
    if used := names_in(facts, started(stage)) & table.root_programs:
        return f"`{min(used)}` starts as root on purpose, or may"
    if any(re.search(r"\b(gosu|su-exec|setpriv)\b", argument_text(i)) for i in instructions if i.name == "RUN"):
        return "it may give its rights up by itself"
    for one in instructions:
        if one.name == "ONBUILD":
            return "what an image built from this one runs may need root"
        if one.name == "VOLUME":
            return "the files of a volume would need an owner"
        text = argument_text(one)
        if one.name in ("EXPOSE", "CMD", "ENTRYPOINT") and any(0 < int(p) < 1024 for p in _ports(one, text)):
            return "a port below 1024 needs root"
    return None


def _ports(instruction: Instruction, text: str) -> list[str]:
    found = _PORT.findall(text)
    return found if instruction.name == "EXPOSE" else [port for port in found if port in ("80", "443")]


def _name(facts: Facts, stage: BuildStage, user: str) -> str | None:
    """The user that the image has, or is to get; None where none can be made."""
    if known := known_users(facts, stage):
        return min(known)
    system = stage.system.name if stage.system is not None else ""
    return user if system in hardening().makes_user and _NAME.fullmatch(user) else None


def _proposal(facts: Facts, stage: BuildStage, at: Instruction, name: str, reason: str) -> Proposal | Declined:
    """The edits: a RUN behind the last layer, USER before what is started."""
    instructions = stage.node.instructions
    layer = next((i for i in reversed(instructions) if i.name in LAYERS), instructions[0])
    last = instructions[-1]
    scope = facts.behind(stage)
    commands = [] if known_users(facts, stage) else [c.format(user=name) for c in _commands(stage)]
    if scope is not None and scope.folder not in (None, "/"):
        commands.append(f"chown {name}:{name} {scope.folder}")
    first = next((n for n, i in enumerate(instructions) if i in started(stage) and n > instructions.index(layer)), None)
    place = instructions[first - 1] if first is not None else last
    if scope is None or scope.folder is None or any(char in (scope.folder or "") for char in " $'\"\\"):
        return Declined(at, "the folder in which it runs is not known")
    added: dict[Instruction, list[str]] = {}
    if commands:
        added.setdefault(layer, []).append(written_like(layer, "RUN", " && ".join(commands)))
    added.setdefault(place, []).append(written_like(layer, "USER", name))
    return Proposal(
        at,
        reason,
        {one: _with(facts, one, lines) for one, lines in added.items()},
        safety=Safety.UNSAFE,
    )


def _commands(stage: BuildStage) -> tuple[str, ...]:
    return hardening().makes_user[stage.system.name] if stage.system is not None else ()


def _with(facts: Facts, instruction: Instruction, lines: list[str]) -> str:
    """The instruction with lines behind it."""
    text = facts.sources[instruction]
    if text.endswith("\n"):
        return text + "".join(line + facts.newline for line in lines)
    return text + "".join(facts.newline + line for line in lines)
