"""A person decides: what each role may do, what a denial must hold, and what the requester is told."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import timedelta
from typing import Any

import orjson
import pytest

from app.domain.case import CaseState
from app.domain.decision import Adverse, FailedCriterion, HumanReview, ItemDecision, Outcome
from app.domain.event import EventKind
from app.domain.guide import Guide
from app.domain.principal import Role
from app.errors import Unprocessable
from app.fhir.urls import ext, part
from app.flows.explain_case import Story, explain_case
from tests.world import NOW, World, actions, example, keep

Json = dict[str, Any]
GUIDES = pytest.mark.parametrize("guide", list(Guide))
LEE = {"id": "lee"}
CHEN = {"id": "chen", "npi": "1234567893", "specialty": "207RP1001X"}
OTHER = {"id": "moss", "npi": "1679576722", "specialty": "Pulmonology"}
WHY = {
    "criteria": ["low-saturation-at-rest"],
    "reason": {
        "en": "The oxygen level at rest was above the limit.",
        "es": "El nivel de oxígeno en reposo estaba por encima del límite.",
    },
    "would_change": {
        "en": "A test at rest at or below 88 percent.",
        "es": "Una prueba en reposo de 88 por ciento o menos.",
    },
}


def pended(world: World, guide: Guide, name: str = "oxygen-clinical-review") -> tuple[str, str]:
    """The number of a fresh waiting case and the id of its ClaimResponse."""
    answer = world.answer(example(name, guide), guide)
    public_id = answer["entry"][0]["resource"]["id"]
    return explain_case(world.context.store, world.caller.tenant, public_id).case.number, public_id


def act(world: World, number: str, word: str, role: str, status: int = 200, **told: Any) -> Json:
    """One call of the desk, which must be answered with `status`."""
    response = world.client.post(
        f"/desk/api/cases/{number}/{word}",
        data=orjson.dumps(told),
        content_type="application/json",
        headers={"Forthwith-Role": role} if role else {},
    )
    assert response.status_code == status, response.data
    found: Json = orjson.loads(response.data)
    return found


def taken(world: World, guide: Guide, role: str, by: Json, name: str = "oxygen-clinical-review"):  # type: ignore[no-untyped-def]
    number, public_id = pended(world, guide, name)
    act(world, number, "take", role, by=by)
    return number, public_id


def story(world: World, number: str) -> Story:
    return explain_case(world.context.store, world.caller.tenant, number)


def read(world: World, guide: Guide, public_id: str, version: str = "") -> Json:
    """The ClaimResponse as its submitter reads it."""
    place = f"/_history/{version}" if version else ""
    response = world.client.get(f"/fhir/{guide.value}/ClaimResponse/{public_id}{place}")
    assert response.status_code == 200, response.data
    found: Json = orjson.loads(response.data)
    return found


def whole(world: World, number: str, guide: Guide) -> Json:
    """The newest response bundle, checked by our validator and left for HL7's engine."""
    found = story(world, number)
    name = [e.data["document"] for e in found.events if e.kind is EventKind.ANSWERED][-1]
    with world.context.store.read(world.caller.tenant) as look:
        document = look.documents.get(uuid.UUID(str(name)))
    assert document is not None
    answer: Json = orjson.loads(document.content)
    assert world.errors(answer, guide) == []
    keep(document.content, guide)
    return answer


@GUIDES
def test_a_reviewer_approves_and_the_requester_reads_a_new_version(
    world: World, guide: Guide
) -> None:
    number, public_id = taken(world, guide, "reviewer", LEE)
    assert act(world, number, "approve", "reviewer", by=LEE)["state"] == "decided"
    answer = whole(world, number, guide)
    assert actions(answer) == {1: "A1"}
    newest, first = read(world, guide, public_id), read(world, guide, public_id, "1")
    assert newest["meta"]["versionId"] == "2"
    assert newest["preAuthRef"].startswith("FA-")
    assert first["meta"]["versionId"] == "1"
    assert "preAuthRef" not in first
    found = story(world, newest["preAuthRef"])
    assert found.case.due is None
    kinds = [event.kind for event in found.events]
    assert kinds[-4:] == [
        EventKind.TAKEN,
        EventKind.DECIDED,
        EventKind.CLOCK_STOPPED,
        EventKind.ANSWERED,
    ]
    assert {event.actor for event in found.events[-4:]} == {"lee"}


@GUIDES
def test_a_medical_director_denies_with_reason_source_and_what_would_change_it(
    world: World, guide: Guide
) -> None:
    number, _ = taken(world, guide, "medical-director", CHEN)
    act(world, number, "deny", "medical-director", by=CHEN, item=1, why=WHY)
    answer = whole(world, number, guide)
    assert actions(answer) == {1: "A3"}
    notes = " ".join(n["text"] for n in answer["entry"][0]["resource"]["processNote"])
    assert WHY["reason"]["en"] in notes
    assert WHY["would_change"]["en"] in notes
    assert "NCD 240.2" in notes
    decided = story(world, number).decisions[-1].decision.items[0]
    assert decided.adverse is not None
    assert decided.adverse.language == "es"
    assert decided.adverse.criteria[0].citations


