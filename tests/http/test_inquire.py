"""Claim/$inquire at its border: what the caller must change is a 4xx with one OperationOutcome."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from app.domain.guide import Guide
from app.fhir.urls import profile
from tests.http.test_bad_input import BODIES, outcome
from tests.spec.asking import hits, inquire, inquiry
from tests.spec.reading import response_of
from tests.world import World, claim_of, example, resource_of

GUIDES = pytest.mark.parametrize("guide", list(Guide))
ODD: list[Any] = [None, 1, "x", [], {}, [{}], [None], {"reference": 1}]


@GUIDES
@pytest.mark.parametrize("name", BODIES)
def test_a_body_that_is_no_inquiry_bundle_is_400(world: World, guide: Guide, name: str) -> None:
    outcome(inquire(world, BODIES[name], guide), 400)


@GUIDES
def test_an_invalid_inquiry_names_every_issue_at_its_element(world: World, guide: Guide) -> None:
    question = inquiry("any-service", guide)
    del claim_of(question)["created"]
    claim_of(question)["surprise"] = True
    named = {
        each["expression"][0] for each in outcome(inquire(world, question, guide), 400)["issue"]
    }
    assert {"Bundle.entry[0].resource.created", "Bundle.entry[0].resource.surprise"} <= named


@GUIDES
def test_a_request_for_a_decision_is_sent_to_the_other_door(world: World, guide: Guide) -> None:
    found = outcome(inquire(world, example("oxygen-approved", guide), guide), 422)
    assert "Claim/$submit" in found["issue"][0]["details"]["text"]


@GUIDES
@pytest.mark.parametrize("use", ["claim", "predetermination"])
def test_only_authorizations_can_be_asked_for(world: World, guide: Guide, use: str) -> None:
    question = inquiry("any-service", guide)
    question.pop("meta")
    claim_of(question).pop("meta")
    claim_of(question)["use"] = use
    outcome(inquire(world, question, guide), 422)


@GUIDES
def test_another_payers_members_are_not_asked_about_here(world: World, guide: Guide) -> None:
    question = inquiry("any-service", guide)
    wrong = resource_of(example("wrong-payer", guide), "Organization")
    for entry in question["entry"]:
        if entry["fullUrl"].endswith(claim_of(question)["insurer"]["reference"]):
            entry["resource"]["identifier"] = wrong["identifier"]
    found = outcome(inquire(world, question, guide), 422)
    assert found["issue"][0]["expression"] == ["Bundle.entry[0].resource.insurer"]


@GUIDES
def test_a_bundle_that_names_no_profile_is_taken_for_an_inquiry(world: World, guide: Guide) -> None:
    first = world.answer(example("oxygen-approved", guide), guide)
    question = inquiry("any-service", guide)
    question.pop("meta")
    claim_of(question).pop("meta")
    body = {"resourceType": "Parameters", "parameter": [{"name": "resource", "resource": question}]}
    for each in (question, body):
        (found,) = hits(world, each, guide)
        assert found["id"] == response_of(first)["id"]


@GUIDES
def test_what_narrows_may_be_of_any_shape(world: World, guide: Guide) -> None:
    """Nothing in a question can make the server fail."""
    claim = claim_of(inquiry("any-service", guide))
    for name in [*claim, "item", "careTeam", "billablePeriod", "extension"]:
        for value in ODD:
            question = inquiry("any-service", guide)
            claim_of(question)[name] = value
            assert inquire(world, question, guide).status_code < 500


def test_it_is_found_on_each_kind_of_database(worlds: World) -> None:
    guide = Guide.V22
    first = worlds.answer(example("oxygen-approved", guide), guide)
    (found,) = hits(worlds, inquiry("by-trace-number", guide), guide)
    assert found["id"] == response_of(first)["id"]
    assert profile.CLAIM_INQUIRY_RESPONSE in found["meta"]["profile"]


def test_the_answer_may_not_be_kept(world: World) -> None:
    response = inquire(world, inquiry("any-service", Guide.V22), Guide.V22)
    assert response.headers["Cache-Control"] == "no-store"
    assert orjson.loads(response.data)["resourceType"] == "Parameters"
