"""A PostgreSQL database for one benchmark, dropped afterwards."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from sqlalchemy.engine import make_url

VARIABLE = "FORTHWITH_TEST_POSTGRES"


def server() -> str:
    """The address of a PostgreSQL server that we may make databases on, or nothing."""
    return os.environ.get(VARIABLE, "")


@contextmanager
def database(server_url: str) -> Iterator[str]:
    """The URL of a fresh database on that server."""
    url = make_url(server_url).set(drivername="postgresql")
    plain = url.render_as_string(hide_password=False)
    name = f"forthwith_bench_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(plain, autocommit=True) as link:
        link.execute(f'CREATE DATABASE "{name}"')
    try:
        yield url.set(database=name).render_as_string(hide_password=False)
    finally:
        with psycopg.connect(plain, autocommit=True) as link:
            link.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
