"""Every test that takes `store` or `database` runs on SQLite and, where there is one, PostgreSQL.

FORTHWITH_TEST_POSTGRES is the URL of a database in which the tests may make schemas:
each test gets a fresh one.
"""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import URL, create_engine, event, make_url, text
from sqlalchemy.pool import NullPool

from app.store import Store, migrate

BOTH = ("sqlite", pytest.param("postgresql", marks=pytest.mark.postgres))


def _server() -> URL:
    server = os.environ.get("FORTHWITH_TEST_POSTGRES")
    if not server:
        pytest.skip("FORTHWITH_TEST_POSTGRES is not set")
    return make_url(server).set(drivername="postgresql+psycopg")


@contextmanager
def _schema() -> Iterator[str]:
    """The URL of an empty schema, which is gone afterwards."""
    url, schema = _server(), f"t{uuid.uuid4().hex}"
    engine = create_engine(url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with engine.connect() as connection:
        connection.execute(text(f"CREATE SCHEMA {schema}"))
    inside = url.update_query_dict(
        {"options": f"-csearch_path={schema}", "application_name": schema}
    )
    yield inside.render_as_string(hide_password=False)
    with engine.connect() as connection:
        connection.execute(text(f"DROP SCHEMA {schema} CASCADE"))


@pytest.fixture
def postgres() -> Iterator[str]:
    """The URL of an empty schema."""
    with _schema() as url:
        yield url


@pytest.fixture(params=BOTH)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'forthwith.sqlite3'}"
    url: str = request.getfixturevalue("postgres")
    return url


@pytest.fixture
def store(database: str, request: pytest.FixtureRequest) -> Iterator[Store]:
    """A migrated store. The steps run once; each test gets a copy of what they made."""
    made = Store(database)
    if made.engines.is_sqlite:
        path = made.engines.write.url.database
        assert path
        shutil.copyfile(request.getfixturevalue("migrated_file"), path)
    else:
        with made.engines.write.begin() as connection:
            connection.exec_driver_sql(request.getfixturevalue("migrating_statements"))
    yield made
    made.close()


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite database that has had all steps."""
    path = tmp_path_factory.mktemp("migrated") / "forthwith.sqlite3"
    made = Store(f"sqlite:///{path}")
    migrate(made)
    made.close()
    return path


@pytest.fixture(scope="session")
def migrating_statements() -> str:
    """What the steps say to PostgreSQL, in one piece."""
    said: list[str] = []

    def listen(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if not statement.lstrip().startswith("SELECT"):
            said.append(statement.replace("%%", "%"))

    with _schema() as url:
        made = Store(url)
        event.listen(made.engines.write, "before_cursor_execute", listen)
        migrate(made)
        made.close()
    return ";\n".join(said)
