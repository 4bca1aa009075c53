"""Bytes under keys in one file of the user's cache folder: bounded, safe with several writers, of no harm when damaged.

SQLite (of the standard library) does the locking. An entry carries a digest of itself, so that a damaged one is as good
as none; where the file is no database any more it is taken away, and where it cannot be written nothing is remembered.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path
from typing import Any

LARGEST = 256_000_000
"""Bytes of all entries; where there are more, those go that were not asked for the longest."""
_DAY = 86_400
_SCHEMA = "CREATE TABLE IF NOT EXISTS entries (key BLOB PRIMARY KEY, used INTEGER NOT NULL, value BLOB NOT NULL)"


def folder() -> Path:
    """`$XDG_CACHE_HOME/dockopt`; the folder need not be there."""
    home = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(home) if home.startswith("/") else Path.home() / ".cache") / "dockopt"


class Store:
    """The entries. No method raises for what is wrong with the file or the disk: then nothing is remembered."""

    def __init__(self, path: Path, largest: int = LARGEST) -> None:
        self._path = path
        self._largest = largest
        self._asked: list[bytes] = []
        """Keys of entries that are still wanted and say otherwise."""
        self._connection = self._opened()

    def get(self, key: bytes) -> bytes | None:
        """What lies under the key; None where nothing does, or it was damaged."""
        rows = self._run("SELECT used, value FROM entries WHERE key = ?", (key,))
        if not rows:
            return None
        used, value = rows[0]
        if not isinstance(value, bytes) or _sealed(value[_SEAL:]) != value:
            return None
        if isinstance(used, int) and used < time.time() - _DAY:
            self._asked.append(key)
        return value[_SEAL:]

    def put(self, entries: Iterable[tuple[bytes, bytes]]) -> None:
        """Put entries under their keys, all at once."""
        now = int(time.time())
        rows = [(key, now, _sealed(value)) for key, value in entries]
        self._write("INSERT OR REPLACE INTO entries VALUES (?, ?, ?)", rows)

    def close(self) -> None:
        """Say which entries were wanted, drop old ones where there are too many, and let go of the file."""
        now = int(time.time())
        self._write("UPDATE entries SET used = ? WHERE key = ?", [(now, key) for key in self._asked])
        self._asked.clear()
        self._shrink()
        if self._connection is not None:
            self._connection.close()
        self._connection = None

    def _shrink(self) -> None:
        for _ in range(20):
            pages, free, size = (
                (self._run(f"PRAGMA {name}") or [(0,)])[0][0] for name in ("page_count", "freelist_count", "page_size")
            )
            if (pages - free) * size <= self._largest:
                return
            self._write(
                "DELETE FROM entries WHERE key IN "
                "(SELECT key FROM entries ORDER BY used LIMIT max(1, (SELECT count(*) FROM entries) / ?))",
                [(4,)],
            )

    def _opened(self) -> sqlite3.Connection | None:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            connection = sqlite3.connect(self._path, timeout=5, isolation_level=None)
        except (OSError, sqlite3.Error):
            return None
        try:
            connection.execute("PRAGMA synchronous = OFF")
            connection.execute(_SCHEMA)
        except sqlite3.Error as error:
            self._connection = connection
            self._give_up(error)
            return None
        return connection

    def _run(self, question: str, values: tuple[bytes, ...] = ()) -> list[Any]:
        if self._connection is None:
            return []
        try:
            return self._connection.execute(question, values).fetchall()
        except sqlite3.Error as error:
            self._give_up(error)
            return []

    def _write(self, order: str, rows: Sequence[tuple[int | bytes, ...]]) -> None:
        if self._connection is None or not rows:
            return
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            self._connection.executemany(order, rows)
            self._connection.execute("COMMIT")
        except sqlite3.Error as error:
            with suppress(sqlite3.Error):
                self._connection.execute("ROLLBACK")
            self._give_up(error)

    def _give_up(self, error: sqlite3.Error) -> None:
        """Remember nothing more. A file that is damaged goes; one that is locked, full or read-only stays."""
        if self._connection is not None:
            self._connection.close()
        self._connection = None
        if not isinstance(error, sqlite3.OperationalError):
            with suppress(OSError):
                self._path.unlink()


_SEAL = 16


def _sealed(value: bytes) -> bytes:
    return blake2b(value, digest_size=_SEAL).digest() + value
