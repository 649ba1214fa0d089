"""SQLite's log of writes, made durable outside of the only writer's place.

`synchronous=FULL` flushes the log inside COMMIT, so the next writer waits for the disk of the one
before. Here a COMMIT writes the log and lets the next one in; then the log is flushed, and nothing is
answered before. Flushes of several threads and processes join each other. SQLite flushes the log itself
before it copies from it (`synchronous=NORMAL`), so a power loss can corrupt nothing (ADR 27).
"""

from __future__ import annotations

import os
from pathlib import Path
from threading import Lock
from typing import Any

from app.errors import Broken

COMMITS = 100
"""Commits of one process between two checkpoints."""
LONG = 8000
"""Pages of log after which a checkpoint also holds up writers, so that the log starts anew."""


class Journal:
    """The log beside one database file, as one process sees it. Safe to share among threads."""

    def __init__(self, database: str) -> None:
        self._path = Path(f"{database}-wal")
        self._guard = Lock()
        self._open: tuple[int, os.stat_result] | None = None
        self._commits = 0

    @staticmethod
    def possible() -> bool:
        """Whether this system can flush a file's data by itself; where not, SQLite does it."""
        return hasattr(os, "fdatasync")

    def flush(self) -> None:
        """Return when all that was committed so far is on the disk; Broken when the disk fails."""
        try:
            os.fdatasync(self._descriptor())
        except FileNotFoundError:
            return  # whoever closed last has copied and flushed all of it
        except OSError:
            raise Broken("The disk did not take what was stored.") from None

    def due(self) -> bool:
        """Whether it is time for a checkpoint; asked once after each commit."""
        self._commits += 1
        return self._commits >= COMMITS

    def copy(self, connection: Any) -> None:
        """Copy the log into the database. `connection` may write and has no open transaction."""
        self._commits = 0
        (_, pages, _) = connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        if pages > LONG:  # writers always came in between: little is left to copy now
            connection.execute("PRAGMA wal_checkpoint(RESTART)").fetchone()

    def forget(self) -> None:
        """After a fork, and when the database is closed."""
        self._guard = Lock()
        if self._open is not None:
            os.close(self._open[0])
            self._open = None

    def _descriptor(self) -> int:
        """The log, opened once; again when another file stands in its place."""
        now = self._path.stat()
        held = self._open
        if held is not None and os.path.samestat(held[1], now):
            return held[0]
        with self._guard:
            # the one held before stays open: another thread may be flushing it
            self._open = (os.open(self._path, os.O_RDONLY), now)
            _flush_folder(self._path.parent)
            return self._open[0]


def _flush_folder(folder: Path) -> None:
    """A new file is found again after a power loss only when its folder is on the disk, too."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
