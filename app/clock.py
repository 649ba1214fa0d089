"""The only reader of the time and of randomness: everything else takes them as arguments."""

from __future__ import annotations

import secrets
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime

from app.sealed import sealed

_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"  # no 0/O, 1/I: numbers are read out on the phone
_LOW = (1 << 62) - 1


@sealed(frozen=True, slots=True)
class Moment:
    """One instant and one source of fresh identifiers, handed down through a flow.

    `now` is timezone-aware UTC; `new_id` gives a UUIDv7 (time-ordered key); `new_uuid` a random
    UUIDv4 (for `urn:uuid:` addresses); `new_number` an authorization number that cannot be guessed.
    """

    now: datetime
    new_id: Callable[[], uuid.UUID]
    new_uuid: Callable[[], uuid.UUID]
    new_number: Callable[[str], str]


def uuid7() -> uuid.UUID:
    """A UUID version 7 (RFC 9562): 48 bits of Unix milliseconds, then randomness."""
    millis = time.time_ns() // 1_000_000
    chance = secrets.randbits(74)
    return uuid.UUID(
        int=(millis << 80) | (0x7 << 76) | (chance >> 62 << 64) | (0x2 << 62) | chance & _LOW
    )


def number(prefix: str) -> str:
    """A number like `FA-7K2M9QXH4RTC`: 60 random bits, so neither sequential nor guessable."""
    chance = secrets.randbits(60)
    return f"{prefix}-{''.join([_ALPHABET[chance >> shift & 31] for shift in range(0, 60, 5)])}"


def moment() -> Moment:
    """The present instant and the process's own randomness."""
    return Moment(datetime.now(UTC), uuid7, uuid.uuid4, number)
