"""Results of earlier runs: one is taken only where all that it was made of is as it was.

That is the text, the settings, dockopt itself to the byte, and for a result that looked at the build context all that
it saw of it (`facts/context/evidence.py`), seen again now. It is remembered for its path.
"""

from __future__ import annotations

import json
import zlib
from hashlib import sha256
from typing import Any

from msgspec import Struct, convert, to_builtins
from msgspec.structs import replace

from optimizer.cli import files
from optimizer.cli.contexts import ContextOf
from optimizer.cli.discovery import Found, is_ci_file, is_template
from optimizer.cli.errors import InputError
from optimizer.cli.monorepo.store import Store
from optimizer.cli.monorepo.version import code_digest
from optimizer.cli.settings import Settings
from optimizer.cli.work import Outcome, Wishes, Worker, builds_none, ci_outcome, settings_of
from optimizer.engine import Result
from optimizer.facts.context.evidence import Evidence
from optimizer.fixes import Fix

_BATCH = 64


class Results:
    """What is remembered, for the files of one run."""

    def __init__(self, store: Store, wishes: Wishes) -> None:
        self._store = store
        self._wishes = wishes
        self._worker = Worker(wishes)
        self._new: list[tuple[bytes, bytes]] = []

    def recall(self, found: Found) -> Outcome | None:
        """The outcome of a file; None where it is not known, or something is wrong with the file."""
        if is_template(found.path.name):
            return None
        try:
            data = files.read(found.path)
            settings = settings_of(found.path, self._wishes.settings)
            if is_ci_file(found.path):
                return self._of_ci_file(found, data, settings)
            return self._of_dockerfile(found, data, settings)
        except (InputError, OSError):
            return None

    def remember(self, outcome: Outcome) -> None:
        """Keep the result of an outcome that did not come from here."""
        result = outcome.result
        if result is None or outcome.top is None or is_template(outcome.path.name):
            return
        try:
            settings = settings_of(outcome.path, self._wishes.settings)
        except InputError:
            return
        found = Found(outcome.path, outcome.top)
        self._new.append((self._key(found, outcome.data, settings), _packed(outcome, result)))
        if len(self._new) >= _BATCH:
            self._flush()

    def close(self) -> None:
        """Write what is new, and let go of the store."""
        self._flush()
        self._store.close()

    def _flush(self) -> None:
        self._store.put(self._new)
        self._new.clear()

    def _of_dockerfile(self, found: Found, data: bytes, settings: Settings) -> Outcome | None:
        value = self._store.get(self._key(found, data, settings))
        unpacked = _unpacked(data, value) if value is not None else None
        if unpacked is None:
            return None
        result, fixes, seen = unpacked
        contexts = self._worker.contexts
        context: ContextOf | None
        if seen is None:
            context = contexts.of(found.path, found.top, data, named=True)
        else:
            context = contexts.again(found.path, found.top, seen.sources)
            if context is None or not seen.holds(context.found):
                return None
        return self._worker.outcome(found.path, found.top, data, result, context, fixes)

    def _of_ci_file(self, found: Found, data: bytes, settings: Settings) -> Outcome | None:
        if builds_none(data, settings.chosen()):
            return Outcome(found.path, found.top, data)
        value = self._store.get(self._key(found, data, settings))
        unpacked = _unpacked(data, value) if value is not None else None
        return ci_outcome(found.path, found.top, data, *unpacked[:2]) if unpacked is not None else None

    def _key(self, found: Found, data: bytes, settings: Settings) -> bytes:
        """A digest of all that is known of the work before it is done."""
        place = str(found.path.absolute()), str(found.top.absolute())
        chosen = settings.select, settings.ignore, settings.unsafe, _sorted(settings.options)
        wished = self._wishes.no_context, self._wishes.fixes
        return sha256(b"\0".join((code_digest(), repr((place, chosen, wished)).encode(), data))).digest()


def _sorted(table: Any) -> list[tuple[str, list[tuple[str, str]]]]:
    return sorted((name, sorted(values.items())) for name, values in table.items())


class _Kept(Struct, frozen=True):
    """A result as it is stored."""

    changed: bool
    result: Result
    fixes: tuple[Fix, ...]
    evidence: Evidence | None


def _packed(outcome: Outcome, result: Result) -> bytes:
    """The result without `before`, which is the text that it is asked for with, and what it owes to the context."""
    short = replace(result, before="", after=result.after if result.changed else "")
    kept = _Kept(result.changed, short, outcome.fixes, outcome.evidence)
    return zlib.compress(json.dumps(to_builtins(kept)).encode(), 1)  # `json`, as texts may hold surrogates


def _unpacked(data: bytes, value: bytes) -> tuple[Result, tuple[Fix, ...], Evidence | None] | None:
    """What `_packed` put together for this text; None for anything else."""
    try:
        kept = convert(json.loads(zlib.decompress(value)), _Kept)
    except (ValueError, zlib.error):
        return None
    before = data.decode("utf-8", "surrogateescape")
    result = replace(kept.result, before=before, after=kept.result.after if kept.changed else before)
    return result, kept.fixes, kept.evidence
