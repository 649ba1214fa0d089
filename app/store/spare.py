"""One connection of the driver outside its pool, for look-ups and whole transactions in one statement.

A pool's check-out and reset cost more than a look-up by key does. Nearly always one thread of a process
works at a time (ADR 13); while it has this connection, others take theirs from the pool.
"""

from __future__ import annotations

from collections import deque
from typing import Any

from sqlalchemy import Engine, PoolProxiedConnection


class Spare:
    """The connection of one engine that is kept for whoever asks first."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._kept: deque[PoolProxiedConnection] = deque(maxlen=1)

    def take(self) -> PoolProxiedConnection:
        """A connection for this thread alone; it has to be given back or closed."""
        try:
            return self._kept.pop()
        except IndexError:
            return self.engine.raw_connection()

    def give(self, connection: PoolProxiedConnection) -> None:
        """Keep a sound connection without an open transaction for the next one."""
        if self._kept:
            connection.close()
            return
        if not connection.is_detached:
            connection.detach()
        self._kept.append(connection)

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
