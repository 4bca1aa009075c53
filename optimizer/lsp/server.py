"""The server: texts come and go, each version is looked at once, in a thread, when its writer pauses."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from enum import Enum
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

from lsprotocol import types
from pygls.capabilities import get_capability
from pygls.lsp.server import LanguageServer
from pygls.protocol import LanguageServerProtocol, lsp_method
from pygls.uris import to_fs_path

from optimizer.cli import VERSION
from optimizer.cli.discovery import is_dockerfile, is_known_ci_file
from optimizer.lsp.analysis import Analysis, Stale, Surroundings
from optimizer.lsp.answers import FIX_ALL, Actions, Client, diagnostics
from optimizer.lsp.documents import Document
from optimizer.lsp.hovers import hover

Answer = TypeVar("Answer")

PAUSE = 0.2
"""Seconds without a key before a text is looked at."""
_FRESH = 5.0
"""Seconds for which settings and contexts are remembered."""
_WATCHED = (
    *("**/dockopt.toml", "**/.dockopt.toml", "**/pyproject.toml", "**/dockopt.lock"),
    *("**/*.dockerignore", "**/.dockerignore"),
)
"""What else than a text decides on what is said of it."""


class _Protocol(LanguageServerProtocol):
    """The protocol, without the texts that pygls keeps: it splits lines at more than the protocol does."""

    @lsp_method(types.TEXT_DOCUMENT_DID_CHANGE)
    def lsp_text_document__did_change(self, params: types.DidChangeTextDocumentParams) -> Iterator[Any]:
        """Hand a change on, untouched."""
        if (feature := self.fm.features.get(types.TEXT_DOCUMENT_DID_CHANGE)) is not None:
            yield feature, (params,), None


class Server(LanguageServer):
    """One editor's server. All is looked at in one thread, so what the facts remember is never asked twice at once."""

    def __init__(self) -> None:
        kind = types.TextDocumentSyncKind.Incremental
        super().__init__("dockopt", VERSION, kind, protocol_cls=_Protocol)
        self.documents: dict[str, Document] = {}
        self.others: dict[str, Document] = {}
        """Open texts that are not looked at: an ignore file may be among them."""
        self._analyses: dict[str, tuple[Document, Analysis]] = {}
        self._thread = ThreadPoolExecutor(1, "dockopt")
        self._surroundings = Surroundings()
        self._since = time.monotonic()
        self._pauses: dict[str, asyncio.Task[None]] = {}

    def put(self, document: Document) -> None:
        """Take a new version of a text, and show what is to be said of it once its writer pauses."""
        self.documents[document.uri] = document
        if (pause := self._pauses.pop(document.uri, None)) is not None:
            pause.cancel()
        self._pauses[document.uri] = asyncio.ensure_future(self._tell(document))

    def drop(self, uri: str) -> None:
        """Forget a text that was closed, and take away what was shown."""
        self._analyses.pop(uri, None)
        if (pause := self._pauses.pop(uri, None)) is not None:
            pause.cancel()
        if self.documents.pop(uri, None) is not None:
            self.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri, []))

    def forget(self) -> None:
        """Look at all texts anew: something around them has changed."""
        self._since = float("-inf")
        self._analyses.clear()
        for document in list(self.documents.values()):
            self.put(document)

    async def ask(self, uri: str, question: Callable[[Document, Analysis], Answer]) -> Answer | None:
        """The answer for the text as it is now; None where it is unknown to us, or where it changes meanwhile."""
        document = self.documents.get(uri)
        if document is None:
            return None
        analysis = self._analysis(document)
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, question, document, analysis)
        except Stale:
            return None

    async def _tell(self, document: Document) -> None:
        await asyncio.sleep(PAUSE)
        try:
            found = await self.ask(document.uri, diagnostics)
        except Exception as error:
            message = f"dockopt fails on this text ({type(error).__name__}: {error}); please report it"
            self.window_log_message(types.LogMessageParams(types.MessageType.Error, message))
            found = []
        if found is not None and self.documents.get(document.uri) is document:
            self.text_document_publish_diagnostics(
                types.PublishDiagnosticsParams(document.uri, found, document.version)
            )

    def _analysis(self, document: Document) -> Analysis:
        """The analysis of a version, which may be done already."""
        if time.monotonic() - self._since > _FRESH:
            self._surroundings, self._since = Surroundings(), time.monotonic()
            self._analyses = {uri: pair for uri, pair in self._analyses.items() if pair[1].path is None}
        known = self._analyses.get(document.uri)
        if known is not None and known[0] is document:
            return known[1]
        path = _path(document.uri)
        analysis = Analysis(
            document.text, path, self._top(path), self._surroundings,
            lambda: self.documents.get(document.uri) is not document,
        )  # fmt: skip
        self._analyses[document.uri] = document, analysis
        return analysis

    def _top(self, path: Path | None) -> Path | None:
        """The folder of the workspace in which a file lies; None where it lies in none."""
        if path is None:
            return None
        folders = [to_fs_path(uri) for uri in self.workspace.folders] or [self.workspace.root_path]
        inside = [Path(folder) for folder in folders if folder and path.is_relative_to(folder)]
        return max(inside, key=lambda folder: len(folder.parts), default=None)

    def client(self) -> Client:
        """What the editor can do with edits."""
        edit = "workspace.workspace_edit"
        operations = get_capability(self.client_capabilities, f"{edit}.resource_operations") or ()
        # Neovim says only that it makes files, which nothing but `documentChanges` can ask for.
        versioned = bool(operations) or bool(get_capability(self.client_capabilities, f"{edit}.document_changes"))
        return Client(versioned, types.ResourceOperationKind.Create in operations, self.others.get)


