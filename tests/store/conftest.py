"""Every test that takes `store` or `database` runs on SQLite and, where there is one, PostgreSQL.

FORTHWITH_TEST_POSTGRES is the URL of a database in which the tests may make schemas:
each test gets a fresh one.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url, text

from app.store import Store, migrate

BOTH = ("sqlite", pytest.param("postgresql", marks=pytest.mark.postgres))


@pytest.fixture
def postgres() -> Iterator[str]:
    """The URL of an empty schema."""
    server = os.environ.get("FORTHWITH_TEST_POSTGRES")
    if not server:
        pytest.skip("FORTHWITH_TEST_POSTGRES is not set")
    url, schema = make_url(server).set(drivername="postgresql+psycopg"), f"t{uuid.uuid4().hex}"
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE SCHEMA {schema}"))
    inside = url.update_query_dict(
        {"options": f"-csearch_path={schema}", "application_name": schema}
    )
    yield inside.render_as_string(hide_password=False)
    with engine.connect() as connection:
        connection.execute(text(f"DROP SCHEMA {schema} CASCADE"))
    engine.dispose()


@pytest.fixture(params=BOTH)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'forthwith.sqlite3'}"
    url: str = request.getfixturevalue("postgres")
    return url


@pytest.fixture
def store(database: str) -> Iterator[Store]:
    """A migrated store."""
    made = Store(database)
    migrate(made)
    yield made
    made.close()
