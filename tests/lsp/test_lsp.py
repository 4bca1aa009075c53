"""`dockopt lsp` and an editor at the other end of the pipe: what is shown, what is mended, what is told."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from pathlib import Path

import pytest
from lsprotocol import types

from optimizer import optimize
from optimizer.transform import Safety

from .editor import DOCKOPT, EDITORS, Editor, applied, edit, position

TEXT = """\
FROM debian:12
RUN apt-get update && apt-get install curl
RUN apt-get update && apt-get install -y git
ENV a b
CMD ["true"]
"""
FIX_ALL = "source.fixAll.dockopt"
Severity = types.DiagnosticSeverity


def fixed(folder: Path, text: str, name: str = "Dockerfile") -> str:
    """What the command makes of the text, were it in the folder."""
    words = [DOCKOPT, "fix", "--write", "-", "--stdin-filename", name]
    return subprocess.run(words, input=text.encode(), cwd=folder, capture_output=True, check=True).stdout.decode()


def codes(found: list[types.Diagnostic], severity: Severity = Severity.Information) -> list[object]:
    return [one.code for one in found if one.severity is severity]


@pytest.mark.parametrize("like", EDITORS)
def test_an_editor_shows_mends_and_changes_a_file(tmp_path: Path, like: str) -> None:
    async def work(editor: Editor) -> None:
        (tmp_path / "Dockerfile").write_text(TEXT)
        uri = editor.open("Dockerfile")
        shown = await editor.diagnostics(uri)
        assert {(one.source, one.severity) for one in shown} >= {("dockopt", Severity.Information)}
        result = optimize(TEXT)
        suggested = [change for change in result.pending if change.safety is Safety.SUGGESTION]
        assert sorted(map(str, codes(shown))) == sorted(c.transform for c in (*result.changes, *suggested))
        (everything,) = await editor.actions(uri, only=[FIX_ALL])
        assert everything.edit is not None
        assert editor.after(everything.edit) == {"Dockerfile": fixed(tmp_path, TEXT)}
        editor.type(uri, "install curl", "install -y --no-install-recommends curl")
        assert "assume-yes" not in codes(await editor.diagnostics(uri))
        (everything,) = await editor.actions(uri, only=["source.fixAll"])
        assert everything.edit is not None
        after = editor.after(everything.edit)["Dockerfile"]
        assert after == fixed(tmp_path, editor.texts[uri])
        editor.replace(uri, after)
        assert codes(await editor.diagnostics(uri)) == ["non-root-user"]
        assert await editor.actions(uri, only=[FIX_ALL]) == []
        assert "`RUN` makes a layer" in await editor.hover(uri, "RUN")
        editor.close(uri)
        assert await editor.diagnostics(uri, None) == []

    edit(tmp_path, work, like)


def test_a_quick_fix_is_for_its_place_alone(tmp_path: Path) -> None:
    async def work(editor: Editor) -> None:
        text = "FROM debian:12\nRUN apt-get install curl\nRUN echo\nRUN apt-get install git\n"
        uri = editor.open("Dockerfile", text)
        found = [one for one in await editor.actions(uri, "install git", ["quickfix"]) if "assume-yes" in one.title]
        assert len(found) == 1
        assert found[0].edit is not None and found[0].is_preferred
        assert editor.after(found[0].edit) == {"Dockerfile": text.replace("install git", "install -y git")}
        (diagnostic,) = found[0].diagnostics or ()
        assert (diagnostic.code, diagnostic.range.start.line) == ("assume-yes", 3)
        assert not [one for one in await editor.actions(uri, "echo", ["quickfix"]) if "assume-yes" in one.title]

    edit(tmp_path, work)


def test_what_is_unsafe_is_a_hint_and_never_preferred(tmp_path: Path) -> None:
    async def work(editor: Editor) -> None:
        text = "FROM debian:12\nRUN apt-get update && apt-get install -y curl && rm -rf /var/lib/apt/lists/*\n"
        uri = editor.open("Dockerfile", text)
        assert "no-install-recommends" in codes(await editor.diagnostics(uri), Severity.Hint)
        (found,) = [one for one in await editor.actions(uri) if one.title.startswith("no-install-recommends")]
        assert found.edit is not None and not found.is_preferred
        assert "--no-install-recommends" in editor.after(found.edit)["Dockerfile"]
        assert await editor.actions(uri, only=[FIX_ALL]) == []

    edit(tmp_path, work)


def test_a_suggestion_is_shown_and_offers_nothing(tmp_path: Path) -> None:
    async def work(editor: Editor) -> None:
        uri = editor.open("Dockerfile", "FROM debian:12 AS never\nRUN true\nFROM debian:12\nCMD ['true']\n")
        assert "dead-stage" in codes(await editor.diagnostics(uri))
        assert not [one for one in await editor.actions(uri) if "dead-stage" in one.title]

    edit(tmp_path, work)


def test_what_a_build_would_reject_is_an_error_with_its_message(tmp_path: Path) -> None:
    async def work(editor: Editor) -> None:
        uri = editor.open("Dockerfile", "FROM debian:12\n  COPY one\n")
        (shown,) = await editor.diagnostics(uri)
        assert shown.severity is Severity.Error
        assert shown.message == optimize("FROM debian:12\n  COPY one\n").problems[0].message
        assert shown.range == types.Range(types.Position(1, 2), types.Position(1, 10))
        assert await editor.actions(uri) == []
        assert await editor.hover(uri, "COPY") == ""
        editor.type(uri, "one", "one two")
        assert codes(await editor.diagnostics(uri), Severity.Error) == []
        editor.open("Dockerfile.j2.dockerfile", "FROM debian:12\n{% if x %}\n")
        assert await editor.diagnostics(editor.uri("Dockerfile.j2.dockerfile")) == []

    edit(tmp_path, work)


HARD = [
    "FROM debian:12\n# \U0001f40b\U0001f40b ä\nRUN echo '\U0001f40b' && apt-get update && apt-get install curl\n",
    "FROM debian:12\r\n\tRUN apt-get update &&\t\\\r\n\t\tapt-get install \\\r\n# ü\r\n\t  curl\r\nENV a ä\r\n",
    "\ufeffFROM debian:12\nRUN apt-get update && apt-get install curl",
    "FROM debian:12\nENV x 'a\rb \x0c \u2028 \x85 c'\nRUN apt-get update && apt-get install curl\n",
    "# escape=`\nFROM debian:12\nRUN apt-get update && `\n  apt-get install curl\nMAINTAINER \U0001f40b x\n",
]


@pytest.mark.parametrize("text", HARD, ids=["astral", "crlf and tabs", "bom and no end", "odd line ends", "escape"])
def test_places_and_edits_are_right_in_units_of_utf_16(tmp_path: Path, text: str) -> None:
    async def work(editor: Editor) -> None:
        uri = editor.open("Dockerfile", text)
        (everything,) = await editor.actions(uri, only=[FIX_ALL])
        assert everything.edit is not None
        assert editor.after(everything.edit) == {"Dockerfile": optimize(text).after}
        shown = await editor.diagnostics(uri)
        lines = text.removeprefix("\ufeff").split("\n")
        for change, one in [(c, d) for c in optimize(text).changes for d in shown if d.code == c.transform]:
            if change.place.line == change.place.end_line and one.message == change.why:
                said = lines[change.place.line - 1][change.place.column - 1 : change.place.end_column - 1]
                assert applied(text, [types.TextEdit(one.range, "")]) in [
                    text[:at] + text[at + len(said) :] for at in range(len(text)) if text.startswith(said, at)
                ]
        editor.type(uri, "curl" if "curl" in text else "x", "\U0001f40b\r\n# \U0001f40b")
        editor.type(uri, "\U0001f40b\r\n# \U0001f40b", "git")
        (everything,) = await editor.actions(uri, only=[FIX_ALL])
        assert everything.edit is not None
        assert editor.after(everything.edit) == {"Dockerfile": optimize(editor.texts[uri]).after}

    edit(tmp_path, work)


def test_the_context_and_the_settings_of_the_folder_hold(tmp_path: Path) -> None:
    app = tmp_path / "app"
    app.mkdir()
    for name, content in {"package.json": "{}", "package-lock.json": "{}", "index.js": "", "Dockerfile": ""}.items():
        (app / name).write_text(content)
    text = 'FROM node:22\nWORKDIR /app\nCOPY . .\nRUN npm ci\nCMD ["node", "index.js"]\n'

    async def work(editor: Editor) -> None:
        uri = editor.open("app/Dockerfile", text)
        assert "copy-manifests-first" in codes(await editor.diagnostics(uri))
        told = await editor.hover(uri, "RUN npm ci")
        assert "`RUN` makes a layer" in told
        assert "After a change of `index.js` it runs again" in told
        assert "**copy-manifests-first**" in await editor.hover(uri, "COPY")
        assert "makes no layer" in await editor.hover(uri, "CMD")
        assert "After a change of `index.js`, 2 of them run again" in await editor.hover(uri, "FROM")
        (app / "dockopt.toml").write_text('ignore = ["copy-manifests-first"]\n')
        editor.forgotten(uri)
        change = types.FileEvent(editor.uri("app/dockopt.toml"), types.FileChangeType.Created)
        editor.client.workspace_did_change_watched_files(types.DidChangeWatchedFilesParams([change]))
        assert "copy-manifests-first" not in codes(await editor.diagnostics(uri))
        (app / "dockopt.toml").write_text("nonsense = 1\n")
        editor.forgotten(uri)
        editor.client.text_document_did_save(types.DidSaveTextDocumentParams(types.TextDocumentIdentifier(uri)))
        (shown,) = await editor.diagnostics(uri)
        assert (shown.severity, "unknown key `nonsense`" in shown.message) == (Severity.Error, True)
        assert await editor.actions(uri) == []
        assert await editor.hover(uri, "RUN") == ""

    edit(tmp_path, work)


@pytest.mark.parametrize(
    ("like", "there"), [*((like, None) for like in EDITORS), (EDITORS[0], "dist"), (EDITORS[0], "dist\n")]
)
def test_the_ignore_file_is_part_of_the_same_edit(tmp_path: Path, like: str, there: str | None) -> None:
    (tmp_path / "package.json").write_text('{"dependencies": {"x": "1"}}')
    (tmp_path / "package-lock.json").write_text('{"lockfileVersion": 3, "packages": {}}')
    (tmp_path / "index.js").write_text("")
    (tmp_path / "node_modules/x").mkdir(parents=True)
    (tmp_path / "node_modules/x/index.js").write_text("")
    if there is not None:
        (tmp_path / ".dockerignore").write_text(there)
    text = 'FROM node:22\nWORKDIR /app\nCOPY . .\nRUN npm ci\nCMD ["node", "index.js"]\n'

    async def work(editor: Editor) -> None:
        uri = editor.open("Dockerfile", text)
        await editor.diagnostics(uri)
        found = await editor.actions(uri, only=[FIX_ALL])
        if there is None and like == "emacs":
            assert found == []  # It cannot make a file, and all that there is needs the ignore file.
            return
        (everything,) = found
        assert everything.edit is not None
        after = editor.after(everything.edit)
        assert after["Dockerfile"] == fixed(tmp_path, text)
        assert after[".dockerignore"] == (there.rstrip("\n") + "\n" if there else "") + "**/node_modules\n"
        if there:
            ignore = editor.open(".dockerignore", there.rstrip() + "\n# not saved", "ignore")
            editor.type(ignore, "not", "\U0001f40b not")
            (everything,) = await editor.actions(uri, only=[FIX_ALL])
            assert everything.edit is not None
            ignored = editor.after(everything.edit)[".dockerignore"]
            assert ignored == "dist\n# \U0001f40b not saved\n**/node_modules\n"

    edit(tmp_path, work, like)


def test_a_text_that_nobody_saved_and_a_file_of_another_kind(tmp_path: Path) -> None:
    async def work(editor: Editor) -> None:
        uri = editor.open("untitled:Untitled-1", TEXT)
        assert "assume-yes" in codes(await editor.diagnostics(uri))
        other = editor.open("notes.md", TEXT, "markdown")
        assert await editor.actions(other) == []
        assert await editor.hover(other, "RUN") == ""
        named = editor.open("api.Dockerfile", TEXT, "plaintext")
        assert "assume-yes" in codes(await editor.diagnostics(named))

    edit(tmp_path, work)


def test_a_workflow_is_looked_at_where_a_transform_is_about_it(tmp_path: Path) -> None:
    (tmp_path / ".github/workflows").mkdir(parents=True)
    (tmp_path / "dockopt.toml").write_text('select = ["ci-cache"]\n')
    text = (
        "on: push\njobs:\n  build:\n    runs-on: ubuntu-latest\n    steps:\n      - uses: actions/checkout@v4\n"
        "      - uses: docker/setup-buildx-action@v3\n      - uses: docker/build-push-action@v6\n        with:\n"
        "          push: true\n"
    )

    async def work(editor: Editor) -> None:
        uri = editor.open(".github/workflows/ci.yml", text, "yaml")
        assert codes(await editor.diagnostics(uri), Severity.Hint) == ["ci-cache"]
        (fix,) = await editor.actions(uri, "docker/build-push", ["quickfix"])
        assert fix.edit is not None
        assert "cache-to" in editor.after(fix.edit)[".github/workflows/ci.yml"]
        assert await editor.hover(uri, "push: true") == ""

    edit(tmp_path, work)


def test_typing_stays_quick_in_a_huge_file(tmp_path: Path) -> None:
    steps = "".join(f"RUN apt-get install p{n}\nENV v{n} {n}\n" for n in range(15))
    text = "".join(f"FROM debian:12 AS s{n}\n{steps}" for n in range(20))

    async def work(editor: Editor) -> None:
        uri = editor.open("Dockerfile", text)
        started = time.process_time()
        for at in range(30):
            editor.type(uri, f" p{at % 10}\n", f" p{at % 10}\n\n")
            await asyncio.sleep(0.02)
        other = editor.open("small.Dockerfile", TEXT)
        assert "assume-yes" in codes(await editor.diagnostics(other))
        assert time.process_time() - started < 10
        shown = await editor.diagnostics(uri)
        assert codes(shown).count("assume-yes") == 300
        versions = {version for name, version in editor.published if name == uri}
        assert len(versions) < 5

    edit(tmp_path, work)


def test_an_action_asked_of_an_old_version_never_comes_with_the_new_one(tmp_path: Path) -> None:
    async def work(editor: Editor) -> None:
        uri = editor.open("Dockerfile", TEXT)
        for at in range(5):
            editor.type(uri, "FROM", f"# {at}\nFROM")
        (everything,) = await editor.actions(uri, only=[FIX_ALL])
        assert everything.edit is not None
        assert editor.after(everything.edit) == {"Dockerfile": optimize(editor.texts[uri]).after}

    edit(tmp_path, work)


def test_watched_files_are_asked_for_where_the_editor_can_watch(tmp_path: Path) -> None:
    async def work(editor: Editor) -> None:
        await editor.diagnostics(editor.open("Dockerfile", TEXT))
        assert editor.watched == [types.WORKSPACE_DID_CHANGE_WATCHED_FILES]

    edit(tmp_path, work)


def test_without_the_extra_it_says_what_to_install() -> None:
    code = "import sys; sys.modules['pygls'] = None; from optimizer.cli import main; main(['lsp'])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, stdin=subprocess.DEVNULL)
    assert (done.returncode, "pip install dockopt[lsp]" in done.stderr) == (2, True)


def test_positions_of_the_test_itself() -> None:
    assert position("a\r\n\U0001f40bb\rc", 4) == types.Position(1, 2)