def _path(uri: str) -> Path | None:
    """The file of a text; None where it lies on no disk."""
    found = to_fs_path(uri) if urlsplit(uri).scheme == "file" else None
    return Path(found) if found else None


def _ours(document: Document) -> bool:
    """Whether a text is for us: by its language, else by its name."""
    path = _path(document.uri)
    if path is not None and is_known_ci_file(path):
        return True
    return document.language.lower() in ("dockerfile", "containerfile") or (
        path is not None and is_dockerfile(path.name)
    )


def server() -> Server:
    """A server that answers."""
    found = Server()

    @found.feature(types.TEXT_DOCUMENT_DID_OPEN)
    async def opened(params: types.DidOpenTextDocumentParams) -> None:
        item = params.text_document
        encoding = _word(found.server_capabilities.position_encoding or "utf-16")
        document = Document(item.uri, item.text, item.version, item.language_id, encoding)
        if _ours(document):
            found.put(document)
        else:
            found.others[item.uri] = document

    @found.feature(types.TEXT_DOCUMENT_DID_CHANGE)
    async def changed(params: types.DidChangeTextDocumentParams) -> None:
        uri = params.text_document.uri
        document = found.documents.get(uri) or found.others.get(uri)
        if document is None:
            return
        for change in params.content_changes:
            document = document.edited(change, params.text_document.version)
        if uri in found.documents:
            found.put(document)
        else:
            found.others[uri] = document

    @found.feature(types.TEXT_DOCUMENT_DID_CLOSE)
    async def closed(params: types.DidCloseTextDocumentParams) -> None:
        found.others.pop(params.text_document.uri, None)
        found.drop(params.text_document.uri)

    @found.feature(types.TEXT_DOCUMENT_DID_SAVE)
    async def saved(params: types.DidSaveTextDocumentParams) -> None:
        found.forget()

    @found.feature(types.WORKSPACE_DID_CHANGE_WATCHED_FILES)
    async def moved(params: types.DidChangeWatchedFilesParams) -> None:
        found.forget()

    @found.feature(types.INITIALIZED)
    async def ready(params: types.InitializedParams) -> None:
        watched = get_capability(found.client_capabilities, "workspace.did_change_watched_files.dynamic_registration")
        if watched:
            watchers = [types.FileSystemWatcher(pattern) for pattern in _WATCHED]
            options = types.DidChangeWatchedFilesRegistrationOptions(watchers)
            method = types.WORKSPACE_DID_CHANGE_WATCHED_FILES
            await found.client_register_capability_async(
                types.RegistrationParams([types.Registration("watched", method, options)])
            )

    kinds = [types.CodeActionKind.QuickFix, FIX_ALL]

    @found.feature(types.TEXT_DOCUMENT_CODE_ACTION, types.CodeActionOptions(code_action_kinds=kinds))
    async def actions(params: types.CodeActionParams) -> list[types.CodeAction] | None:
        client = found.client()
        only = None if params.context.only is None else [_word(one) for one in params.context.only]
        return await found.ask(
            params.text_document.uri,
            lambda document, analysis: Actions(document, analysis, client).at(params.range, only),
        )

    @found.feature(types.TEXT_DOCUMENT_HOVER)
    async def hovered(params: types.HoverParams) -> types.Hover | None:
        return await found.ask(
            params.text_document.uri, lambda document, analysis: hover(document, analysis, params.position)
        )

    return found


def _word(word: Enum | str) -> str:
    """A word of the protocol, which may be one that it does not know."""
    return str(word.value) if isinstance(word, Enum) else word


def serve() -> None:
    """Serve the editor at the other end of standard input and output, until it says exit."""
    server().start_io()
