"""Remembered results: the same as fresh ones, and never taken where anything that they were made of is another."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace

from optimizer.cli.discovery import Found, find
from optimizer.cli.monorepo import results as module
from optimizer.cli.monorepo.results import Results
from optimizer.cli.monorepo.store import Store
from optimizer.cli.settings import Settings, settings_for
from optimizer.cli.work import Outcome, Wishes, Worker
from optimizer.facts.context import Context
from tests.cli.conftest import Dockopt
from tests.cli.monorepo.conftest import BAD, Git, put, services

CORPUS = Path(__file__).parents[3] / "corpus"
WISHES = Wishes(Settings(), evidence=True)
COMPOSE = "services: {{a: {{build: {{context: {}, dockerfile: app/Dockerfile}}}}}}"
LOCK = 'version = 1\n[[image]]\nname = "node"\ntag = "20"\ndigest = "sha256:%s"\n' % ("0" * 64)
INSTALLS = 'FROM node:20\nWORKDIR /app\nCOPY . .\nRUN npm ci\nCMD ["node", "a.js"]\n'


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "store" / "results.sqlite"


def looked(found: Found, wishes: Wishes = WISHES) -> Outcome:
    settings_for.cache_clear()
    return Worker(wishes).look(found)


def remembered(place: Path, founds: list[Found], wishes: Wishes = WISHES) -> list[Outcome]:
    """Look at the files and keep what comes of it."""
    outcomes = [looked(found, wishes) for found in founds]
    results = Results(Store(place), wishes)
    for outcome in outcomes:
        results.remember(outcome)
    results.close()
    return outcomes


def recalled(place: Path, found: Found, wishes: Wishes = WISHES) -> Outcome | None:
    """What a later run remembers of the file."""
    settings_for.cache_clear()
    results = Results(Store(place), wishes)
    outcome = results.recall(found)
    results.close()
    return outcome


def bare(outcome: Outcome | None) -> Outcome | None:
    return None if outcome is None else replace(outcome, evidence=None)


def test_what_is_remembered_is_what_comes_of_the_files(place: Path) -> None:
    founds = list(find([CORPUS], ci=True))
    fresh = remembered(place, founds)
    results = Results(Store(place), WISHES)
    again = [results.recall(found) for found in founds]
    assert len(again) > 400
    assert sum(one is None for one in again) == sum(one.result is None for one in fresh)
    assert [bare(one) for one in again if one] == [bare(one) for one in fresh if one.result is not None]
    assert sum(one.evidence is not None for one in fresh) > 30


def test_with_surroundings_it_is_the_same_too(place: Path) -> None:
    wishes = replace(WISHES, surroundings=True)
    founds = list(find([CORPUS / "projects"]))
    fresh = remembered(place, founds, wishes)
    assert [bare(recalled(place, found, wishes)) for found in founds] == [bare(one) for one in fresh]
    assert all(one.context for one in fresh)


def project(folder: Path) -> Found:
    """A project in a repository whose install reads manifests: its steps are put into another order."""
    put(
        folder,
        {
            "app/Dockerfile": INSTALLS,
            "app/package.json": '{"name": "a", "version": "1.0.0"}',
            "app/package-lock.json": '{"name": "a", "version": "1.0.0", "lockfileVersion": 3, "packages": {}}',
            "app/a.js": "1\n",
            "app/logo.bin": "1",
            "app/.dockerignore": "dist\n",
        },
    )
    (folder / ".git").mkdir(exist_ok=True)
    return Found(folder / "app" / "Dockerfile", folder)


def write(path: str, text: str) -> Callable[[Path], object]:
    return lambda folder: put(folder, {path: text})


CHANGES: dict[str, Callable[[Path], object]] = {
    "a manifest that was read": write("app/package.json", '{"name": "b", "version": "1.0.0"}'),
    "a manifest that goes": lambda folder: (folder / "app/package-lock.json").unlink(),
    "a new file": write("app/b.js", ""),
    "a new folder": lambda folder: (folder / "app/new").mkdir(),
    "another size": write("app/a.js", "1;\n"),
    "another mode": lambda folder: (folder / "app/a.js").chmod(0o755),
    "a link in its place": lambda folder: ((folder / "app/a.js").unlink(), (folder / "app/a.js").symlink_to("b")),
    "the ignore file": write("app/.dockerignore", "dist\nb.js\n"),
    "an ignore file of its own": write("app/Dockerfile.dockerignore", "dist\n"),
    "a Compose file beside it": write("app/compose.yaml", COMPOSE.format("..")),
    "a Compose file above it": write("compose.yaml", COMPOSE.format(".")),
    "a Compose file in the next folder": write("next/compose.yaml", COMPOSE.format("..")),
    "what a Compose file starts": write(
        "app/compose.yaml", 'services: {a: {build: {context: .}, command: ["node", "b.js"]}}'
    ),
    "the text": write("app/Dockerfile", INSTALLS + "USER node\n"),
    "settings": write("app/dockopt.toml", 'ignore = ["merge-run"]\n'),
    "a lock file": write("dockopt.lock", LOCK),
    "settings above": write("dockopt.toml", "unsafe = true\n"),
}  # fmt: skip


def test_all_that_a_context_can_tell_is_evidence() -> None:
    """Whoever adds to `Context` adds to `Evidence` what a result may owe to it, and then to this list."""
    told = {name for name in vars(Context) if not name.startswith("_")}
    assert told == {"starts", "history", "files", "folders", "ignored", "ignore_file", "content", "head", "digest"}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_what_a_result_rests_on_has_changed(folder: Path, place: Path, change: Callable[[Path], object]) -> None:
    found = project(folder)
    (fresh,) = remembered(place, [found])
    assert fresh.evidence is not None
    assert bare(recalled(place, found)) == bare(fresh)
    change(folder)
    assert recalled(place, found) is None


def test_a_manifest_that_changes_what_comes_of_it(folder: Path, dockopt: Dockopt) -> None:
    """Told by the command: a stale result would move the manifests of a project that has none any more."""
    services(folder, 10)
    project(folder)
    first, second = dockopt("fix"), dockopt("fix")
    assert first == second
    assert "app/Dockerfile" in first.out
    (folder / "app/package.json").unlink()
    (folder / "app/package-lock.json").unlink()
    third, fresh = dockopt("fix"), dockopt("fix", "--no-cache")
    assert third == fresh
    assert third != first


def test_commits_that_changed_what_an_order_rests_on(folder: Path, place: Path, committed: Callable[[], Git]) -> None:
    """The history of the project tells which files change most, so it is evidence where an order is looked for."""
    found = project(folder)
    git = committed()
    for number in range(3):
        put(folder, {"app/logo.bin": str(number)})
        git("commit", "--quiet", "--all", "--message", "x")
    (fresh,) = remembered(place, [found])
    assert fresh.evidence is not None and fresh.evidence.history is not None
    assert bare(recalled(place, found)) == bare(fresh)
    put(folder, {"app/logo.bin": "4"})
    assert bare(recalled(place, found)) == bare(fresh)
    git("commit", "--quiet", "--all", "--message", "x")
    assert recalled(place, found) is None


def test_a_file_of_the_context_that_nobody_read_does_not_matter(folder: Path, place: Path) -> None:
    found = project(folder)
    (fresh,) = remembered(place, [found])
    put(folder, {"app/logo.bin": "2", "README.md": "elsewhere"})
    assert bare(recalled(place, found)) == bare(fresh)


def test_with_whatever_byte_changed_it_is_remembered_only_where_it_is_still_true(folder: Path, place: Path) -> None:
    """Each file of each project of the corpus, changed and left as large as it was."""
    shutil.copytree(CORPUS / "projects", folder / "projects")
    (folder / ".git").mkdir()
    founds = list(find([folder]))
    remembered(place, founds)
    kept = forgotten = 0
    for found in founds:
        for path in sorted(path for path in found.path.parent.rglob("*") if path.is_file() and path != found.path)[:4]:
            content = path.read_bytes()
            if not content:
                continue
            path.write_bytes(bytes([content[0] ^ 1]) + content[1:])
            known = recalled(place, found)
            if known is None:
                forgotten += 1
            else:
                kept += 1
                assert bare(known) == bare(looked(found)), path
            path.write_bytes(content)
    assert kept > 20
    assert forgotten > 5


@pytest.mark.parametrize(
    "wishes",
    [
        Wishes(Settings(unsafe=True), evidence=True),
        Wishes(Settings(select=("merge-run",)), evidence=True),
        Wishes(Settings(ignore=("merge-run",)), evidence=True),
        Wishes(Settings(), no_context=True, evidence=True),
        Wishes(Settings(), context=Path("/"), evidence=True),
    ],
    ids="unsafe select ignore no-context context".split(),
)
def test_other_wishes(folder: Path, place: Path, wishes: Wishes) -> None:
    found = project(folder)
    remembered(place, [found])
    assert recalled(place, found, wishes) is None


def test_another_dockopt(folder: Path, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = project(folder)
    remembered(place, [found])
    monkeypatch.setattr(module, "code_digest", lambda: b"another")
    assert recalled(place, found) is None


def test_the_digest_of_dockopt_is_of_every_file_of_it(tmp_path: Path) -> None:
    root = Path(__file__).parents[3]
    for name in ("optimizer", "transforms"):
        shutil.copytree(root / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    script = "from optimizer.cli.monorepo.version import code_digest; print(code_digest().hex())"

    def digest() -> str:
        command = [sys.executable, "-c", script]
        environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
        return subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True).stdout

    first = digest()
    assert digest() == first
    table = tmp_path / "optimizer" / "knowledge" / "profiles.toml"
    table.write_text(table.read_text() + "\n")
    assert digest() != first


def damaged_entry(place: Path) -> None:
    with sqlite3.connect(place) as connection:
        connection.execute("UPDATE entries SET value = substr(value, 1, length(value) - 1) || x'00'")
    connection.close()


def foreign_entry(place: Path) -> None:
    """A sound entry with something else in it."""
    with sqlite3.connect(place) as connection:
        keys = [key for (key,) in connection.execute("SELECT key FROM entries")]
    connection.close()
    store = Store(place)
    store.put((key, module.zlib.compress(b'[true, [1, [["a"]]], null]')) for key in keys)
    store.close()


def folder_in_its_place(place: Path) -> None:
    place.unlink()
    place.mkdir()


def other_tables(place: Path) -> None:
    place.unlink()
    connection = sqlite3.connect(place)
    connection.execute("CREATE TABLE entries (a)")
    connection.close()


DAMAGE: dict[str, Callable[[Path], object]] = {
    "an entry": damaged_entry,
    "a foreign entry": foreign_entry,
    "no database": lambda place: place.write_bytes(b"not a database" * 1000),
    "cut off": lambda place: os.truncate(place, 5000),
    "empty": lambda place: os.truncate(place, 0),
    "gone": Path.unlink,
    "a folder": folder_in_its_place,
    "other tables": other_tables,
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_what_is_damaged_is_as_good_as_nothing(
    folder: Path, dockopt: Dockopt, cache_home: Path, damage: Callable[[Path], object]
) -> None:
    services(folder, 10)
    first = dockopt("fix")
    damage(cache_home / "dockopt" / "results.sqlite")
    assert dockopt("fix") == first
    assert dockopt("fix") == first


def test_a_place_that_cannot_be_written(folder: Path, dockopt: Dockopt, monkeypatch: pytest.MonkeyPatch) -> None:
    services(folder, 10)
    put(folder, {"file": ""})
    first = dockopt("fix")
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder / "file"))
    assert dockopt("fix") == first


def test_nothing_is_kept_where_nobody_wants_it(folder: Path, dockopt: Dockopt, cache_home: Path) -> None:
    services(folder, 10)
    dockopt("fix", "--no-cache")
    assert list(cache_home.iterdir()) == []
    dockopt("fix", "team0/s000/Dockerfile")
    assert list(cache_home.iterdir()) == []
    dockopt("fix")
    assert [path.name for path in (cache_home / "dockopt").iterdir()] == ["results.sqlite"]


def test_two_runs_at_once(folder: Path, cache_home: Path, dockopt: Dockopt) -> None:
    services(folder, 60)
    command = [Path(sys.executable).parent / "dockopt", "fix", "--jobs", "1", "."]
    runs = [
        subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    told = [(*run.communicate(timeout=120), run.returncode) for run in runs]
    assert told[0] == told[1]
    assert told[0][1].startswith("60 changes found in 60 of 60 files")
    connection = sqlite3.connect(cache_home / "dockopt" / "results.sqlite")
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert connection.execute("SELECT count(*) FROM entries").fetchone()[0] >= 60
    connection.close()


def test_the_store_is_bounded_and_drops_what_was_not_asked_for(place: Path) -> None:
    store = Store(place, largest=1_000_000)
    value = os.urandom(10_000)
    for number in range(200):
        store.put([(b"%d" % number, value)])
    store.close()
    with sqlite3.connect(place) as connection:
        connection.execute("UPDATE entries SET used = 1 WHERE key = ?", (b"5",))
        connection.execute("UPDATE entries SET used = 0 WHERE key != ?", (b"5",))
    connection.close()
    store = Store(place, largest=1_000_000)
    assert store.get(b"5") in (value, None)
    for number in range(200, 220):
        store.put([(b"%d" % number, value)])
    store.close()
    store = Store(place)
    assert sum(store.get(b"%d" % number) is not None for number in range(220)) <= 100
    assert all(store.get(b"%d" % number) == value for number in range(200, 220))
    store.close()


def test_a_result_that_changed_a_file_is_not_taken_for_the_changed_file(folder: Path, dockopt: Dockopt) -> None:
    services(folder, 10)
    assert dockopt("fix", "--write").err.startswith("10 changes made in 10 of 10 files\n")
    assert dockopt("fix").err.startswith("0 changes found in 0 of 10 files\n")
    put(folder, {"team0/s000/Dockerfile": BAD.format(0)})
    assert dockopt("fix").err.startswith("1 change found in 1 of 10 files\n")
