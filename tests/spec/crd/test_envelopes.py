"""Every envelope passes our own JSON Schema of CDS Hooks: discovery, calls, answers and feedback."""

from __future__ import annotations

import copy
import functools
from pathlib import Path
from typing import Any

import orjson
import pytest
from jsonschema import Draft202012Validator
from referencing import Registry, Resource

from app import resources
from app.domain.guide import Guide
from tests.spec.crd.asking import call, post
from tests.world import World, new_world

Json = dict[str, Any]
FOLDER = resources.data("capability") / "cds-hooks"
EXAMPLES = [
    (guide, path.stem)
    for guide in Guide
    for path in sorted((resources.data("examples") / "crd" / guide.value).glob("*.json"))
]
CARD: Json = {
    "uuid": "8c1b0e1e-6f6f-4f38-9d0c-1d6e6c0f4b11",
    "summary": "A rental is covered instead",
    "indicator": "info",
    "source": {
        "label": "Fairwater",
        "topic": {"system": "https://x.example/topic", "code": "cost"},
    },
}
UPDATE: Json = {
    "type": "update",
    "description": "Add it.",
    "resource": {"resourceType": "DeviceRequest", "id": "o1"},
}


@functools.cache
def schema(name: str) -> Draft202012Validator:
    """One of our schemas; the files know each other by their names."""
    read = {
        path.name: orjson.loads(path.read_bytes()) for path in sorted(FOLDER.glob("*.schema.json"))
    }
    registry: Any = Registry().with_resources(
        (key, Resource.from_contents(value)) for key, value in read.items()
    )
    Draft202012Validator.check_schema(read[f"{name}.schema.json"])
    return Draft202012Validator(read[f"{name}.schema.json"], registry=registry)


def faults(name: str, document: Json) -> list[str]:
    return [
        f"{each.json_path}: {each.message[:120]}" for each in schema(name).iter_errors(document)
    ]


def response(guide: Guide) -> str:
    return "response-2.2" if guide is Guide.V22 else "response"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return new_world(Path(tmp_path_factory.mktemp("crd")))


@pytest.mark.parametrize("guide", list(Guide))
def test_discovery_passes(world: World, guide: Guide) -> None:
    found = orjson.loads(world.client.get(f"/crd/{guide.value}/cds-services").data)
    assert faults("discovery", found) == []
    assert ("davinci-crd.version" in found["services"][0]["extension"]) is (guide is Guide.V22)


@pytest.mark.parametrize(("guide", "name"), EXAMPLES)
def test_every_example_call_and_its_answer_pass(world: World, guide: Guide, name: str) -> None:
    body = call(name, guide)
    assert faults("request", body) == []
    status, answer = post(world, body, guide)
    assert status == 200, answer
    assert faults(response(guide), answer) == []


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"cards": None},
        {"cards": [], "extra": 1},
        {"cards": [], "systemActions": []},
        {"cards": [], "systemActions": [{**UPDATE, "description": ""}]},
        {"cards": [], "systemActions": [{**UPDATE, "resource": {"resourceType": "Claim"}}]},
        {"cards": [], "systemActions": [{"type": "delete", "description": "x"}]},
        {"cards": [{**CARD, "summary": "x" * 140}]},
        {"cards": [{**CARD, "indicator": "hard-stop"}]},
        {"cards": [{**CARD, "links": []}]},
        {"cards": [{**CARD, "source": {"label": "Fairwater"}}]},
        {"cards": [{**CARD, "uuid": "1"}]},
        {"cards": [{**CARD, "suggestions": [{"label": "x", "uuid": CARD["uuid"]}]}]},
        {"cards": [{**CARD, "selectionBehavior": "any", "suggestions": [{"label": "x"}]}]},
        {"cards": [{**CARD, "links": [{"label": "x", "url": "javascript:x", "type": "absolute"}]}]},
    ],
)
def test_an_answer_that_breaks_a_rule_is_found(answer: Json) -> None:
    assert faults("response-2.2", answer)


@pytest.mark.parametrize(
    "answer", [{"cards": []}, {"cards": [CARD]}, {"cards": [], "systemActions": [UPDATE]}]
)
def test_the_smallest_sound_answers_pass(answer: Json) -> None:
    assert faults("response-2.2", answer) == []


@pytest.mark.parametrize("member", ["hook", "hookInstance", "context"])
def test_a_call_without_a_required_member_is_found(member: str) -> None:
    body = copy.deepcopy(call("order-sign-needed", Guide.V22))
    del body[member]
    assert faults("request", body)


TAKEN: Json = {
    "card": CARD["uuid"],
    "outcome": "accepted",
    "outcomeTimestamp": "2026-11-25T15:00:00Z",
    "acceptedSuggestions": [{"id": "s1"}],
}
SET_ASIDE: Json = {
    "card": CARD["uuid"],
    "outcome": "overridden",
    "outcomeTimestamp": "2026-11-25T15:00:00.5+01:00",
    "overrideReason": {"reason": {"code": "known", "system": "https://x.example/why"}},
    "made": "up",
}


@pytest.mark.parametrize("guide", list(Guide))
def test_feedback_passes_and_is_taken(world: World, guide: Guide) -> None:
    told = {"feedback": [TAKEN, SET_ASIDE, {**SET_ASIDE, "overrideReason": {"userComment": "x"}}]}
    assert faults("feedback", told) == []
    address = f"/crd/{guide.value}/cds-services/order-sign/feedback"
    assert world.client.post(address, json=told).status_code == 200


@pytest.mark.parametrize(
    "told",
    [
        {},
        {"feedback": []},
        {"feedback": [{**TAKEN, "card": ""}]},
        {"feedback": [{**TAKEN, "outcome": "ignored"}]},
        {"feedback": [{**TAKEN, "acceptedSuggestions": [{}]}]},
        {"feedback": [{**SET_ASIDE, "acceptedSuggestions": [{"id": "s1"}]}]},
        {"feedback": [{**SET_ASIDE, "overrideReason": {"reason": {"code": "known"}}}]},
        {"feedback": [{**SET_ASIDE, "outcomeTimestamp": "yesterday"}]},
    ],
)
def test_feedback_that_breaks_a_rule_is_found(told: Json) -> None:
    assert faults("feedback", told)


@pytest.mark.parametrize(
    "spoil",
    [
        {"hook": "order-made-up"},
        {"hookInstance": ""},
        {"fhirServer": "ftp://x"},
        {"prefetch": []},
        {"context": {"patientId": "1"}},
    ],
)
def test_a_call_that_breaks_a_rule_is_found(spoil: Json) -> None:
    assert faults("request", call("order-sign-needed", Guide.V22) | spoil)


@pytest.mark.parametrize(
    "spoil",
    [
        {"title": 1},
        {"id": ""},
        {"hook": None},
        {"prefetch": {"patient": 1}},
        {"extension": {"davinci-crd.configuration-options": [{"code": "x"}]}},
    ],
)
def test_a_service_that_breaks_a_rule_is_found(world: World, spoil: Json) -> None:
    found = orjson.loads(world.client.get("/crd/2.2/cds-services").data)
    found["services"][0] |= spoil
    assert faults("discovery", found)
