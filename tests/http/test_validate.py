"""`$validate`: 200 and one OperationOutcome whatever the verdict; 4xx only for what cannot be read."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from werkzeug.test import TestResponse

from app.domain.guide import Guide
from app.fhir.urls import profile
from tests.world import FHIR_JSON, World, claim_of, example, resource_of

GUIDES = pytest.mark.parametrize("guide", list(Guide))


def ask(
    world: World, guide: Guide, kind: str, body: dict[str, Any] | bytes, query: str = ""
) -> TestResponse:
    raw = body if isinstance(body, bytes) else orjson.dumps(body)
    address = f"/fhir/{guide.value}/{kind}/$validate{query}"
    return world.client.post(address, data=raw, content_type=FHIR_JSON)


def issues(response: TestResponse) -> list[dict[str, Any]]:
    assert response.status_code == 200, response.data
    found = orjson.loads(response.data)
    assert found["resourceType"] == "OperationOutcome"
    listed: list[dict[str, Any]] = found["issue"]
    return listed


def errors(response: TestResponse) -> list[dict[str, Any]]:
    return [issue for issue in issues(response) if issue["severity"] in ("error", "fatal")]


@GUIDES
def test_a_sound_bundle_has_no_error_and_a_broken_one_has(world: World, guide: Guide) -> None:
    bundle = example("oxygen-approved", guide)
    query = f"?profile={profile.REQUEST_BUNDLE}"
    assert errors(ask(world, guide, "Bundle", bundle, query)) == []
    del claim_of(bundle)["insurer"]
    (found,) = errors(ask(world, guide, "Bundle", bundle, query))
    assert found["expression"][0].startswith("Bundle.entry[0].resource")
    assert found["details"]["coding"][0]["code"]


def test_nothing_to_report_is_said(world: World) -> None:
    body = {"resourceType": "Basic", "code": {"text": "x"}, "text": {"status": "empty"}}
    body["text"] = {
        "status": "generated",
        "div": '<div xmlns="http://www.w3.org/1999/xhtml">x</div>',
    }
    (only,) = issues(ask(world, Guide.V22, "Basic", body))
    assert (only["severity"], only["details"]["text"][:6]) == ("information", "All OK")


@GUIDES
def test_profile_and_mode_may_come_in_parameters(world: World, guide: Guide) -> None:
    patient = resource_of(example("oxygen-approved", guide), "Patient")
    del patient["identifier"]
    parameters = {
        "resourceType": "Parameters",
        "parameter": [
            {"name": "mode", "valueCode": "create"},
            {"name": "profile", "valueUri": profile.BENEFICIARY},
            {"name": "resource", "resource": patient},
        ],
    }
    assert errors(ask(world, guide, "Patient", parameters))
    assert errors(ask(world, guide, "Patient", patient, f"?profile={profile.BENEFICIARY}"))


def test_parameters_can_be_validated_themselves(world: World) -> None:
    sound = {"resourceType": "Parameters", "parameter": [{"name": "x", "valueString": "y"}]}
    assert errors(ask(world, Guide.V22, "Parameters", sound)) == []
    broken = {"resourceType": "Parameters", "parameter": [{"valueString": "y"}]}
    assert errors(ask(world, Guide.V22, "Parameters", broken))


def test_a_versioned_profile_of_this_guide_is_known_and_another_is_an_issue(world: World) -> None:
    bundle = example("oxygen-approved", Guide.V22)
    known = ask(world, Guide.V22, "Bundle", bundle, f"?profile={profile.REQUEST_BUNDLE}|2.2.1")
    assert errors(known) == []
    for unknown in ("http://example.org/nothing", "no address at all"):
        assert errors(ask(world, Guide.V22, "Bundle", bundle, f"?profile={unknown}"))


def test_another_type_than_the_address_says_is_an_issue(world: World) -> None:
    (found,) = errors(ask(world, Guide.V22, "Claim", {"resourceType": "Patient"}))
    assert found["details"]["coding"][0]["code"] == "wrong-address"


@pytest.mark.parametrize(
    ("kind", "body", "status"),
    [
        ("Patient", b"{", 400),
        ("Patient", b"[]", 400),
        ("Nothing", b"{}", 404),
        ("Element", b"{}", 404),
        ("Resource", b"{}", 404),
    ],
)
def test_what_cannot_be_read_is_refused(world: World, kind: str, body: bytes, status: int) -> None:
    assert ask(world, Guide.V22, kind, body).status_code == status


def test_a_mode_that_checks_a_stored_state_is_refused(world: World) -> None:
    response = ask(world, Guide.V22, "Patient", {"resourceType": "Patient"}, "?mode=delete")
    assert response.status_code == 422


@pytest.mark.parametrize(
    "body", [{}, {"resourceType": "Parameters"}, {"resourceType": 3}, {"resourceType": "Parameters",
     "parameter": [None, {"name": "profile", "valueUri": []}, {"name": "resource"}]}]
)  # fmt: skip
def test_strange_shapes_get_a_verdict(world: World, body: dict[str, Any]) -> None:
    assert errors(ask(world, Guide.V22, "Patient", body))
