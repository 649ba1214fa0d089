"""Connections of the driver outside their pool, for look-ups and whole transactions in one statement.

A pool's check-out and reset cost more than a look-up by key does. Nearly always one thread of a process
works at a time (ADR 13), so nearly always it is the same connection; a few more are there for those
whose commit is under way.
"""

from __future__ import annotations

from collections import deque
from typing import Any, Final

from sqlalchemy import Engine, PoolProxiedConnection

MOST: Final = 8
"""Connections that are kept open by a process: as many threads commit at once, at most, on a busy day."""


class Spare:
    """The connections of one engine that are kept; the one used last is the next one taken."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._kept: deque[PoolProxiedConnection] = deque()

    def take(self) -> PoolProxiedConnection:
        """A connection for this thread alone; it has to be given back or dropped."""
        kept = self.idle()
        if kept is not None:
            return kept
        connection = self.engine.raw_connection()
        connection.detach()  # the pool has place for another one again
        return connection

    def idle(self) -> PoolProxiedConnection | None:
        """As `take`, or None where every connection is in use."""
        try:
            return self._kept.pop()
        except IndexError:
            return None

    def give(self, connection: PoolProxiedConnection) -> None:
        """Keep a sound connection without an open transaction for the next one."""
        if len(self._kept) < MOST:
            self._kept.append(connection)
        else:
            connection.close()

    def drop(self, connection: PoolProxiedConnection) -> None:
        """Part with a broken connection."""
        driver: Any = connection.dbapi_connection
        driver.close()
        connection.invalidate()

    def dispose(self) -> None:
        """Close what is kept, and the pool."""
        while self._kept:
            self._kept.pop().close()
        self.engine.dispose()

    def forget(self) -> None:
        """After a fork: let go of the parent's connections without closing them."""
        self._kept.clear()
        self.engine.dispose(close=False)
