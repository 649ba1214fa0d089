"""Subscriptions, the events to tell, and who is telling them at the moment (docs/adr/0021)."""

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
    exists,
    func,
    insert,
    literal,
    or_,
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
        return _subscription(row) if row else None

    def of(self, submitter: str, guide: Guide) -> tuple[Subscription, ...]:
        """All subscriptions of one submitter, the oldest first."""
        rows = self._link.fetch(_OF_SUBMITTER, {"submitter": submitter, "guide": guide.value})
        return tuple([_subscription(row) for row in rows])

    def notices(self, id: uuid.UUID, first: int, last: int, most: int) -> tuple[Notice, ...]:
        """The events with these numbers, at most `most` of them, in their order."""
        asked = {"key": id, "first": first, "last": last, "most": most}
        rows = self._link.fetch(_NOTICES, asked)
        return tuple([Notice(row.number, row.at, row.response_id, row.document) for row in rows])

    def any_due(self, now: datetime) -> bool:
        """Whether there is something to send that nobody is sending."""
        waiting = select(subscriptions.c.id).where(*_waiting(self._link.tenant, now)).limit(1)
        return self._link.first(waiting, {}) is not None


class SubscriptionWriter(Subscriptions):
    """Finds, stores and works on subscriptions; each method belongs to the block's transaction."""

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

    def take(self, now: datetime, until: datetime, lease: uuid.UUID) -> Subscription | None:
        """The subscription that waits longest, ours until `until`; None when nothing waits.

        After `until` somebody else may take it: a worker that died holds nothing up for longer.
        """
        oldest = (
            select(subscriptions.c.id)
            .where(*_waiting(self._write.tenant, now))
            .order_by(subscriptions.c.due_at)
            .limit(1)
            .with_for_update(skip_locked=True)
        )
        taking = (
            update(subscriptions)
            .where(
                subscriptions.c.tenant == self._write.tenant,
                subscriptions.c.id == oldest.scalar_subquery(),
            )
            .values(lease=lease, leased_until=until)
            .returning(*subscriptions.c)
        )
        rows = self._write.change(taking)
        return _subscription(rows[0]) if rows else None

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


def _subscription(row: Any) -> Subscription:
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
