"""`forthwith migrate` brings any database to the tables of this program, and says what it did."""

from __future__ import annotations

import multiprocessing
import stat
from importlib import import_module
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, create_engine, text

from app.cli import run
from app.errors import BadSetting
from app.store import Store, is_current, migrate
from app.store.schema import head, revision
from app.store.tables import metadata
from tests.store.made import TENANT, filing


def test_an_empty_database_becomes_current_and_stays_so(database: str) -> None:
    store = Store(database)
    assert not is_current(store)
    assert migrate(store) == ("", head())
    assert is_current(store)
    assert migrate(store) == (head(), head())
    store.close()


def test_the_steps_make_exactly_the_tables_of_the_code(store: Store) -> None:
    with store.engines.write.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        differences = compare_metadata(context, metadata)
    assert differences == []


def test_the_steps_make_the_checks_of_the_code(store: Store) -> None:
    """Alembic does not compare CHECK constraints, so a database made from the code is compared."""
    with store.engines.write.connect() as connection:
        made = _checks(connection, store.engines.is_sqlite)
        for table in reversed(metadata.sorted_tables):
            connection.execute(text(f"DROP TABLE {table.name}"))
        metadata.create_all(connection)
        assert _checks(connection, store.engines.is_sqlite) == made
        connection.rollback()
    assert len(made) > 10


def _checks(connection: object, sqlite: bool) -> set[str]:
    if sqlite:
        query = "SELECT sql FROM sqlite_master WHERE type = 'table' AND name <> 'alembic_version'"
        made = connection.execute(text(query)).scalars()  # type: ignore[attr-defined]
        lines = " ".join(sql.replace('"', "") for sql in made).split("CONSTRAINT")
        return {" ".join(line.split(")")[0].split()) for line in lines if " CHECK" in line}
    query = (
        "SELECT conname || ' ' || pg_get_constraintdef(oid) FROM pg_constraint "
        "WHERE contype = 'c' AND connamespace = current_schema()::regnamespace"
    )
    return set(connection.execute(text(query)).scalars())  # type: ignore[attr-defined]


def test_processes_that_start_together_take_turns(database: str) -> None:
    spawn = multiprocessing.get_context("spawn")
    starters = [spawn.Process(target=_start, args=(database,)) for _ in range(3)]
    for starter in starters:
        starter.start()
    for starter in starters:
        starter.join(60)
    assert [starter.exitcode for starter in starters] == [0] * 3
    store = Store(database)
    assert is_current(store)
    store.close()


def _start(database: str) -> None:
    store = Store(database)
    migrate(store)
    store.close()


def test_a_step_that_fails_leaves_the_database_as_it_was(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store(database)
    with monkeypatch.context() as patch:
        patch.setattr("app.store.types.Instant.load_dialect_impl", None)
        with pytest.raises(TypeError):
            migrate(store)
    assert revision(store) == ""
    with store.engines.read.connect() as connection:
        assert not connection.dialect.has_table(connection, "documents")
    assert migrate(store) == ("", head())
    store.close()


def test_a_database_of_a_newer_program_is_left_alone(store: Store) -> None:
    with store.engines.write.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    assert not is_current(store)
    with pytest.raises(BadSetting, match="newer program"):
        migrate(store)
    assert revision(store) == "9999"


def test_the_file_is_made_with_its_folder_and_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "x.sqlite3"
    store = Store(f"sqlite:///{path}")
    migrate(store)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    store.close()


def test_a_file_that_cannot_be_made_is_a_bad_setting(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(BadSetting, match="cannot be made"):
        migrate(Store(f"sqlite:///{tmp_path / 'file' / 'x.sqlite3'}"))


def test_every_table_starts_its_key_with_the_tenant() -> None:
    for table in metadata.tables.values():
        if table.name != "meta":
            assert next(iter(table.primary_key.columns)).name == "tenant", table.name


def test_the_command_tells_what_it_found_and_did(
    database: str, capsys: pytest.CaptureFixture[str]
) -> None:
    environ = {"DATABASE_URL": database}
    assert run(["migrate", "--check"], environ) == 1
    assert run(["migrate"], environ) == 0
    assert run(["migrate"], environ) == 0
    assert run(["migrate", "--check"], environ) == 0
    assert capsys.readouterr().out.splitlines() == [
        "The database needs `forthwith migrate`.",
        f"The database went from empty to step {head()}.",
        f"The database is current (step {head()}).",
        "The database is current.",
    ]


def test_the_url_of_sqlalchemy_reaches_the_same_file(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path / 'a b.sqlite3'}")
    migrate(store)
    engine = create_engine(f"sqlite:///{tmp_path / 'a b.sqlite3'}")
    with engine.connect() as connection:
        assert connection.execute(text("PRAGMA journal_mode")).scalar_one() == "wal"
    engine.dispose()
    store.close()


def test_what_refers_to_a_document_is_found_from_it() -> None:
    """Else each deleted document reads whole tables: with a million cases, a second each time."""
    for table in metadata.tables.values():
        keys = [[*table.primary_key.columns.keys()]]
        keys += [[*index.columns.keys()] for index in table.indexes]
        for reference in table.foreign_key_constraints:
            if reference.referred_table.name == "documents":
                columns = reference.column_keys
                assert any(key[: len(columns)] == columns for key in keys), (table.name, columns)


def test_rows_move_to_tables_with_other_keys(store: Store) -> None:
    """Step 21 on SQLite: what was stored before it is there afterwards, and led to as before."""
    if not store.engines.is_sqlite:
        pytest.skip("PostgreSQL changes the keys where the rows are")
    made = filing()
    with store.write(TENANT) as work:
        made.store(work)
    moved = ("submissions", "resources", "case_numbers")
    with store.engines.write.begin() as connection:
        rows = {name: _rows(connection, name) for name in moved}
        operations = Operations(MigrationContext.configure(connection))
        step = import_module("app.store.migrations.versions.0021_narrower")
        with operations.context(operations.migration_context):
            for name, parts in zip(
                moved, (step._submissions, step._resources, step._case_numbers), strict=True
            ):
                step._anew(name, parts())
        assert {name: _rows(connection, name) for name in moved} == rows
    with store.read(TENANT) as look:
        assert look.cases.by_number(made.case.number) == made.case


def _rows(connection: Connection, table: str) -> list[str]:
    return sorted(str(row) for row in connection.execute(text(f"SELECT * FROM {table}")))
