"""Corrections of the coverage record: for the office a card, for clinicians an action on request."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from app.domain.coverage import Coverage, Eligibility
from app.domain.guide import Guide
from app.domain.request import PriorAuthRequest
from app.domain.values import Period
from app.factory import build_app
from tests.spec.crd.asking import GUIDES, Json, call, errors, post
from tests.world import World, new_world

OFFICE = ["appointment-book", "encounter-start", "encounter-discharge"]


@pytest.fixture
def world(tmp_path: Path) -> World:
    return new_world(tmp_path)


def records(answer: Json) -> list[Json]:
    return [c for c in answer["cards"] if c["source"]["topic"]["code"] == "insurance"]


def coverage(body: Json) -> Json:
    found: Json = body["prefetch"]["coverage"]["entry"][0]["resource"]
    return found


@pytest.mark.parametrize("guide", GUIDES)
@pytest.mark.parametrize("hook", OFFICE)
def test_the_office_is_shown_what_the_plan_knows_better(
    world: World, guide: Guide, hook: str
) -> None:
    body = call(hook, guide)
    sent = coverage(body)
    assert records(post(world, body, guide)[1]) == []
    sent["period"]["end"] = "2026-12-31"
    _, answer = post(world, body, guide)
    (card,) = records(answer)
    ((action,),) = [each["actions"] for each in card["suggestions"]]
    assert action["type"] == "update" and "end" not in action["resource"]["period"]
    assert {**action["resource"], "period": sent["period"]} == sent
    assert errors(world, action["resource"], guide) == []
    assert "without a known end" in card["detail"]
    sent["period"] = {"start": "2027-01-01"}
    (card,) = records(post(world, body, guide)[1])
    assert "In force since 2024-01-01" in card["detail"]


@pytest.mark.parametrize("guide", GUIDES)
def test_a_clinician_sees_no_such_card_and_the_client_may_have_it_as_an_action(
    world: World, guide: Guide
) -> None:
    body = call("order-sign-needed", guide)
    coverage(body)["period"]["end"] = "2026-12-31"
    _, plain = post(world, body, guide)
    body.setdefault("extension", {})["davinci-crd.configuration"] = {"insurance": True}
    _, wanted = post(world, body, guide)
    assert records(plain) == records(wanted) == []
    kinds = [
        [a["resource"]["resourceType"] for a in each["systemActions"]] for each in (plain, wanted)
    ]
    assert kinds == [["DeviceRequest"], ["DeviceRequest", "Coverage"]]


@pytest.mark.parametrize("guide", GUIDES)
def test_a_new_number_a_new_plan_and_an_end_are_told(world: World, guide: Guide) -> None:
    class Newer:
        """The plan has moved the member to another product, under a new card."""

        def find(self, request: PriorAuthRequest, on: date) -> Eligibility:
            return Coverage(
                member_id="FW900001",
                subscriber_id="FW900001",
                plan=replace(
                    world.context.rulebook.plan("FW-MA-01"),
                    id="FW-MA-02",
                    name="Fairwater Medicare Choice",
                ),
                period=Period(date(2024, 1, 1), date(2027, 6, 30)),
            )

    context = replace(world.context, eligibility=Newer())
    newer = World(context, build_app(context).test_client())
    body = call("encounter-start", guide)
    (card,) = records(post(newer, body, guide)[1])
    made = card["suggestions"][0]["actions"][0]["resource"]
    assert made["identifier"][0] == {**coverage(body)["identifier"][0], "value": "FW900001"}
    assert made["subscriberId"] == "FW900001" and made["period"]["end"] == "2027-06-30"
    (plan,) = [c for c in made["class"] if c["type"]["coding"][0]["code"] == "plan"]
    assert (plan["value"], plan["name"]) == ("FW-MA-02", "Fairwater Medicare Choice")
    assert errors(newer, made, guide) == []
    body["prefetch"]["coverage"]["entry"][0]["resource"] = made
    assert records(post(newer, body, guide)[1]) == []


@pytest.mark.parametrize("guide", GUIDES)
def test_an_unknown_member_gets_no_correction(world: World, guide: Guide) -> None:
    body = call("encounter-start", guide)
    sent = coverage(body)
    sent["subscriberId"] = sent["identifier"][0]["value"] = "NOBODY"
    body["prefetch"]["patient"]["identifier"] = []
    assert records(post(world, body, guide)[1]) == []
