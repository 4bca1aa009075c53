"""`merge-update-into-install`."""

from collections.abc import Iterator, Mapping

from msgspec import Struct

from optimizer.facts import Chain, Facts
from optimizer.facts.chains import Step, leaves
from optimizer.facts.comments import comments_above, has_pragma
from optimizer.facts.layout import Addition, appended, inserted, step_text
from optimizer.facts.lists import sole_package_call
from optimizer.facts.readers import Obstacle, readers_of, refreshes_alone
from optimizer.facts.texts import comment_lines
from optimizer.knowledge import Manager
from optimizer.syntax.nodes import Instruction, Node, rewritten, source
from optimizer.transform import Declined, Proposal, Safety, example, transform, unchanged


@transform(
    Safety.SAFE,
    may_change={"layers"},
    leeway={"refresh"},
    counterparts=("DL3009",),
    may_remove=("/var/lib/apt/lists/**", "/var/cache/apk/**"),
)
@example(
    "an update in a layer of its own",
    """
      FROM debian:bookworm-slim
    - RUN apt-get update
    - RUN apt-get install -y curl
    + RUN apt-get update && apt-get install -y curl
    """,
)
@example(
    "every install that would find old lists; comments travel",
    """
      FROM debian:bookworm-slim
    - # package lists
    - RUN apt-get update -q
      ENV LANG=C.UTF-8
    + # package lists
    - RUN apt-get install -y curl
    + RUN apt-get update -q && apt-get install -y curl
      COPY app /app
    - RUN apt-get install -y git
    + RUN apt-get update -q && apt-get install -y git
    """,
)
@example(
    "installs right behind one another join: with an update each they would build slowly",
    """
      FROM debian:bookworm-slim
    - RUN apt-get update
    - RUN apt-get install -y curl
    - # for the build
    - RUN apt-get install -y git make
    + RUN apt-get update && apt-get install -y curl \\
    +     # for the build
    +     && apt-get install -y git make
    """,
)
@example(
    "an install in a stage built from this one",
    """
      FROM debian:bookworm-slim AS base
    - RUN apt-get update
      FROM base AS tools
    - RUN apt-get install -y git
    + RUN apt-get update && apt-get install -y git
    """,
)
@example(
    "the lists are fetched again anyway",
    """
      FROM debian:bookworm-slim
    - RUN apt-get update
      RUN apt-get update && apt-get install -y git
    """,
)
@unchanged(
    "a source is added between the two",
    """
    FROM debian:bookworm-slim
    RUN apt-get update
    COPY extra.list /etc/apt/sources.list.d/
    RUN apt-get install -y curl
    """,
)
@unchanged(
    "a command that cannot be read may need the lists",
    """
    FROM debian:bookworm-slim
    RUN apt-get update
    RUN ./setup.sh
    RUN apt-get install -y curl
    """,
)
@unchanged(
    "the install goes on after a failure, and so would the update",
    """
    FROM debian:bookworm-slim
    RUN apt-get update
    RUN apt-get install -y curl || true
    """,
)
@unchanged(
    "the RUNs have other mounts",
    """
    FROM debian:bookworm-slim
    RUN --mount=type=cache,target=/var/cache/apt apt-get update
    RUN apt-get install -y curl
    """,
)
@unchanged(
    "another user",
    """
    FROM debian:bookworm-slim
    RUN apt-get update
    USER app
    RUN sudo apt-get install -y curl
    """,
)
@unchanged(
    "nothing installs",
    """
    FROM debian:bookworm-slim
    RUN apt-get update
    CMD ["bash"]
    """,
)
def merge_update_into_install(facts: Facts) -> Iterator[Proposal | Declined]:
    """Moves an `apt-get update` that has a RUN of its own into the RUN of each install that needs it.

    Docker caches the update's layer: when the packages change, the install runs against old lists, and fails once
    the archive has moved on. The lists also stay in a layer that nothing can clean any more. RUNs that stand right
    behind one another and only install become one, with one update.

    Safety: only over steps that neither need the lists nor change what an update would fetch; not into a RUN that
    goes on after failures, has other mounts, another network, another shell or user.

    Sources: Dockerfile best practices (apt-get), apt-get(8); hadolint DL3009 is about the same lists.
    """
    for stage in facts.stages:
        for instruction in stage.instructions:
            manager = refreshes_alone(facts, instruction)
            if manager is not None:
                yield _moved(facts, instruction, manager)


class _Place(Struct, frozen=True):
    """A RUN whose install needs the update; `at`: the step before which it goes, None where it fetches by itself.

    `joined` are the RUNs right behind it that do nothing but install: they join it.
    """

    run: Instruction
    chain: Chain | None
    at: int | None
    joined: tuple[Instruction, ...] = ()


