"""Cards beside the coverage information: useful, few, obeying the client's options."""

from __future__ import annotations

import copy
from pathlib import Path
from uuid import UUID

import orjson
import pytest

from app.domain.guide import Guide
from tests.spec.crd.asking import GUIDES, Json, ask, call, errors, post
from tests.world import World, new_world


@pytest.fixture
def world(tmp_path: Path) -> World:
    return new_world(tmp_path)


def cards(world: World, body: Json, guide: Guide) -> list[Json]:
    status, answer = post(world, body, guide)
    assert status == 200
    found: list[Json] = answer["cards"]
    for card in found:
        assert UUID(card["uuid"]) and 0 < len(card["summary"]) < 140
        assert card["source"]["label"] == "Fairwater Health Plan"
        assert card["source"]["topic"]["system"] and card["indicator"] in ("info", "warning")
        for suggestion in card.get("suggestions", []):
            assert UUID(suggestion["uuid"]) and card["selectionBehavior"] == "at-most-one"
    return found


def on(found: list[Json], topic: str) -> Json:
    """The one card on a topic."""
    (card,) = [each for each in found if each["source"]["topic"]["code"] == topic]
    return card


def options(body: Json, **chosen: object) -> Json:
    spelled = {name.replace("_", "-"): value for name, value in chosen.items()}
    body.setdefault("extension", {})["davinci-crd.configuration"] = spelled
    return body


def alternative(guide: Guide) -> Json:
    """A fully electric bed: Medicare covers a semi-electric one."""
    body = call("order-sign-no-auth", guide)
    order = body["context"]["draftOrders"]["entry"][0]["resource"]
    order["codeCodeableConcept"]["coding"][0]["code"] = "E0265"
    return body


@pytest.mark.parametrize("guide", GUIDES)
def test_a_needed_authorization_brings_its_papers_and_sources(world: World, guide: Guide) -> None:
    found = cards(world, call("order-sign-needed", guide), guide)
    papers, sources = on(found, "claim"), on(found, "guideline")
    assert "E1390" in papers["detail"] and "links" not in papers and "suggestions" not in papers
    assert all(link["type"] == "absolute" for link in sources["links"])
    associated = papers["extension"]["davinci-crd.associated-resource"]
    expected = (
        {"reference": "DeviceRequest/oxygen"} if guide is Guide.V22 else "DeviceRequest/oxygen"
    )
    assert associated == [expected]


@pytest.mark.parametrize("guide", GUIDES)
def test_what_the_policy_offers_instead_can_be_chosen(world: World, guide: Guide) -> None:
    first = cards(world, alternative(guide), guide)[0]
    ((action,),) = [each["actions"] for each in first["suggestions"]]
    assert action["type"] == "update" and action["description"]
    assert action["resource"]["codeCodeableConcept"]["coding"][0]["code"] == "E0260"
    assert action["resource"]["id"] == "nebulizer"
    assert first["source"]["topic"]["code"] == "therapy-alternatives-req"
    assert first["indicator"] == "warning"


@pytest.mark.parametrize("guide", GUIDES)
def test_an_order_that_goes_with_this_one_is_proposed_until_somebody_orders_it(
    world: World, guide: Guide
) -> None:
    body = call("order-sign-needed", guide)
    card = on(cards(world, body, guide), "clinical-reminder")
    ((action,),) = [each["actions"] for each in card["suggestions"]]
    order = action["resource"]
    assert action["type"] == "create" and order["code"]["coding"][0]["code"] == "94761"
    assert order["subject"] == {"reference": "Patient/fw100001"} and order["requester"]
    assert errors(world, order, guide) == []
    for place in (body["prefetch"], body["context"]):
        already = copy.deepcopy(body)
        order = {**order, "id": "oximetry"}
        if place is body["prefetch"]:
            already["prefetch"]["others"] = {"resourceType": "Bundle", "type": "searchset"}
            already["prefetch"]["others"]["entry"] = [{"resource": {**order, "status": "active"}}]
        else:
            already["context"]["draftOrders"]["entry"].append({"resource": order})
        topics = {c["source"]["topic"]["code"] for c in cards(world, already, guide)}
        assert "clinical-reminder" not in topics


