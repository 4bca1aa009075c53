"""`exec-form-command`."""

import json
import re
from collections.abc import Iterator

from optimizer.facts import BuildStage, Facts
from optimizer.facts.bases import defaults_of
from optimizer.knowledge import commands
from optimizer.syntax.nodes import Command, Gap, Instruction, ShellScript
from optimizer.transform import Declined, Proposal, Safety, example, transform, unchanged

_SHELLS = ("/bin/sh", "/bin/bash", "/bin/ash", "/bin/dash", "/usr/bin/bash", "sh", "bash")
_OPTIONS = re.compile(r"-[eu]*c|(-[eu]+ |-[eu]*o (pipefail|errexit|nounset) )+-[eu]*c")
_FOLDERS = ("", "/bin/", "/sbin/", "/usr/bin/", "/usr/sbin/", "/usr/local/bin/", "/usr/local/sbin/")


@transform(
    Safety.SAFE,
    may_change=set(),
    leeway={"exec"},
    counterparts=("DL3025", "JSONArgsRecommended"),
    may_change_settings=("Cmd:exec", "Entrypoint:exec"),
)
@example(
    "a program that is known to start without a shell",
    """
      FROM debian:bookworm-slim
    - CMD nginx -g "daemon off;"
    + CMD ["nginx", "-g", "daemon off;"]
    """,
)
@example(
    "a command over several lines",
    """
      FROM python:3.12-slim
    - CMD gunicorn --bind 0.0.0.0:80 \\
    -     app:app
    + CMD ["gunicorn", "--bind", "0.0.0.0:80", "app:app"]
    """,
)
@example(
    "a file that may be a script without `#!`, which only a shell starts",
    """
      FROM debian:bookworm-slim
    - CMD /app/run.sh --port 80
    + CMD ["/app/run.sh", "--port", "80"]
    """,
    unsafe=True,
)
@example(
    "an entrypoint without a CMD; what is given to `docker run` reaches it from now on",
    """
      FROM debian:bookworm-slim
    - ENTRYPOINT python3 -m app
    + ENTRYPOINT ["python3", "-m", "app"]
    """,
    unsafe=True,
)
@unchanged(
    "only a shell can tell the words",
    """
    FROM debian:bookworm-slim AS a
    CMD python3 -m http.server $PORT
    FROM debian:bookworm-slim AS b
    CMD PORT=80 python3 app.py
    FROM debian:bookworm-slim AS c
    CMD cat *.txt
    FROM debian:bookworm-slim AS d
    CMD sleep 1 && sleep 2
    FROM debian:bookworm-slim AS e
    CMD cat < /etc/passwd
    FROM debian:bookworm-slim AS f
    CMD ls ~
    FROM debian:bookworm-slim
    CMD ls {a,b}
    """,
    unsafe=True,
)
@unchanged(
    "a builtin of the shell, such as the one with which it steps aside",
    """
    FROM debian:bookworm-slim AS a
    CMD echo -n hello
    FROM debian:bookworm-slim AS b
    CMD exec nginx
    FROM debian:bookworm-slim
    CMD cd /app
    """,
    unsafe=True,
)
@unchanged(
    "an entrypoint gets the words of CMD, and would get other ones",
    """
    FROM debian:bookworm-slim AS base
    ENTRYPOINT ["/entry"]
    FROM base
    CMD python3 app.py
    """,
    unsafe=True,
)
@unchanged(
    "the entrypoint of the base image is not known, or does more for this program",
    """
    FROM registry.example/base AS a
    CMD python3 app.py
    FROM nginx:1.27
    CMD nginx -g "daemon off;"
    """,
    unsafe=True,
)
@unchanged(
    "an entrypoint that a shell runs ignores CMD; in the other form it would not",
    """
    FROM debian:bookworm-slim AS base
    ENTRYPOINT python3 app.py
    FROM base
    CMD ["--debug"]
    """,
    unsafe=True,
)
@unchanged(
    "the shell is a login shell, and sets the environment first",
    """
    FROM debian:bookworm-slim
    SHELL ["/bin/bash", "-lc"]
    CMD python3 app.py
    """,
    unsafe=True,
)
@unchanged(
    "a comment stands inside",
    """
    FROM debian:bookworm-slim
    CMD python3 \\
      # the port
      app.py
    """,
    unsafe=True,
)
def exec_form_command(facts: Facts) -> Iterator[Proposal | Declined]:
    """Writes CMD and ENTRYPOINT that are one plain command in JSON form, so that no shell stands before the program.

    A shell that stays the first process does not pass the stop signal on: the container is killed after ten seconds.

    Safety: one command of words that no shell would change; the shell is `sh`, `bash`, `dash` or `ash` without other
    options than `-e`, `-u`, `-o pipefail`. bash, BusyBox and dash from 0.5.11 on (Debian 11, Ubuntu 22.04) step aside
    for such a command anyway; with an older dash the program becomes the first process, as is wanted. The variables
    that a shell sets by itself (`PWD`, `_`) are missing then. CMD changes only where it alone is what runs: no
    ENTRYPOINT in the file, and none in the base image that sees the form. Programs that are not known to start
    without a shell need `--unsafe`, and so does ENTRYPOINT, which changes only where no CMD would reach it.

    Sources: Dockerfile reference, "Shell and exec form"; dash 0.5.11 release notes; hadolint DL3025; BuildKit's check
    JSONArgsRecommended.
    """
    for stage in facts.stages:
        last = {instruction.name: instruction for instruction in stage.instructions}
        for instruction in stage.instructions:
            if instruction.name not in ("CMD", "ENTRYPOINT") or last[instruction.name] is not instruction:
                continue
            if not isinstance(instruction.body, ShellScript):
                continue
            words = _words(instruction.body)
            if why := _kept(facts, stage, instruction, words):
                yield Declined(instruction, why)
                continue
            text = json.dumps(words, ensure_ascii=False)
            safe = instruction.name == "CMD" and _starts_without_a_shell(words[0])
            why = "a shell stands between the container and the program, and may keep the stop signal to itself"
            yield Proposal(instruction, why, {instruction.body: text}, safety=None if safe else Safety.UNSAFE)


