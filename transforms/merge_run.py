"""`merge-run`."""

from collections.abc import Iterator, Sequence

from msgspec import Struct

from optimizer.facts import Facts, PackageCall
from optimizer.facts.layout import joined
from optimizer.facts.lists import deletion, filled, removes_lists
from optimizer.facts.neighbours import apart, joinable, neighbours
from optimizer.facts.readers import Obstacle, readers_of
from optimizer.facts.writes import Changed, Made, changes, writes
from optimizer.syntax.nodes import Instruction
from optimizer.transform import Declined, Proposal, Safety, example, transform, unchanged


@transform(
    Safety.SAFE,
    may_change={"layers"},
    counterparts=("DL3059",),
    options={"join": ("worthwhile", "all")},
)
@example(
    "an archive that is fetched in one RUN, unpacked and deleted in the next",
    """
      FROM debian:bookworm-slim
    - RUN wget -O /tmp/tool.tgz https://example.org/tool.tgz
    - RUN tar -xzf /tmp/tool.tgz -C /opt && rm /tmp/tool.tgz
    + RUN wget -O /tmp/tool.tgz https://example.org/tool.tgz \\
    +     && tar -xzf /tmp/tool.tgz -C /opt \\
    +     && rm /tmp/tool.tgz
    """,
)
@example(
    "owners and modes: a later layer holds the whole file again; comments travel",
    """
      FROM debian:bookworm-slim
    - RUN curl -fsSL https://example.org/tool -o /usr/bin/tool
    + RUN curl -fsSL https://example.org/tool -o /usr/bin/tool \\
    +     # anybody may run it
    +     && chmod +x /usr/bin/tool
      LABEL tool=1
    - # anybody may run it
    - RUN chmod +x /usr/bin/tool
      CMD ["tool"]
    """,
)
@example(
    "package lists that the next RUN uses, and that nothing can clean between the two",
    """
      FROM debian:bookworm-slim
    - RUN apt-get update && apt-get install -y curl
    - RUN apt-get install -y git
    + RUN apt-get update && apt-get install -y curl && apt-get install -y git
    """,
)
@example(
    "what the first leaves in its shell stays there",
    """
      FROM debian:bookworm-slim
    - RUN cd /opt && git clone https://example.org/tool.git
    - RUN chown -R www-data /opt/tool
    + RUN ( cd /opt && git clone https://example.org/tool.git ) && chown -R www-data /opt/tool
    """,
)
@example(
    "a RUN that goes on after a failure",
    """
      FROM debian:bookworm-slim
    - RUN wget -O /srv/a https://example.org/a || wget -O /srv/a https://example.org/b
    - RUN mv /srv/a /srv/tool; test -x /srv/tool
    + RUN ( wget -O /srv/a https://example.org/a || wget -O /srv/a https://example.org/b ) \\
    +     && ( mv /srv/a /srv/tool; test -x /srv/tool )
    """,
)
@example(
    "everything, where the settings say so",
    """
      FROM debian:bookworm-slim
    - RUN make
    - RUN make install
    + RUN make && make install
    """,
    options={"join": "all"},
)
@unchanged(
    "it would not make the image smaller",
    """
    FROM debian:bookworm-slim
    RUN make
    RUN make install
    RUN echo 1 > /etc/one
    RUN chmod 600 /etc/one
    """,
)
@unchanged(
    "nothing of the stage is shipped but what another stage copies",
    """
    FROM debian:bookworm-slim AS build
    RUN curl -fsSL https://example.org/tool -o /usr/bin/tool
    RUN chmod +x /usr/bin/tool
    FROM scratch
    COPY --from=build /usr/bin/tool /tool
    """,
)
@unchanged(
    "each RUN has lists of its own",
    """
    FROM debian:bookworm-slim
    RUN apt-get update && apt-get install -y curl && rm -rf /var/lib/apt/lists/*
    RUN apt-get update && apt-get install -y git && rm -rf /var/lib/apt/lists/*
    """,
)
@unchanged(
    "a step stands between the two, or the state changes",
    """
    FROM debian:bookworm-slim
    RUN curl -fsSL https://example.org/tool -o /usr/bin/tool
    COPY tool.conf /etc/
    RUN chmod +x /usr/bin/tool
    ENV A=1
    RUN chown www-data /usr/bin/tool
    """,
)
@unchanged(
    "a comment above the second speaks to a tool",
    """
    FROM debian:bookworm-slim
    RUN curl -fsSL https://example.org/tool -o /usr/bin/tool
    # hadolint ignore=DL3059
    RUN chmod +x /usr/bin/tool
    """,
)
@unchanged(
    "other mounts; a mount whose content ends with its RUN",
    """
    FROM debian:bookworm-slim
    RUN --mount=type=cache,target=/root/.cache curl -fsSL https://example.org/tool -o /usr/bin/tool
    RUN chmod +x /usr/bin/tool
    FROM debian:bookworm-slim
    RUN --mount=type=tmpfs,target=/tmp curl -fsSL https://example.org/tool -o /usr/bin/tool
    RUN --mount=type=tmpfs,target=/tmp chmod +x /usr/bin/tool
    """,
)
@unchanged(
    "a process of the first would still run",
    """
    FROM debian:bookworm-slim
    RUN service redis start && curl -fsSL https://example.org/tool -o /usr/bin/tool
    RUN chmod +x /usr/bin/tool
    """,
)
@unchanged(
    "JSON form, a heredoc, a comment of the shell",
    """
    FROM debian:bookworm-slim
    RUN ["curl", "-o", "/usr/bin/tool", "https://example.org/tool"]
    RUN ["chmod", "+x", "/usr/bin/tool"]
    FROM debian:bookworm-slim
    RUN <<EOF
    curl -fsSL https://example.org/tool -o /usr/bin/tool
    EOF
    RUN chmod +x /usr/bin/tool
    """,
)
@unchanged(
    "`set -e` does not stop what stands left of `&&`",
    """
    FROM debian:bookworm-slim
    RUN set -e; curl -fsSL https://example.org/tool -o /usr/bin/tool; tool --version
    RUN chmod +x /usr/bin/tool
    """,
)
@unchanged(
    "a later stage installs with the lists",
    """
    FROM debian:bookworm-slim AS base
    RUN apt-get update && apt-get install -y curl
    RUN apt-get install -y git
    FROM base
    RUN apt-get install -y less
    """,
)
def merge_run(facts: Facts, join: str = "worthwhile") -> Iterator[Proposal | Declined]:
    """Joins neighbouring RUNs where one deletes, moves or changes what another wrote, or shares its package lists.

    A file that a later layer deletes or moves, or whose owner or mode it changes, is in the image twice. RUNs that
    would gain nothing, and those of stages whose layers are not shipped, stay apart: the build cache can keep each.
    With `merge-run = "all"` all neighbours are joined.

    Safety: only RUNs with nothing between them that a RUN could see, for the same user, with the same mounts; what
    would leave something in the shell for the next one is put into a subshell. Not where a process goes on, where
    `set -e` would lose its force, or where a comment speaks to a tool.

    Sources: Dockerfile best practices (RUN), the storage driver's copy-on-write, POSIX sh (`set -e`); hadolint DL3059.
    """
    for stage in facts.stages:
        for group in neighbours(stage):
            if join == "all":
                yield from _everything(facts, group)
            elif facts.ships(stage):
                yield from _worthwhile(facts, group)


