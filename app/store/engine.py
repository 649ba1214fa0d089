"""Connections to SQLite or PostgreSQL, and what their errors mean.

SQLite: one writer per process, `BEGIN IMMEDIATE`, WAL, durable commits (`app.store.journal`); readers
apart.
PostgreSQL: psycopg 3; a block's rows travel in one round trip. Reads have no transaction on either.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator
from typing import Any
from weakref import WeakSet

from sqlalchemy import Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import QueuePool

from app.errors import BadSetting
from app.sealed import sealed
from app.store.journal import Journal
from app.store.spare import Spare

PATIENCE_SECONDS = 5.0
"""How long to wait for a lock, a connection or a server before the answer is Unavailable."""


@sealed(frozen=True, eq=False)
class Engines:
    """Two pools of one database, each with the connection that is used first.

    Nothing that is done with `spare` leaves a transaction open; `writer` is SQLite's. What `writer`
    committed is durable when the `journal`, if there is one, is flushed.
    """

    writer: Spare
    spare: Spare
    journal: Journal | None = None

    @property
    def write(self) -> Engine:
        """The pool of those who write."""
        return self.writer.engine

    @property
    def read(self) -> Engine:
        """The pool of those who only read."""
        return self.spare.engine

    @property
    def is_sqlite(self) -> bool:
        """Whether the database is the embedded one."""
        return self.write.dialect.name == "sqlite"

    def dispose(self) -> None:
        """Close all connections."""
        self.writer.dispose()
        self.spare.dispose()
        if self.journal is not None:
            self.journal.forget()

    def forget(self) -> None:
        """After a fork: let go of the parent's connections without closing them."""
        self.writer.forget()
        self.spare.forget()
        if self.journal is not None:
            self.journal.forget()

    def flush(self) -> None:
        """Return when all that was committed is durable; Broken when the disk fails."""
        if self.journal is not None:
            self.journal.flush()


_LIVING: WeakSet[Engines] = WeakSet()


def _forget_all() -> None:
    for made in tuple(_LIVING):
        made.forget()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_all)


def engines(url: str, sync: str) -> Engines:
    """Prepare both pools; nothing is opened. BadSetting when it is not a database we know."""
    try:
        backend = make_url(url).get_backend_name()
    except ArgumentError:
        backend = ""
    if backend == "sqlite":
        made = _embedded(url, sync)
    elif backend == "postgresql":
        made = Engines(Spare(_postgres(url)), Spare(_postgres(url, isolation_level="AUTOCOMMIT")))
    else:
        raise BadSetting("DATABASE_URL must name an SQLite or a PostgreSQL database.")
    _LIVING.add(made)
    return made


def _embedded(url: str, sync: str) -> Engines:
    file = make_url(url).database
    readers = Spare(_sqlite(url, sync, 4, readonly=True))
    if sync != "FULL" or not file or not Journal.possible():
        return Engines(Spare(_sqlite(url, sync, 1)), readers)
    return Engines(Spare(_sqlite(url, "NORMAL", 1)), readers, Journal(file))


def _sqlite(url: str, sync: str, size: int, readonly: bool = False) -> Engine:
    engine = create_engine(
        url,
        poolclass=QueuePool,
        pool_size=size,
        max_overflow=0,
        pool_timeout=PATIENCE_SECONDS,
        hide_parameters=True,
        connect_args={
            "timeout": PATIENCE_SECONDS,
            "check_same_thread": False,
            "isolation_level": None,  # we say BEGIN ourselves
        },
    )

    def prepare(connection: Any, _record: Any) -> None:
        for pragma in (
            "journal_mode=WAL",
            f"synchronous={sync}",
            "foreign_keys=ON",
            "cache_size=-8000",
            "temp_store=MEMORY",
            "wal_autocheckpoint=16000",  # 64 MB, in case nobody came to do it (`app.store.journal`)
            f"query_only={int(readonly)}",
            f"busy_timeout={int(PATIENCE_SECONDS * 1000) if readonly else 0}",
        ):
            connection.execute(f"PRAGMA {pragma}")

    def begin(connection: Any) -> None:
        begin_immediate(connection.connection.driver_connection)

    event.listen(engine, "connect", prepare)
    if not readonly:
        event.listen(engine, "begin", begin)
    return engine


def begin_immediate(connection: sqlite3.Connection) -> None:
    """Take the only writer's place, or raise SQLite's busy error when patience ends.

    SQLite's own waiting sleeps longer each time, up to 0.1 s, so that under load the one who waits
    longest waits ever longer; a commit takes about a millisecond, and so does our sleep.
    """
    for wait in _sleeps(PATIENCE_SECONDS):
        try:
            connection.execute("BEGIN IMMEDIATE")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                raise
        time.sleep(wait)
    connection.execute("BEGIN IMMEDIATE")


def _sleeps(patience: float) -> Iterator[float]:
    """Short sleeps that add up to `patience` seconds."""
    for wait, times in ((0.0002, 10), (0.001, 200), (0.005, int(patience * 200))):
        for _ in range(times):
            if patience <= 0:
                return
            yield wait
            patience -= wait


def _postgres(url: str, **options: Any) -> Engine:
    return create_engine(
        url,
        pool_size=4,
        max_overflow=8,
        pool_timeout=PATIENCE_SECONDS,
        hide_parameters=True,
        connect_args={"connect_timeout": int(PATIENCE_SECONDS)},
        **options,
    )