def test_2_2_tells_that_a_person_reviewed_and_who(world: World) -> None:
    number, _ = taken(world, Guide.V22, "medical-director", CHEN)
    act(world, number, "deny", "medical-director", by=CHEN, item=1, why=WHY)
    response = whole(world, number, Guide.V22)["entry"][0]["resource"]
    (told,) = [e for e in response["extension"] if e["url"] == ext.CLAIM_RESPONSE_REVIEWER]
    inner = {each["url"]: each for each in told["extension"]}
    assert inner[part.HUMAN_REVIEWED]["valueBoolean"] is True
    assert inner[part.REVIEWER_NPI]["valueIdentifier"]["value"] == CHEN["npi"]
    specialty = inner[part.REVIEWER_SPECIALTY]["valueCodeableConcept"]
    assert specialty["coding"][0]["code"] == CHEN["specialty"]


@GUIDES
def test_a_medical_director_grants_fewer_days_in_another_setting(
    world: World, guide: Guide
) -> None:
    number, _ = taken(world, guide, "medical-director", CHEN)
    days = {"start": "2026-12-01", "end": "2026-12-31"}
    place = {
        "system": "https://www.cms.gov/Medicare/Coding/place-of-service-codes/Place_of_Service_Code_Set",
        "code": "12",
    }
    act(
        world, number, "modify", "medical-director",
        by=CHEN, item=1, why=WHY, period=days, place=place,
    )  # fmt: skip
    answer = whole(world, number, guide)
    assert actions(answer) == {1: "A6"}
    assert "2026-12-31" in orjson.dumps(answer).decode()


@GUIDES
def test_a_reviewer_asks_for_a_document(world: World, guide: Guide) -> None:
    number, public_id = taken(world, guide, "reviewer", LEE)
    needed = [
        {"loinc": "11506-3", "question": {"en": "What did the last visit find?"}, "pwk": "PN"}
    ]
    case = act(world, number, "ask", "reviewer", by=LEE, item=1, needed=needed)
    assert case["state"] == "awaiting-information"
    assert case["due"]
    answer = whole(world, number, guide)
    assert actions(answer) == {1: "A4"}
    assert read(world, guide, public_id)["communicationRequest"]
    asked = [e["resource"] for e in answer["entry"]]
    (sent,) = [r for r in asked if r["resourceType"] == "CommunicationRequest"]
    assert sent["identifier"][0]["value"] == f"{number}-1-1"


def test_a_document_kind_that_is_no_attachment_type_is_refused_and_nothing_is_stored(
    world: World,
) -> None:
    number, _ = taken(world, Guide.V22, "reviewer", LEE)
    before = story(world, number)
    needed = [{"loinc": "not-a-code", "question": {"en": "What?"}}]
    act(world, number, "ask", "reviewer", 422, by=LEE, item=1, needed=needed)
    assert story(world, number) == before


@GUIDES
def test_another_medical_director_overturns_and_the_denial_stays_in_the_record(
    world: World, guide: Guide
) -> None:
    number, public_id = taken(world, guide, "medical-director", CHEN)
    act(world, number, "deny", "medical-director", by=CHEN, item=1, why=WHY)
    again = {**CHEN, "id": "chen-again"}
    act(world, number, "overturn", "medical-director", 409, by=again, item=1)
    act(world, number, "overturn", "medical-director", by=OTHER, item=1)
    assert actions(whole(world, number, guide)) == {1: "A1"}
    assert read(world, guide, public_id)["meta"]["versionId"] == "3"
    outcomes = [d.decision.items[0].outcome for d in story(world, number).decisions]
    assert outcomes == [Outcome.PENDED, Outcome.DENIED, Outcome.APPROVED]


@pytest.mark.parametrize(
    ("by", "change", "at"),
    [
        ({"npi": ""}, {}, "by"),
        ({"npi": "1234567890"}, {}, "by"),
        ({"specialty": " "}, {}, "by"),
        ({}, {"criteria": []}, "why.criteria"),
        ({}, {"criteria": ["group-3"]}, "why.criteria"),
        ({}, {"criteria": ["blood-gas"]}, "why.criteria"),
        ({}, {"criteria": ["time-of-need-at-home"]}, "why.criteria"),
        ({}, {"reason": {"en": "Only English."}}, "why.reason.es"),
        ({}, {"would_change": {"en": "A test.", "es": "   "}}, "why.would_change.es"),
        ({}, {"reason": {"es": "Solo español."}}, "why.reason.en"),
    ],
    ids=[
        "no npi", "wrong check digit", "no specialty", "no criterion", "an unknown criterion",
        "a criterion without source", "a criterion that is met", "not in the member's language",
        "an empty sentence", "no English",
    ],
)  # fmt: skip
def test_a_denial_that_lacks_something_is_not_saved(
    world: World, by: Json, change: Json, at: str
) -> None:
    number, _ = taken(world, Guide.V22, "medical-director", CHEN)
    before = story(world, number)
    told = {"by": CHEN | by, "item": 1, "why": WHY | change}
    fault = act(world, number, "deny", "medical-director", 422, **told)
    assert fault["detail"]
    assert story(world, number) == before