_BETWEEN = 3
"""So many RUNs may stand between two that belong together: all of them lose their place in the build cache."""


def _everything(facts: Facts, group: Sequence[Instruction]) -> Iterator[Proposal]:
    at = 0
    while at < len(group) - 1:
        end = _longest(facts, group, at)
        if end > at:
            members = joinable(facts, group[at : end + 1])
            assert not isinstance(members, str)
            yield Proposal(group[at], "each of these RUNs makes a layer", joined(facts, members))
        at = end + 1


def _longest(facts: Facts, group: Sequence[Instruction], start: int) -> int:
    """The last RUN that can be joined with the one at the start and all between."""
    end = start
    for last in range(start + 1, len(group)):
        if apart(facts, group[last - 1], group[last]) is not None:
            break
        if not isinstance(joinable(facts, group[start : last + 1]), str):
            end = last
    return end


class _Gain(Struct, frozen=True):
    """That the RUNs from one number to another should be one, and why."""

    first: int
    last: int
    why: str


def _worthwhile(facts: Facts, group: Sequence[Instruction]) -> Iterator[Proposal | Declined]:
    gains = [gain for last in range(1, len(group)) if (gain := _gain(facts, group, last)) is not None]
    for together in _overlapping(gains):
        whole = joinable(facts, group[together[0].first : max(gain.last for gain in together) + 1])
        if not isinstance(whole, str):
            yield Proposal(whole[0].run, together[0].why, joined(facts, whole))
            continue
        for gain in together:
            members = joinable(facts, group[gain.first : gain.last + 1])
            if isinstance(members, str):
                yield Declined(group[gain.last], f"{gain.why}; but {members}")
            else:
                yield Proposal(members[0].run, gain.why, joined(facts, members))