def _moved(facts: Facts, update: Instruction, manager: Manager) -> Proposal | Declined:
    places: list[_Place] = []
    for reader in readers_of(facts, update, manager, sources_matter=True):
        if isinstance(reader, Obstacle):
            if not places:
                return Declined(update, reader.why)
        elif reader.fetches:
            if not places:
                return _proposal(facts, update, manager, [_Place(reader.run, reader.chain, None)])
        elif (why := _apart(facts, update, reader.run)) is None:
            if places and reader.run in places[-1].joined:
                continue
            joined = tuple(_joined(facts, reader.run)) if manager.needs_update else ()
            places.append(_Place(reader.run, reader.chain, reader.at, joined))
            if not manager.needs_update:
                break
        elif not places:
            return Declined(update, why)
    if not places:
        return Declined(update, "nothing in this file installs with these lists")
    return _proposal(facts, update, manager, places)


def _apart(facts: Facts, update: Instruction, run: Instruction) -> str | None:
    """Why the update cannot run in that RUN; None where it can."""
    one, other = facts.scopes[update], facts.scopes[run]
    if one.user != other.user or one.shell != other.shell:
        return "the install runs as another user or in another shell"
    if sorted(f.text for f in update.inner.all_flags) != sorted(f.text for f in run.inner.all_flags):
        return "the two RUNs have other mounts or flags"
    return None


def _proposal(facts: Facts, update: Instruction, manager: Manager, places: list[_Place]) -> Proposal:
    chain = facts.chain(update)
    assert chain is not None
    command = " && ".join(step_text(step) for step in chain.steps)
    edits: dict[Node, str] = {update: ""}
    for number, place in enumerate(places):
        inside: dict[Node, str] = {}
        if place.at is not None and place.chain is not None:
            inside |= inserted(facts, place.run, place.chain, place.at, command)
            inside |= _with_joined(facts, place, inside)
            edits |= dict.fromkeys(place.joined, "")
        above = _above(facts, update, place.run) if number == 0 else comment_lines(place.run)
        if above == comment_lines(place.run):
            edits |= inside
        else:
            edits[place.run] = above + rewritten(place.run, {**inside, **dict.fromkeys(place.run.leading, "")})
    verb = chain.steps[0].command
    name = source(verb) if verb is not None and len(chain.steps) == 1 else f"{manager.name} update"
    why = f"`{name}` in a layer of its own is cached: the install would run against old lists"
    if places[0].at is None:
        why = f"the lists of `{name}` are fetched again before anything reads them"
    return Proposal(update, why, edits)


def _joined(facts: Facts, run: Instruction) -> Iterator[Instruction]:
    """The RUNs right behind that do nothing but install and can join: an update for each would build slowly."""
    chain = facts.chain(run)
    if chain is None or not _plain(facts, run, chain):
        return
    stage = facts.stage_of[run].instructions
    for other in stage[stage.index(run) + 1 :]:
        follower = facts.chain(other)
        if other.name != "RUN" or follower is None or has_pragma(other) or _apart(facts, run, other):
            return
        if not _plain(facts, other, follower) or not all(_installs(step) for step in follower.steps):
            return
        yield other


def _plain(facts: Facts, run: Instruction, chain: Chain) -> bool:
    """Whether the steps of another RUN can stand behind those of this one as they would alone."""
    leaving = any(leaves(step) for step in chain.steps)
    return chain.separator == "&&" and chain.comment is None and not run.heredocs and not leaving


def _installs(step: Step) -> bool:
    package = sole_package_call(step)
    return package is not None and package.manager.needs_update and (package.installs or package.only_cleans)


def _with_joined(facts: Facts, place: _Place, inside: Mapping[Node, str]) -> dict[Node, str]:
    """The edit that puts the RUNs that join behind the last step, which another edit may have changed."""
    if not place.joined or place.chain is None:
        return {}
    additions = [
        Addition(" && ".join(step_text(step) for step in follower.steps), comments_above(other))
        for other in place.joined
        if (follower := facts.chain(other)) is not None
    ]
    ((last, text),) = appended(facts, place.run, place.chain, *additions).items()
    return {last: inside.get(last, source(last)) + text.removeprefix(source(last))}


def _above(facts: Facts, update: Instruction, run: Instruction) -> str:
    """The lines above the RUN that takes the update in: the update's comments travel."""
    own, moved = comment_lines(run), comment_lines(update)
    order = list(facts.tree.instructions)
    if order.index(run) == order.index(update) + 1:
        has_comments = any(line.comment is not None for line in update.leading)
        return moved + own if has_comments else own or moved
    return own + "".join(line.raw for line in update.leading if line.comment is not None)
