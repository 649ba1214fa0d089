"""Column types that are the same value on both databases: keys and instants."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import DateTime, Dialect, LargeBinary, String, TypeDecorator, Uuid
from sqlalchemy.types import TypeEngine

LATEST = uuid.UUID(int=(1 << 128) - 1)
"""After every key: nothing is left out."""
MOST_CHARACTERS = 255
"""PostgreSQL's index rows end at 2,704 bytes. The document keeps what is longer."""


def key_text(value: str) -> str:
    """A sender's text as a key column takes it: no NUL, and not longer than an index allows."""
    return value.replace("\0", "")[:MOST_CHARACTERS]


def first_key(at: datetime) -> uuid.UUID:
    """Before every time-ordered key (UUIDv7) that was made at this instant or later."""
    return uuid.UUID(int=int(at.timestamp() * 1000) << 80)


@lru_cache(maxsize=16)
def instant_text(value: datetime) -> str:
    """UTC with six digits after the second, so that text sorts as time does."""
    return value.astimezone(UTC).isoformat(timespec="microseconds")


class Key(TypeDecorator[uuid.UUID]):
    """A UUID: `uuid` in PostgreSQL, 16 bytes in SQLite."""

    impl = LargeBinary
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(Uuid() if dialect.name == "postgresql" else LargeBinary(16))

    def process_bind_param(self, value: uuid.UUID | None, dialect: Dialect) -> Any:
        return value if value is None or dialect.name == "postgresql" else value.bytes

    def process_result_value(self, value: Any, _dialect: Dialect) -> uuid.UUID | None:
        return uuid.UUID(bytes=value) if isinstance(value, bytes) else value


class Instant(TypeDecorator[datetime]):
    """A moment in UTC: `timestamptz` in PostgreSQL, ISO 8601 text in SQLite."""

    impl = String
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(
            DateTime(timezone=True) if dialect.name == "postgresql" else String(32)
        )

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        return value if value is None or dialect.name == "postgresql" else instant_text(value)

    def process_result_value(self, value: Any, _dialect: Dialect) -> datetime | None:
        if isinstance(value, str):
            return datetime.fromisoformat(value)
        return value.astimezone(UTC) if value is not None else None
