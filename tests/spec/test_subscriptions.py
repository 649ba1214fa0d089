"""A Subscription is taken, shaken hands on, and belongs to its owner."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import orjson
import pytest

from app.domain.guide import Guide
from app.errors import NotFound
from app.fhir.urls import core, ext
from app.flows import subscriptions
from tests.spec.subscribing import call, faults, shown, subscribed, tell, wanted
from tests.subscriber_double import said, subscriber
from tests.world import World, fixed_moment, keep, new_world

BOTH = pytest.mark.parametrize("guide", list(Guide))


@BOTH
def test_a_new_subscription_is_requested_and_active_after_its_handshake(
    world: World, guide: Guide
) -> None:
    with subscriber() as endpoint:
        made = subscribed(world, guide, endpoint.url, header=["Authorization: Bearer abc"])
        assert made["status"] == "requested"
        assert made["channel"]["header"] == ["Authorization: Bearer abc"]
        assert endpoint.got == []
        assert tell(world) == 1
        assert shown(world, guide, made)["status"] == "active"
        assert tell(world) == 0
    (handshake,) = endpoint.got
    assert faults(world, handshake, guide) == []
    assert said(handshake, "type") == "handshake"
    assert said(handshake, "status") == "requested"
    assert handshake["entry"][0]["request"]["url"].endswith(f"Subscription/{made['id']}/$status")
    assert endpoint.headers[0]["authorization"] == "Bearer abc"
    assert endpoint.headers[0]["content-type"] == "application/fhir+json"


@BOTH
@pytest.mark.parametrize(
    "filter",
    [
        "org-identifier=INTER-SND-0001",
        "orgIdentifier=1234567893",
        "identifier=http://hl7.org/fhir/sid/us-npi|1234567893,another",
        "ClaimResponse?org-identifier=1234567893",
    ],
)
def test_every_spelling_of_the_filter_is_taken(world: World, guide: Guide, filter: str) -> None:
    assert subscribed(world, guide, "https://ehr.example/told", filter)["status"] == "requested"


def without(guide: Guide, **channel: object) -> dict[str, object]:
    return wanted(guide, "https://ehr.example/told", **channel)


@BOTH
@pytest.mark.parametrize(
    "channel",
    [
        {"type": "websocket"},
        {"payload": "application/fhir+xml"},
        {"endpoint": "http://ehr.example/told"},
        {"endpoint": "https://10.0.0.1/told"},
        {"endpoint": "https://169.254.169.254/told"},
        {"endpoint": "ftp://ehr.example/told"},
        {"header": ["Host: other"]},
        {"header": ["no colon"]},
        {"_payload": {"extension": [{"url": ext.BACKPORT_PAYLOAD_CONTENT, "valueCode": "empty"}]}},
        {"extension": [{"url": ext.BACKPORT_HEARTBEAT_PERIOD, "valueUnsignedInt": 1}]},
    ],
    ids=lambda channel: next(iter(channel)),
)
def test_what_is_not_served_is_refused(
    world: World, guide: Guide, channel: dict[str, object]
) -> None:
    response = call(world, "POST", guide, "", without(guide, **channel))
    assert response.status_code in (400, 422), response.data
    assert orjson.loads(response.data)["resourceType"] == "OperationOutcome"


@BOTH
def test_another_topic_and_another_filter_are_refused(world: World, guide: Guide) -> None:
    other = wanted(guide, "https://ehr.example/told") | {"criteria": "http://example.org/topic"}
    assert call(world, "POST", guide, "", other).status_code in (400, 422)
    by_status = wanted(guide, "https://ehr.example/told", "ClaimResponse.status=active")
    assert call(world, "POST", guide, "", by_status).status_code == 422


@BOTH
def test_the_filter_of_a_test_suites_preset_is_left_out_in_a_trial(
    world: World, guide: Guide, tmp_path: Path
) -> None:
    """The answer shows that it is gone; a payer's real server refuses it."""
    preset = "Encounter.patient=Patient/123"
    taken = subscribed(world, guide, "https://ehr.example/told", preset)
    assert "_criteria" not in taken
    both = subscribed(world, guide, "https://ehr.example/both", preset, "org-identifier=A")
    (left,) = both["_criteria"]["extension"]
    assert left["valueString"] == "org-identifier=A"
    strict = new_world(tmp_path, FORTHWITH_DEMO="off")
    asked = wanted(guide, "https://ehr.example/told", preset)
    assert call(strict, "POST", guide, "", asked).status_code == 422


@BOTH
def test_a_subscription_is_found_changed_and_deleted(world: World, guide: Guide) -> None:
    made = subscribed(world, guide, "https://ehr.example/told")
    for asked, hits in (("", 1), ("?url=https://ehr.example/told", 1), ("?status=active", 0)):
        found = orjson.loads(call(world, "GET", guide, asked).data)
        assert (found["type"], found["total"]) == ("searchset", hits)
    off = made | {"status": "off"}
    changed = call(world, "PUT", guide, f"/{made['id']}", off)
    assert changed.status_code == 200, changed.data
    assert orjson.loads(changed.data)["status"] == "off"
    assert orjson.loads(changed.data)["meta"]["versionId"] == "2"
    assert tell(world) == 0
    assert call(world, "DELETE", guide, f"/{made['id']}").status_code == 204
    assert call(world, "GET", guide, f"/{made['id']}").status_code == 404


