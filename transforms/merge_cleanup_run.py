"""`merge-cleanup-run`."""

from collections.abc import Iterator

from msgspec import Struct

from optimizer.facts import Chain, Facts
from optimizer.facts.chains import Step, leaves
from optimizer.facts.comments import comments_above, has_pragma
from optimizer.facts.layout import Addition, appendable, appended, step_text, without
from optimizer.facts.lists import Deletion, deletion, filled, may_use_lists, removes_lists, sole_package_call
from optimizer.facts.neighbours import UNSEEN
from optimizer.facts.paths import makes, mentions
from optimizer.facts.texts import shortened
from optimizer.knowledge import families
from optimizer.syntax.nodes import Instruction, Node, rewritten, source
from optimizer.transform import Declined, Proposal, Safety, example, transform, unchanged


@transform(
    Safety.SAFE,
    may_change={"layers"},
    leeway={"cleanup", "order"},
    counterparts=("DL3009", "DL3059"),
    may_change_paths=("/var/lib/apt/lists/auxfiles",),  # an empty folder that each call of apt after the deletion makes
)
@example(
    "lists removed in a layer of their own",
    """
      FROM debian:bookworm-slim
    - RUN apt-get update && apt-get install -y curl
    - RUN rm -rf /var/lib/apt/lists/*
    + RUN apt-get update && apt-get install -y curl && rm -rf /var/lib/apt/lists/*
    """,
)
@example(
    "an archive that was unpacked",
    """
      FROM debian:bookworm-slim
      # the tool
      RUN wget -O /tmp/tool.tgz https://example.org/tool.tgz \\
    -     && tar -xzf /tmp/tool.tgz -C /opt
    +     && tar -xzf /tmp/tool.tgz -C /opt \\
    +     && rm /tmp/tool.tgz
      ENV PATH=/opt/tool/bin:$PATH
    - RUN rm /tmp/tool.tgz
      CMD ["tool"]
    """,
)
@example(
    "only what deletes moves",
    """
      FROM debian:bookworm-slim
    - RUN wget -O /tmp/tool.deb https://example.org/tool.deb
    - RUN rm -f /tmp/tool.deb && ldconfig
    + RUN wget -O /tmp/tool.deb https://example.org/tool.deb && rm -f /tmp/tool.deb
    + RUN ldconfig
    """,
)
@example(
    "packages removed right behind the RUN that installed them",
    """
      FROM debian:bookworm-slim
    - RUN apt-get update && apt-get install -y gcc && gcc -o /usr/bin/tool /src/tool.c
    + RUN apt-get update && apt-get install -y gcc && gcc -o /usr/bin/tool /src/tool.c \\
    +     && apt-get purge -y gcc && rm -rf /var/lib/apt/lists/*
      EXPOSE 80
    - RUN apt-get purge -y gcc && rm -rf /var/lib/apt/lists/*
    """,
)
@unchanged(
    "a step stands between the install and the removal",
    """
    FROM debian:bookworm-slim
    RUN apt-get update && apt-get install -y gcc
    COPY tool.c /src/
    RUN apt-get purge -y gcc
    """,
)
@unchanged(
    "the RUN does more than remove",
    """
    FROM debian:bookworm-slim
    RUN apt-get update && apt-get install -y gcc && gcc -o /usr/bin/tool /src/tool.c
    RUN apt-get purge -y gcc && tool --version
    """,
)
@unchanged(
    "a step between the two may need what is deleted",
    """
    FROM debian:bookworm-slim
    RUN wget -O /tmp/tool.tgz https://example.org/tool.tgz
    RUN ./install.sh
    RUN rm /tmp/tool.tgz
    """,
)
@unchanged(
    "a script may install with the lists",
    """
    FROM debian:bookworm-slim
    RUN apt-get update && apt-get install -y curl
    RUN ./more.sh
    RUN rm -rf /var/lib/apt/lists/*
    """,
)
@unchanged(
    "no RUN of this stage made it",
    """
    FROM debian:bookworm-slim
    COPY tool.tgz /tmp/
    RUN tar -xzf /tmp/tool.tgz -C /opt
    RUN rm -rf /usr/share/doc
    """,
)
@unchanged(
    "another user",
    """
    FROM debian:bookworm-slim
    RUN wget -O /tmp/tool.tgz https://example.org/tool.tgz
    USER app
    RUN rm /tmp/tool.tgz
    """,
)
@unchanged(
    "the RUN goes on after failures",
    """
    FROM debian:bookworm-slim
    RUN wget -O /tmp/tool.tgz https://example.org/tool.tgz || true
    RUN rm -f /tmp/tool.tgz
    """,
)
def merge_cleanup_run(facts: Facts) -> Iterator[Proposal | Declined]:
    """Moves a deletion into the RUN that made what it deletes.

    A file that a later layer deletes still lies in the image, and so does a package that a later layer removes. Only
    the deletions at the beginning of a RUN move; what else the RUN does stays where it is. A RUN that removes packages
    moves as a whole, and only into the RUN right before it.

    Safety: only over steps that are known to touch nothing of what is deleted; only within one stage, for the same
    user, with the same mounts; only literal paths.

    Sources: Dockerfile best practices, the storage driver's copy-on-write; hadolint DL3009, DL3059.
    """
    for stage in facts.stages:
        runs = stage.instructions
        for number, instruction in enumerate(runs):
            found = _deletions(facts, instruction)
            if found is not None and not found.removes_packages:
                yield _moved(facts, runs[:number], found)
            elif found is not None and (target := _right_before(facts, runs[:number], found)) is not None:
                yield _into(facts, target, found)


