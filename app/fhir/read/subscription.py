"""A Subscription (R4 with the Backport's extensions) as a `Wish`, and the names a requestor goes by.

PAS 2.2.1 spec-54 to spec-62 and profile-subscription; PAS 2.0.1: the plain Backport profile. The
filter key is written in three ways by the guides and their examples; all are read.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from app.domain.guide import Guide
from app.domain.request import PriorAuthRequest
from app.domain.subscription import Wish
from app.errors import Invalid, NotForHere
from app.fhir.kind import claim_of
from app.fhir.read.values import extended, extension, extensions, instant, part, parts, text
from app.fhir.urls import core, ext

CONTENT = {Guide.V22: "full-resource", Guide.V20: "id-only"}
"""The one content level of each guide version (PAS 2.2.1 spec-62, PAS 2.0.1 subscription)."""

PROFILE_KEYS = frozenset({"org-identifier", "orgidentifier", "identifier"})
_OF_PRESETS = frozenset({"encounter.patient"})
"""Keys of no PAS topic that a test suite's ready-made Subscription carries all the same."""
SHORTEST_HEARTBEAT = 30

_PAYLOADS = frozenset({"application/fhir+json", "application/json"})
_HEADER = re.compile(r"([A-Za-z0-9-]+):[ \t]*([\x20-\x7e]*?)[ \t]*")
_NOT_YOURS = frozenset(
    {
        "accept-encoding",
        "connection",
        "content-length",
        "content-type",
        "host",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
_MOST_HEADERS = 20


def read_wish(resource: Mapping[str, Any], guide: Guide) -> Wish:
    """What a valid Subscription asks for. Raises NotForHere for what this server does not do."""
    channel = part(resource, "channel")
    if text(resource, "criteria").partition("|")[0] != core.SUBSCRIPTION_TOPIC:
        raise NotForHere(
            f"The only topic is {core.SUBSCRIPTION_TOPIC}.", at="Subscription.criteria"
        )
    if text(channel, "type") != "rest-hook":
        raise NotForHere("The only channel is rest-hook.", at="Subscription.channel.type")
    payload = text(channel, "payload")
    if payload not in _PAYLOADS:
        raise NotForHere(
            "Notifications are written as application/fhir+json.", at="Subscription.channel.payload"
        )
    content = extended(part(channel, "_payload"), ext.BACKPORT_PAYLOAD_CONTENT, "valueCode")
    if content != CONTENT[guide]:
        raise NotForHere(
            f"Notifications of this guide version are {CONTENT[guide]}.",
            at="Subscription.channel.payload.extension",
        )
    if not text(channel, "endpoint"):
        raise Invalid("A rest-hook needs an address to call.", at="Subscription.channel.endpoint")
    ends = instant(resource.get("end"))
    return Wish(
        endpoint=text(channel, "endpoint"),
        payload=payload,
        headers=_headers(channel),
        filters=tuple(_filter(each) for each in _filters(resource)),
        timeout=_seconds(channel, ext.BACKPORT_TIMEOUT, "valueUnsignedInt", 1),
        heartbeat=_seconds(
            channel, ext.BACKPORT_HEARTBEAT_PERIOD, "valueUnsignedInt", SHORTEST_HEARTBEAT
        ),
        ends=ends if isinstance(ends, datetime) else None,
    )


def without_preset_filters(resource: dict[str, Any]) -> dict[str, Any]:
    """The Subscription without filters that only test suites send, as the Backport lets a server
    alter what it was asked for: the answer shows what is left, and its owner's requests are still all
    that is told. The resource itself is not changed.
    """
    narrowed = part(resource, "_criteria")
    kept = [
        each
        for each in parts(narrowed, "extension")
        if text(each, "url") != ext.BACKPORT_FILTER_CRITERIA
        or _key(text(each, "valueString"))[0] not in _OF_PRESETS
    ]
    if len(kept) == len(parts(narrowed, "extension")):
        return resource
    rest = {name: value for name, value in resource.items() if name != "_criteria"}
    return rest | {"_criteria": {**narrowed, "extension": kept}} if kept else rest


def names_of(request: PriorAuthRequest, received: Mapping[str, Any]) -> frozenset[str]:
    """What a filter may call the requestor: its identifiers, and the sender codes of the request.

    Each identifier counts as `value` and as `system|value`.
    """
    names = set()
    for each in request.submitter.identifiers:
        names |= {each.value, f"{each.system}|{each.value}"}
    sent = extension(claim_of(received), ext.TRANSMISSION_IDENTIFIERS)
    for inner in parts(sent, "extension") if sent else []:
        if text(inner, "url") in ("interchangeSenderID", "applicationSenderCode"):
            names.add(text(inner, "valueString").strip())
    return frozenset(names - {""})


def _filters(resource: Mapping[str, Any]) -> list[str]:
    found = extensions(part(resource, "_criteria"), ext.BACKPORT_FILTER_CRITERIA)
    return [text(each, "valueString") for each in found]


def _filter(criterion: str) -> tuple[str, ...]:
    """The values of `org-identifier=a,b`, of which one has to fit."""
    key, listed = _key(criterion)
    if key not in PROFILE_KEYS:
        raise NotForHere(
            "The only filter is org-identifier=VALUE (also written orgIdentifier, identifier).",
            at="Subscription.criteria.extension",
        )
    values = [each.strip().removeprefix("|") for each in listed.split(",")]
    if not all(values):
        raise Invalid("A filter has an empty value.", at="Subscription.criteria.extension")
    return tuple(dict.fromkeys(values))


def _key(criterion: str) -> tuple[str, str]:
    """The key in lower case, without the resource type before a question mark, and what follows it."""
    key, _, listed = criterion.strip().rpartition("?")[2].partition("=")
    return key.lower(), listed


def _headers(channel: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    listed = channel.get("header")
    found = []
    for line in listed if isinstance(listed, list) else []:
        match = _HEADER.fullmatch(line) if isinstance(line, str) else None
        if match is None or match[1].lower() in _NOT_YOURS:
            raise Invalid(
                "A header is `Name: value`, printable, and not one that the transport sets itself.",
                at="Subscription.channel.header",
            )
        found.append((match[1], match[2]))
    if len(found) > _MOST_HEADERS:
        raise Invalid(f"At most {_MOST_HEADERS} headers.", at="Subscription.channel.header")
    return tuple(found)


def _seconds(channel: Mapping[str, Any], url: str, name: str, least: int) -> int:
    """Seconds of an extension, 0 without it."""
    found = extension(channel, url)
    value = found.get(name) if found else None
    if value is None:
        return 0
    if not isinstance(value, int) or value < least:
        raise NotForHere(
            f"The least that is offered are {least} seconds.", at="Subscription.channel.extension"
        )
    return value