@pytest.mark.parametrize("guide", GUIDES)
def test_an_app_of_the_policy_can_be_opened(world: World, guide: Guide) -> None:
    body = call("order-sign-recommended", guide)
    card = on(cards(world, body, guide), "appropriate-use")
    (link,) = card["links"]
    assert link["type"] == "smart" and link["url"].endswith("/knee-decision-aid/launch")
    told = orjson.loads(link["appContext"])
    assert told["order"].startswith("ServiceRequest/") and told["coverage"].startswith("Coverage/")
    assert told["policy"] == "knee-arthroscopy"
    assert all("actions" not in each for each in card.get("suggestions", []))
    assert len(card.get("suggestions", [])) == (0 if guide is Guide.V22 else 1)
    off = cards(world, options(body, appropriate_use=False), guide)
    assert "appropriate-use" not in {each["source"]["topic"]["code"] for each in off}


def test_a_practitioner_who_reads_spanish_gets_spanish_cards(world: World) -> None:
    body = options(call("order-sign-needed", Guide.V22), form_tasks=True)
    english = {card["summary"] for card in cards(world, copy.deepcopy(body), Guide.V22)}
    user = body["prefetch"]["practitioners"]["entry"][0]["resource"]
    user["communication"] = [{"coding": [{"system": "urn:ietf:bcp:47", "code": "es"}]}]
    spanish = cards(world, body, Guide.V22)
    assert len(spanish) == len(english) and not english & {card["summary"] for card in spanish}
    assert all(card["detail"].startswith("Para E1390") for card in spanish)


@pytest.mark.parametrize("guide", GUIDES)
def test_nothing_to_do_is_no_card(world: World, guide: Guide) -> None:
    assert cards(world, call("order-sign-no-auth", guide), guide) == []
    assert cards(world, call("order-sign-granted", guide), guide) == []


@pytest.mark.parametrize("guide", GUIDES)
def test_what_the_client_knows_brings_no_card_again(world: World, guide: Guide) -> None:
    body = call("order-sign-needed", guide)
    (found,) = ask(world, body, guide)
    body["context"]["draftOrders"]["entry"][0]["resource"] = found
    assert cards(world, body, guide) == []


@pytest.mark.parametrize("guide", GUIDES)
def test_options_are_obeyed_and_nonsense_is_ignored(world: World, guide: Guide) -> None:
    body = call("order-sign-needed", guide)
    everything = len(cards(world, body, guide))
    for topic in ("guideline", "claim", "clinical-reminder"):
        found = cards(world, options(body, **{topic: False}), guide)
        assert len(found) == everything - 1
        assert topic not in {each["source"]["topic"]["code"] for each in found}
    assert len(cards(world, options(body, max_cards=1), guide)) == 1
    assert cards(world, options(body, max_cards=0), guide) == []
    nonsense = options(body, max_cards="none", guideline=3, limits=True)
    assert len(cards(world, nonsense, guide)) == everything


@pytest.mark.parametrize("guide", GUIDES)
def test_the_order_that_needs_most_comes_first_and_what_is_alike_is_said_once(
    world: World, guide: Guide
) -> None:
    body = call("order-sign-needed", guide)
    orders = body["context"]["draftOrders"]["entry"]
    for name, code in (("portable", "E1392"), ("bed", "E0265")):
        order = copy.deepcopy(orders[0]["resource"])
        order["id"], order["codeCodeableConcept"]["coding"][0]["code"] = name, code
        orders.append({"fullUrl": f"https://ehr.example/DeviceRequest/{name}", "resource": order})
    bed, *others = cards(world, body, guide)
    papers, proposed = on(others, "claim"), on(others, "clinical-reminder")
    assert len(proposed["suggestions"]) == 1
    assert bed["source"]["topic"]["code"] == "therapy-alternatives-req"
    about = [str(each) for each in papers["extension"]["davinci-crd.associated-resource"]]
    assert [("oxygen" in each, "portable" in each) for each in about] == [
        (True, False),
        (False, True),
    ]
    assert "E1390, E1392" in papers["detail"]
    assert cards(world, options(body, max_cards=1), guide)[0]["summary"] == bed["summary"]


def test_coverage_information_off_leaves_the_other_cards_and_grants_nothing(world: World) -> None:
    body = options(call("order-sign-granted", Guide.V22), coverage_info=False)
    status, answer = post(world, body, Guide.V22)
    assert status == 200 and "systemActions" not in answer
    assert "FA-" not in str(answer)


def test_a_call_that_is_not_a_signature_grants_nothing_but_tells_what_is_granted(
    world: World,
) -> None:
    selecting = call("order-select", Guide.V22)
    (found,) = ask(world, selecting, Guide.V22)
    assert "satisfied" not in str(found)
    ask(world, call("order-sign-granted", Guide.V22), Guide.V22)
    (found,) = ask(world, selecting, Guide.V22)
    assert "satisfied" in str(found)
