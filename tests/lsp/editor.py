"""An editor: it starts the real command, keeps texts as editors do, and applies edits by units of UTF-16 alone.

It is `pytest-lsp`'s client without the plugin: it warns, and so fails, where an answer is not for what it can do.
"""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from itertools import pairwise
from pathlib import Path

from lsprotocol import types
from pytest_lsp import LanguageClient, client_capabilities, make_test_lsp_client

DOCKOPT = Path(sys.executable).with_name("dockopt")
EDITORS = ("visual_studio_code", "neovim", "emacs")


class Editor:
    """One editor that works in a folder."""

    def __init__(self, folder: Path, client: LanguageClient) -> None:
        self.folder = folder
        self.client = client
        self.texts: dict[str, str] = {}
        self.versions: dict[str, int] = {}
        self.watched: list[str] = []
        self.published: dict[tuple[str, int | None], list[types.Diagnostic]] = {}
        client.protocol.fm.features.pop(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS, None)

        @client.feature(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
        def publish(params: types.PublishDiagnosticsParams) -> None:
            self.published[params.uri, params.version] = list(params.diagnostics)

        @client.feature(types.CLIENT_REGISTER_CAPABILITY)
        def register(params: types.RegistrationParams) -> None:
            self.watched += [one.method for one in params.registrations]

    def uri(self, name: str) -> str:
        return (self.folder / name).as_uri()

    def open(self, name: str, text: str | None = None, language: str = "dockerfile") -> str:
        """Show a file, or a text that nobody has saved; returns its URI."""
        uri = name if name.startswith("untitled:") else self.uri(name)
        content = (self.folder / name).read_bytes().decode() if text is None else text
        self.texts[uri], self.versions[uri] = content, 1
        self.client.text_document_did_open(
            types.DidOpenTextDocumentParams(types.TextDocumentItem(uri, language, 1, content))
        )
        return uri

    def type(self, uri: str, old: str, new: str) -> None:
        """Put a text in the place of the first one that reads so, and tell only that."""
        at = self.texts[uri].index(old)
        span = types.Range(position(self.texts[uri], at), position(self.texts[uri], at + len(old)))
        self._send(uri, types.TextDocumentContentChangePartial(span, new))
        self.texts[uri] = applied(self.texts[uri], [types.TextEdit(span, new)])

    def replace(self, uri: str, text: str) -> None:
        """Tell the whole text anew."""
        self._send(uri, types.TextDocumentContentChangeWholeDocument(text))
        self.texts[uri] = text

    def close(self, uri: str) -> None:
        self.client.text_document_did_close(types.DidCloseTextDocumentParams(types.TextDocumentIdentifier(uri)))

    async def diagnostics(self, uri: str, version: int | None = -1) -> list[types.Diagnostic]:
        """What is shown of the text as it is now."""
        key = uri, self.versions[uri] if version == -1 else version
        while key not in self.published:
            await asyncio.sleep(0.01)
        return self.published[key]

    def forgotten(self, uri: str) -> None:
        """Wait for what is to be shown anew of the same version."""
        self.published.pop((uri, self.versions[uri]), None)

    async def actions(self, uri: str, at: str = "", only: Sequence[str] | None = None) -> list[types.CodeAction]:
        """What can be done at a text, or in the whole file."""
        text = self.texts[uri]
        start = text.index(at)
        span = types.Range(position(text, start), position(text, start + len(at) if at else len(text)))
        context = types.CodeActionContext([], only=list(only) if only is not None else None)
        params = types.CodeActionParams(types.TextDocumentIdentifier(uri), span, context)
        found = await self.client.text_document_code_action_async(params)
        return [one for one in found or () if isinstance(one, types.CodeAction)]

    async def hover(self, uri: str, at: str) -> str:
        """What is shown over the first character of a text; empty where that is nothing."""
        where = position(self.texts[uri], self.texts[uri].index(at))
        found = await self.client.text_document_hover_async(types.HoverParams(types.TextDocumentIdentifier(uri), where))
        if found is None:
            return ""
        assert isinstance(found.contents, types.MarkupContent)
        return found.contents.value

    def after(self, edit: types.WorkspaceEdit) -> dict[str, str]:
        """The texts that an edit makes, by the names of their files; the disk stays as it is."""
        found: dict[str, str] = {}
        for one in edit.document_changes or ():
            if isinstance(one, types.CreateFile):
                found[one.uri] = ""
                continue
            assert isinstance(one, types.TextDocumentEdit)
            uri = one.text_document.uri
            assert one.text_document.version == self.versions.get(uri)
            found[uri] = applied(found[uri] if uri in found else self._now(uri), plain(one.edits))
        for uri, edits in (edit.changes or {}).items():
            found[uri] = applied(self._now(uri), edits)
        return {uri.removeprefix(self.folder.as_uri() + "/"): text for uri, text in found.items()}

    def _now(self, uri: str) -> str:
        if uri in self.texts:
            return self.texts[uri]
        return (self.folder / uri.removeprefix(self.folder.as_uri() + "/")).read_bytes().decode()

    def _send(self, uri: str, change: types.TextDocumentContentChangeEvent) -> None:
        self.versions[uri] += 1
        identifier = types.VersionedTextDocumentIdentifier(self.versions[uri], uri)
        self.client.text_document_did_change(types.DidChangeTextDocumentParams(identifier, [change]))


def plain(edits: Sequence[object]) -> list[types.TextEdit]:
    found = [edit for edit in edits if isinstance(edit, types.TextEdit)]
    assert len(found) == len(edits)
    return found


def position(text: str, offset: int) -> types.Position:
    """The position of an offset, in units of UTF-16."""
    lines = re.split(r"\r\n|\n|\r", text[:offset])
    return types.Position(len(lines) - 1, len(lines[-1].encode("utf-16-le", "surrogatepass")) // 2)


def applied(text: str, edits: Sequence[types.TextEdit]) -> str:
    """The text with edits that do not overlap, all told of the text as it stands."""
    parts = re.split(r"(\r\n|\n|\r)", text)
    lines = ["".join(parts[at : at + 2]).encode("utf-16-le", "surrogatepass") for at in range(0, len(parts), 2)]
    starts = [sum(map(len, lines[:at])) for at in range(len(lines))]
    whole = b"".join(lines)

    def at(where: types.Position) -> int:
        assert where.line < len(lines)
        found = starts[where.line] + 2 * where.character
        assert found <= starts[where.line] + len(lines[where.line])
        return found

    spans = sorted((at(edit.range.start), at(edit.range.end), edit.new_text) for edit in edits)
    for (_, end, _), (start, _, _) in pairwise(spans):
        assert end <= start
    for start, end, new in reversed(spans):
        whole = whole[:start] + new.encode("utf-16-le", "surrogatepass") + whole[end:]
    return whole.decode("utf-16-le", "surrogatepass")


def edit(folder: Path, work: Callable[[Editor], Awaitable[None]], like: str = EDITORS[0], seconds: float = 240) -> None:
    """Let someone work in an editor with the capabilities of a known one; then it is closed in good order."""

    async def session() -> None:
        client = make_test_lsp_client()
        await client.start_io(str(DOCKOPT), "lsp", cwd=folder)
        editor = Editor(folder, client)
        await client.initialize_session(
            types.InitializeParams(
                capabilities=client_capabilities(like),
                workspace_folders=[types.WorkspaceFolder(folder.as_uri(), folder.name)],
                root_uri=folder.as_uri(),
            )
        )
        try:
            await asyncio.wait_for(work(editor), seconds)
            assert client.error is None
            await client.shutdown_session()
            process = client._server
            assert process is not None
            assert await asyncio.wait_for(process.wait(), 10) == 0
        finally:
            with suppress(ProcessLookupError):
                if client._server is not None and client._server.returncode is None:
                    client._server.kill()
            await client.stop()

    asyncio.run(session())
