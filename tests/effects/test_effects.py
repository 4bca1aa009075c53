"""What steps read, write and delete, and which of them may change places."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

import optimizer.knowledge.effects as knowledge
from optimizer.facts import Facts
from optimizer.facts.context import Given
from optimizer.facts.effects import EVERYWHERE, Place, commutes, dependencies, meet, reads_variable, step_effects
from optimizer.knowledge import KnowledgeError
from optimizer.knowledge.effects import effects_table
from optimizer.syntax.nodes import Instruction
from optimizer.syntax.parser import parse
from tests.effects.gold import Annotated, annotated, computed

STAGES = list(annotated())


def facts(*steps: str, base: str = "debian:12", context: Given | None = None) -> Facts:
    return Facts(parse(f"FROM {base}\n" + "".join(f"{step}\n" for step in steps)), context)


def last_two(found: Facts) -> tuple[Instruction, Instruction]:
    *_, first, second = found.stages[-1].instructions
    return first, second


def why(*steps: str, base: str = "debian:12", context: Given | None = None) -> str | None:
    found = facts(*steps, base=base, context=context)
    conflict = commutes(found, *last_two(found))
    return None if conflict is None else str(conflict)


def test_there_are_enough_annotated_stages_and_no_edge_is_foul() -> None:
    assert len(STAGES) >= 60
    assert len({stage.name for stage in STAGES}) == len(STAGES)
    for stage in STAGES:
        assert all(1 < first < second <= stage.text.count("\n") for first, second in stage.edges), stage.name


@pytest.mark.parametrize("stage", STAGES, ids=lambda stage: stage.name)
def test_no_true_dependency_is_missed(stage: object) -> None:
    assert stage.edges.keys() <= computed(stage.text).keys()  # type: ignore[attr-defined]


def test_nearly_all_dependencies_are_true() -> None:
    assert _precision(stage for stage in STAGES if not stage.name.startswith("met: ")) >= 0.95  # measured: 0.98
    assert _precision(stage for stage in STAGES if stage.name.startswith("met: ")) >= 0.8  # measured: 0.84


def _precision(stages: Iterable[Annotated]) -> float:
    found = [(edge, stage.edges) for stage in stages for edge in computed(stage.text)]
    return sum(edge in edges for edge, edges in found) / len(found)


def test_a_model_that_knows_nothing_would_fail() -> None:
    """The floor is above what "everything depends on everything" reaches."""
    pairs = sum((lines := stage.text.count("\n") - 1) * (lines - 1) // 2 for stage in STAGES)
    assert sum(len(stage.edges) for stage in STAGES) / pairs < 0.5


@pytest.mark.parametrize(
    ("one", "other", "together"),
    [
        (Place("/a"), Place("/a"), True),
        (Place("/a"), Place("/b"), False),
        (Place("/a/b"), Place("/a"), True),
        (Place("/etc"), Place("/etc/x"), False),
        (Place("/etc", below=True), Place("/etc/x"), True),
        (Place("/a/*.txt", below=True), Place("/a/b.txt"), True),
        (Place("/a/*.txt", below=True), Place("/a/b.c"), False),
        (Place("/a/*.txt"), Place("/a/b*"), True),
        (Place("/a/x*"), Place("/a/y*"), False),
        (Place("/usr", below=True, spares=("/usr/local",)), Place("/usr/local/x"), False),
        (EVERYWHERE, Place("/a"), True),
        (Place("/ab", below=True), Place("/a"), False),
    ],
)
def test_places_that_meet(one: Place, other: Place, together: bool) -> None:
    assert meet(one, other) is meet(other, one) is together


@pytest.mark.parametrize(
    "steps",
    [
        ("COPY a.txt /x/", "COPY b.txt /x/"),
        ("RUN apt-get update && apt-get install -y curl", "COPY entrypoint.sh /usr/local/bin/"),
        ("RUN apt-get update && apt-get install -y curl", "RUN useradd -m app"),
        ("RUN apt-get update && apt-get install -y curl", "WORKDIR /app"),
        ("LABEL a=1", "RUN make install"),
        ("CMD x", "ENTRYPOINT y"),
        ("EXPOSE 80", "RUN ./configure"),
        ("ENV A=1", "ENV B=2"),
        ("USER app", "COPY a /a"),
        ("WORKDIR /x", "RUN cd /y && touch z"),
        ("RUN touch /etc/x", "RUN touch /etc/y"),
        ("RUN : > /dev/null", "RUN echo >&2 x"),
        ("RUN for x in a b; do touch /x/$x; done", "COPY c.txt /x/c.txt"),
        ("ENV PATH=/opt/x/bin:$PATH", "RUN mkdir /a"),
        ("RUN curl -o /a https://h/a", "ENV PATH=/opt/x/bin:$PATH"),
        ("RUN tar -xzf /a.tgz -C /opt/a", "COPY b.txt /opt/b/b.txt"),
        ("RUN npm install -g pm2", "COPY x.js /app/x.js"),
        ("RUN [ -f /a ] && rm /a", "RUN touch /b"),
    ],
    ids=lambda steps: " ; ".join(steps),
)
def test_steps_that_may_change_places(steps: tuple[str, ...]) -> None:
    assert why(*steps) is None


@pytest.mark.parametrize(
    ("steps", "reason"),
    [
        (
            ("WORKDIR /app", "COPY requirements.txt .", "RUN pip install -r requirements.txt"),
            "`pip install -r requirements.txt` reads /app/requirements.txt, which `COPY requirements.txt .` writes",
        ),
        (("RUN mkdir $X", "COPY a /b"), "`COPY a /b` reads /b, which `mkdir $X` writes"),
        (("RUN unheard-of", "COPY a /b"), "`COPY a /b` reads /b, which `unheard-of` writes"),
        (("RUN touch /a", "RUN rm -rf /*"), "`rm -rf /*` deletes /*, which `touch /a` writes"),
        (("ENV A=1", "ARG A"), "both set `A`"),
        (("USER a", "USER b"), "both `USER a` and `USER b` set the user"),
        (("LABEL a=1", "LABEL $b=2"), "both `LABEL a=1` and `LABEL $b=2` set labels"),
        (
            ('SHELL ["/bin/bash", "-c"]', "CMD run"),
            '`CMD run` depends on the shell that `SHELL ["/bin/bash", "-c"]` sets',
        ),
        (
            ("RUN wget -qO/x https://h/y", "RUN chmod +x /x"),
            "`chmod +x /x` reads /x, which `wget -qO/x https://h/y` writes",
        ),
        (
            ("RUN curl -sSLo /x https://h/y", "RUN cat /x"),
            "`cat /x` reads /x, which `curl -sSLo /x https://h/y` writes",
        ),
        (("RUN useradd app", "RUN chown app /x"), "`chown app /x` looks up `app`, which `useradd app` makes"),
        (
            ("RUN apt-get install -y build-essential", "RUN pip install x"),
            "`pip install x` may compile with what `apt-get install -y build-essential` installs",
        ),
        (
            ("RUN apk add nginx", "RUN adduser -D www"),
            "both `apk add nginx` and `adduser -D www` write the users' database",
        ),
        (
            ("RUN curl -o /a https://h/a", "RUN apt-get purge -y curl"),
            "`curl -o /a https://h/a` runs `ca-certificates`, which `apt-get purge -y curl` may bring",
        ),
        (("ENV FOO=1", "RUN printenv FOO > /x"), "`printenv FOO > /x` may read `FOO`, which `ENV FOO=1` sets"),
        (("ENV FOO=1", "RUN unheard-of"), "`unheard-of` may read `FOO`, which `ENV FOO=1` sets"),
        (("RUN ln -s /data /x/data", "COPY a /x/data/a"), "`COPY a /x/data/a` reads /x/data/a, which"),
        (("VOLUME /data", "RUN touch /data/x"), "`touch /data/x` reads /data/x, which `VOLUME /data` writes"),
        (("RUN touch a/../b", "RUN touch /c"), "`touch /c` reads /c, which `touch a/../b` writes"),
        (("ONBUILD RUN a", "ONBUILD RUN b"), "both `ONBUILD RUN a` and `ONBUILD RUN b` set the triggers"),
    ],
    ids=lambda value: " ; ".join(value) if isinstance(value, tuple) else "",
)
def test_steps_that_may_not_and_why(steps: tuple[str, ...], reason: str) -> None:
    found = why(*steps)
    assert found is not None
    assert found.startswith(reason)


def test_a_link_made_before_leads_elsewhere() -> None:
    assert why("RUN ln -s /data /x", "COPY a.txt /x/a.txt", "RUN rm /data/a.txt") is not None
    assert why("RUN ln -s /other /x", "COPY a.txt /x/a.txt", "RUN rm /data/a.txt") is None


def test_a_context_tells_what_a_copy_writes() -> None:
    steps = ("WORKDIR /app", "COPY src /app/", "COPY extra.bin /app/extra/")
    assert why(*steps) is not None
    assert why(*steps, context=Given({"src/a.js": b"", "src/lib/b.js": b"", "extra.bin": b""})) is None
    assert why(*steps, context=Given({"src/extra/a": b"", "extra.bin": b""})) is not None


def test_which_variables_are_read() -> None:
    found = facts("RUN apt-get install -y x && echo $SEEN", "RUN ./build", "COPY $DIR /x", "CMD run $SEEN")
    apt, build, copy, cmd = found.stages[0].instructions
    names = ("SEEN", "DEBIAN_FRONTEND", "http_proxy", "UNHEARD_OF", "DIR", "LD_PRELOAD")
    reading = [{name for name in names if reads_variable(found, each, name)} for each in (apt, build, copy, cmd)]
    assert reading == [{"SEEN", "DEBIAN_FRONTEND", "http_proxy", "LD_PRELOAD"}, set(names), {"DIR"}, set()]


def test_the_effects_of_one_step_of_a_chain() -> None:
    found = facts("WORKDIR /w", "RUN cd /x && touch y && rm z")
    run = found.stages[0].instructions[-1]
    chain = found.chain(run)
    assert chain is not None
    _, touch, remove = (step_effects(found, run, step) for step in chain.steps)
    assert touch.writes == {Place("/x/y")} and not touch.deletes
    assert remove.deletes == {Place("/x/z", below=True)} and not remove.writes


def test_dependencies_of_a_stage_are_told_with_reasons() -> None:
    found = facts("WORKDIR /a", "COPY b .", "EXPOSE 1")
    (only,) = dependencies(found, found.stages[0])
    assert (only.first.name, only.second.name) == ("WORKDIR", "COPY")
    assert str(only) == "`COPY b .` depends on the folder that `WORKDIR /a` sets"


def test_every_row_has_a_source_and_a_way_to_be_read() -> None:
    from optimizer.facts.effects.grammars import GRAMMARS

    table = effects_table()
    for deed in table.deeds.values():
        assert deed.source
        assert deed.grammar in {"", "barrier", *GRAMMARS}, deed.names
        assert deed.operands in ("none", "reads", "needs", "writes", "deletes", "changes")
        assert deed.installs in {"", *table.families}
        assert deed.folder in ("", "needs", "reads", "builds")
        assert set(deed.brought_by) <= table.families.keys()
    assert {deed.grammar for deed in table.deeds.values()} - {"", "barrier"} == GRAMMARS.keys()


def test_a_row_with_an_unknown_key_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = {"command": [{"names": ["x"], "source": "x(1)", "opperands": "reads"}], "family": {}}
    monkeypatch.setattr(knowledge, "load", lambda name: rows)
    effects_table.cache_clear()
    try:
        with pytest.raises(KnowledgeError, match="command 1: unknown key `opperands`"):
            effects_table()
    finally:
        monkeypatch.undo()
        effects_table.cache_clear()
