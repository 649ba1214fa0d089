"""A busy, lost or missing database is "could not answer", never half an answer."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from app.errors import BadSetting, Broken, Unavailable
from app.store import Store, engine, migrate
from app.store.faults import Again, Collision, Lost, understood
from tests.store.made import TENANT, filing


def stored(store: Store) -> int:
    """How many cases there are."""
    with store.engines.read.connect() as connection:
        return int(connection.execute(text("SELECT count(*) FROM cases")).scalar_one())


def test_a_database_without_tables_says_what_to_do(database: str) -> None:
    store = Store(database)
    with pytest.raises(Unavailable, match="forthwith migrate"), store.write(TENANT) as work:
        filing().store(work)
    with pytest.raises(Unavailable, match="forthwith migrate"), store.read(TENANT) as look:
        look.cases.by_number("x")
    store.close()


def test_a_database_of_another_kind_is_a_bad_setting() -> None:
    for url in ("mysql://x/y", "not a url", ""):
        with pytest.raises(BadSetting, match="DATABASE_URL"):
            Store(url)


def test_a_server_that_is_not_there_is_unavailable() -> None:
    store = Store("postgresql+psycopg://nobody:secret@127.0.0.1:9/none")
    with pytest.raises(Unavailable) as caught, store.write(TENANT) as work:
        filing().store(work)
    assert "secret" not in str(caught.value)
    with pytest.raises(Unavailable), store.read(TENANT) as look:
        look.cases.by_number("x")
    with pytest.raises(Unavailable):
        migrate(store)


def test_a_file_that_cannot_be_used_is_unavailable(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path}")
    with pytest.raises(Unavailable), store.write(TENANT) as work:
        filing().store(work)
    store.close()


def test_a_writer_waits_for_another_and_then_stores(store: Store, database: str) -> None:
    other = create_engine(database)
    with other.connect() as holder:
        _lock(holder, store.engines.is_sqlite)
        threading.Timer(0.3, holder.rollback).start()
        with store.write(TENANT) as work:
            filing().store(work)
    other.dispose()
    assert stored(store) == 1


def _lock(holder: object, sqlite: bool) -> None:
    command = "BEGIN IMMEDIATE" if sqlite else "LOCK TABLE submissions IN EXCLUSIVE MODE"
    holder.exec_driver_sql(command)  # type: ignore[attr-defined]


def test_a_writer_that_waits_too_long_is_told_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "PATIENCE_SECONDS", 0.05)
    url = f"sqlite:///{tmp_path / 'x.sqlite3'}"
    store = Store(url)
    migrate(store)
    other = create_engine(url)
    with other.connect() as holder:
        _lock(holder, sqlite=True)
        with pytest.raises(Unavailable, match="busy"), store.write(TENANT) as work:
            filing().store(work)
        holder.rollback()
    with store.write(TENANT) as work:
        filing().store(work)
    assert stored(store) == 1
    store.close()
    other.dispose()


def test_a_transaction_that_the_database_puts_off_is_tried_again(postgres: str) -> None:
    """A lock timeout stands for every "try again" of PostgreSQL."""
    store = Store(postgres.replace("search_path", "lock_timeout=100 -csearch_path"))
    migrate(store)
    other = create_engine(postgres)
    with other.connect() as holder:
        _lock(holder, sqlite=False)
        threading.Timer(0.35, holder.rollback).start()
        with store.write(TENANT) as work:
            filing().store(work)
    assert stored(store) == 1
    with other.connect() as holder:
        _lock(holder, sqlite=False)
        with pytest.raises(Unavailable, match="too often"), store.write(TENANT) as work:
            filing().store(work)
    assert stored(store) == 1
    other.dispose()
    store.close()


def test_a_lost_connection_is_replaced(postgres: str) -> None:
    store = Store(postgres)
    migrate(store)
    for _ in range(2):
        with store.write(TENANT) as work:
            filing().store(work)
        with store.read(TENANT) as look:
            look.cases.by_number("x")
        _cut_all(postgres)
    with store.read(TENANT) as look:
        assert look.cases.by_number("x") is None
    with store.write(TENANT) as work:
        filing().store(work)
    assert stored(store) == 3
    store.close()


def _cut_all(url: str) -> None:
    """End every connection of this test's schema (its name stands in their options)."""
    other = create_engine(url)
    with other.connect() as connection:
        holders = (
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() "
            "AND application_name = current_schema()"
        )
        connection.execute(text(holders))
    other.dispose()


def test_a_connection_lost_after_a_read_in_the_block_is_unavailable(postgres: str) -> None:
    store = Store(postgres)
    migrate(store)
    with pytest.raises(Unavailable), store.write(TENANT) as work:
        work.cases.by_number("x")
        _cut_all(postgres)
        filing().store(work)
    with store.write(TENANT) as work:
        filing().store(work)
    assert stored(store) == 1
    store.close()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_a_forked_child_has_connections_of_its_own(store: Store) -> None:
    with store.write(TENANT) as work:
        filing().store(work)
    child = os.fork()
    if child == 0:
        try:
            with store.write(TENANT) as work:
                filing().store(work)
            os._exit(0)
        finally:
            os._exit(1)
    assert os.waitpid(child, 0)[1] == 0
    with store.write(TENANT) as work:
        filing().store(work)
    assert stored(store) == 3


class _Postgres(Exception):
    def __init__(self, state: str | None) -> None:
        super().__init__("value of Rosa")
        self.sqlstate = state


@pytest.mark.parametrize(
    ("state", "kind"),
    [("40001", Again), ("40P01", Again), ("57P01", Lost), ("08006", Lost), ("22021", Broken)],
)
def test_each_state_of_postgresql_has_its_meaning(state: str, kind: type[Exception]) -> None:
    fault = understood(_Postgres(state))
    assert type(fault) is kind
    assert "Rosa" not in str(fault)


def test_a_fault_without_a_state_is_named_by_its_type() -> None:
    assert type(understood(_Postgres(None))) is Broken
    assert not isinstance(understood(_Postgres("53100")), Collision)


def test_a_migration_that_cannot_take_its_turn_is_unavailable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "PATIENCE_SECONDS", 0.05)
    url = f"sqlite:///{tmp_path / 'x.sqlite3'}"
    store = Store(url)
    migrate(store)
    other = create_engine(url)
    with other.connect() as holder:
        _lock(holder, sqlite=True)
        with pytest.raises(Unavailable, match="busy"):
            migrate(store)
        holder.rollback()
    other.dispose()
    store.close()
