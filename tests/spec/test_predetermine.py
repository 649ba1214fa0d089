"""Predetermination: an opinion that is asked for, never an authorization, at a door of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest
from werkzeug.test import TestResponse

from app import resources
from app.domain.case import Case
from app.domain.guide import Guide
from app.fhir.urls import ext, profile
from tests.spec.made import made_world
from tests.spec.reading import action, items, notes, number, response_of
from tests.world import FHIR_JSON, World, claim_of, example

GUIDES = pytest.mark.parametrize("guide", list(Guide))
NOTICE = "not a guarantee of benefits"
OFFERED = """
id: heart-scan-offer
owner: Medical director
title: {en: Offered heart scan, es: Escaneo cardíaco ofrecido}
summary: {en: A review that is offered., es: Una revisión que se ofrece.}
sources:
  house: {title: House list, kind: plan, url: "https://fairwater.example/x", reviewed: 2026-11-22, next_review: 2027-11-22}
versions: [{version: "1", from: 2026-01-01}]
applies:
  - {id: scan, review: recommended-clinical-review, services: [E1390], cite: house}
facts:
  asked: {label: {en: Asked, es: Pedido}, type: yes-no, otherwise: SAID}
criteria:
  - {id: asked-for, fact: asked, is: yes, cite: house}
grant: {period: 90 days}
"""


def predetermine(world: World, bundle: Any, guide: Guide) -> TestResponse:
    """POST a bundle to Claim/$predetermine."""
    place = f"/fhir/{guide.value}/Claim/$predetermine"
    return world.client.post(place, data=orjson.dumps(bundle), content_type=FHIR_JSON)


def asked(name: str, guide: Guide) -> Any:
    """An example as a predetermination."""
    bundle = example(name, guide)
    claim_of(bundle)["use"] = "predetermination"
    return bundle


def opinion(world: World, bundle: Any, guide: Guide) -> Any:
    """The answer of a predetermination that must succeed, checked: R4 as it is, PAS but for `use`."""
    response = predetermine(world, bundle, guide)
    assert response.status_code == 200, response.data
    answer = orjson.loads(response.data)
    assert [each for each in world.context.validators[guide].bundle(answer) if each.is_error] == []
    held = orjson.loads(response.data)
    head = response_of(held)
    head["use"] = "preauthorization"
    head["meta"] = {"profile": [profile.CLAIM_RESPONSE]}
    assert world.errors(held, guide) == []
    return answer


def case_of(world: World, answer: Any) -> Case:
    """The stored case of an answer."""
    with world.context.store.read(world.caller.tenant) as look:
        found = look.resources.get("ClaimResponse", response_of(answer)["id"])
        assert found is not None
        case = look.cases.get(found.case_id)
    assert case is not None
    return case


def offering(folder: Path, said: str) -> World:
    """A server whose rulebook offers a review of oxygen and needs no authorization for it."""
    return made_world(folder, {"home-oxygen": OFFERED.replace("SAID", said)})


@GUIDES
def test_an_opinion_authorizes_nothing_and_says_so_in_both_languages(
    tmp_path: Path, guide: Guide
) -> None:
    answer = opinion(offering(tmp_path, "yes"), asked("oxygen-approved", guide), guide)
    response = response_of(answer)
    (item,) = items(answer).values()
    assert response["use"] == "predetermination"
    assert action(item) == "A1"
    assert number(item) == ""
    assert not {"preAuthRef", "preAuthPeriod", "addItem", "adjudication", "meta"} & set(response)
    given = {ext.ITEM_PRE_AUTH_PERIOD, ext.ITEM_PRE_AUTH_ISSUE_DATE, ext.ITEM_AUTHORIZED_DETAIL}
    assert not given & {each["url"] for each in item["extension"]}
    assert NOTICE in response["disposition"]
    printed = {
        note["language"]["coding"][0]["code"]: note["text"]
        for note in response["processNote"]
        if note["type"] == "print" and note["extension"][0]["valueCode"] == "not-a-guarantee"
    }
    assert NOTICE in printed["en"]
    assert "no garantiza" in printed["es"]
    assert not [note for note in notes(answer, item) if "needs a prior authorization" in note]


@GUIDES
def test_unmet_criteria_of_an_offered_review_go_to_a_clinician(
    tmp_path: Path, guide: Guide
) -> None:
    """An adverse opinion is a clinician's too."""
    world = offering(tmp_path, "no")
    answer = opinion(world, asked("oxygen-approved", guide), guide)
    (item,) = items(answer).values()
    assert action(item) == "A4"
    assert case_of(world, answer).state == "in-review"


