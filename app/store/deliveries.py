"""Who is telling the events of subscriptions at the moment, and how far each has come (docs/adr/0021)."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import case, delete, exists, func, literal, or_, select, update

from app.domain.subscription import Subscription, SubscriptionStatus
from app.store.link import ReadLink, WriteLink
from app.store.subscriptions import subscription_of
from app.store.tables import notices, subscriptions
from app.store.types import Instant


class Deliveries:
    """Sees whether there is something to tell."""

    def __init__(self, link: ReadLink) -> None:
        self._link = link

    def any_due(self, now: datetime) -> bool:
        """Whether there is something to send that nobody is sending."""
        waiting = select(subscriptions.c.id).where(*_waiting(self._link.tenant, now)).limit(1)
        return self._link.first(waiting, {}) is not None


class DeliveryWriter(Deliveries):
    """Takes what is to be told, and notes what came of it; each method belongs to the block's transaction."""

    def __init__(self, link: WriteLink) -> None:
        super().__init__(link)
        self._write = link

    def take(self, now: datetime, until: datetime, lease: uuid.UUID) -> Subscription | None:
        """The subscription that waits longest, ours until `until`; None when nothing waits.

        After `until` somebody else may take it: a worker that died holds nothing up for longer.
        """
        row = self._write.lease(subscriptions, _waiting(self._write.tenant, now), lease, until)
        return subscription_of(row) if row else None

    def delivered(
        self, id: uuid.UUID, lease: uuid.UUID, number: int, now: datetime, beat: datetime | None
    ) -> None:
        """The subscriber confirmed everything up to event `number`; `beat` is when it is called next.

        Nothing happens when the lease was lost.
        """
        due = case(
            (subscriptions.c.events > number, literal(now, Instant)), else_=literal(beat, Instant)
        )
        asked = SubscriptionStatus.REQUESTED.value
        status = case(
            (subscriptions.c.status == asked, SubscriptionStatus.ACTIVE.value),
            else_=subscriptions.c.status,
        )
        self._settle(
            id,
            lease,
            delivered=number,
            status=status,
            failures=0,
            failing_since=None,
            error="",
            due_at=due,
        )

    def failed(self, id: uuid.UUID, lease: uuid.UUID, now: datetime, again: datetime) -> None:
        """A delivery failed; the same event is tried again at `again`."""
        self._settle(
            id,
            lease,
            failures=subscriptions.c.failures + 1,
            failing_since=func.coalesce(subscriptions.c.failing_since, literal(now, Instant)),
            due_at=again,
        )

    def given_up(self, id: uuid.UUID, lease: uuid.UUID, now: datetime, error: str) -> None:
        """Nothing more is sent until its owner or the operator wants it again."""
        self._settle(
            id,
            lease,
            status=SubscriptionStatus.ERROR.value,
            failures=subscriptions.c.failures + 1,
            failing_since=func.coalesce(subscriptions.c.failing_since, literal(now, Instant)),
            error=error,
            due_at=None,
        )

    def ended(self, id: uuid.UUID, lease: uuid.UUID) -> None:
        """Its end has come."""
        self._settle(id, lease, status=SubscriptionStatus.OFF.value, due_at=None)

    def redrive(self, now: datetime) -> int:
        """Ask for a new handshake wherever deliveries were given up; how many there are."""
        again = (
            update(subscriptions)
            .where(
                subscriptions.c.tenant == self._write.tenant,
                subscriptions.c.status == SubscriptionStatus.ERROR.value,
            )
            .values(
                status=SubscriptionStatus.REQUESTED.value,
                failures=0,
                failing_since=None,
                error="",
                due_at=now,
            )
            .returning(subscriptions.c.id)
        )
        return len(self._write.change(again))

    def forget_told(self, before: datetime) -> int:
        """Delete the events before this instant that were confirmed, or that nobody is told any more;
        how many. Event numbers go on where they were.
        """
        told = exists().where(
            subscriptions.c.tenant == notices.c.tenant,
            subscriptions.c.id == notices.c.subscription,
            or_(
                notices.c.number <= subscriptions.c.delivered,
                subscriptions.c.status == SubscriptionStatus.OFF.value,
            ),
        )
        gone = delete(notices).where(
            notices.c.tenant == self._write.tenant, notices.c.at < before, told
        )
        return len(self._write.change(gone.returning(notices.c.number)))

    def _settle(self, id: uuid.UUID, lease: uuid.UUID, **values: Any) -> None:
        settled = self._update(id).where(subscriptions.c.lease == lease)
        self._write.change(settled.values(lease=None, leased_until=None, **values))

    def _update(self, id: uuid.UUID, *returned: Any) -> Any:
        changing = update(subscriptions).where(
            subscriptions.c.tenant == self._write.tenant, subscriptions.c.id == id
        )
        return changing.returning(*(returned or (subscriptions.c.id,)))


def _waiting(tenant: str, now: datetime) -> tuple[Any, ...]:
    """What is due, and in nobody's hands."""
    until = subscriptions.c.leased_until
    return (
        subscriptions.c.tenant == tenant,
        subscriptions.c.due_at <= now,
        or_(until.is_(None), until <= now),
    )