def _words(script: ShellScript) -> list[str]:
    """The words of a script that is one simple command which no shell changes; else none."""
    parts = [part for part in script.parts if not isinstance(part, Gap)]
    if len(parts) != 1 or not isinstance(parts[0], Command):
        return []
    command = parts[0]
    literals = [word.literal for word in command.words]
    if command.assignments or command.redirects or not literals or any(char in script.text for char in "^!#{}~$`"):
        return []
    words = [literal for literal in literals if literal is not None and literal.isprintable()]
    if len(words) < len(literals):
        return []
    return words


def _kept(facts: Facts, stage: BuildStage, instruction: Instruction, words: list[str]) -> str | None:
    """Why the command must keep its form; None where it need not."""
    if not words or words[0] in commands().builtins or words[0].startswith("-") or "=" in words[0]:
        return "only a shell can run it"
    shell = facts.scopes[instruction].shell
    if (
        shell[:1] == ()
        or shell[0] not in _SHELLS
        or not _OPTIONS.fullmatch(" ".join(shell[1:]))
        or "BASH_ENV" in facts.text
    ):
        return "its shell may do more than to run it"
    if any(gap.comments for gap in instruction.walk() if isinstance(gap, Gap)):
        return "a comment stands inside"
    return _of_cmd(stage, words[0]) if instruction.name == "CMD" else _of_entrypoint(facts, stage)


def _of_cmd(stage: BuildStage, program: str) -> str | None:
    lineage = list(stage.lineage)
    if any(i.inner.name == "ENTRYPOINT" for one in lineage for i in one.instructions):
        return "an ENTRYPOINT gets its words"
    base = defaults_of(lineage[-1].base)
    if base.entrypoint is None:
        return "it is not known whether the base image has an ENTRYPOINT, which would get its words"
    if program.rpartition("/")[2] in base.special:
        return f"the ENTRYPOINT of the base image does more for `{program}`"
    return None


def _of_entrypoint(facts: Facts, stage: BuildStage) -> str | None:
    below = (stage, *facts.children(stage))
    if any(i.inner.name == "CMD" for one in below for i in one.instructions):
        return "a CMD would reach it in the other form"
    return None


def _starts_without_a_shell(program: str) -> bool:
    folder, slash, name = program.rpartition("/")
    return folder + slash in _FOLDERS and name in commands().programs
