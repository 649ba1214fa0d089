"""One tenant's transaction: collects rows, reads, and sends. Private to `app.store`.

Repositories (cases, documents, ...) are given a link and know nothing of connections.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Executable,
    PoolProxiedConnection,
    Row,
    SelectBase,
    Table,
    select,
    update,
)
from sqlalchemy.exc import SQLAlchemyError

from app.errors import Broken, Unavailable
from app.store.engine import Engines, begin_immediate
from app.store.faults import Again, Lost, understood
from app.store.quick import quick
from app.store.rows import Batch, Statement
from app.store.spare import Spare

T = TypeVar("T")

_LOCK_CASE = "SELECT 1 FROM cases WHERE tenant = ? AND id = ? FOR NO KEY UPDATE"

WAITS = (0.0, 0.005, 0.02, 0.08, 0.3)
"""Seconds before the second, third, ... try of a transaction that the database put off."""


class ReadLink:
    """Reads of one tenant; the connection is taken at the first one."""

    def __init__(self, engine: Engine, spare: Spare, tenant: str) -> None:
        self.tenant = tenant
        self._engine = engine
        self._spare = spare
        self._connection: Connection | None = None
        self._plain: PoolProxiedConnection | None = None

    def fetch(self, statement: Executable, values: Mapping[str, Any]) -> Sequence[Row[Any]]:
        """All rows of a select; `tenant` is always among its parameters."""
        return self._ask(lambda: self._connected().execute(statement, self._with(values)).all())

    def first(self, statement: Executable, values: Mapping[str, Any]) -> Row[Any] | None:
        """The first row of a select, or None."""
        return self._ask(lambda: self._connected().execute(statement, self._with(values)).first())

    def quickly(self, statement: SelectBase, values: Mapping[str, Any]) -> list[Any]:
        """All rows of a select of this program, by the driver itself (`app.store.quick`)."""
        look_up = quick(statement, self._engine.dialect)

        def ask() -> list[Any]:
            return look_up.run(self._driver(), self._with(values))

        return self._ask(ask)

    def _with(self, values: Mapping[str, Any]) -> dict[str, Any]:
        return {"tenant": self.tenant, **values}

    def _ask(self, question: Callable[[], T]) -> T:
        """A read is asked again when a pooled connection turns out to be dead."""
        try:
            with translated(self._engine):
                return question()
        except Lost:
            if self._plain is not None:
                self._spare.drop(self._plain)
                self._plain = None
            self.close()
            with translated(self._engine):
                return question()

    def close(self) -> None:
        """Give the connection back; what was not committed is gone."""
        if self._connection is not None:
            with suppress(SQLAlchemyError):
                self._connection.close()
            self._connection = None
        if self._plain is not None:
            self._spare.give(self._plain)
            self._plain = None

    def _driver(self) -> Any:
        """The driver's connection: SQLAlchemy's costs as much as the look-up does."""
        if self._connection is not None:
            return self._connection.connection.driver_connection
        if self._plain is None:
            self._plain = self._spare.take()
        return self._plain.dbapi_connection

    def _connected(self) -> Connection:
        if self._connection is None:
            self._connection = self._engine.connect()
        return self._connection


class WriteLink(ReadLink):
    """Collects rows until the block ends or reads. `waiting` is called before it waits for the disk."""

    def __init__(self, engines: Engines, tenant: str, waiting: Callable[[], None]) -> None:
        super().__init__(engines.write, engines.spare, tenant)
        self._writer = engines.writer
        self._journal = engines.journal
        self._waiting = waiting
        self._sqlite = engines.is_sqlite
        self._batch = Batch(self._sqlite, tenant)

    def add(self, table: Table, row: Mapping[str, Any]) -> None:
        """Collect one row of this tenant."""
        self._batch.add(table, row)

    def after(self, sql: str, *values: Any) -> None:
        """Collect a statement, with `?` marks, that runs after the rows collected so far."""
        self._batch.after(sql, *values)

    def turn(self, case_id: uuid.UUID) -> None:
        """Collect a lock: whoever else writes about this case waits until we are done.

        SQLite has one writer at a time anyway.
        """
        if not self._sqlite:
            self._batch.after(_LOCK_CASE, self.tenant, case_id)

    def many(self, sql: str, rows: Sequence[tuple[Any, ...]]) -> None:
        """Run a statement with `?` marks now, for each of `rows`, by the driver itself.

        The tenant is put before the values of each row. The transaction stays open from here on.
        """
        if not rows:
            return
        marked = sql if self._sqlite else sql.replace("?", "%s")
        with translated(self._engine):
            values = [(self.tenant, *row) for row in rows]
            self._connected().exec_driver_sql(marked, values)

    def lease(
        self,
        table: Table,
        waiting: Sequence[ColumnElement[bool]],
        lease: uuid.UUID,
        until: datetime,
    ) -> Row[Any] | None:
        """The row of a queue (docs/adr/0021) that is due first among those `waiting`, ours until `until`.

        After that somebody else may take it: a worker that died holds nothing up for longer.
        """
        oldest = (
            select(table.c.id)
            .where(*waiting)
            .order_by(table.c.due_at)
            .limit(1)
            .with_for_update(skip_locked=True)
        )
        rows = self.change(
            update(table)
            .where(table.c.tenant == self.tenant, table.c.id == oldest.scalar_subquery())
            .values(lease=lease, leased_until=until)
            .returning(*table.c)
        )
        return rows[0] if rows else None

    def change(self, statement: Executable) -> Sequence[Row[Any]]:
        """Run a statement that names its tenant itself, now; the rows that it returns."""
        return self._ask(lambda: self._connected().execute(statement).all())

    def commit(self) -> None:
        """Store all of it. A transaction that read nothing is tried again when the database asks."""
        if self._connection is None:
            if self._batch:
                _patiently(self._send_alone)
            return
        with translated(self._engine):
            self._flush(self._connection)
            self._leave()
            self._connection.commit()
            self._settle(self._connection.connection.driver_connection)

    def _send_alone(self) -> None:
        """A whole transaction by the driver itself, from BEGIN to COMMIT.

        On SQLite `waiting` is called only after the COMMIT, or before it where that waits for the
        disk: a thread that holds the only writer's place must not wait for the interpreter before
        each statement.
        """
        if self._sqlite:
            _send_sqlite(self._writer, self._batch.statements(), self._leave)
            return self._settle()
        whole = self._batch.together()
        self._waiting()
        if whole is not None:
            return _send_whole(self._spare, whole)
        with translated(self._engine):
            pooled = self._engine.raw_connection()
            try:
                _send_pipeline(pooled.driver_connection, self._batch.statements())
            finally:
                pooled.close()  # the pool rolls back what is open

    def _leave(self) -> None:
        """Just before a COMMIT, where that is what waits for a disk or another machine."""
        if self._journal is None:
            self._waiting()

    def _settle(self, connection: Any = None) -> None:
        """After a COMMIT that has not waited for the disk: wait, and now and then shorten the log.

        `connection` is this thread's own; without one, one that nobody else writes with just now.
        """
        journal = self._journal
        if journal is None:
            return
        self._waiting()
        journal.flush()
        if not journal.due():
            return
        with suppress(Unavailable, Broken), translated(self._engine):  # there will be a next time
            if connection is not None:
                journal.copy(connection)
            elif idle := self._writer.idle():
                try:
                    journal.copy(idle.dbapi_connection)
                finally:
                    self._writer.give(idle)

    def _ask(self, question: Callable[[], T]) -> T:
        """Never asked again: rows that were sent before would be missing."""
        with translated(self._engine):
            return question()

    def _driver(self) -> Any:
        return self._connected().connection.driver_connection

    def _connected(self) -> Connection:
        connection = super()._connected()
        self._flush(connection)
        return connection

    def _flush(self, connection: Connection) -> None:
        if not connection.in_transaction():
            connection.begin()
        if self._batch:
            cursor = connection.connection.cursor()
            for sql, values in self._batch.statements():
                cursor.execute(sql, values)
            cursor.close()
            self._batch.clear()


class translated:  # noqa: N801 (used like a function)
    """Driver and SQLAlchemy errors leave as ours, without their text: it may hold stored values."""

    __slots__ = ("_engine",)

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def __enter__(self) -> Engine:
        return self._engine

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if error is None:
            return
        engine = self._engine
        if isinstance(error, SQLAlchemyError | engine.dialect.loaded_dbapi.Error):
            fault = understood(error)
            if isinstance(fault, Lost):
                engine.dispose()
            raise fault from None


def _patiently(attempt: Callable[[], None]) -> None:
    for wait in WAITS:
        try:
            return attempt()
        except Again:
            time.sleep(wait)
    return attempt()


def _send_sqlite(writer: Spare, statements: list[Statement], before: Callable[[], None]) -> None:
    with translated(writer.engine):
        connection = writer.take()
        driver: Any = connection.dbapi_connection
        try:
            begin_immediate(driver)
            execute = driver.cursor().execute
            for sql, values in statements:
                execute(sql, values)
            before()
            execute("COMMIT")
        finally:
            if driver.in_transaction:
                driver.rollback()
            writer.give(connection)


def _send_whole(spare: Spare, whole: Statement) -> None:
    """One statement, which PostgreSQL makes a transaction of its own: one round trip."""
    with translated(spare.engine):
        connection = spare.take()
    try:
        with translated(spare.engine):
            psycopg: Any = spare.engine.dialect.loaded_dbapi
            psycopg.RawCursor(connection.dbapi_connection).execute(*whole)
    except Lost:
        spare.drop(connection)
        raise
    except (Unavailable, Broken):
        spare.give(connection)
        raise
    except BaseException:
        connection.close()
        raise
    spare.give(connection)


def _send_pipeline(connection: Any, statements: list[Statement]) -> None:
    """BEGIN, several statements and COMMIT leave together: one round trip."""
    cursor = connection.cursor()
    with connection.pipeline():
        for sql, values in statements:
            cursor.execute(sql, values)
        connection.commit()
