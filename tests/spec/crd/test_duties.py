"""Duties of the guide that no other test names: see conformance/requirements/crd.csv."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from app.domain.guide import Guide
from tests.spec.crd.asking import GUIDES, Json, ask, call, only, post, told
from tests.world import World, new_world

ALIASES = (
    "https://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets",
    "urn:oid:2.16.840.1.113883.6.285",
    "https://bluebutton.cms.gov/resources/codesystem/hcpcs",
)
SIGNED = ("order-sign-needed", "order-sign-not-covered", "order-sign-recommended")


@pytest.fixture
def world(tmp_path: Path) -> World:
    return new_world(tmp_path)


def services(world: World, guide: Guide) -> list[Json]:
    found: list[Json] = orjson.loads(world.client.get(f"/crd/{guide.value}/cds-services").data)[
        "services"
    ]
    return found


@pytest.mark.parametrize("guide", GUIDES)
def test_other_names_of_a_code_system_mean_the_same_code(world: World, guide: Guide) -> None:
    """found-10"""
    for alias in ALIASES:
        body = call("order-sign-needed", guide)
        order = body["context"]["draftOrders"]["entry"][0]["resource"]
        order["codeCodeableConcept"]["coding"][0]["system"] = alias
        assert only(ask(world, body, guide))["pa-needed"] == ["auth-needed"], alias


@pytest.mark.parametrize("guide", GUIDES)
def test_answers_have_no_insignificant_white_space(world: World, guide: Guide) -> None:
    """found-40"""
    base = f"/crd/{guide.value}/cds-services"
    discovered = world.client.get(base).data
    answered = world.client.post(f"{base}/order-sign", json=call("order-sign-needed", guide)).data
    for raw in (discovered, answered):
        assert raw == orjson.dumps(orjson.loads(raw))


def test_the_payer_is_asked_for_besides_the_standard_prefetch(world: World) -> None:
    """found-26: the payor's organization is in no standard prefetch, and decides whose call it is."""
    for service in services(world, Guide.V22):
        assert "%coverage" in service["prefetch"]["payers"]


@pytest.mark.parametrize("guide", GUIDES)
def test_only_selected_orders_are_answered(world: World, guide: Guide) -> None:
    """hook-34"""
    body = call("order-select", guide)
    drafts = {entry["resource"]["id"] for entry in body["context"]["draftOrders"]["entry"]}
    chosen = {each.partition("/")[2] for each in body["context"]["selections"]}
    assert {each["id"] for each in ask(world, body, guide)} == chosen < drafts


@pytest.mark.parametrize("guide", GUIDES)
@pytest.mark.parametrize("name", SIGNED)
def test_every_reason_is_a_sentence(world: World, guide: Guide, name: str) -> None:
    """covinfo-2"""
    said = only(ask(world, call(name, guide), guide))
    assert said["reason"]
    assert all(len(each["text"].split()) > 2 for each in said["reason"])


@pytest.mark.parametrize("guide", GUIDES)
def test_payment_matters_are_never_critical(world: World, guide: Guide) -> None:
    """resp-1, resp-2"""
    shown = [
        card["indicator"]
        for name in SIGNED
        for card in post(world, call(name, guide), guide)[1]["cards"]
    ]
    assert shown and set(shown) <= {"info", "warning"}
    assert shown.count("info") * 2 > len(shown)


@pytest.mark.parametrize("guide", GUIDES)
def test_no_card_repeats_a_system_action(world: World, guide: Guide) -> None:
    """resp-12, resp-25: no suggestion adds coverage information alone."""
    for name in SIGNED:
        _, answer = post(world, call(name, guide), guide)
        updated = [action["resource"] for action in answer["systemActions"]]
        for card in answer["cards"]:
            for suggestion in card.get("suggestions", []):
                for action in suggestion.get("actions", []):
                    assert action.get("resource") not in updated
                    assert not told(action.get("resource", {}))


@pytest.mark.parametrize("guide", GUIDES)
def test_options_mean_the_same_on_every_hook(world: World, guide: Guide) -> None:
    """dev-9"""
    seen: dict[str, Json] = {}
    for service in services(world, guide):
        for option in service["extension"]["davinci-crd.configuration-options"]:
            known = seen.setdefault(option["code"], option)
            assert (known["name"], known["type"]) == (option["name"], option["type"])
    assert "coverage-info" in seen
