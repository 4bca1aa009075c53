"""`sudo-as-root`."""

from collections.abc import Iterator

from optimizer.facts import Call, Facts
from optimizer.facts.bases import defaults_of
from optimizer.facts.chains import leaves
from optimizer.facts.packages import package_call
from optimizer.knowledge import commands
from optimizer.syntax.nodes import Command, Gap, Instruction, Node
from optimizer.transform import Declined, Proposal, Safety, example, transform, unchanged

_FOLDERS = ("", "/bin", "/sbin", "/usr/bin", "/usr/sbin")
_OPTIONS = ("-E", "-H", "-n", "--")


@transform(Safety.SAFE, may_change=set(), leeway={"sudo"}, counterparts=("DL3004",))
@example(
    "commands of the system, in an environment that holds nothing of theirs",
    """
      FROM debian:bookworm-slim
      ENV DEBIAN_FRONTEND=noninteractive
    - RUN sudo apt-get update && sudo -E apt-get install -y curl \\
    -     && echo "a b" | sudo tee /etc/a \\
    -     && sudo rm -rf /var/lib/apt/lists/*
    + RUN apt-get update && apt-get install -y curl \\
    +     && echo "a b" | tee /etc/a \\
    +     && rm -rf /var/lib/apt/lists/*
    """,
)
@example(
    "the command may see variables, and a PATH, that sudo kept from it",
    """
      FROM debian:bookworm-slim
      ENV PATH=/opt/tool/bin:$PATH
    - RUN sudo make install
    + RUN make install
    """,
    unsafe=True,
)
@unchanged(
    "another user, or a login",
    """
    FROM debian:bookworm-slim
    RUN sudo -u app make && sudo -i make && sudo -Hu app make
    """,
    unsafe=True,
)
@unchanged(
    "the user may need it",
    """
    FROM debian:bookworm-slim
    USER app
    RUN sudo make install
    FROM registry.example/base
    RUN sudo make install
    """,
    unsafe=True,
)
@unchanged(
    "the word is a package, or text",
    """
    FROM debian:bookworm-slim
    RUN apt-get install -y sudo && echo "sudo make" && visudo -c && sudo -V
    """,
    unsafe=True,
)
@unchanged(
    "a builtin of the shell is another program than the one of that name",
    """
    FROM debian:bookworm-slim
    RUN sudo echo -n x && sudo test -e /x
    """,
    unsafe=True,
)
def sudo_as_root(facts: Facts) -> Iterator[Proposal | Declined]:
    """Drops `sudo` where the user is root already.

    It makes the file need a package for nothing, and hides who runs what.

    Safety: only where the user is known to be root, and sudo is called without options but `-E`, `-H`, `-n`. sudo
    clears the environment and sets a PATH of its own: safe only for programs of the system and package managers on a
    plain base image, where the file sets no variable but of the language and debconf; else `--unsafe`.

    Sources: sudo(8), sudoers(5) `env_reset`, `secure_path`; hadolint DL3004.
    """
    for instruction in facts.runs:
        if instruction.inner is not instruction:
            continue
        for call in facts.calls(instruction):
            if call.wrapped_by[:1] != ("sudo",) or call.substituted or not isinstance(call.node, Command):
                continue
            edits = _without(call.node, call)
            if not facts.scopes[instruction].as_root:
                yield Declined(call.node, "the user is not known to be root")
            elif edits is None:
                yield Declined(call.node, "`sudo` does more here than to run the command as root")
            else:
                safety = None if _same_environment(facts, instruction, call) else Safety.UNSAFE
                yield Proposal(call.node, "the user is root already", edits, safety=safety)


def _without(command: Command, call: Call) -> dict[Node, str] | None:
    """The edits that take `sudo` and its options away; None where it does more."""
    wrapper = command.words[: len(command.words) - len(call.words)]
    if command.assignments or not call.name or call.name in commands().builtins or len(call.wrapped_by) > 1:
        return None
    if wrapper[0].literal != "sudo" or any(word.literal not in _OPTIONS for word in wrapper[1:]):
        return None
    gone: dict[Node, str] = {}
    for part in command.parts:
        if part is call.words[0]:
            return gone
        if isinstance(part, Gap) and part.comments:
            return None
        gone[part] = ""
    return None


def _same_environment(facts: Facts, instruction: Instruction, call: Call) -> bool:
    """Whether the command is known to do the same with the variables that sudo would clear."""
    base = list(facts.stage_of[instruction].lineage)[-1].base
    chain = facts.chain(instruction)
    if not defaults_of(base).plain or chain is None or any({"environment", "control"} & leaves(s) for s in chain.steps):
        return False
    variables = facts.scopes[instruction].variables
    folder = (call.words[0].literal or "").rpartition("/")[0]
    known = call.name in commands().neutral or package_call(call) is not None
    return known and folder in _FOLDERS and set(variables) <= commands().quiet_environment
