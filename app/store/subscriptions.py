"""Subscriptions and the events to tell; who is telling them is `deliveries` (docs/adr/0021)."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Select,
    and_,
    bindparam,
    case,
    delete,
    insert,
    literal,
    select,
    update,
)

from app.domain.guide import Guide
from app.domain.subscription import Notice, Subscription, SubscriptionStatus, Wish
from app.sealed import sealed
from app.store.codec import decode, encode
from app.store.link import ReadLink, WriteLink
from app.store.tables import notices, resources, subscriptions
from app.store.types import Instant

_ONE = select(subscriptions).where(
    subscriptions.c.tenant == bindparam("tenant"), subscriptions.c.id == bindparam("key")
)
_OF_SUBMITTER = (
    select(subscriptions)
    .where(
        subscriptions.c.tenant == bindparam("tenant"),
        subscriptions.c.submitter == bindparam("submitter"),
        subscriptions.c.guide == bindparam("guide"),
    )
    .order_by(subscriptions.c.id)
)
_NOTICES: Select[Any] = (
    select(notices.c.number, notices.c.at, notices.c.response_id, resources.c.document)
    .join_from(
        notices,
        resources,
        and_(
            resources.c.tenant == notices.c.tenant,
            resources.c.kind == "ClaimResponse",
            resources.c.id == notices.c.response_id,
            resources.c.version == notices.c.response_version,
        ),
    )
    .where(
        notices.c.tenant == bindparam("tenant"),
        notices.c.subscription == bindparam("key"),
        notices.c.number.between(bindparam("first"), bindparam("last")),
    )
    .order_by(notices.c.number)
    .limit(bindparam("most"))
)
COUNTING = frozenset(
    {SubscriptionStatus.REQUESTED, SubscriptionStatus.ACTIVE, SubscriptionStatus.ERROR}
)
"""Events are counted also while they cannot be delivered (Backport, error handling)."""


@sealed(frozen=True, slots=True)
class Change:
    """A ClaimResponse of which there is a new version; `names` are those of its requestor."""

    submitter: str
    guide: Guide
    names: frozenset[str]
    response_id: str
    version: int
    at: datetime


class Subscriptions:
    """Finds subscriptions and their events."""

    def __init__(self, link: ReadLink) -> None:
        self._link = link

    def get(self, id: uuid.UUID) -> Subscription | None:
        """One subscription, or None."""
        row = self._link.first(_ONE, {"key": id})
        return subscription_of(row) if row else None

    def of(self, submitter: str, guide: Guide) -> tuple[Subscription, ...]:
        """All subscriptions of one submitter, the oldest first."""
        rows = self._link.fetch(_OF_SUBMITTER, {"submitter": submitter, "guide": guide.value})
        return tuple([subscription_of(row) for row in rows])

    def notices(self, id: uuid.UUID, first: int, last: int, most: int) -> tuple[Notice, ...]:
        """The events with these numbers, at most `most` of them, in their order."""
        asked = {"key": id, "first": first, "last": last, "most": most}
        rows = self._link.fetch(_NOTICES, asked)
        return tuple([Notice(row.number, row.at, row.response_id, row.document) for row in rows])


class SubscriptionWriter(Subscriptions):
    """Finds and stores subscriptions; each method belongs to the block's transaction."""

    def __init__(self, link: WriteLink) -> None:
        super().__init__(link)
        self._write = link

    def add(self, wanted: Subscription) -> None:
        """Store a new subscription; its handshake is due at once."""
        values = _settings_of(wanted) | {
            "id": wanted.id,
            "tenant": self._write.tenant,
            "guide": wanted.guide.value,
            "submitter": wanted.submitter,
            "events": 0,
            "delivered": 0,
        }
        self._write.change(insert(subscriptions).values(values).returning(subscriptions.c.id))

    def replace(self, wanted: Subscription) -> None:
        """Store what its owner changed. Counters stay; whoever sends at the moment lost the lease."""
        self._write.change(self._update(wanted.id).values(_settings_of(wanted)))

    def remove(self, id: uuid.UUID) -> None:
        """Delete a subscription with its events."""
        for table, key in ((notices, notices.c.subscription), (subscriptions, subscriptions.c.id)):
            gone = delete(table).where(table.c.tenant == self._write.tenant, key == id)
            self._write.change(gone.returning(key))

    def changed(self, change: Change) -> int:
        """Give every subscription that wants it the next event number; how many there were.

        The row of a subscription is locked until the transaction ends, so numbers have no gaps and
        are in the order in which transactions end.
        """
        told = [
            each
            for each in self.of(change.submitter, change.guide)
            if each.status in COUNTING and each.wish.wants(change.names)
        ]
        for each in told:
            waits = (subscriptions.c.failures > 0, subscriptions.c.due_at)
            counted = self._update(each.id, subscriptions.c.events).values(
                events=subscriptions.c.events + 1,
                due_at=case(waits, else_=literal(change.at, Instant)),
            )
            for row in self._write.change(counted):
                self._write.add(
                    notices,
                    {
                        "subscription": each.id,
                        "number": row.events,
                        "at": change.at,
                        "response_id": change.response_id,
                        "response_version": change.version,
                    },
                )
        return len(told)

    def _update(self, id: uuid.UUID, *returned: Any) -> Any:
        changing = update(subscriptions).where(
            subscriptions.c.tenant == self._write.tenant, subscriptions.c.id == id
        )
        return changing.returning(*(returned or (subscriptions.c.id,)))


def _settings_of(wanted: Subscription) -> dict[str, Any]:
    """The columns that its owner decides about. What is off has nothing to send."""
    is_off = wanted.status is SubscriptionStatus.OFF
    return {
        "status": wanted.status.value,
        "endpoint": wanted.wish.endpoint,
        "wish": encode(wanted.wish).decode(),
        "resource": wanted.resource.decode(),
        "version": wanted.version,
        "updated_at": wanted.updated_at,
        "failures": 0,
        "failing_since": None,
        "error": "",
        "due_at": None if is_off else wanted.updated_at,
        "lease": None,
        "leased_until": None,
    }


def subscription_of(row: Any) -> Subscription:
    """A row of the table as what it means."""
    return Subscription(
        id=row.id,
        guide=Guide(row.guide),
        submitter=row.submitter,
        status=SubscriptionStatus(row.status),
        wish=decode(Wish, row.wish),
        resource=row.resource.encode(),
        version=row.version,
        updated_at=row.updated_at,
        events=row.events,
        delivered=row.delivered,
        failures=row.failures,
        failing_since=row.failing_since,
        error=row.error,
    )