def test_a_subscription_is_not_seen_under_the_other_guide_version(world: World) -> None:
    made = subscribed(world, Guide.V22, "https://ehr.example/told")
    for method, path in (("GET", ""), ("DELETE", ""), ("GET", "/$status"), ("GET", "/$events")):
        answer = call(world, method, Guide.V20, f"/{made['id']}{path}")
        assert answer.status_code == 404, path
    assert orjson.loads(call(world, "GET", Guide.V20, "").data)["total"] == 0


@BOTH
def test_the_status_is_told_to_who_asks(world: World, guide: Guide) -> None:
    made = subscribed(world, guide, "https://ehr.example/told")
    for path in (f"/{made['id']}/$status", f"/$status?id={made['id']}", "/$status"):
        bundle = orjson.loads(call(world, "GET", guide, path).data)
        assert said(bundle, "type") == "query-status"
        assert said(bundle, "status") == "requested"
        keep(orjson.dumps(bundle), guide)
        issues = world.context.validators[guide].bundle(bundle)
        assert [issue for issue in issues if issue.is_error] == []
    assert "entry" not in orjson.loads(call(world, "GET", guide, "/$status?id=other").data)


@BOTH
def test_a_handshake_without_answer_is_tried_again_then_given_up(
    world: World, guide: Guide
) -> None:
    with subscriber(*[503] * 100) as endpoint:
        made = subscribed(world, guide, endpoint.url)
        assert tell(world) == 1
        assert tell(world) == 0
        for seconds in range(2, 800, 2):
            tell(world, timedelta(seconds=seconds))
        found = shown(world, guide, made)
    assert found["status"] == "error"
    assert found["error"] == "The endpoint answered 503."
    assert 3 < len(endpoint.refused) < 15


def test_a_subscription_that_is_written_again_shakes_hands_again(world: World) -> None:
    with subscriber() as endpoint:
        made = subscribed(world, Guide.V22, endpoint.url)
        tell(world)
        call(world, "PUT", Guide.V22, f"/{made['id']}", made)
        assert shown(world, Guide.V22, made)["status"] == "requested"
        tell(world)
        assert shown(world, Guide.V22, made)["status"] == "active"
    assert endpoint.kinds() == ["handshake", "handshake"]


def test_the_same_subscription_sent_twice_is_told_once(world: World) -> None:
    with subscriber() as endpoint:
        first = subscribed(world, Guide.V22, endpoint.url)
        second = subscribed(world, Guide.V22, endpoint.url)
        tell(world)
    assert shown(world, Guide.V22, first)["status"] == "off"
    assert shown(world, Guide.V22, second)["status"] == "active"
    assert len(endpoint.got) == 1


def test_an_end_is_kept_and_one_that_has_passed_is_left_out(world: World) -> None:
    with subscriber() as endpoint:
        body = wanted(Guide.V22, endpoint.url)
        past = call(world, "POST", Guide.V22, "", body | {"end": "2020-01-01T00:00:00Z"})
        assert "end" not in orjson.loads(past.data)
        coming = call(world, "POST", Guide.V22, "", body | {"end": "2026-11-25T16:00:00Z"})
        made = orjson.loads(coming.data)
        assert made["end"] == "2026-11-25T16:00:00Z"
        tell(world, timedelta(hours=2))
        assert shown(world, Guide.V22, made)["status"] == "off"
    assert endpoint.got == []


def test_a_heartbeat_goes_out_when_it_was_asked_for(world: World) -> None:
    beat = {"url": ext.BACKPORT_HEARTBEAT_PERIOD, "valueUnsignedInt": 60}
    with subscriber() as endpoint:
        subscribed(world, Guide.V22, endpoint.url, extension=[beat])
        tell(world)
        assert tell(world, timedelta(seconds=59)) == 0
        assert tell(world, timedelta(seconds=60)) == 1
    assert endpoint.kinds() == ["handshake", "heartbeat"]
    assert faults(world, endpoint.got[1], Guide.V22) == []


def test_a_subscription_is_not_seen_by_another_caller(world: World) -> None:
    made = subscribed(world, Guide.V22, "https://ehr.example/told")
    other = replace(world.caller, id="another")
    with pytest.raises(NotFound):
        subscriptions.read(world.context, other, Guide.V22, made["id"])
    with pytest.raises(NotFound):
        subscriptions.remove(world.context, other, Guide.V22, made["id"])
    found = subscriptions.search(world.context, other, Guide.V22, "", "", fixed_moment())
    assert orjson.loads(found)["total"] == 0


@BOTH
def test_the_capability_statement_shows_subscriptions(world: World, guide: Guide) -> None:
    statement = orjson.loads(world.client.get(f"/fhir/{guide.value}/metadata").data)
    listed = {each["type"]: each for each in statement["rest"][0]["resource"]}["Subscription"]
    codes = {each["code"] for each in listed["interaction"]}
    assert codes >= {"create", "update", "delete"}
    topic = {"url": ext.CAPABILITY_TOPIC_CANONICAL, "valueCanonical": core.SUBSCRIPTION_TOPIC}
    assert topic in listed["extension"]


def test_without_a_demo_this_machine_is_not_called(tmp_path: Path) -> None:
    world = new_world(tmp_path, FORTHWITH_DEMO="off")
    for url in ("http://127.0.0.1:9/told", "https://localhost/told", "https://[::1]/told"):
        response = call(world, "POST", Guide.V22, "", wanted(Guide.V22, url))
        if "localhost" not in url:
            assert response.status_code == 400, url
            continue
        made = orjson.loads(response.data)  # a name: what it leads to is known at the call
        tell(world)
        found = shown(world, Guide.V22, made)
        assert (found["status"], found["error"]) == (
            "error",
            "The endpoint was not reached: refused.",
        )
