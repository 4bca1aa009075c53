"""`setuid-bits`."""

from __future__ import annotations

from collections.abc import Iterator

from optimizer.facts import Facts
from optimizer.facts.layout import written_like
from optimizer.facts.starting import names_in, started
from optimizer.knowledge.hardening import hardening
from optimizer.syntax.nodes import LAYERS, Instruction
from optimizer.transform import Declined, Proposal, Safety, example, transform, unchanged


@transform(
    Safety.UNSAFE,
    may_change={"layers"},
    leeway={"hardening"},
    may_change_paths=(
        *(f"{folder}/{name}" for folder in ("/bin", "/usr/bin") for name in sorted(hardening().setuid_programs)),
        *("/sbin/unix_chkpwd", "/usr/sbin/unix_chkpwd", "/usr/bin/write", "/usr/bin/wall", "/usr/bin/bsd-write"),
        *("/usr/lib/openssh/ssh-keysign", "/usr/lib/dbus-1.0/dbus-daemon-launch-helper", "/bin/bbsuid"),
    ),
    default=False,
)
@example(
    "before the user is set",
    r"""
      FROM debian:bookworm-slim
      RUN useradd app
      COPY tool /usr/local/bin/
    + RUN find / -xdev -type f \( -perm -4000 -o -perm -2000 \) -exec chmod a-s {} +
      USER app
      CMD ["tool"]
    """,
    unsafe=True,
)
@example(
    "only in the last stage",
    r"""
      FROM alpine:3.21 AS build
      RUN apk add --no-cache gcc
      FROM alpine:3.21
      COPY --from=build /tool /usr/local/bin/
    + RUN find / -xdev -type f \( -perm -4000 -o -perm -2000 \) -exec chmod a-s {} +
      ENTRYPOINT ["tool"]
    """,
    unsafe=True,
)
@unchanged(
    "it is started with one of these programs, or installs one",
    """
    FROM debian:bookworm-slim
    COPY run.sh /run.sh
    CMD ["su", "app", "-c", "/run.sh"]
    """,
    unsafe=True,
)
@unchanged(
    "a package that needs such a bit",
    """
    FROM debian:bookworm-slim
    RUN apt-get update && apt-get install -y iputils-ping
    CMD ["/run.sh"]
    """,
    unsafe=True,
)
@unchanged(
    "the last step runs as somebody who may not",
    """
    FROM debian:bookworm-slim
    USER app
    RUN id
    CMD ["/run.sh"]
    """,
    unsafe=True,
)
@unchanged(
    "no system is known that has find",
    """
    FROM example.org/base
    CMD ["/run.sh"]
    """,
    unsafe=True,
)
def setuid_bits(facts: Facts) -> Iterator[Proposal | Declined]:
    """Takes the setuid and setgid bits off all programs of the last stage.

    A program with such a bit runs with the rights of its owner: a service that is broken into could use `su` or
    `mount`. Off by default: it hardens, and does not save anything. The files are written once more into a layer of
    their own, about 0.7 MB on Debian and next to nothing on Alpine.

    Safety: unsafe. Not where such a program is installed by name or where what the container starts names one; what
    a script starts is seen only where the build context is in view.

    Sources: CIS Docker Benchmark 4.8; Debian bookworm, `find / -perm /6000` (11 files); find(1), BusyBox find.
    """
    stage = facts.stages[-1] if facts.stages else None
    if stage is None or not started(stage):
        return
    table = hardening()
    at = next((i for i in started(stage) if facts.stage_of[i] is stage), stage.node.instructions[0])
    if any(table.setuid_command in facts.sources[i] for i in facts.stage_of):
        return
    if stage.system is None or stage.system.name not in table.setuid_systems:
        yield Declined(at, "no system is known that has `find`")
        return
    runs = tuple(i for one in stage.lineage for i in one.instructions if i.name == "RUN")
    installed = {w.literal for run in runs for p in facts.package_calls(run) if p.installs for w in p.operands}
    if used := installed & table.setuid_packages or names_in(facts, started(stage)) & table.setuid_programs:
        yield Declined(at, f"`{min(str(name) for name in used)}` needs such a bit")
        return
    place = _place(stage.node.instructions)
    user = facts.scopes[place].after(place, facts.tree.escape).user if place in facts.scopes else "root"
    if place.name == "FROM" or user not in ("root", "0"):
        yield Declined(at, "the last step that could bring such programs does not run as root")
        return
    text = facts.sources[place]
    ends = text if text.endswith("\n") else text + facts.newline
    line = written_like(place, "RUN", table.setuid_command)
    new = ends + line + (facts.newline if text.endswith("\n") else "")
    yield Proposal(at, "programs with setuid bits run with the rights of their owners", {place: new})


def _place(instructions: tuple[Instruction, ...]) -> Instruction:
    """Behind the last instruction that makes a layer."""
    return next((i for i in reversed(instructions) if i.name in LAYERS), instructions[0])
