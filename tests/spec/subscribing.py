"""Subscriptions as EHRs send them, and a worker's calls at instants of a test's choice."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import orjson

from app.clients.subscriber import SubscriberClient
from app.domain.guide import Guide
from app.errors import Issue
from app.fhir.urls import core, ext, profile
from app.flows.deliver import deliver
from tests.world import FHIR_JSON, World, fixed_moment, keep

Json = dict[str, Any]
CONTENT = {Guide.V22: "full-resource", Guide.V20: "id-only"}
MOST_CALLS = 50


def wanted(guide: Guide, url: str, *filters: str, **more: Any) -> Json:
    """A Subscription; `more` replaces elements of the channel."""
    made: Json = {
        "resourceType": "Subscription",
        "status": "requested",
        "reason": "Answers of the payer",
        "criteria": core.SUBSCRIPTION_TOPIC,
        "channel": {
            "type": "rest-hook",
            "endpoint": url,
            "payload": "application/fhir+json",
            "_payload": {
                "extension": [{"url": ext.BACKPORT_PAYLOAD_CONTENT, "valueCode": CONTENT[guide]}]
            },
        }
        | more,
    }
    if filters:
        made["_criteria"] = {
            "extension": [
                {"url": ext.BACKPORT_FILTER_CRITERIA, "valueString": each} for each in filters
            ]
        }
    return made


def call(world: World, method: str, guide: Guide, path: str, body: Json | None = None) -> Any:
    """A call below Subscription, without a check of its status."""
    return world.client.open(
        f"/fhir/{guide.value}/Subscription{path}",
        method=method,
        data=orjson.dumps(body) if body is not None else None,
        content_type=FHIR_JSON if body is not None else None,
    )


def subscribed(world: World, guide: Guide, url: str, *filters: str, **more: Any) -> Json:
    """A Subscription that was taken."""
    response = call(world, "POST", guide, "", wanted(guide, url, *filters, **more))
    assert response.status_code == 201, response.data
    made: Json = orjson.loads(response.data)
    return made


def shown(world: World, guide: Guide, made: Json) -> Json:
    """A Subscription as it is now."""
    found: Json = orjson.loads(call(world, "GET", guide, f"/{made['id']}").data)
    return found


def tell(world: World, after: timedelta = timedelta()) -> int:
    """Make every call that is due at that time after the world's instant; how many there were."""
    client = SubscriberClient(world.context.settings.demo)
    settings, moment = world.context.settings, fixed_moment()
    moment = replace(moment, now=moment.now + after)
    made = 0
    while made < MOST_CALLS and deliver(
        world.context.store, settings.tenant, settings.address, client.post, moment
    ):
        made += 1
    client.close()
    return made


def faults(world: World, bundle: Json, guide: Guide) -> list[Issue]:
    """What our validator says against a notification, which is left for HL7's engine too."""
    keep(orjson.dumps(bundle), guide)
    issues = world.context.validators[guide].bundle(bundle, profile.BACKPORT_NOTIFICATION)
    return [issue for issue in issues if issue.is_error]