@GUIDES
def test_a_request_for_what_is_only_offered_needs_no_authorization(
    tmp_path: Path, guide: Guide
) -> None:
    answer = offering(tmp_path, "no").answer(example("oxygen-approved", guide), guide)
    (item,) = items(answer).values()
    assert action(item) == "A1"
    assert any("recommended clinical review" in note for note in notes(answer, item))


@GUIDES
def test_a_service_that_must_be_authorized_is_told_so(world: World, guide: Guide) -> None:
    answer = opinion(world, asked("oxygen-approved", guide), guide)
    (item,) = items(answer).values()
    assert number(item) == ""
    assert any("needs a prior authorization" in note for note in notes(answer, item))


@GUIDES
@pytest.mark.parametrize(
    "name", ["mixed-lines", "cpap-modified", "not-covered", "oxygen-missing-facts",
             "member-not-found", "no-authorization-needed"],
)  # fmt: skip
def test_every_outcome_carries_the_notice(world: World, guide: Guide, name: str) -> None:
    answer = opinion(world, asked(name, guide), guide)
    assert NOTICE in response_of(answer)["disposition"]
    assert all(NOTICE in " ".join(notes(answer, item)) for item in items(answer).values())
    assert all(number(item) == "" for item in items(answer).values())


@GUIDES
def test_it_is_stored_under_a_reference_of_its_own_and_repeated_like_a_request(
    world: World, guide: Guide
) -> None:
    bundle = asked("oxygen-approved", guide)
    first = predetermine(world, bundle, guide)
    assert predetermine(world, bundle, guide).data == first.data
    answer = orjson.loads(first.data)
    case = case_of(world, answer)
    own = response_of(answer)["identifier"][0]
    assert own["system"].endswith("/predetermination")
    assert own["value"] == case.number
    assert case.number.startswith("FP-")
    assert case.authorization_number == ""
    name = response_of(answer)["id"]
    stored = world.client.get(f"/fhir/{guide.value}/ClaimResponse/{name}")
    assert orjson.loads(stored.data)["use"] == "predetermination"


@GUIDES
def test_each_door_refuses_what_belongs_to_the_other(world: World, guide: Guide) -> None:
    """Also when the other door has answered the very same bundle before."""
    mine, theirs = asked("oxygen-approved", guide), example("oxygen-approved", guide)
    assert predetermine(world, mine, guide).status_code == 200
    assert world.submit(theirs, guide).status_code == 200
    for response, door in (
        (world.submit(mine, guide), "Claim/$predetermine"),
        (predetermine(world, theirs, guide), "Claim/$submit"),
    ):
        assert response.status_code == 422
        (issue,) = orjson.loads(response.data)["issue"]
        assert door in issue["details"]["text"]
        assert issue["expression"] == ["Bundle.entry[0].resource.use"]


@GUIDES
def test_a_predetermination_is_held_to_the_profile_in_all_but_its_use(
    world: World, guide: Guide
) -> None:
    bundle = asked("oxygen-approved", guide)
    del claim_of(bundle)["insurer"]
    response = predetermine(world, bundle, guide)
    assert response.status_code == 400
    assert any("insurer" in str(issue) for issue in orjson.loads(response.data)["issue"])


@GUIDES
def test_a_service_already_given_is_sent_to_the_other_door(world: World, guide: Guide) -> None:
    bundle = asked("oxygen-approved", guide)
    for item in claim_of(bundle)["item"]:
        for name in [key for key in item if key.startswith("serviced")]:
            del item[name]
        item["servicedDate"] = "2026-11-20"
    answer = opinion(world, bundle, guide)
    (item,) = items(answer).values()
    assert any("already given" in note for note in notes(answer, item))
    assert not any("was not asked for in time" in note for note in notes(answer, item))


def test_the_operation_is_ours_and_defined(world: World) -> None:
    definition = resources.data("capability") / "operations" / "Claim-predetermine.json"
    assert "base" not in orjson.loads(definition.read_bytes())
