"""Every other FHIR document that we send is as conformant as the answers to a submission."""

from __future__ import annotations

import orjson
import pytest

from app.domain.guide import Guide
from tests.spec.reading import response_of
from tests.world import FHIR_JSON, World, claim_of, example, keep

GUIDES = pytest.mark.parametrize("guide", list(Guide))


def judged(world: World, guide: Guide, body: bytes) -> dict[str, object]:
    """The document, after our validator found nothing wrong with it; kept for HL7's engine."""
    document: dict[str, object] = orjson.loads(body)
    issues = world.context.validators[guide].resource(document)
    assert [issue for issue in issues if issue.is_error] == []
    keep(body, guide)
    return document


@GUIDES
@pytest.mark.parametrize(
    "place",
    ["metadata", "OperationDefinition/Claim-submit", "OperationDefinition/Resource-validate"],
)
def test_what_we_say_about_ourselves(world: World, guide: Guide, place: str) -> None:
    judged(world, guide, world.client.get(f"/fhir/{guide.value}/{place}").data)


@GUIDES
def test_a_refusal(world: World, guide: Guide) -> None:
    bundle = example("oxygen-approved", guide)
    del claim_of(bundle)["insurer"]
    claim_of(bundle)["surprise"] = [None]
    response = world.submit(bundle, guide)
    assert response.status_code == 400
    assert judged(world, guide, response.data)["resourceType"] == "OperationOutcome"


@GUIDES
def test_a_verdict(world: World, guide: Guide) -> None:
    for body in (example("oxygen-approved", guide), {"resourceType": "Bundle"}):
        response = world.client.post(
            f"/fhir/{guide.value}/Bundle/$validate",
            data=orjson.dumps(body),
            content_type=FHIR_JSON,
        )
        assert judged(world, guide, response.data)["resourceType"] == "OperationOutcome"


@GUIDES
def test_a_claim_response_that_is_read_alone(world: World, guide: Guide) -> None:
    """Its references lead to the sender's resources, so only its own rules are asked about."""
    answer = world.answer(example("oxygen-approved", guide), guide)
    name = response_of(answer)["id"]
    body = world.client.get(f"/fhir/{guide.value}/ClaimResponse/{name}").data
    document = orjson.loads(body)
    issues = world.context.validators[guide].resource(document, within=answer)
    assert [issue for issue in issues if issue.is_error] == []
