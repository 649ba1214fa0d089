"""What was submitted and answered can be read by its submitter, and by nobody else."""

from __future__ import annotations

from dataclasses import replace

import orjson
import pytest

from app.auth.door import door
from app.domain.guide import Guide
from app.domain.principal import Principal, Role
from app.errors import NotFound
from app.flows.read_resource import read_resource
from tests.world import World, claim_of, example

GUIDES = pytest.mark.parametrize("guide", list(Guide))


def response_id(world: World, guide: Guide) -> tuple[str, dict[str, object]]:
    """The id of a fresh ClaimResponse, and the Claim that it answers."""
    bundle = example("oxygen-approved", guide)
    answer = world.answer(bundle, guide)
    return str(answer["entry"][0]["resource"]["id"]), claim_of(bundle)


@GUIDES
def test_the_answer_and_the_claim_are_read_under_one_id(worlds: World, guide: Guide) -> None:
    world = worlds
    name, sent = response_id(world, guide)
    base = f"/fhir/{guide.value}"
    answer = world.client.get(f"{base}/ClaimResponse/{name}")
    claim = world.client.get(f"{base}/Claim/{name}")
    for response, kind in ((answer, "ClaimResponse"), (claim, "Claim")):
        assert response.status_code == 200
        assert response.headers["ETag"] == 'W/"1"'
        assert response.headers["Last-Modified"] == "Wed, 25 Nov 2026 15:00:00 GMT"
        assert response.headers["Cache-Control"] == "no-store"
        found = orjson.loads(response.data)
        assert (found["resourceType"], found["id"]) == (kind, name)
        assert found["meta"]["versionId"] == "1"
        assert found["meta"]["lastUpdated"].startswith("2026-11-25T15:00:00")
    assert orjson.loads(claim.data)["item"] == sent["item"]


def test_a_claim_sent_in_parameters_is_read_too(world: World) -> None:
    bundle = example("oxygen-approved", Guide.V22)
    wrapped = {
        "resourceType": "Parameters",
        "parameter": [{"name": "resource", "resource": bundle}],
    }
    answer = world.answer(wrapped, Guide.V22)
    name = answer["entry"][0]["resource"]["id"]
    found = orjson.loads(world.client.get(f"/fhir/2.2/Claim/{name}").data)
    assert found["item"] == claim_of(bundle)["item"]


def test_a_reader_who_has_this_version_gets_304(world: World) -> None:
    name, _ = response_id(world, Guide.V22)
    response = world.client.get(
        f"/fhir/2.2/ClaimResponse/{name}", headers={"If-None-Match": 'W/"1"'}
    )
    assert (response.status_code, response.data) == (304, b"")


def test_the_head_of_a_resource_has_no_body(world: World) -> None:
    name, _ = response_id(world, Guide.V22)
    response = world.client.head(f"/fhir/2.2/ClaimResponse/{name}")
    assert (response.status_code, response.data) == (200, b"")
    assert response.headers["ETag"] == 'W/"1"'


@GUIDES
@pytest.mark.parametrize("kind", ["Claim", "ClaimResponse"])
@pytest.mark.parametrize("name", ["nothing", "0", "a" * 64, "a" * 65, "%2e%2e", "$submit'"])
def test_what_is_not_there_is_404(world: World, guide: Guide, kind: str, name: str) -> None:
    response = world.client.get(f"/fhir/{guide.value}/{kind}/{name}")
    assert response.status_code == 404
    assert orjson.loads(response.data)["resourceType"] == "OperationOutcome"


def test_the_other_guide_version_does_not_show_it(world: World) -> None:
    name, _ = response_id(world, Guide.V22)
    assert world.client.get(f"/fhir/2.0/ClaimResponse/{name}").status_code == 404


def test_another_submitter_and_another_payer_do_not_see_it(world: World) -> None:
    name, _ = response_id(world, Guide.V22)
    owner = door(world.context.settings)("")
    assert read_resource(world.context, owner, Guide.V22, "Claim", name)
    for other in (
        Principal("someone-else", owner.tenant, frozenset({Role.SUBMITTER})),
        replace(owner, tenant="another-payer"),
    ):
        with pytest.raises(NotFound):
            read_resource(world.context, other, Guide.V22, "Claim", name)
