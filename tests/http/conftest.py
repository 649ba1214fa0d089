"""A server of its own for each test, on SQLite; `worlds` also on PostgreSQL where there is one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.store.conftest import BOTH, postgres
from tests.world import World, new_world, settled

__all__ = ["postgres"]


@pytest.fixture
def world(tmp_path: Path) -> World:
    return new_world(tmp_path)


@pytest.fixture(params=BOTH)
def worlds(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    """The same server on each kind of database."""
    if request.param == "sqlite":
        world = new_world(tmp_path)
    else:
        world = settled(request.getfixturevalue("postgres"))
    yield world
    world.context.store.close()
