"""`clean-in-same-layer`."""

from collections.abc import Iterator

from optimizer.facts import Facts, PackageCall
from optimizer.facts.layout import Addition, appendable, appended
from optimizer.facts.readers import Obstacle, readers_of
from optimizer.knowledge import Manager
from optimizer.syntax.nodes import Instruction
from optimizer.transform import Declined, Leeway, Proposal, Safety, example, transform, unchanged


@transform(
    Safety.SAFE,
    may_change=set(),
    leeway={"cleanup"},
    counterparts=("DL3009", "DL3032", "DL3036", "DL3040"),
    may_remove=(
        "/var/lib/apt/lists/**",
        "/var/cache/dnf/**",
        "/var/cache/yum/**",
        "/var/cache/libdnf5/**",
        "/var/cache/tdnf/**",
        "/var/cache/zypp/**",
        "/var/cache/pacman/pkg/**",
    ),
)
@example(
    "package lists",
    """
      FROM debian:bookworm-slim
    - RUN apt-get update && apt-get install -y curl
    + RUN apt-get update && apt-get install -y curl && rm -rf /var/lib/apt/lists/*
    """,
)
@example(
    "laid out as the RUN is, and before a comment that would swallow it",
    r"""
      FROM debian:bookworm-slim
      RUN apt-get update && \
          apt-get install -y \
    -         curl
    +         curl && \
    +     rm -rf /var/lib/apt/lists/*
      FROM fedora:41
    - RUN dnf install -y git # for the build
    + RUN dnf install -y git && dnf clean all # for the build
    """,
)
@example(
    "a list of commands that stops at the first failure",
    r"""
      FROM debian:bookworm-slim
      RUN set -eux; \
          apt-get update; \
    -     apt-get install -y curl
    +     apt-get install -y curl; \
    +     rm -rf /var/lib/apt/lists/*
    """,
)
@unchanged(
    "a later RUN installs with these lists",
    """
    FROM debian:bookworm-slim
    RUN apt-get update && apt-get install -y curl
    RUN apt-get install -y git
    """,
)
@unchanged(
    "a stage built from this one installs with these lists",
    """
    FROM debian:bookworm-slim AS base
    RUN apt-get update && apt-get install -y curl
    FROM base
    RUN apt-get install -y git
    """,
)
@unchanged(
    "a build from this image installs with these lists",
    """
    FROM debian:bookworm-slim
    RUN apt-get update && apt-get install -y curl
    ONBUILD RUN apt-get install -y git
    """,
)
@unchanged(
    "the lists are wanted: another stage takes them, or the container installs when it starts",
    """
    FROM debian:bookworm-slim AS lists
    RUN apt-get update && apt-get install -y curl
    FROM debian:bookworm-slim
    COPY --from=lists /var/lib/apt/lists /var/lib/apt/lists
    RUN apt-get update && apt-get install -y git
    CMD apt-get install -y less && less /etc/motd
    """,
)
@unchanged(
    "a stage works from the metadata of this one",
    """
    FROM fedora:41 AS base
    RUN dnf -y install tar
    FROM base
    RUN dnf -y -C install jq && dnf clean all
    """,
)
@unchanged(
    "a script may install with these lists",
    """
    FROM debian:bookworm-slim
    RUN apt-get update && apt-get install -y curl
    RUN ./setup.sh
    """,
)
@unchanged(
    "an install reads them behind a command that cannot be read",
    """
    FROM debian:bookworm-slim
    RUN apt-get update && apt-get install -y curl
    RUN curl -s https://example.org/setup | bash - && apt-get install -y nodejs
    """,
    unsafe=True,
)
@unchanged(
    "the lists are in a mount, not in the layer",
    """
    FROM debian:bookworm-slim
    RUN --mount=type=cache,target=/var/lib/apt apt-get update && apt-get install -y curl
    """,
)
@unchanged(
    "it goes on after failures",
    """
    FROM debian:bookworm-slim
    RUN apt-get update && apt-get install -y curl || true
    RUN apt-get update; apt-get install -y git
    """,
)
@unchanged(
    "it may leave the shell early",
    """
    FROM debian:bookworm-slim
    RUN apt-get update && apt-get install -y curl && exit 0
    """,
)
@unchanged(
    "already so",
    """
    FROM debian:bookworm-slim
    RUN apt-get update && apt-get install -y curl && apt-get clean && rm -fr /var/lib/apt/lists
    """,
)
def clean_in_same_layer(facts: Facts) -> Iterator[Proposal | Declined]:
    """Removes package lists and download caches in the RUN that made them.

    What a later layer removes still lies in the image. Package lists are 20 to 50 MB that nothing reads again.

    Safety: not where a later RUN, a stage built from this one, or a trigger reads the lists before it fetches its
    own; where only a command that cannot be read might, it is unsafe. Not for what lies in a mount; not behind steps
    whose failure the RUN survives, or that leave the shell.

    Sources: Dockerfile best practices (apt-get), dnf(8), yum(8), zypper(8); hadolint DL3009, DL3032, DL3036, DL3040.
    """
    for instruction in facts.runs:
        manager = _made_by(facts, instruction)
        if manager is not None and (item := _cleaned(facts, instruction, manager)) is not None:
            yield item