def _overlapping(gains: Sequence[_Gain]) -> list[list[_Gain]]:
    """The gains in groups that have RUNs in common."""
    found: list[list[_Gain]] = []
    for gain in sorted(gains, key=lambda gain: (gain.first, gain.last)):
        if found and gain.first <= max(other.last for other in found[-1]):
            found[-1].append(gain)
        else:
            found.append([gain])
    return found


def _gain(facts: Facts, group: Sequence[Instruction], last: int) -> _Gain | None:
    """With which earlier RUN, the nearest, the RUN with that number should be one."""
    near = range(last - 1, max(-1, last - 1 - _BETWEEN - 1), -1)
    for reason in (_named, _removed, _within):
        for first in near:
            if (why := reason(facts, group[first], group[last])) is not None:
                return _Gain(first, last, why)
    for first in range(last - 1, -1, -1):
        if (why := _cleaned(facts, group[first], group[last]) or _used(facts, group[first], group[last])) is not None:
            return _Gain(first, last, why)
        if not facts.package_calls(group[first]):
            break
    return None


def _named(facts: Facts, one: Instruction, other: Instruction) -> str | None:
    """What the later RUN deletes, moves or changes of the paths that the earlier one names."""
    return _twice([made for made in writes(facts, one) if not made.below], _of_others(facts, other))


def _within(facts: Facts, one: Instruction, other: Instruction) -> str | None:
    """What the later RUN deletes, moves or changes in a folder that the earlier one filled."""
    return _twice([made for made in writes(facts, one) if made.below], _of_others(facts, other))


def _of_others(facts: Facts, run: Instruction) -> list[Changed]:
    """What the RUN deletes, moves or changes and does not write itself."""
    own = writes(facts, run)
    return [change for change in changes(facts, run) if not any(made.holds(change.path) for made in own)]


def _twice(written: Sequence[Made], changed: Sequence[Changed]) -> str | None:
    for change in changed:
        for made in written:
            if change.meets(made):
                what = {"deletes": "is deleted", "moves": "is moved", "changes": "gets another owner or mode"}
                path = max(change.path, made.path, key=len)
                return f"`{path}` {what[change.does]} in a later layer, and is shipped with this one all the same"
    return None


def _removed(facts: Facts, one: Instruction, other: Instruction) -> str | None:
    """Which package that the earlier RUN installed the later one removes."""
    for package in facts.package_calls(other):
        if package.verb not in package.manager.remove:
            continue
        names = {word.literal for word in package.operands if word.literal is not None}
        for before in facts.package_calls(one):
            if before.installs and before.manager.family == package.manager.family:
                gone = [word.literal for word in before.operands if word.literal in names]
                if gone:
                    return f"`{gone[0]}` is removed in a later layer, and is shipped with this one all the same"
    return None


def _cleaned(facts: Facts, one: Instruction, other: Instruction) -> str | None:
    """Whose lists the later RUN deletes that only the earlier one fetched."""
    for package in facts.package_calls(one):
        family = package.manager.family
        if _deletes_lists(facts, one, package) or not _deletes_lists(facts, other, package):
            continue
        if not any(_fills(later) for later in facts.package_calls(other) if later.manager.family == family):
            return f"what {package.manager.name} leaves behind is deleted in a later layer, and is shipped all the same"
    return None


def _used(facts: Facts, one: Instruction, other: Instruction) -> str | None:
    """Whether the later RUN installs with the lists of the earlier one, and nobody does so after it."""
    fetched = next((p for p in facts.package_calls(one) if p.updates and p.manager.needs_update), None)
    if fetched is None or not fetched.manager.clean or _deletes_lists(facts, one, fetched):
        return None
    same = [p for p in facts.package_calls(other) if p.manager.family == fetched.manager.family]
    if not same or not same[0].needs_lists or not same[0].installs:
        return None
    for reader in readers_of(facts, other, fetched.manager, sources_matter=False):
        if isinstance(reader, Obstacle) or not reader.fetches:
            return None
    return f"the lists of {fetched.manager.name} stay in this layer for the RUN behind it; one RUN can clean up"


def _deletes_lists(facts: Facts, run: Instruction, filler: PackageCall) -> bool:
    """Whether the RUN deletes lists that the call leaves behind."""
    chain = facts.chain(run)
    found = [deletion(step, facts.scopes[run].folder) for step in chain.steps] if chain else []
    return any(
        one is not None and one.regenerable and removes_lists(one, filler.manager.family) and filled(one, filler)
        for one in found
    )


def _fills(package: PackageCall) -> bool:
    """Whether the call fetches lists."""
    return package.updates or (not package.manager.needs_update and package.installs)
