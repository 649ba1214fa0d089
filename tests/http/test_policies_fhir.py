"""The public lists as FHIR ValueSets: read, search, expand on a day, and validate a code."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from werkzeug.test import TestResponse

from app.domain.guide import Guide
from app.fhir.urls import system
from tests.world import FHIR_JSON, World

GUIDES = pytest.mark.parametrize("guide", list(Guide))
ID = "needs-authorization"


def get(world: World, guide: Guide, place: str, status: int = 200) -> Any:
    """A public FHIR answer, checked by our validator."""
    return told(world, guide, world.client.get(f"/fhir/{guide.value}/{place}"), status)


def post(world: World, guide: Guide, place: str, *parts: dict[str, Any], status: int = 200) -> Any:
    document = {"resourceType": "Parameters", "parameter": list(parts)}
    place = f"/fhir/{guide.value}/{place}"
    response = world.client.post(place, data=orjson.dumps(document), content_type=FHIR_JSON)
    return told(world, guide, response, status)


def told(world: World, guide: Guide, response: TestResponse, status: int) -> Any:
    assert response.status_code == status, response.data
    answer = orjson.loads(response.data)
    issues = world.context.validators[guide].resource(answer)
    assert [issue for issue in issues if issue.is_error] == []
    if status != 200:
        assert answer["resourceType"] == "OperationOutcome"
    return answer


def url(world: World, name: str = ID) -> str:
    return f"{world.context.settings.namespace}/ValueSet/{name}"


def result(answer: Any) -> tuple[bool, str]:
    parts = {part["name"]: part for part in answer["parameter"]}
    return parts["result"]["valueBoolean"], parts["message"]["valueString"]


@GUIDES
def test_every_list_is_a_value_set_for_all_plans_and_for_each(world: World, guide: Guide) -> None:
    bundle = get(world, guide, "ValueSet")
    assert bundle["type"] == "searchset"
    plans = world.context.rulebook.plans
    assert bundle["total"] == len(bundle["entry"]) == 3 * (1 + len(plans))
    for entry in bundle["entry"]:
        found = entry["resource"]
        assert found == get(world, guide, f"ValueSet/{found['id']}")
        assert found["version"] == world.context.rulebook.sha256[:16]


@GUIDES
def test_a_value_set_is_found_by_its_url(world: World, guide: Guide) -> None:
    bundle = get(world, guide, f"ValueSet?url={url(world)}")
    assert [entry["resource"]["id"] for entry in bundle["entry"]] == [ID]
    assert get(world, guide, "ValueSet?url=https://other.example/ValueSet/x")["total"] == 0


@GUIDES
def test_an_expansion_is_of_its_day_and_the_same_by_every_road(world: World, guide: Guide) -> None:
    roads = [
        get(world, guide, f"ValueSet/$expand?url={url(world)}&date=2026-12-01"),
        get(world, guide, f"ValueSet/{ID}/$expand?date=2026-12-01"),
        post(
            world,
            guide,
            "ValueSet/$expand",
            {"name": "url", "valueUri": url(world)},
            {"name": "date", "valueDateTime": "2026-12-01T10:00:00Z"},
        ),
        post(
            world, guide, f"ValueSet/{ID}/$expand", {"name": "date", "valueDateTime": "2026-12-01"}
        ),
    ]
    first = roads[0]["expansion"]
    assert all(each["expansion"]["contains"] == first["contains"] for each in roads)
    assert {"system": system.HCPCS, "code": "E1390"} in first["contains"]
    assert {"system": system.CPT, "code": "72148"} in first["contains"]
    then = get(world, guide, f"ValueSet/{ID}/$expand?date=1999-01-01")["expansion"]
    assert then["total"] < first["total"]


@GUIDES
def test_an_expansion_comes_in_pages(world: World, guide: Guide) -> None:
    whole = get(world, guide, f"ValueSet/{ID}/$expand")["expansion"]
    read: list[Any] = []
    while len(read) < len(whole["contains"]):
        page = get(world, guide, f"ValueSet/{ID}/$expand?count=100&offset={len(read)}")["expansion"]
        assert page["total"] == whole["total"]
        assert page["offset"] == len(read)
        read += page["contains"]
    assert read == whole["contains"]
    assert "contains" not in get(world, guide, f"ValueSet/{ID}/$expand?count=0")["expansion"]
    past = get(world, guide, f"ValueSet/{ID}/$expand?offset=99999")["expansion"]
    assert "contains" not in past
    like = get(world, guide, f"ValueSet/{ID}/$expand?filter=e139")["expansion"]
    assert "E1390" in [each["code"] for each in like["contains"]]
    assert all("E139" in each["code"] for each in like["contains"])


@GUIDES
def test_a_code_is_on_the_list_or_not_and_the_policy_is_named(world: World, guide: Guide) -> None:
    place = f"ValueSet/$validate-code?url={url(world)}&system={system.HCPCS}"
    on, message = result(get(world, guide, f"{place}&code=E1390"))
    assert on
    assert "/policies/home-oxygen" in message
    assert "LCD L33797" in message
    off, message = result(get(world, guide, f"{place}&code=E0570"))
    assert not off
    assert "Not on the list" in message
    past, _ = result(get(world, guide, f"{place}&code=E1390&date=1960-01-01"))
    assert not past


@GUIDES
def test_a_code_may_be_asked_for_as_coding_or_concept(world: World, guide: Guide) -> None:
    coding = {"system": system.CPT, "code": "72148"}
    for part in (
        {"name": "coding", "valueCoding": coding},
        {"name": "codeableConcept", "valueCodeableConcept": {"coding": [coding]}},
    ):
        assert result(post(world, guide, f"ValueSet/{ID}/$validate-code", part))[0]
    assert result(
        post(
            world,
            guide,
            f"ValueSet/{ID}.FW-SF-01/$validate-code",
            {"name": "code", "valueCode": "72148"},
            {"name": "system", "valueUri": system.CPT},
        )
    ) == (True, result(get(world, guide, f"ValueSet/{ID}.FW-SF-01/$validate-code?system={system.CPT}&code=72148"))[1])  # fmt: skip


@GUIDES
@pytest.mark.parametrize(
    ("place", "status"),
    [("ValueSet/nothing", 404), ("ValueSet/nothing/$expand", 404),
     ("ValueSet/$expand?url=https://other.example/x", 404), ("ValueSet/$expand", 400),
     (f"ValueSet/{ID}.NO-PLAN", 404), (f"ValueSet/{ID}/$expand?date=2026-13-01", 400),
     (f"ValueSet/{ID}/$expand?count=many", 400), (f"ValueSet/{ID}/$validate-code?code=E1390", 400)],
)  # fmt: skip
def test_what_cannot_be_answered_is_an_outcome(
    world: World, guide: Guide, place: str, status: int
) -> None:
    get(world, guide, place, status)


@pytest.mark.parametrize(
    "document",
    [b"{", b"[]", b'{"resourceType":"Patient"}', b'{"resourceType":"Parameters","parameter":7}',
     b'{"resourceType":"Parameters","parameter":[7,{"name":"coding","valueCoding":7}]}',
     b'{"resourceType":"Parameters","parameter":[{"name":"codeableConcept"},{"name":"url","valueUri":{}}]}'],
)  # fmt: skip
def test_a_hostile_body_is_refused(world: World, document: bytes) -> None:
    place = f"/fhir/2.2/ValueSet/{ID}/$validate-code"
    response = world.client.post(place, data=document, content_type=FHIR_JSON)
    assert response.status_code == 400


def test_a_value_set_that_is_known_is_not_sent_again(world: World) -> None:
    for place in (f"ValueSet/{ID}", f"ValueSet/{ID}/$expand", "ValueSet"):
        first = world.client.get(f"/fhir/2.2/{place}")
        again = world.client.get(
            f"/fhir/2.2/{place}", headers={"If-None-Match": first.headers["ETag"]}
        )
        assert again.status_code == 304
