"""Every hook call leaves a record, and the story of an order can be told from it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import orjson
import pytest

from app.cli import run
from app.domain.guide import Guide
from app.flows.hook_metrics import Wanted, calls, measures, records
from app.flows.trace import trace
from app.store import DocumentKind, HookCall
from tests.ehr_double import TOKEN, ehr
from tests.spec.crd.asking import GUIDES, ask, call, only, post, told
from tests.world import NOW, World, example, new_world

Json = dict[str, Any]


@pytest.fixture
def world(tmp_path: Path) -> World:
    return new_world(tmp_path)


def recorded(world: World) -> list[HookCall]:
    return list(calls(world.context.store, world.context.settings.tenant, Wanted(NOW)))


@pytest.mark.parametrize("guide", GUIDES)
def test_a_call_is_recorded_after_the_metric_model(world: World, guide: Guide) -> None:
    body = call("order-sign-three", guide)
    ask(world, body, guide)
    (one,) = recorded(world)
    record = one.record
    assert (one.guide, one.hook, one.status) == (guide, "order-sign", 200)
    assert record["source"] == "payer-src" and record["hookInstance"] == body["hookInstance"]
    assert record["tokenUse"] == "not-used"
    assert [each["focus"] for each in record["request"]] == [
        "DeviceRequest/oxygen",
        "DeviceRequest/nebulizer",
        "ServiceRequest/visit",
    ]
    said = record["request"][0]["coverageInfo"][0]
    assert said["paNeeded"] == "auth-needed" and said["questionnaire"][0]["reference"]
    assert {each["type"] for each in record["resources"] if each["prefetch"]} >= {"Patient"}


def test_request_and_answer_are_kept_for_disputes_and_the_token_is_not(world: World) -> None:
    with ehr() as one:
        body = call("order-sign-granted", Guide.V22)
        body |= {"fhirServer": one.base, "fhirAuthorization": one.access()}
        _, answer = post(world, body, Guide.V22)
    (kept,) = recorded(world)
    with world.context.store.read(world.caller.tenant) as look:
        assert kept.request is not None and kept.answer is not None
        request, sent = look.documents.get(kept.request), look.documents.get(kept.answer)
    assert request is not None and sent is not None
    assert (request.kind, sent.kind) == (DocumentKind.RECEIVED, DocumentKind.SENT)
    del body["fhirAuthorization"]["access_token"]
    assert orjson.loads(request.content) == body
    assert orjson.loads(sent.content) == answer
    assert TOKEN.encode() not in request.content + sent.content + orjson.dumps(kept.record)


def test_a_record_names_no_person(world: World) -> None:
    post(world, call("order-sign-granted", Guide.V22), Guide.V22)
    written = orjson.dumps(recorded(world)[0].record)
    for secret in (b"Delgado", b"Rosa", b"1948", b"FW100001"):
        assert secret not in written


@pytest.mark.parametrize(
    ("body", "status"),
    [(b"{", 400), (b'{"hook":"order-sign"}', 400), (b'{"hook":1,"prefetch":{"a":[1],"b":3}}', 400)],
)
def test_a_refused_call_is_recorded_with_its_issues(world: World, body: bytes, status: int) -> None:
    answer = world.client.post(
        "/crd/2.2/cds-services/order-sign", data=body, content_type="application/json"
    )
    assert answer.status_code == status
    (one,) = recorded(world)
    assert one.status == status and one.record["issue"] and one.answer is None


@pytest.mark.parametrize(
    "hostile",
    [
        {"context": 1, "prefetch": [], "fhirAuthorization": "x", "hookInstance": 5},
        {"context": {"draftOrders": {"entry": [1, {"resource": 2}]}, "selections": 3}},
        {"context": {"dispatchedOrders": {"a": 1}, "order": ["x"], "userId": {}}},
        {"prefetch": {"a": {"resourceType": "Bundle", "entry": "x"}, "b": {"identifier": 3}}},
        {"hookInstance": "x\0y" * 400},
    ],
)
def test_no_call_is_so_odd_that_it_cannot_be_recorded(world: World, hostile: Json) -> None:
    body = call("order-sign-needed", Guide.V22) | hostile
    assert post(world, body, Guide.V22)[0] in (200, 400, 412)
    assert len(recorded(world)) == 1


def test_what_was_read_from_the_ehr_is_told_apart_from_what_was_sent(tmp_path: Path) -> None:
    body = call("order-sign-granted", Guide.V22)
    held = _resources(body["prefetch"])
    with ehr(*held) as one:
        world = new_world(tmp_path, FORTHWITH_EHR_SERVERS=one.base)
        body |= {"fhirServer": one.base, "fhirAuthorization": one.access(), "prefetch": {}}
        said = only(ask(world, body, Guide.V22))
    assert said["covered"] == ["covered"]
    (record,) = [each.record for each in recorded(world)]
    assert record["tokenUse"] == "used"
    assert {each["prefetch"] for each in record["resources"]} == {False}


def _resources(prefetch: Json) -> list[Json]:
    found = []
    for value in prefetch.values():
        if value and value["resourceType"] == "Bundle":
            found += [entry["resource"] for entry in value.get("entry", [])]
        elif value:
            found.append(value)
    return found


def test_measures_add_up_by_hook(world: World) -> None:
    post(world, call("order-sign-three", Guide.V22), Guide.V22)
    post(world, call("order-sign-no-auth", Guide.V22), Guide.V22)
    post(world, {"hook": "order-sign"}, Guide.V22)
    post(world, call("encounter-start", Guide.V20), Guide.V20)
    found = measures(world.context.store, world.context.settings.tenant, Wanted(NOW))
    sign = found["order-sign", "2.2", ""]
    assert (sign.calls, sign.refused, sign.failed, sign.orders) == (3, 1, 0, 4)
    assert sign.share_in_time() == 1.0
    assert sign.needed["auth-needed"] == 1 and sign.with_form == 1
    assert found["encounter-start", "2.0", ""].calls == 1


def test_the_story_of_an_order_goes_from_hook_to_case(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    (resource,) = ask(world, call("order-sign-granted", Guide.V22), Guide.V22)
    (said,) = told(resource)
    order = f"{resource['resourceType']}/{resource['id']}"
    (number,), (assertion,) = said["satisfied-pa-id"], said["coverage-assertion-id"]
    tenant = world.context.settings.tenant
    for name in (order, number, assertion):
        found = trace(world.context.store, tenant, name)
        assert [each.assertion for step in found.steps for each in step.told] == [assertion]
        assert [opened.case.number for opened in found.cases] == [
            trace(world.context.store, tenant, order).cases[0].case.number
        ]
    environ = {"DATABASE_URL": world.context.settings.database_url}
    assert run(["trace", order], environ) == 0
    assert run(["trace", "DeviceRequest/nobody"], environ) == 1
    printed = capsys.readouterr()
    assert f"authorization satisfied under {number}; assertion {assertion}" in printed.out
    assert re.search(r"Case FC-\w+: decided", printed.out) and "decided by machine" in printed.out
    assert "Nothing was recorded" in printed.err


def test_a_submission_that_carries_the_assertion_joins_the_story(world: World) -> None:
    (resource,) = ask(world, call("order-sign-needed", Guide.V22), Guide.V22)
    bundle = example("oxygen-approved", Guide.V22)
    order = next(
        entry["resource"]
        for entry in bundle["entry"]
        if entry["resource"]["resourceType"] == resource["resourceType"]
    )
    order.setdefault("extension", []).extend(resource["extension"])
    assert world.submit(bundle, Guide.V22).status_code == 200
    name = f"{resource['resourceType']}/{resource['id']}"
    found = trace(world.context.store, world.context.settings.tenant, name)
    assert [step.call.hook for step in found.steps] == ["order-sign"]
    assert len(found.cases) == 1


def test_the_command_shows_measures_and_records(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    environ = {"DATABASE_URL": world.context.settings.database_url}
    post(world, call("order-sign-three", Guide.V22), Guide.V22)
    assert run(["crd", "metrics", "--days", "9999"], environ) == 0
    assert run(["crd", "metrics", "--days", "9999", "--records"], environ) == 0
    *shown, line = capsys.readouterr().out.splitlines()
    assert shown[0].startswith("order-sign 2.2: 1 calls, 100.0% in time, 100.0% within 5 s")
    assert orjson.loads(line)["hookType"] == "order-sign"


NUMBERS = {"source", "hookInstance", "hookType", "providerId", "groupId", "payerId", "requestTime"}
OF_EACH = NUMBERS | {"responseTime", "httpResponse", "tokenUse", "resources"}


@pytest.mark.parametrize("guide", GUIDES)
def test_the_record_has_every_field_of_the_metric_model_of_its_version(
    world: World, guide: Guide
) -> None:
    _, answer = post(world, call("order-sign-three", guide), guide)
    card = answer["cards"][0]["uuid"]
    told = {"feedback": [{"card": card, "outcome": "accepted"}]}
    address = f"/crd/{guide.value}/cds-services/order-sign/feedback"
    assert world.client.post(address, json=told).status_code == 200
    context = world.context
    (record,) = records(context.store, context.settings.tenant, "https://p.example", Wanted(NOW))
    own = {"request"} if guide is Guide.V22 else {"orderDetail", "response"}
    assert set(record) == OF_EACH | own
    assert record["providerId"]["value"] and record["groupId"]["value"]
    assert record["payerId"]["system"] and record["payerId"]["value"]
    if guide is Guide.V22:
        assert all(each["type"] and each["orderDetail"] for each in record["request"])
        responses = [one for each in record["request"] for one in each["response"]]
    else:
        assert len(record["orderDetail"]) == 3
        responses = record["response"]
    assert {each["type"] for each in responses} > {"coverage-info"}
    engaged = [each["engagement"] for each in responses if "engagement" in each]
    assert sorted(engaged) == ["accept", "ignore", "ignore"], "a client that tells of one card only"
    said = [one for each in responses for one in each.get("coverageInfo", [])]
    assert all({"covered", "paNeeded", "assertionId", "businessLine"} <= set(one) for one in said)
    asked = next(one for one in said if "questionnaire" in one)
    assert isinstance(asked["docNeeded"], str)
    assert set(asked["questionnaire"][0]) == {"reference", "adaptive", "response"}
    assert any(each.get("profile") for each in record["resources"])


def test_a_refused_call_has_its_orders_and_issues_in_the_record(world: World) -> None:
    body = call("order-sign-needed", Guide.V22)
    del body["prefetch"]["coverage"]
    assert post(world, body, Guide.V22)[0] == 412
    context = world.context
    (record,) = records(context.store, context.settings.tenant, "https://p.example", Wanted(NOW))
    assert record["httpResponse"] == 412
    assert record["issue"][0]["code"] == "incomplete" and record["issue"][0]["details"]["coding"]
    (asked,) = record["request"]
    assert asked["type"] == "DeviceRequest" and asked["response"] == []


def test_measures_can_be_narrowed_and_grouped(world: World) -> None:
    post(world, call("order-sign-three", Guide.V22), Guide.V22)
    post(world, call("encounter-start", Guide.V22), Guide.V22)
    tenant, store = world.context.settings.tenant, world.context.store
    (key,) = measures(store, tenant, Wanted(NOW, hook="order-sign"), by="businessLine")
    assert key == ("order-sign", "2.2", "medicare-advantage")
    assert measures(store, tenant, Wanted(NOW, provider="1")) == {}
    assert list(measures(store, tenant, Wanted(NOW, line="medicare-advantage")))
