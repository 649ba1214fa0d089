"""Subscriptions: made, read, changed and deleted by the system that they belong to, nobody else.

PAS 2.2.1 spec-54 to spec-62, Subscriptions R5 Backport 1.1.0. A new or changed subscription is
`requested`; the worker's handshake makes it `active` (`app.flows.deliver`).
"""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import datetime
from typing import Any

import orjson

from app.clients.policy import CallFailed
from app.clients.subscriber import check_endpoint
from app.clock import Moment
from app.domain.guide import Guide
from app.domain.principal import Principal
from app.domain.subscription import Subscription, SubscriptionStatus, Wish
from app.errors import Conflict, Invalid, NotFound
from app.fhir.read.subscription import read_wish, without_preset_filters
from app.fhir.urls import profile
from app.fhir.validate.text import parse
from app.fhir.write.notification import (
    Telling,
    found_bundle,
    notification,
    status_bundle,
    written,
)
from app.flows.context import Context
from app.flows.deliver import told_of
from app.sealed import sealed
from app.store import Read, Write

MOST_OWN = 100
"""Subscriptions of one system: one is enough, more are tests and mistakes."""
MOST_EVENTS = 100

_PROFILE = {Guide.V22: profile.SUBSCRIPTION, Guide.V20: profile.BACKPORT_SUBSCRIPTION}
_OURS = ("id", "meta", "status", "error")


@sealed(frozen=True, slots=True)
class Shown:
    """A Subscription as JSON bytes, its id, versionId and when it was last changed."""

    body: bytes
    id: str
    version: str
    at: datetime


def create(context: Context, caller: Principal, raw: bytes, guide: Guide, moment: Moment) -> Shown:
    """Store a new subscription and show it, `requested`. The handshake comes after this answer.

    An older one to the same endpoint, with the same headers and filters, is switched off: nobody
    wants to be told everything twice.

    Raises Malformed, Invalid or NotForHere for one that cannot be served, Conflict for too many.
    """
    resource = _valid(context, guide, raw)
    wish = _wish(context, resource, guide, moment.now)
    made = Subscription(
        id=moment.new_uuid(),
        guide=guide,
        submitter=caller.id,
        status=SubscriptionStatus.REQUESTED,
        wish=wish,
        resource=_kept(resource, wish),
        version=1,
        updated_at=moment.now,
    )
    with context.store.write(caller.tenant) as work:
        own = work.subscriptions.of(caller.id, guide)
        if len(own) >= MOST_OWN:
            raise Conflict(f"This caller has {MOST_OWN} subscriptions: delete some first.")
        for each in own:
            if each.wish.says_the_same(wish) and each.status is not SubscriptionStatus.OFF:
                work.subscriptions.replace(_off(each, moment.now))
        work.subscriptions.add(made)
    return _shown(made)


def read(context: Context, caller: Principal, guide: Guide, name: str) -> Shown:
    """One subscription. Raises NotFound alike for what is not there and what is somebody else's."""
    with context.store.read(caller.tenant) as look:
        return _shown(_own(look, caller, guide, name))


def change(
    context: Context, caller: Principal, raw: bytes, guide: Guide, name: str, moment: Moment
) -> Shown:
    """Replace a subscription: `off` ends it, anything else asks for a new handshake.

    Event numbers go on where they were. Raises NotFound, and what `create` raises.
    """
    resource = _valid(context, guide, raw)
    if resource.get("id") != name:
        raise Invalid("The id must be that of the address.", at="Subscription.id")
    wish = _wish(context, resource, guide, moment.now)
    is_off = resource.get("status") == SubscriptionStatus.OFF
    with context.store.write(caller.tenant) as work:
        earlier = _own(work, caller, guide, name)
        changed = replace(
            earlier,
            status=SubscriptionStatus.OFF if is_off else SubscriptionStatus.REQUESTED,
            wish=wish,
            resource=_kept(resource, wish),
            version=earlier.version + 1,
            updated_at=moment.now,
            error="",
        )
        work.subscriptions.replace(changed)
    return _shown(changed)


def remove(context: Context, caller: Principal, guide: Guide, name: str) -> None:
    """Delete a subscription and what it still had to tell. Raises NotFound."""
    with context.store.write(caller.tenant) as work:
        work.subscriptions.remove(_own(work, caller, guide, name).id)


