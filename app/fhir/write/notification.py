"""Notifications, `$status` and `$events` in their R4 shape (Subscriptions R5 Backport 1.1.0).

A notification is a `history` bundle: first the status as Parameters, then one entry for each event,
with the whole PAS response bundle (PAS 2.2.1 spec-61) or with its address alone (PAS 2.0.1).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

import orjson

from app.domain.subscription import Subscription, SubscriptionStatus
from app.fhir.urls import core, profile
from app.fhir.write.json import instant
from app.sealed import sealed

Json = dict[str, Any]


class Telling(StrEnum):
    """Why a status is sent."""

    HANDSHAKE = "handshake"
    HEARTBEAT = "heartbeat"
    EVENT = "event-notification"
    QUERY_STATUS = "query-status"
    QUERY_EVENT = "query-event"


@sealed(frozen=True, slots=True)
class Told:
    """One event: `bundle` is the response bundle where content is sent along, else None."""

    number: int
    at: datetime
    response_id: str
    bundle: Json | None = None


def written(subscription: Subscription) -> Json:
    """The Subscription as it is read: what was sent, and what became of it."""
    resource: Json = orjson.loads(subscription.resource)
    meta = resource.get("meta", {}) | {
        "versionId": str(subscription.version),
        "lastUpdated": instant(subscription.updated_at),
    }
    resource |= {
        "id": str(subscription.id),
        "meta": meta,
        "status": subscription.status.value,
    }
    if subscription.error:
        resource["error"] = subscription.error
    return resource


def notification(
    base: str, subscription: Subscription, telling: Telling, now: datetime, told: Sequence[Told]
) -> Json:
    """The bundle to POST, or the answer of `$events`. `base` is the address of the guide version."""
    own = f"{base}/Subscription/{subscription.id}"
    status = {
        "fullUrl": f"urn:uuid:{subscription.id}",
        "resource": _status(base, subscription, telling, told),
        "request": {"method": "GET", "url": f"{own}/$status"},
        "response": {"status": "200"},
    }
    return {
        "resourceType": "Bundle",
        "type": "history",
        "timestamp": instant(now),
        "entry": [status, *[_entry(base, each) for each in told]],
    }


def status_bundle(base: str, subscriptions: Iterable[Subscription], now: datetime) -> Json:
    """The answer of `$status`."""
    entries = [
        {
            "fullUrl": f"urn:uuid:{each.id}",
            "resource": {"id": str(each.id)} | _status(base, each, Telling.QUERY_STATUS, ()),
            "search": {"mode": "match"},
        }
        for each in subscriptions
    ]
    return _searchset(entries, now)


def found_bundle(base: str, subscriptions: Iterable[Subscription], now: datetime) -> Json:
    """The answer of a search."""
    entries = [
        {
            "fullUrl": f"{base}/Subscription/{each.id}",
            "resource": written(each),
            "search": {"mode": "match"},
        }
        for each in subscriptions
    ]
    return _searchset(entries, now)


def _searchset(entries: list[Json], now: datetime) -> Json:
    bundle: Json = {
        "resourceType": "Bundle",
        "type": "searchset",
        "timestamp": instant(now),
        "total": len(entries),
    }
    return bundle | ({"entry": entries} if entries else {})


def _status(base: str, subscription: Subscription, telling: Telling, told: Sequence[Told]) -> Json:
    """The Parameters; a first event finds the subscription active, whatever it was before."""
    status = subscription.status
    if telling is Telling.EVENT:
        status = SubscriptionStatus.ACTIVE
    own = {"reference": f"{base}/Subscription/{subscription.id}"}
    counted = str(told[-1].number if telling is Telling.EVENT else subscription.events)
    parameters: list[Json] = [
        {"name": "subscription", "valueReference": own},
        {"name": "topic", "valueCanonical": core.SUBSCRIPTION_TOPIC},
        {"name": "status", "valueCode": status.value},
        {"name": "type", "valueCode": telling.value},
        {"name": "events-since-subscription-start", "valueString": counted},
        *[_event(base, each) for each in told],
    ]
    if subscription.error:
        parameters.append({"name": "error", "valueCodeableConcept": {"text": subscription.error}})
    return {
        "resourceType": "Parameters",
        "meta": {"profile": [profile.BACKPORT_STATUS]},
        "parameter": parameters,
    }


def _event(base: str, told: Told) -> Json:
    return {
        "name": "notification-event",
        "part": [
            {"name": "event-number", "valueString": str(told.number)},
            {"name": "timestamp", "valueInstant": instant(told.at)},
            {"name": "focus", "valueReference": {"reference": _focus(base, told)}},
        ],
    }


def _focus(base: str, told: Told) -> str:
    if told.bundle is None:
        return f"{base}/ClaimResponse/{told.response_id}"
    return f"{base}/Bundle/{told.bundle['id']}"


def _entry(base: str, told: Told) -> Json:
    if told.bundle is None:
        return {
            "fullUrl": _focus(base, told),
            "request": {"method": "PUT", "url": f"ClaimResponse/{told.response_id}"},
            "response": {"status": "200"},
        }
    return {
        "fullUrl": _focus(base, told),
        "resource": told.bundle,
        "request": {"method": "POST", "url": "Bundle"},
        "response": {"status": "201"},
    }
