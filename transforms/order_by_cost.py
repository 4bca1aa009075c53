"""`order-by-cost`."""

from collections.abc import Iterator, Mapping

from optimizer.facts import Facts
from optimizer.facts.order import Reordered, blank_lines, reordered
from optimizer.facts.texts import argument_text
from optimizer.syntax.nodes import LAYERS, Instruction, Node, source
from optimizer.transform import Proposal, Safety, example, transform, unchanged


@transform(Safety.SAFE, may_change={"layers", "copied"}, leeway={"swaps"})
@example(
    "packages of the system do not depend on the sources",
    """
      FROM python:3.12-slim
    - # the application
    - COPY . /app
      RUN apt-get update && apt-get install -y --no-install-recommends libpq5
    + # the application
    + COPY . /app
      WORKDIR /app
      CMD ["python", "app.py"]
    """,
)
@example(
    "a program of another stage",
    """
      FROM golang:1.24 AS build
      COPY . /src
      RUN cd /src && go build -o /tool .

      FROM debian:bookworm-slim
    - COPY --from=build /tool /srv/tool
      RUN apt-get update && apt-get install -y curl
    + COPY --from=build /tool /srv/tool
      ENTRYPOINT ["/srv/tool"]
    """,
)
@unchanged(
    "the next step may use the files",
    """
    FROM python:3.12-slim
    COPY . /app
    RUN pip install -r /app/requirements.txt
    """,
)
@unchanged(
    "it is not known what a step does",
    """
    FROM debian:bookworm-slim
    COPY . /app
    RUN curl -fsSL https://example.com/setup.sh | sh
    """,
)
@unchanged(
    "the variable that it uses is set anew",
    """
    FROM debian:bookworm-slim
    ENV FOLDER=/app
    COPY . $FOLDER
    ENV FOLDER=/srv
    RUN apt-get update && apt-get install -y curl
    """,
)
@unchanged(
    "both write the same file",
    """
    FROM debian:bookworm-slim
    COPY . /etc/apt
    RUN apt-get update && apt-get install -y curl
    """,
)
@unchanged(
    "nothing is gained",
    """
    FROM debian:bookworm-slim
    COPY entrypoint.sh /
    RUN mkdir /data
    """,
)
@unchanged(
    "the comment heads a section",
    """
    FROM debian:bookworm-slim

    # ---- installation ----

    COPY . /app
    RUN apt-get update && apt-get install -y curl
    """,
)
def order_by_cost(facts: Facts) -> Iterator[Proposal]:
    """Moves what changes often below what takes long, where neither can tell the other's work.

    Each step runs again when anything above it changed. The order sought is the one in which a build takes the least
    time on average: the sum over all steps of their seconds, times the probability that they or a step above changed.
    The seconds are those of a build log, where one is given (`fix --log`), else estimates.

    Safety: only instructions that commute: what one writes or deletes, the other neither reads, writes nor deletes, in
    the same variables, folder, user and state of the package lists. A step that cannot be read keeps its place to all.
    RUN, COPY and ADD move, with their comments; each move must be worth it.

    Sources: semantics.md (cache keys, priors); changes.toml, costs.toml; Dockerfile best practices, build cache.
    """
    for stage in facts.stages:
        found = reordered(facts, stage)
        if found is not None:
            yield Proposal(found.moved[0], _why(facts, found), _edits(facts, found))


def _edits(facts: Facts, found: Reordered) -> Mapping[Node, str]:
    """The moved instructions go and come back above the next one that stays, else below the last one."""
    gone = set(found.moved)
    texts = {one: _ended(facts, one) for one in found.stage.instructions}
    for one, below in zip(found.stage.instructions, found.stage.instructions[1:], strict=False):
        if one in gone and below not in gone and blank_lines(one) and not blank_lines(below):
            texts[below] = blank_lines(one) + texts[below]
            texts[one] = texts[one].removeprefix(blank_lines(one))
    edits: dict[Node, str] = dict.fromkeys(found.moved, "")
    carried = ""
    last: Instruction | None = None
    for one in found.instructions:
        if one in gone:
            carried += texts[one]
            continue
        if carried or texts[one] != _ended(facts, one):
            edits[one] = carried + texts[one]
        carried, last = "", one
    if carried:
        assert last is not None
        edits[last] = edits.get(last, texts[last]) + carried
    return _with_the_end(facts, found, edits)


def _ended(facts: Facts, instruction: Instruction) -> str:
    text = source(instruction)
    return text if text.endswith("\n") else text + facts.newline


def _with_the_end(facts: Facts, found: Reordered, edits: dict[Node, str]) -> Mapping[Node, str]:
    """The file ends as it did: without a line end if it had none."""
    final = found.stage.instructions[-1]
    if source(final).endswith("\n") or (found.instructions[-1] is final and final not in edits):
        return edits
    bottom = next(one for one in reversed(found.stage.instructions) if edits.get(one, source(one)))
    edits[bottom] = edits.get(bottom, source(bottom)).removesuffix(facts.newline)
    return edits


def _why(facts: Facts, found: Reordered) -> str:
    """What a change of the instruction that makes the most of it did, and does."""
    was, now = found.stage.instructions, found.instructions
    seconds = dict(zip(was, found.work.seconds, strict=True))
    gains = {
        one: (_again(was, one, seconds)[1] - _again(now, one, seconds)[1]) * found.work.chance(1 << number)
        for number, one in enumerate(was)
        if one.name in ("COPY", "ADD", "RUN")
    }
    chief = max(gains, key=lambda one: gains[one])
    (steps, time), (fewer, less) = _again(was, chief, seconds), _again(now, chief, seconds)
    count = sum(one.name in LAYERS for one in was)
    return (
        f"a change of {_named(chief)} ran {steps} of the stage's {count} steps again, about {time:.0f} s;"
        f" now {fewer}, about {less:.0f} s ({_basis(facts, was, chief)})"
    )


def _basis(facts: Facts, order: tuple[Instruction, ...], at: Instruction) -> str:
    """Whose seconds they are: those of the steps that ran again before."""
    rest = [one for one in order[order.index(at) :] if one.name in LAYERS]
    measured = sum(one in facts.measured for one in rest)
    if measured == len(rest):
        return "measured"
    return f"{measured} of {len(rest)} steps measured" if measured else "estimated"


def _again(order: tuple[Instruction, ...], at: Instruction, seconds: Mapping[Instruction, float]) -> tuple[int, float]:
    """The steps from an instruction on, and their seconds."""
    rest = [one for one in order[order.index(at) :] if one.name in LAYERS]
    return len(rest), sum(seconds[one] for one in rest)


def _named(instruction: Instruction) -> str:
    words = " ".join(f"{instruction.name} {argument_text(instruction)}".split())
    words = words if len(words) <= 50 else words[:47] + "..."
    return f"`{words}`" if instruction.name == "RUN" else f"what `{words}` takes"