def _made_by(facts: Facts, instruction: Instruction) -> Manager | None:
    """The manager that leaves lists or caches behind in this RUN."""
    packages = facts.package_calls(instruction)
    makers = [package for package in packages if _leaves(package)]
    does_more = any(not (package.only_updates or package.only_cleans) for package in packages)
    return makers[-1].manager if makers and does_more else None


def _leaves(package: PackageCall) -> bool:
    manager = package.manager
    if not manager.clean or "--download-only" in package.options or "-d" in package.options:
        return False
    if manager.cleans_lists:
        return package.updates
    return package.installs or package.updates or package.verb in manager.upgrade


def _cleaned(facts: Facts, instruction: Instruction, manager: Manager) -> Proposal | Declined | None:
    if _cleans_already(facts, instruction, manager):
        return None
    if any(mount.covers(place) for mount in facts.mounts(instruction) for place in manager.cleaned):
        return Declined(instruction, "what it leaves behind lies in a mount, not in the layer")
    chain = facts.chain(instruction)
    if chain is None:
        return Declined(instruction, "it goes on after a failure, or cannot be read")
    if (why := appendable(chain)) is not None:
        return Declined(instruction, why)
    obstacle = _reader(facts, instruction, manager)
    if obstacle is not None and obstacle.known:
        return Declined(instruction, obstacle.why)
    sudo = any("sudo" in p.call.wrapped_by for p in facts.package_calls(instruction) if p.manager is manager)
    command = ("sudo " if sudo else "") + manager.clean
    why = f"the {'package lists' if manager.cleans_lists else 'caches'} of {manager.name} stay in this layer"
    if obstacle:
        why += f"; but {obstacle.why}"
    return Proposal(
        instruction,
        why,
        appended(facts, instruction, chain, Addition(command)),
        safety=Safety.UNSAFE if obstacle else None,
        leeway=frozenset({Leeway.LISTS}) if obstacle else frozenset(),
    )


def _reader(facts: Facts, instruction: Instruction, manager: Manager) -> Obstacle | None:
    """Whoever reads the lists after this RUN without fetching its own; the surest one."""
    found: Obstacle | None = None
    for reader in readers_of(facts, instruction, manager, sources_matter=False):
        if isinstance(reader, Obstacle):
            if reader.known:
                return reader
            found = found or reader
        elif not reader.fetches:
            return Obstacle(reader.run, "a later RUN installs with these lists", known=True)
    return found


def _cleans_already(facts: Facts, instruction: Instruction, manager: Manager) -> bool:
    """Whether the RUN handles the lists itself, in whatever way, be it in a quoted script."""
    places = manager.cleaned
    if any(place in facts.sources[instruction] for place in places):
        return True
    for call in facts.calls(instruction):
        if call.name == "rm" and any(_above(word.text, place) for word in call.words for place in places):
            return True
    for package in facts.package_calls(instruction):
        if package.manager.family != manager.family or not package.only_cleans:
            continue
        if not manager.cleans_lists or package.verb not in package.manager.keeps_lists:
            return True
    return False


def _above(text: str, place: str) -> bool:
    """Whether a word names a folder above the place: `/var/lib/apt`, `/var/cache/*`."""
    folder = text.removesuffix("/*").rstrip("/")
    return folder.count("/") > 1 and place.startswith(folder + "/")