def test_no_type_holds_a_denial_without_a_medical_director_who_says_why() -> None:
    signed = HumanReview("chen", CHEN["npi"], CHEN["specialty"], NOW, Role.MEDICAL_DIRECTOR)
    cited = FailedCriterion("rule", {"en": "Rule"}, ())
    with pytest.raises(Unprocessable):
        ItemDecision(1, Outcome.DENIED, "prior-authorization", ())  # type: ignore[arg-type]
    for by, criteria in (
        (replace(signed, role=Role.REVIEWER), (cited,)),
        (signed, ()),
        (signed, (cited,)),
    ):
        with pytest.raises(Unprocessable):
            Adverse(by, criteria, {"en": "Why"}, {"en": "What"}, "en")


MAY = {
    "": set(),
    "reviewer": {"take", "release", "ask", "approve"},
    "medical-director": {"take", "release", "ask", "approve", "modify", "deny", "overturn"},
}


@pytest.mark.parametrize("role", MAY)
@pytest.mark.parametrize("word", sorted(MAY["medical-director"]))
def test_each_role_may_do_what_the_table_says(world: World, role: str, word: str) -> None:
    """Who may not gets 403 whatever else is wrong; who may is told what is wrong."""
    headers = {"Forthwith-Role": role} if role else {}
    response = world.client.post(
        f"/desk/api/cases/none/{word}",
        data=b"{}",
        content_type="application/json",
        headers=headers,
    )
    assert response.status_code == (422 if word in MAY[role] else 403)
    assert response.content_type == "application/problem+json"


def test_a_role_that_cannot_be_played_is_nobody(world: World) -> None:
    response = world.client.get("/desk/api/cases", headers={"Forthwith-Role": "operator"})
    assert response.status_code == 401
    assert world.client.get("/desk/api/cases").status_code == 403


def test_one_person_at_a_time_has_a_case(world: World) -> None:
    number, _ = pended(world, Guide.V22)
    act(world, number, "approve", "reviewer", 409, by=LEE)
    act(world, number, "take", "reviewer", by=LEE)
    act(world, number, "take", "medical-director", 409, by=CHEN)
    act(world, number, "approve", "medical-director", 409, by=CHEN)
    act(world, number, "release", "medical-director", 409, by=CHEN)
    act(world, number, "release", "reviewer", by=LEE)
    act(world, number, "take", "medical-director", by=CHEN)


def test_a_decided_case_is_not_decided_again_but_by_overturning_a_denial(world: World) -> None:
    number, _ = taken(world, Guide.V22, "reviewer", LEE)
    act(world, number, "approve", "reviewer", by=LEE)
    act(world, number, "take", "reviewer", 409, by=LEE)
    act(world, number, "approve", "reviewer", 409, by=LEE)
    told = {"by": CHEN, "item": 1, "why": WHY}
    act(world, number, "deny", "medical-director", 409, **told)
    act(world, number, "overturn", "medical-director", 409, by=OTHER, item=1)


def test_the_list_shows_what_waits_and_who_has_it_and_the_sheet_what_failed(world: World) -> None:
    number, _ = taken(world, Guide.V22, "reviewer", LEE)
    done, _ = taken(world, Guide.V22, "reviewer", LEE)
    act(world, done, "approve", "reviewer", by=LEE)
    role = {"Forthwith-Role": "reviewer"}
    (listed,) = orjson.loads(world.client.get("/desk/api/cases", headers=role).data)["cases"]
    assert (listed["number"], listed["holder"]) == (number, "lee")
    place = f"/desk/api/cases/{number}"
    shown = orjson.loads(world.client.get(place, headers=role).data)
    assert shown["language"] == "es"
    (item,) = shown["items"]
    assert "low-saturation-at-rest" in item["failed"]
    assert "group-3" not in item["failed"]
    assert shown["log"][-1]["kind"] == "taken"


@GUIDES
def test_a_repeated_submit_still_gets_its_first_answer_and_an_inquiry_the_newest(
    world: World, guide: Guide
) -> None:
    bundle = example("oxygen-clinical-review", guide)
    first = world.submit(bundle, guide).data
    public_id = orjson.loads(first)["entry"][0]["resource"]["id"]
    number = story(world, public_id).case.number
    act(world, number, "take", "reviewer", by=LEE)
    act(world, number, "approve", "reviewer", by=LEE)
    assert world.submit(bundle, guide).data == first
    assert story(world, public_id).case.state is CaseState.DECIDED
    assert read(world, guide, public_id)["meta"]["versionId"] == "2"


def test_an_approval_ends_no_sooner_than_what_was_asked_for(world: World) -> None:
    number, _ = taken(world, Guide.V22, "reviewer", LEE)
    early = (NOW - timedelta(days=400)).date().isoformat()
    act(world, number, "approve", "reviewer", 422, by=LEE, until=early)
