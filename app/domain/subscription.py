"""A sending system's wish to be told about changed answers, and what there is to tell it.

Subscriptions R5 Backport 1.1.0 and PAS 2.2.1 spec-54 to spec-62: one subscription per system, on its
own requests only.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import datetime
from enum import StrEnum

from app.domain.guide import Guide
from app.sealed import sealed


class SubscriptionStatus(StrEnum):
    """`requested` until the handshake is answered, `error` when deliveries were given up."""

    REQUESTED = "requested"
    ACTIVE = "active"
    ERROR = "error"
    OFF = "off"


@sealed(frozen=True, slots=True)
class Wish:
    """What a subscriber asks for.

    `filters`: of each of them one value must be among the names of the requestor; none means every
    request of the subscriber. `headers` go out with each notification. `timeout` and `heartbeat` are
    seconds, 0 when not asked for.
    """

    endpoint: str
    payload: str
    headers: tuple[tuple[str, str], ...] = ()
    filters: tuple[tuple[str, ...], ...] = ()
    timeout: int = 0
    heartbeat: int = 0
    ends: datetime | None = None

    def wants(self, names: Collection[str]) -> bool:
        """Whether a request whose requestor goes by these names is one to be told about."""
        return all(any(value in names for value in values) for values in self.filters)

    def says_the_same(self, other: Wish) -> bool:
        """Whether both ask for the same calls."""
        mine = (self.endpoint, self.headers, self.filters)
        return mine == (other.endpoint, other.headers, other.filters)


@sealed(frozen=True, slots=True)
class Subscription:
    """A stored subscription. `resource` is its JSON as it was sent, without id, meta and status.

    `events` counts what happened since its start, `delivered` is the number of the last event that
    the subscriber confirmed. `error` says why deliveries were given up.
    """

    id: uuid.UUID
    guide: Guide
    submitter: str
    status: SubscriptionStatus
    wish: Wish
    resource: bytes
    version: int
    updated_at: datetime
    events: int = 0
    delivered: int = 0
    failures: int = 0
    failing_since: datetime | None = None
    error: str = ""


@sealed(frozen=True, slots=True)
class Notice:
    """One event of a subscription: since `at` there is this version of a ClaimResponse.

    `document` is the stored response bundle in which it stands.
    """

    number: int
    at: datetime
    response_id: str
    document: uuid.UUID
