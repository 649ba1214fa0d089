"""CDS Hooks over HTTP: discovery, its caching, CORS, and that what is offered is answered."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from app.domain.crd import Hook
from app.domain.guide import Guide
from tests.world import World, new_world

GUIDES = list(Guide)
ORIGIN = "https://ehr.example"


@pytest.mark.parametrize("guide", GUIDES)
def test_discovery_offers_every_hook_once(world: World, guide: Guide) -> None:
    answer = world.client.get(f"/crd/{guide.value}/cds-services")
    services = orjson.loads(answer.data)["services"]
    assert answer.status_code == 200
    assert sorted(each["hook"] for each in services) == sorted(Hook)
    for each in services:
        assert each["title"] and each["description"] and each["usageRequirements"]
        assert each["prefetch"]["patient"] == "Patient/{{context.patientId}}"
        versions = each["extension"].get("davinci-crd.version")
        assert versions == (["2.2"] if guide is Guide.V22 else None)


@pytest.mark.parametrize("guide", GUIDES)
def test_every_option_has_all_its_parts_and_a_name_of_its_own(world: World, guide: Guide) -> None:
    services = orjson.loads(world.client.get(f"/crd/{guide.value}/cds-services").data)["services"]
    for each in services:
        options = each["extension"]["davinci-crd.configuration-options"]
        for option in options:
            assert set(option) == {"code", "type", "name", "description", "default"}
        for part in ("code", "name", "description"):
            assert len({option[part] for option in options}) == len(options)
        assert any(option["code"] == "coverage-info" for option in options)


@pytest.mark.parametrize("guide", GUIDES)
def test_no_prefetch_expression_uses_a_result_before_its_key(world: World, guide: Guide) -> None:
    services = orjson.loads(world.client.get(f"/crd/{guide.value}/cds-services").data)["services"]
    for each in services:
        seen: set[str] = set()
        for key, template in each["prefetch"].items():
            used = {part.split(".")[0] for part in template.split("%")[1:]}
            assert used <= seen, (each["hook"], key)
            assert " " not in template
            seen.add(key)


@pytest.mark.parametrize("guide", GUIDES)
def test_every_service_of_the_discovery_has_an_address(world: World, guide: Guide) -> None:
    base = f"/crd/{guide.value}/cds-services"
    for each in orjson.loads(world.client.get(base).data)["services"]:
        answer = world.client.post(f"{base}/{each['id']}", json={"hook": each["hook"]})
        assert answer.status_code == (400 if guide is Guide.V22 else 422)
    assert world.client.post(f"{base}/made-up", json={}).status_code == 404


def test_discovery_may_be_kept_for_a_while(world: World) -> None:
    first = world.client.get("/crd/2.2/cds-services")
    assert "max-age" in first.headers["Cache-Control"]
    again = world.client.get(
        "/crd/2.2/cds-services", headers={"If-None-Match": first.headers["ETag"]}
    )
    assert again.status_code == 304


def test_a_listed_page_may_call_from_a_browser(tmp_path: Path) -> None:
    world = new_world(tmp_path, FORTHWITH_CORS_ORIGINS=ORIGIN)
    preflight = {"Origin": ORIGIN, "Access-Control-Request-Method": "POST"}
    answer = world.client.options("/crd/2.2/cds-services/order-sign", headers=preflight)
    assert answer.status_code == 204
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert "Authorization" in answer.headers["Access-Control-Allow-Headers"]
    other = world.client.get("/crd/2.2/cds-services", headers={"Origin": "https://evil.example"})
    assert "Access-Control-Allow-Origin" not in other.headers


def test_broken_json_is_refused_in_fhir_words(world: World) -> None:
    answer = world.client.post(
        "/crd/2.0/cds-services/order-sign", data=b"{", content_type="application/json"
    )
    assert answer.status_code == 400
    assert orjson.loads(answer.data)["resourceType"] == "OperationOutcome"
