"""A history is built commit by commit, out of git's objects alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from optimizer.cache.git import GitError, Repository
from optimizer.cache.replay import Replay, Rewritten, as_it_is, replay, with_ignored
from optimizer.cache.snapshots import context_of
from optimizer.facts import Context
from optimizer.facts.context import Given
from tests.cache.history import repository

BROAD = "FROM base\nCOPY . /src/\nRUN npm ci\n"
FIRST = "FROM base\nCOPY package.json /src/\nRUN npm ci\nCOPY . /src/\n"
START = {
    "Dockerfile": BROAD,
    ".dockerignore": ".git\nDockerfile\n*.md\n",
    "package.json": "{}",
    "main.js": "1",
    "a.md": "1",
}


def replayed(folder: Path, **more: bool) -> Replay:
    with Repository(folder) as history:
        ways = {"before": as_it_is, "after": manifests_first}
        return replay(history, "Dockerfile", history.commits(), ways, **more)


def manifests_first(text: str, context: Context) -> Rewritten:
    """What a good transform would make of it."""
    assert "package.json" in context.files
    return Rewritten(FIRST) if text == BROAD else Rewritten(text)


def again(replay: Replay, name: str) -> list[int]:
    return [rebuild.again for rebuild in replay.rebuilds[name]]


def test_each_commit_costs_what_it_changes(tmp_path: Path) -> None:
    commits = [START, {"main.js": "2"}, {"a.md": "2"}, {"package.json": "[]"}, {"main.js": "1", "package.json": "{}"}]
    found = replayed(repository(tmp_path, commits))
    assert again(found, "before") == [2, 0, 2, 0]  # The last is as the first: that is still in the cache.
    assert again(found, "after") == [1, 0, 3, 0]
    assert found.total("after") < found.total("before")
    assert found.skipped == {}
    assert found.often["before"]["RUN npm ci"][0] == 2


def test_what_a_rewrite_ignores_is_not_sent(tmp_path: Path) -> None:
    commits = [{**START, "ci.yml": "1"}, {"ci.yml": "2"}, {"main.js": "2"}, {"a.md": "2"}]

    def ignoring(text: str, context: Context) -> Rewritten:
        return with_ignored(text, ["*.yml"], context)

    with Repository(repository(tmp_path, commits)) as history:
        ways = {"before": as_it_is, "after": ignoring}
        found = replay(history, "Dockerfile", history.commits(), ways)
    assert again(found, "before") == [2, 2, 0]
    assert again(found, "after") == [0, 2, 0]
    assert with_ignored(BROAD, (), Given({})) == Rewritten(BROAD)
    assert with_ignored(BROAD, ["a", "b"], Given({})).files == {".dockerignore": b"a\nb\n"}


def test_the_folder_of_git_is_in_the_context_unless_it_is_ignored(tmp_path: Path) -> None:
    commits = [{**START, ".dockerignore": "*.md\n"}, {"a.md": "2"}]
    folder = repository(tmp_path, commits)
    assert again(replayed(folder), "before") == [2]
    assert again(replayed(folder, git_folder=False), "before") == [0]


def test_a_rewritten_dockerfile_is_what_the_context_holds(tmp_path: Path) -> None:
    """Else the files before and after would be compared with the same `COPY .`."""
    commits = [{**START, ".dockerignore": ".git\n"}, {"main.js": "2"}]
    found = replayed(repository(tmp_path, commits))
    assert again(found, "after") == [1]


def test_commits_that_cannot_be_built_are_left_out_and_told(tmp_path: Path) -> None:
    commits = [
        START,
        {"Dockerfile": BROAD.replace("COPY . ", "COPY dist/app . ")},
        {"Dockerfile": "FROM base\nNONSENSE\n"},
        {"Dockerfile": None},
        {"Dockerfile": BROAD},
    ]
    found = replayed(repository(tmp_path, commits))
    assert found.skipped == {
        "it copies files that are not in git": 1,
        "BuildKit rejects the Dockerfile": 1,
        "there is no such Dockerfile": 1,
    }
    assert again(found, "before") == [0]


def test_a_rewrite_is_asked_again_where_what_it_read_has_changed(tmp_path: Path) -> None:
    asked = []

    def reads_the_manifest(text: str, context: Context) -> Rewritten:
        asked.append(context.content("package.json"))
        return Rewritten(text)

    folder = repository(tmp_path, [START, {"main.js": "2"}, {"package.json": "[]"}, {"main.js": "3"}])
    with Repository(folder) as history:
        replay(history, "Dockerfile", history.commits(), {"x": reads_the_manifest})
    assert asked == [b"{}", b"[]"]


def test_modes_and_links_count(tmp_path: Path) -> None:
    folder = repository(tmp_path, [START])
    (folder / "main.js").chmod(0o755)
    repository(folder, [{}])
    (folder / "link").symlink_to("main.js")
    repository(folder, [{}])
    assert again(replayed(folder), "before") == [2, 2]


def test_nothing_is_written(tmp_path: Path) -> None:
    folder = repository(tmp_path, [START, {"main.js": "2"}])
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    replayed(folder)
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before


def test_a_folder_below_the_top_is_its_own_context(tmp_path: Path) -> None:
    commits = [{"api/Dockerfile": BROAD, "api/x": "1", "web/y": "1"}, {"web/y": "2"}, {"api/x": "2"}]
    with Repository(repository(tmp_path, commits)) as history:
        found = replay(history, "api/Dockerfile", history.commits(), {"x": as_it_is})
    assert (found.context, again(found, "x")) == ("api", [0, 2])


@pytest.mark.parametrize(
    ("text", "root"),
    [
        ("FROM base\nCOPY main.py /\n", "svc"),
        ("FROM base\nCOPY svc/main.py /\n", ""),
        ("FROM base\nCOPY . /\n", "svc"),
        ("FROM base\nCOPY lib /lib\nCOPY svc/main.py /\n", ""),
        ("FROM base\nCOPY nowhere /\n", "svc"),
    ],
)
def test_the_context_is_the_nearest_folder_that_holds_what_is_copied(tmp_path: Path, text: str, root: str) -> None:
    with Repository(repository(tmp_path, [{"svc/Dockerfile": text, "svc/main.py": "1", "lib/x": "1"}])) as history:
        tree = history.tree(history.commit("HEAD"))
    assert context_of(text.encode(), "svc/Dockerfile", tree) == root


def test_what_git_does_not_know(tmp_path: Path) -> None:
    with pytest.raises(GitError, match="not a git repository"):
        Repository(tmp_path / "..")
    with Repository(repository(tmp_path / "r", [START])) as history:
        for name in ("nope", "--all", "-n1"):
            with pytest.raises(GitError):
                history.commit(name)
            with pytest.raises(GitError):
                history.commits(name)
        assert history.blob("0" * 40) is None
        assert history.size("0" * 40) == 0


def test_hostile_file_names(tmp_path: Path) -> None:
    names = ['a"b', "new\nline", "tab\there", "-x", "ä"]
    with Repository(repository(tmp_path, [dict.fromkeys(names, "1"), {"new\nline": "2"}])) as history:
        first, second = history.commits()
        assert sorted(history.tree(first)) == sorted(names)
        assert [path for path, _ in history.changes(first, second)] == ["new\nline"]
