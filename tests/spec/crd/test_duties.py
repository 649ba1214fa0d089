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
def test_every_card_says_who_speaks_on_what_and_about_which_orders(
    world: World, guide: Guide
) -> None:
    """resp-4, resp-5, dev-24, dev-25"""
    shown = 0
    for name in SIGNED:
        body = call(name, guide)
        drafts = [each["resource"] for each in body["context"]["draftOrders"]["entry"]]
        codes = {f"{one['resourceType']}/{one['id']}": code_of(one) for one in drafts}
        for card in post(world, body, guide)[1]["cards"]:
            shown += 1
            assert card["source"]["label"] and card["source"]["topic"]["code"]
            about = card["extension"]["davinci-crd.associated-resource"]
            names = [each if isinstance(each, str) else each["reference"] for each in about]
            assert names and all(codes[each] in card["detail"] for each in names)
    assert shown > 2


def code_of(order: Json) -> str:
    concept = order.get("codeCodeableConcept") or order["code"]
    code: str = concept["coding"][0]["code"]
    return code


@pytest.mark.parametrize("guide", GUIDES)
def test_links_lead_to_the_public_text_and_never_to_a_portal(world: World, guide: Guide) -> None:
    """resp-10, resp-17, resp-18, resp-19, resp-21, resp-23: an external reference leads to the
    sources of its policy, in `links`; other cards open an app of the policy, or nothing."""
    policies = world.context.rulebook.policies.values()
    public = {source.url for policy in policies for source in policy.sources}
    led = 0
    for name in SIGNED:
        for card in post(world, call(name, guide), guide)[1]["cards"]:
            if card["source"]["topic"]["code"] != "guideline":
                assert {link["type"] for link in card.get("links", [])} <= {"smart"}
                assert "://" not in card["detail"]
                continue
            led += 1
            assert card["links"] and {link["type"] for link in card["links"]} == {"absolute"}
            assert {link["url"] for link in card["links"]} <= public
    assert led


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
