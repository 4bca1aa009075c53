"""The knowledge tables: every row has a source, and a wrong row is refused by file and table."""

from __future__ import annotations

from typing import Any

import pytest

import optimizer.knowledge as knowledge
from optimizer.knowledge import KnowledgeError, Manager, commands, managers, row
from optimizer.knowledge.costs import changes, costs
from optimizer.knowledge.recommends import keepable, recommends


def test_every_manager_has_a_source_and_says_what_it_leaves() -> None:
    for manager in managers().values():
        assert manager.source
        assert set(manager.yes_any) >= ({manager.yes} if manager.yes else set())
        assert set(manager.lean_any) >= ({manager.lean} if manager.lean else set())
        assert not manager.clean or manager.lists or manager.caches
        assert set(manager.confirms) <= {*manager.install, *manager.remove, *manager.upgrade, *manager.other}
        assert not set(manager.value_options) & set(manager.flag_options) - {"-C", "-t", "-D"}


def test_verbs_of_a_manager_mean_one_thing() -> None:
    for manager in managers().values():
        verbs = [*manager.update, *manager.install, *manager.remove, *manager.upgrade, *manager.other, *manager.reads]
        assert len(verbs) == len(set(verbs)), manager.name


def test_an_unknown_key_is_refused_by_name() -> None:
    with pytest.raises(KnowledgeError, match="rows: unknown key `comands`"):
        row(Manager, {"name": "x", "comands": []}, "rows")


def test_a_missing_key_is_refused_by_name() -> None:
    with pytest.raises(KnowledgeError, match="rows: the key `commands` is missing"):
        row(Manager, {"name": "x"}, "rows")


def test_an_unknown_table_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    tables: dict[str, Any] = {"leaves": {}, "wrapers": {}}
    monkeypatch.setattr(knowledge, "load", lambda name: tables)
    commands.cache_clear()
    try:
        with pytest.raises(KnowledgeError, match="unknown table `wrapers`"):
            commands()
    finally:
        monkeypatch.undo()
        commands.cache_clear()


def test_the_table_of_recommended_packages() -> None:
    table = recommends()
    assert len(table.losses["bookworm"]) >= 190
    assert len(table.losses["trixie"]) >= 180
    nothing = [name for name, loss in table.losses["trixie"].items() if loss.kib == 0 and not loss.drops]
    assert len(nothing) >= 60
    assert {"ca-certificates", "libc6-dev"} <= keepable()
    for keeps in table.keeps.values():
        assert all(keep.names for keep in keeps)


def test_what_a_neutral_command_is_and_what_a_barrier() -> None:
    neutral = commands().neutral
    assert {"mkdir", "curl", "pip", "npm"} <= neutral
    assert not {"apt-get", "dpkg", "add-apt-repository", "make", "bash", "sh", "python", "apt-key"} & neutral


def test_costs_have_sources_and_name_a_command_once_for_each_word() -> None:
    table = costs()
    assert table.step.source
    for rows in table.by_command.values():
        assert all(row.source.startswith(("measured", "estimate")) for row in rows)
        words = [word for row in rows for word in row.words or ("",)]
        assert len(words) == len(set(words))
        assert all(row.words for row in rows[:-1]), "a row for any call hides those below it"


def test_changes_are_probabilities() -> None:
    table = changes()
    assert all(0 < share < 1 for share in (table.dockerfile, table.manifest, table.other, *table.edits.values()))
    assert table.is_manifest("api/package.json") and table.is_manifest("requirements-dev.txt")
    assert not table.is_manifest("package.json.js") and not table.is_manifest("main.py")
