"""What a driver's error means to us. Messages carry codes and table names, never a stored value."""

from __future__ import annotations

from typing import Any

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from app.errors import Broken, Unavailable

AGAIN = frozenset({"40001", "40P01", "55P03"})
"""Serialization failure, deadlock, lock not available (PostgreSQL, appendix A)."""

GONE = ("08", "57P")
"""Classes of a lost connection or a server that stops."""

UNIQUE = frozenset({"23505", "SQLITE_CONSTRAINT_PRIMARYKEY", "SQLITE_CONSTRAINT_UNIQUE"})

BUSY = frozenset({5, 6})
"""SQLITE_BUSY and SQLITE_LOCKED, without their extended bits: met after waiting, so no `Again`."""


class Again(Unavailable):
    """Nothing was stored; the same transaction may work when tried again."""


class Lost(Again):
    """The connection broke; whether the transaction was stored is not known."""


class Collision(Broken):
    """A unique key is in use; `table` says whose."""

    def __init__(self, table: str) -> None:
        super().__init__(f"The database has a row of that key in {table}.")
        self.table = table


def understood(error: Exception) -> Unavailable | Broken:
    """The error of ours that stands for a driver's, SQLAlchemy's or the pool's error."""
    if isinstance(error, PoolTimeout):
        return Unavailable("No database connection became free in time.")
    cause: Any = error.orig if isinstance(error, DBAPIError) else error
    state = getattr(cause, "sqlstate", None)
    number = getattr(cause, "sqlite_errorcode", None)
    if number is not None:
        return _sqlite(cause, number & 0xFF, cause.sqlite_errorname)
    if state is None and type(cause).__name__ in ("OperationalError", "InterfaceError"):
        return Lost("The database cannot be reached.")
    return _postgres(cause, state or type(cause).__name__)


def _sqlite(cause: Any, number: int, name: str) -> Unavailable | Broken:
    if number in BUSY:
        return Unavailable("The database was busy for too long.")
    if name in UNIQUE:  # "UNIQUE constraint failed: submissions.tenant, submissions.submitter"
        return Collision(str(cause).partition(": ")[2].partition(".")[0])
    if str(cause).startswith("no such table"):
        return _not_migrated()
    if name.startswith(("SQLITE_CANTOPEN", "SQLITE_FULL", "SQLITE_IOERR", "SQLITE_READONLY")):
        return Unavailable(f"The database file cannot be used ({name}).")
    return Broken(f"The database refused a statement ({name}).")


def _postgres(cause: Any, state: str) -> Unavailable | Broken:
    if state in AGAIN:
        return Again("The database asked to try again too often.")
    if state.startswith(GONE):
        return Lost("The database cannot be reached.")
    if state in UNIQUE:
        return Collision(str(cause.diag.table_name))
    if state == "42P01":
        return _not_migrated()
    return Broken(f"The database refused a statement ({state}).")


def _not_migrated() -> Unavailable:
    return Unavailable("The database is not prepared: run `forthwith migrate`.")
