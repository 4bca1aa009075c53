"""What an analysis comes to in an editor: diagnostics, and actions with their edits."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path

from lsprotocol import types
from msgspec import Struct

from optimizer.cli.errors import SettingsError
from optimizer.engine import Change, Result
from optimizer.facts.context.ignore import extended
from optimizer.lsp.analysis import Analysis
from optimizer.lsp.documents import Document
from optimizer.origins import Place
from optimizer.sizes import counted
from optimizer.transform import Safety

SOURCE = "dockopt"
FIX_ALL = f"{types.CodeActionKind.SourceFixAll.value}.{SOURCE}"
_SEVERITIES = {
    Safety.SAFE: types.DiagnosticSeverity.Information,
    Safety.UNSAFE: types.DiagnosticSeverity.Hint,
    Safety.SUGGESTION: types.DiagnosticSeverity.Information,
}
_NOTES = {
    Safety.SAFE: "",
    Safety.UNSAFE: " (unsafe: the image gets other content)",
    Safety.SUGGESTION: " (a suggestion)",
}


def diagnostics(document: Document, analysis: Analysis) -> list[types.Diagnostic]:
    """What is to be shown of a text, from its beginning on. Raises Stale."""
    try:
        result = analysis.result
    except SettingsError as error:
        return [_error(document, 1, str(error))]
    if analysis.template:
        return []
    found = [_error(document, problem.line, problem.message) for problem in result.problems]
    found += [_diagnostic(document, change) for change in (*result.changes, *result.pending)]
    return sorted(found, key=lambda one: (one.range.start.line, one.range.start.character))


def _error(document: Document, line: int, message: str) -> types.Diagnostic:
    span = document.span(*document.line_at(line))
    return types.Diagnostic(span, message, severity=types.DiagnosticSeverity.Error, source=SOURCE)


def _diagnostic(document: Document, change: Change) -> types.Diagnostic:
    return types.Diagnostic(
        document.span(*document.offsets(change.place)),
        change.why + _NOTES[change.safety],
        severity=_SEVERITIES[change.safety],
        code=change.transform,
        source=SOURCE,
    )


class Client(Struct, frozen=True):
    """What the editor can do with an edit, and the texts that it has open, by their URIs."""

    versioned: bool
    creates: bool
    texts: Callable[[str], Document | None]


class Actions(Struct, frozen=True):
    """The actions for one version of a text."""

    document: Document
    analysis: Analysis
    client: Client

    def at(self, span: types.Range, kinds: Collection[str] | None) -> list[types.CodeAction]:
        """What can be done there, of the kinds that are asked for. Raises Stale."""
        found: list[types.CodeAction] = []
        try:
            result = self.analysis.result
        except SettingsError:
            return found
        if _wanted(types.CodeActionKind.QuickFix.value, kinds):
            start, end = self.document.offset(span.start), self.document.offset(span.end)
            found += self._fixes([c for c in (*result.changes, *result.pending) if self._touches(c.place, start, end)])
        if _wanted(FIX_ALL, kinds) and (everything := self._everything(result)) is not None:
            found.append(everything)
        return found

    def _touches(self, place: Place, start: int, end: int) -> bool:
        first, last = self.document.offsets(place)
        return first <= end and start <= last

    def _fixes(self, changes: Sequence[Change]) -> Iterator[types.CodeAction]:
        """One for each transform that can mend its place alone."""
        seen: set[tuple[str, Place]] = set()
        for change in changes:
            if (change.transform, change.place) in seen:
                continue
            seen.add((change.transform, change.place))
            mended = self.analysis.mended(change)
            edit = self._edit(mended) if mended is not None else None
            if edit is not None:
                yield types.CodeAction(
                    f"{change.transform}: {change.why}{_NOTES[change.safety]}",
                    kind=types.CodeActionKind.QuickFix,
                    diagnostics=[_diagnostic(self.document, change)],
                    is_preferred=change.safety is Safety.SAFE,
                    edit=edit,
                )

    def _everything(self, result: Result) -> types.CodeAction | None:
        """All that `dockopt fix --write` would do."""
        edit = self._edit(result)
        if edit is None and result.ignores:
            result = self.analysis.without_ignores
            edit = self._edit(result)
        if edit is None:
            return None
        count = counted(len(result.changes), "change")
        return types.CodeAction(f"Fix all that dockopt finds ({count})", kind=FIX_ALL, edit=edit)

    def _edit(self, result: Result) -> types.WorkspaceEdit | None:
        """The edit that makes a result true; None where there is none, or the ignore file cannot be written."""
        if not result.changed and not result.ignores:
            return None
        # The ignore file comes first, as the Dockerfile may rely on it.
        ignored = self._ignored(result.ignores) if result.ignores else []
        if ignored is None:
            return None
        own = [_edited(self.document, self.document.edits(result.after))] if result.changed else []
        if self.client.versioned:
            return types.WorkspaceEdit(document_changes=[*ignored, *own])
        edits = [one for one in (*ignored, *own) if isinstance(one, types.TextDocumentEdit)]
        changes = {
            one.text_document.uri: [edit for edit in one.edits if isinstance(edit, types.TextEdit)] for one in edits
        }
        return types.WorkspaceEdit(changes=changes)

    def _ignored(self, patterns: Sequence[str]) -> list[types.CreateFile | types.TextDocumentEdit] | None:
        """What puts patterns at the end of the ignore file; None where nobody can."""
        path = self.analysis.ignore_file
        if path is None:
            return None
        uri = path.absolute().as_uri()
        document = self.client.texts(uri)
        found: list[types.CreateFile | types.TextDocumentEdit] = []
        if document is None and (text := _read(path)) is not None:
            document = Document(uri, text, encoding=self.document.encoding)
        if document is None:
            if path.exists() or not (self.client.creates and self.client.versioned):
                return None
            found.append(types.CreateFile(uri, options=types.CreateFileOptions(ignore_if_exists=True)))
            document = Document(uri, "", encoding=self.document.encoding)
        try:
            after = extended(document.text.encode(), patterns).decode()
        except UnicodeError:
            return None
        return [*found, _edited(document, document.edits(after))]


def _read(path: Path) -> str | None:
    try:
        return path.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError):
        return None


def _edited(document: Document, edits: Sequence[types.TextEdit]) -> types.TextDocumentEdit:
    identifier = types.OptionalVersionedTextDocumentIdentifier(document.uri, document.version)
    return types.TextDocumentEdit(identifier, list(edits))


def _wanted(kind: str, kinds: Collection[str] | None) -> bool:
    """Whether an action of the kind is asked for: its own kind or one above it, where any is named."""
    return kinds is None or any(kind == one or kind.startswith(f"{one}.") for one in kinds)
