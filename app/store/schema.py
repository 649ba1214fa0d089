"""Brings a database to this program's shape, also when several processes start at once.

The steps are Alembic's, in `app/store/migrations`, so they come along in the wheel. A row of `meta`
is locked while they run; SQLite locks the file. Everything is one transaction: a step that fails
leaves the database as it was.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from app.errors import BadSetting
from app.store.engine import Engines
from app.store.faults import Collision
from app.store.link import translated
from app.store.unit_of_work import Store

_META = (
    "CREATE TABLE IF NOT EXISTS meta "
    "(key VARCHAR(64) NOT NULL, value TEXT NOT NULL, CONSTRAINT meta_pkey PRIMARY KEY (key))"
)

FOLDER = Path(__file__).resolve().parent / "migrations"


def head() -> str:
    """The newest step that this program knows."""
    return str(ScriptDirectory(str(FOLDER)).get_current_head())


def revision(store: Store) -> str:
    """The last step that the database has had; empty when it has none. Raises Unavailable."""
    engines = store.engines
    if _missing_file(engines):
        return ""
    with translated(engines.read), engines.read.connect() as connection:
        return _revision(connection)


def is_current(store: Store) -> bool:
    """Whether the database has this program's shape. Raises Unavailable."""
    return revision(store) == head()


def migrate(store: Store) -> tuple[str, str]:
    """Run the missing steps; gives the step before and the step now.

    Raises Unavailable when the database does not answer, and BadSetting when it was made by a newer
    program or its file cannot be made.
    """
    engines = store.engines
    _make_file(engines)
    with suppress(Collision), translated(engines.write), engines.write.begin() as connection:
        connection.execute(text(_META))  # two that make it at once collide: once is enough
    with translated(engines.write), engines.write.begin() as connection:
        _take_turn(connection, engines)
        steps = _upgrade(connection)
    engines.flush()
    return steps


def _upgrade(connection: Connection) -> tuple[str, str]:
    before, newest = _revision(connection), head()
    if before == newest:
        return before, before
    known = {step.revision for step in ScriptDirectory(str(FOLDER)).walk_revisions()}
    if before and before not in known:
        raise BadSetting(
            f"DATABASE_URL names a database of a newer program (step {before}): use that program."
        )
    config = Config()
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
    return before, newest


def _revision(connection: Connection) -> str:
    return MigrationContext.configure(connection).get_current_revision() or ""


def _take_turn(connection: Connection, engines: Engines) -> None:
    if engines.is_sqlite:
        return  # BEGIN IMMEDIATE took the only writer's place
    insert = "INSERT INTO meta (key, value) VALUES ('turn', '') ON CONFLICT (key) DO NOTHING"
    connection.execute(text(insert))
    connection.execute(text("SELECT value FROM meta WHERE key = 'turn' FOR UPDATE"))


def _file(engines: Engines) -> Path | None:
    return Path(engines.write.url.database or "") if engines.is_sqlite else None


def _missing_file(engines: Engines) -> bool:
    path = _file(engines)
    return path is not None and not path.exists()


def _make_file(engines: Engines) -> None:
    """SQLite: the folder, and a file that only its owner can read."""
    path = _file(engines)
    if path is None or path.exists():
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as error:
        raise BadSetting(
            f"DATABASE_URL names a file that cannot be made: {error.strerror}."
        ) from None