class _Deletions(Struct, frozen=True):
    """The steps with which a RUN begins and that only delete. `removes_packages`: some remove packages."""

    run: Instruction
    chain: Chain
    count: int
    deletions: tuple[Deletion, ...]
    removes_packages: bool

    @property
    def paths(self) -> tuple[str, ...]:
        return tuple(path for one in self.deletions for path in one.paths)


def _deletions(facts: Facts, run: Instruction) -> _Deletions | None:
    chain = facts.chain(run) if run.name == "RUN" else None
    if chain is None or chain.separator != "&&" or chain.comment is not None or run.heredocs:
        return None
    found = []
    removals = 0
    for step in chain.steps:
        one = deletion(step, facts.scopes[run].folder)
        removals += one is None and _removes(step)
        if one is None and not _removes(step):
            break
        found += [one] if one else []
    count = len(found) + removals
    if not count or (removals and count < len(chain.steps)):
        return None
    return _Deletions(run, chain, count, tuple(found), removals > 0)


def _removes(step: Step) -> bool:
    """Whether a step only removes packages by name, or those that nothing needs."""
    package = sole_package_call(step)
    return package is not None and package.verb in package.manager.remove and package.understood and package.confirmed


def _right_before(facts: Facts, before: tuple[Instruction, ...], found: _Deletions) -> Instruction | None:
    """The RUN that stands before, with nothing between but what makes no layer, if it installs one of the packages."""
    target = next((i for i in reversed(before) if i.name not in UNSEEN), None)
    if target is None or target.name != "RUN":
        return None
    removed = {w.literal for p in facts.package_calls(found.run) if p.verb in p.manager.remove for w in p.operands}
    installed = {
        word.literal for package in facts.package_calls(target) if package.installs for word in package.operands
    }
    return target if removed & installed else None


def _moved(facts: Facts, before: tuple[Instruction, ...], found: _Deletions) -> Proposal | Declined:
    for target in reversed(before):
        if target.name == "RUN" and _makes(facts, target, found):
            return _into(facts, target, found)
        if (why := _needs(facts, target, found)) is not None:
            return Declined(found.run, why)
    return Declined(found.run, "no RUN of this stage is seen to make what it deletes")


def _makes(facts: Facts, run: Instruction, found: _Deletions) -> bool:
    """Whether the RUN writes something of what is deleted."""
    packages = facts.package_calls(run)
    for one in found.deletions:
        if one.regenerable:
            if any(filled(one, package) for package in packages):
                return True
        elif any(makes(facts.calls(run), path, facts.scopes[run].folder) for path in one.paths):
            return True
    return False


def _needs(facts: Facts, step: Instruction, found: _Deletions) -> str | None:
    """Why the deletion may not pass the step."""
    if step.name not in ("RUN", "COPY", "ADD", "WORKDIR", "USER", "SHELL", "ONBUILD"):
        return None
    if step.name in ("USER", "SHELL"):
        return "the RUN before it has another user or shell"
    if step.name == "ONBUILD":
        return None
    if step.name == "RUN" and facts.opaque(step):
        return "a RUN that cannot be read stands between the two"
    calls = facts.calls(step)
    for one in found.deletions:
        if one.regenerable:
            variables = facts.scopes[step].variables
            if step.name == "RUN" and any(
                may_use_lists(calls, family, variables) for family in families() if removes_lists(one, family)
            ):
                return "a step between the two may read the package lists"
        elif any(mentions(step, calls, path) for path in one.paths):
            return "a step between the two may need what is deleted"
    return None


def _into(facts: Facts, target: Instruction, found: _Deletions) -> Proposal | Declined:
    chain = facts.chain(target)
    if chain is None:
        return Declined(found.run, "the RUN that made it goes on after a failure, or cannot be read")
    if (why := appendable(chain)) is not None:
        return Declined(found.run, why)
    one, other = facts.scopes[target], facts.scopes[found.run]
    flags = [sorted(flag.text for flag in run.all_flags) for run in (target, found.run)]
    if one.user != other.user or one.shell != other.shell or flags[0] != flags[1]:
        return Declined(found.run, "the RUN that made it has another user, shell, or other mounts")
    if any(one.relative for one in found.deletions) and (
        facts.scopes[target].folder != facts.scopes[found.run].folder
        or any("directory" in leaves(step) for step in chain.steps)
    ):
        return Declined(found.run, "the RUN that made it runs in another folder")
    if any(mount.covers(path) for mount in facts.mounts(target) for path in found.paths):
        return Declined(found.run, "what it deletes may lie in a mount")
    return _proposal(facts, target, chain, found)


def _proposal(facts: Facts, target: Instruction, chain: Chain, found: _Deletions) -> Proposal | Declined:
    command = " && ".join(step_text(step) for step in found.chain.steps[: found.count])
    whole = found.count == len(found.chain.steps)
    if whole and has_pragma(found.run):
        return Declined(found.run, "a comment above it speaks to a tool")
    comments = comments_above(found.run) if whole else ()
    edits: dict[Node, str] = dict(appended(facts, target, chain, Addition(command, comments)))
    if whole:
        edits[found.run] = ""
    else:
        kept = without(found.chain, range(found.count))
        if kept is None:
            return Declined(found.run, "a comment stands beside what it deletes")
        edits[found.run] = rewritten(found.run, kept)
    what = source(found.chain.steps[0].parts[0])
    return Proposal(found.run, f"what `{_short(what)}` deletes still lies in the layer of an earlier RUN", edits)


def _short(text: str) -> str:
    return shortened(" ".join(text.split()), 50)
