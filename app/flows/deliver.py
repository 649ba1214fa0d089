"""Telling subscribers: one subscription's next call, by whichever worker gets to it first.

At least once and in order: the row of a subscription is a queue of its own, and a worker holds it
under a lease while it calls. A worker that dies keeps it for `LEASE` and no longer. An event that
was delivered twice has the same number both times. See docs/adr/0021.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

import orjson

from app.clients.policy import CallFailed, Reason
from app.clock import Moment
from app.domain.subscription import Notice, Subscription, SubscriptionStatus
from app.errors import Broken
from app.fhir.read.subscription import CONTENT
from app.fhir.write.contested import without_contested
from app.fhir.write.notification import Telling, Told, notification
from app.store import Read, Store, Write

LEASE = timedelta(seconds=45)
MOST_SECONDS = 20.0
"""For one call; well under the lease, so that two workers never call at the same time."""
FIRST_WAIT = timedelta(seconds=2)
LONGEST_WAIT = timedelta(hours=1)
HANDSHAKE_FOR = timedelta(minutes=5)
DELIVER_FOR = timedelta(hours=24)
"""How long the same call is tried again before it is given up."""

Post = Callable[[str, Mapping[str, str], bytes, float], int]
"""Address, headers, body and seconds to the status, as `app.clients.subscriber` does it."""


def deliver(store: Store, tenant: str, address: str, post: Post, moment: Moment) -> bool:
    """Make the one call that waits longest; False when nothing waits.

    `address` is the public address of this server. Raises Unavailable without a database.
    """
    with store.read(tenant) as look:
        if not look.deliveries.any_due(moment.now):
            return False
    lease = moment.new_id()
    with store.write(tenant) as work:
        taken = work.deliveries.take(moment.now, moment.now + LEASE, lease)
    if taken is None:
        return False
    if taken.wish.ends and taken.wish.ends <= moment.now:
        with store.write(tenant) as work:
            work.deliveries.ended(taken.id, lease)
        return True
    with store.read(tenant) as look:
        telling, told = _next(look, taken)
    base = f"{address}/fhir/{taken.guide.value}"
    body = orjson.dumps(notification(base, taken, telling, moment.now, told))
    error, final = _call(post, taken, body)
    with store.write(tenant) as work:
        if not error:
            number = told[-1].number if told else taken.delivered
            work.deliveries.delivered(taken.id, lease, number, moment.now, _beat(taken, moment))
        else:
            _failed(work, taken, lease, moment.now, error, final)
    return True


def told_of(look: Read, subscription: Subscription, notice: Notice) -> Told:
    """One event as this subscription's guide version tells it.

    Each version of an answer is a bundle with an id of its own, so that two can stand in one `$events`.
    """
    if CONTENT[subscription.guide] == "id-only":
        return Told(notice.number, notice.at, notice.response_id)
    document = look.documents.get(notice.document)
    if document is None:
        raise Broken("A stored answer has lost its document.")
    bundle = without_contested(orjson.loads(document.content)) | {"id": str(notice.document)}
    return Told(notice.number, notice.at, notice.response_id, bundle)


def _next(look: Read, taken: Subscription) -> tuple[Telling, list[Told]]:
    """What to say: the handshake first, then one event at a time, a heartbeat when there is none."""
    if taken.status is SubscriptionStatus.REQUESTED:
        return Telling.HANDSHAKE, []
    following = look.subscriptions.notices(taken.id, taken.delivered + 1, taken.events, 1)
    if not following:
        return Telling.HEARTBEAT, []
    return Telling.EVENT, [told_of(look, taken, following[0])]


def _call(post: Post, taken: Subscription, body: bytes) -> tuple[str, bool]:
    """Why it failed (empty when it did not), and whether trying again is of no use."""
    wish = taken.wish
    seconds = min(MOST_SECONDS, float(wish.timeout or MOST_SECONDS))
    headers = {**dict(wish.headers), "Content-Type": wish.payload}
    try:
        status = post(wish.endpoint, headers, body, seconds)
    except CallFailed as failed:
        return f"The endpoint was not reached: {failed.reason.value}.", (
            failed.reason is Reason.REFUSED
        )
    return ("", False) if 200 <= status < 300 else (f"The endpoint answered {status}.", False)


def _failed(
    work: Write, taken: Subscription, lease: uuid.UUID, now: datetime, error: str, final: bool
) -> None:
    is_handshake = taken.status is SubscriptionStatus.REQUESTED
    patience = HANDSHAKE_FOR if is_handshake else DELIVER_FOR
    again = now + min(LONGEST_WAIT, FIRST_WAIT * 2 ** min(taken.failures, 20))
    if final or again - (taken.failing_since or now) > patience:
        work.deliveries.given_up(taken.id, lease, now, error)
    else:
        work.deliveries.failed(taken.id, lease, now, again)


def _beat(taken: Subscription, moment: Moment) -> datetime | None:
    seconds = taken.wish.heartbeat
    return moment.now + timedelta(seconds=seconds) if seconds else None


def redrive(store: Store, tenant: str, moment: Moment) -> int:
    """Try again wherever deliveries were given up: a handshake, then what was not delivered."""
    with store.write(tenant) as work:
        return work.deliveries.redrive(moment.now)