def search(
    context: Context, caller: Principal, guide: Guide, url: str, status: str, moment: Moment
) -> bytes:
    """The caller's subscriptions with that endpoint and one of these statuses (with commas)."""
    with context.store.read(caller.tenant) as look:
        found = look.subscriptions.of(caller.id, guide)
    wanted = _listed(status)
    hits = [
        each
        for each in found
        if (not url or each.wish.endpoint == url) and (not wanted or each.status in wanted)
    ]
    return orjson.dumps(found_bundle(context.base(guide), hits, moment.now))


def status(
    context: Context, caller: Principal, guide: Guide, ids: str, statuses: str, moment: Moment
) -> bytes:
    """`$status` of some of the caller's subscriptions, or of all."""
    with context.store.read(caller.tenant) as look:
        found = look.subscriptions.of(caller.id, guide)
    named, wanted = _listed(ids), _listed(statuses)
    hits = [
        each
        for each in found
        if (not named or str(each.id) in named) and (not wanted or each.status in wanted)
    ]
    return orjson.dumps(status_bundle(context.base(guide), hits, moment.now))


def status_of_one(
    context: Context, caller: Principal, guide: Guide, name: str, moment: Moment
) -> bytes:
    """`$status` of one subscription. Raises NotFound."""
    with context.store.read(caller.tenant) as look:
        found = _own(look, caller, guide, name)
    return orjson.dumps(status_bundle(context.base(guide), [found], moment.now))


def events(
    context: Context, caller: Principal, guide: Guide, name: str, since: str, until: str,
    moment: Moment,
) -> bytes:  # fmt: skip
    """`$events`: what happened from event number `since` to `until`, at most `MOST_EVENTS`.

    Raises NotFound, and Invalid for a number that is none.
    """
    with context.store.read(caller.tenant) as look:
        found = _own(look, caller, guide, name)
        first, last = _number(since, 1), _number(until, found.events)
        notices = look.subscriptions.notices(found.id, first, last, MOST_EVENTS)
        told = [told_of(look, found, each) for each in notices]
    base = context.base(guide)
    return orjson.dumps(notification(base, found, Telling.QUERY_EVENT, moment.now, told))


def _off(earlier: Subscription, now: datetime) -> Subscription:
    return replace(
        earlier,
        status=SubscriptionStatus.OFF,
        version=earlier.version + 1,
        updated_at=now,
    )


def _valid(context: Context, guide: Guide, raw: bytes) -> dict[str, Any]:
    resource = parse(raw, context.limits)
    if resource.get("resourceType") != "Subscription":
        raise Invalid("A Subscription belongs here.", at="resourceType")
    issues = context.validators[guide].resource(resource, _PROFILE[guide])
    if any(issue.is_error for issue in issues):
        raise Invalid("The Subscription breaks its profile.", issues)
    return without_preset_filters(resource) if context.settings.demo else resource


def _wish(context: Context, resource: dict[str, Any], guide: Guide, now: datetime) -> Wish:
    """What is asked for; an end that has passed already is left out, as FHIR lets a server do."""
    wish = read_wish(resource, guide)
    try:
        check_endpoint(wish.endpoint, context.settings.demo)
    except CallFailed as refused:
        raise Invalid(str(refused), at="Subscription.channel.endpoint") from None
    return replace(wish, ends=None) if wish.ends and wish.ends <= now else wish


def _kept(resource: dict[str, Any], wish: Wish) -> bytes:
    """What is stored of the resource: all that is its owner's to say."""
    ours = _OURS if wish.ends else (*_OURS, "end")
    kept = {name: value for name, value in resource.items() if name not in ours}
    if profiles := resource.get("meta", {}).get("profile"):
        kept["meta"] = {"profile": profiles}
    return orjson.dumps(kept)


def _own(look: Read | Write, caller: Principal, guide: Guide, name: str) -> Subscription:
    try:
        found = look.subscriptions.get(uuid.UUID(name))
    except ValueError:
        found = None
    if found is None or found.submitter != caller.id or found.guide is not guide:
        raise NotFound("There is no Subscription of that id among those of this caller.")
    return found


def _shown(subscription: Subscription) -> Shown:
    return Shown(
        orjson.dumps(written(subscription)),
        str(subscription.id),
        str(subscription.version),
        subscription.updated_at,
    )


def _listed(values: str) -> frozenset[str]:
    return frozenset(each for each in values.split(",") if each)


def _number(value: str, otherwise: int) -> int:
    if not value:
        return otherwise
    if not (value.isascii() and value.isdecimal() and len(value) < 10):
        raise Invalid("An event number is a whole number.")
    return int(value)
