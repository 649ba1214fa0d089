"""What the payer says about each order, in both CRD versions."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import orjson
import pytest

from app import resources
from app.domain.coverage import Coverage, Eligibility, LineOfBusiness
from app.domain.guide import Guide
from app.domain.request import PriorAuthRequest
from app.factory import build_app
from tests.spec.crd.asking import GUIDES, Json, ask, call, only, post, told
from tests.world import World, new_world

KNEE: Json = {"osteoarthritis": {"valueBoolean": False}}
US_CORE_PATIENT = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-patient"


@pytest.fixture
def world(tmp_path: Path) -> World:
    return new_world(tmp_path)


@pytest.mark.parametrize("guide", GUIDES)
def test_what_meets_the_policy_is_authorized_at_once_and_stored(world: World, guide: Guide) -> None:
    said = only(ask(world, call("order-sign-granted", guide), guide))
    assert said["covered"] == ["covered"] and said["pa-needed"] == ["satisfied"]
    (number,) = said["satisfied-pa-id"]
    with world.context.store.read(world.caller.tenant) as look:
        case = look.cases.by_number(number)
        assert case is not None and case.member_id == "FW100001"
        (stored,) = look.decisions.of(case.id)
    assert stored.decision.items[0].policy is not None
    assert ("expiry-date" in said) is (guide is Guide.V22)


@pytest.mark.parametrize("guide", GUIDES)
def test_the_same_orders_again_get_the_same_authorization(world: World, guide: Guide) -> None:
    first, second = (only(ask(world, call("order-sign-granted", guide), guide)) for _ in range(2))
    assert first["satisfied-pa-id"] == second["satisfied-pa-id"]


def test_a_what_if_call_gets_no_number_and_stores_nothing(world: World) -> None:
    body = call("order-sign-granted", Guide.V22)
    body["extension"]["davinci-crd.configuration"] = {"unsolicited-determ": False}
    said = only(ask(world, body, Guide.V22))
    assert said["pa-needed"] == ["auth-needed"] and "satisfied-pa-id" not in said


@pytest.mark.parametrize("guide", GUIDES)
def test_missing_facts_name_the_form_that_asks_them(world: World, guide: Guide) -> None:
    said = only(ask(world, call("order-sign-needed", guide), guide))
    assert said["pa-needed"] == ["auth-needed"] and said["doc-needed"] == ["clinical"]
    (form,) = said["questionnaire"]
    assert f"/fhir/{guide.value}/Questionnaire/home-oxygen|" in form
    assert ("doc-purpose" in said) is (guide is Guide.V20)
    assert said["reason"][0]["text"]


@pytest.mark.parametrize("guide", GUIDES)
def test_each_order_of_a_call_gets_its_own_answer(world: World, guide: Guide) -> None:
    found = ask(world, call("order-sign-three", guide), guide)
    assert [each["id"] for each in found] == ["oxygen", "nebulizer", "visit"]
    needed = [told(each)[0]["pa-needed"][0] for each in found]
    assert needed == ["auth-needed", "no-auth", "no-auth"]
    assert len({told(each)[0]["coverage-assertion-id"][0] for each in found}) == 3


@pytest.mark.parametrize("guide", GUIDES)
def test_what_the_certificate_excludes_is_not_covered(world: World, guide: Guide) -> None:
    said = only(ask(world, call("order-sign-not-covered", guide), guide))
    assert said["covered"] == ["not-covered"]
    assert said.get("pa-needed") == (None if guide is Guide.V22 else ["no-auth"])


@pytest.mark.parametrize("guide", GUIDES)
def test_an_order_that_no_policy_knows_still_gets_its_answer(world: World, guide: Guide) -> None:
    said = only(ask(world, call("order-sign-unknown-code", guide), guide))
    assert said["covered"] == ["conditional"] and said["pa-needed"] == ["conditional"]
    assert said["info-needed"] == ["detail-code" if guide is Guide.V22 else "OTH"]


@pytest.mark.parametrize("guide", GUIDES)
def test_every_order_type_is_answered(world: World, guide: Guide) -> None:
    body = call("order-sign-all-types", guide)
    found = ask(world, body, guide)
    sent = [entry["resource"] for entry in body["context"]["draftOrders"]["entry"]]
    assert [each["resourceType"] for each in found] == [each["resourceType"] for each in sent]
    for before, after in zip(sent, found, strict=True):
        assert {name: v for name, v in after.items() if name != "extension"} == before


@pytest.mark.parametrize("guide", GUIDES)
@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("order-select", "DeviceRequest"),
        ("order-dispatch", "DeviceRequest"),
        ("appointment-book", "Appointment"),
        ("encounter-start", "Encounter"),
        ("encounter-discharge", "Encounter"),
    ],
)
def test_every_hook_answers_about_what_it_is_about(
    world: World, guide: Guide, name: str, kind: str
) -> None:
    (found,) = ask(world, call(name, guide), guide)
    assert found["resourceType"] == kind and told(found)


@pytest.mark.parametrize("guide", GUIDES)
def test_a_secondary_hook_asks_nobody_for_documents(world: World, guide: Guide) -> None:
    said = only(ask(world, call("order-select", guide), guide))
    assert said["pa-needed"] == ["auth-needed"]
    assert "doc-needed" not in said and "questionnaire" not in said


@pytest.mark.parametrize("name", ["dispatchedOrders", "dispatched-orders", "order"])
@pytest.mark.parametrize("guide", GUIDES)
def test_every_spelling_of_dispatched_orders_is_read(world: World, guide: Guide, name: str) -> None:
    body = call("order-dispatch", guide)
    for spelled in ("dispatchedOrders", "order"):
        body["context"].pop(spelled, None)
    body["context"][name] = "DeviceRequest/oxygen" if name == "order" else ["DeviceRequest/oxygen"]
    assert len(ask(world, body, guide)) == 1


@pytest.mark.parametrize("guide", GUIDES)
def test_what_the_client_knows_already_is_not_said_again(world: World, guide: Guide) -> None:
    body = call("order-sign-needed", guide)
    (found,) = ask(world, body, guide)
    body["context"]["draftOrders"]["entry"][0]["resource"] = found
    status, answer = post(world, body, guide)
    assert (status, answer.get("systemActions")) == (200, None if guide is Guide.V22 else [])


@pytest.mark.parametrize("guide", GUIDES)
def test_a_changed_answer_replaces_ours_and_keeps_its_id_and_other_payers(
    world: World, guide: Guide
) -> None:
    body = call("order-sign-needed", guide)
    (found,) = ask(world, body, guide)
    foreign = {
        "url": found["extension"][-1]["url"],
        "extension": [
            {"url": "coverage", "valueReference": {"reference": "Coverage/other"}},
            {"url": "covered", "valueCode": "covered"},
            {"url": "pa-needed", "valueCode": "no-auth"},
            {"url": "date", "valueDate": "2026-11-24"},
            {"url": "coverage-assertion-id", "valueString": "another-payer-1"},
        ],
    }
    ours = found["extension"][-1]
    key = told(found)[0]["coverage-assertion-id"]
    changed = [part for part in ours["extension"] if part["url"] != "questionnaire"]
    found["extension"] = [foreign, {**ours, "extension": changed}]
    body["context"]["draftOrders"]["entry"][0]["resource"] = found
    _, answer = post(world, body, guide)
    (again,) = [action["resource"] for action in answer["systemActions"]]
    assert again["extension"][0] == foreign
    assert told(again)[1]["coverage-assertion-id"] == key and "questionnaire" in told(again)[1]


@pytest.mark.parametrize("guide", GUIDES)
def test_switched_off_coverage_information_is_left_out(world: World, guide: Guide) -> None:
    body = call("order-sign-needed", guide)
    body.setdefault("extension", {})["davinci-crd.configuration"] = {
        "coverage-info": False,
        "made-up": True,
    }
    assert ask(world, body, guide) == []


@pytest.mark.parametrize("guide", GUIDES)
def test_orders_not_to_perform_are_left_alone(world: World, guide: Guide) -> None:
    body = call("order-sign-three", guide)
    body["context"]["draftOrders"]["entry"][2]["resource"]["doNotPerform"] = True
    assert [each["id"] for each in ask(world, body, guide)] == ["oxygen", "nebulizer"]


def test_a_practitioner_who_reads_spanish_is_told_in_spanish(world: World) -> None:
    body = call("order-sign-needed", Guide.V22)
    user = body["prefetch"]["practitioners"]["entry"][0]["resource"]
    user["communication"] = [{"coding": [{"system": "urn:ietf:bcp:47", "code": "es"}]}]
    said = only(ask(world, body, Guide.V22))
    assert said["reason"][0]["text"].startswith("Se necesita autorización previa")


def test_billing_options_that_differ_are_told_apart_under_one_id(world: World) -> None:
    body = call("order-sign-no-auth", Guide.V22)
    order = body["context"]["draftOrders"]["entry"][0]["resource"]
    where = order["codeCodeableConcept"]["coding"][0]["system"]
    order["codeCodeableConcept"]["extension"] = [
        {
            "url": "http://hl7.org/fhir/us/davinci-crd/StructureDefinition/ext-billing-options",
            "valueCodeableConcept": {"coding": [{"system": where, "code": code}]},
        }
        for code in ("E1390", "E0570")
    ]
    (found,) = ask(world, body, Guide.V22)
    said = {each["billingCode"][0]["code"]: each["pa-needed"][0] for each in told(found)}
    assert said == {"E0570": "no-auth", "E1390": "auth-needed"}
    assert len({each["coverage-assertion-id"][0] for each in told(found)}) == 1


def ordered(code: str, guide: Guide, member: str = "") -> Json:
    """A signed order for this procedure code, for another member where one is named."""
    body = call("order-sign-not-covered", guide)
    body["context"]["draftOrders"]["entry"][0]["resource"]["code"]["coding"][0]["code"] = code
    if member:
        patient, coverage = demo(member)
        body["context"]["patientId"] = patient["id"]
        body["prefetch"]["patient"] = patient
        body["prefetch"]["coverage"]["entry"][0]["resource"] = coverage
    return body


def equipment(code: str, guide: Guide) -> Json:
    """A signed order for this equipment."""
    body = call("order-sign-needed", guide)
    order = body["context"]["draftOrders"]["entry"][0]["resource"]
    order["codeCodeableConcept"]["coding"][0]["code"] = code
    return body


def answered(policy: str, guide: Guide, answers: Json) -> Json:
    """The answers to the form of a policy, as the EHR keeps them."""
    return {
        "resourceType": "QuestionnaireResponse",
        "id": "answers",
        "status": "completed",
        "authored": "2026-11-24",
        "item": [
            {"linkId": f"{policy}/{fact}", "answer": [value]} for fact, value in answers.items()
        ],
    }


def place(code: str) -> Json:
    """A CMS place of service."""
    where = "https://www.cms.gov/Medicare/Coding/place-of-service-codes/Place_of_Service_Code_Set"
    return {"coding": [{"system": where, "code": code}]}


def demo(member: str) -> tuple[Json, Json]:
    """Patient and coverage of a demo member, as an EHR has them."""
    path = resources.data("examples") / "demo" / "fairwater.ndjson"
    read = [orjson.loads(line) for line in path.read_bytes().splitlines()]
    patient = next(each for each in read if each["id"] == member)
    coverage = next(each for each in read if each["id"] == f"cov-{member}")
    return patient, coverage


@pytest.mark.parametrize("guide", GUIDES)
def test_a_recommended_review_is_never_told_as_an_authorization(world: World, guide: Guide) -> None:
    said = only(ask(world, ordered("29877", guide), guide))
    assert (said["covered"], said["pa-needed"]) == (["covered"], ["no-auth"])
    assert said["reason"][0]["coding"][0]["code"] == "recommended-clinical-review"
    assert "doc-needed" not in said and "satisfied-pa-id" not in said
    assert "concurrent-review" in str(said["detail"]) and "predetermination" in str(said["detail"])


@pytest.mark.parametrize("guide", GUIDES)
def test_a_recommended_review_whose_criteria_are_met_is_told_as_done(
    world: World, guide: Guide
) -> None:
    body = call("order-sign-recommended", guide)
    body["prefetch"]["answers"] = answered("knee-arthroscopy", guide, KNEE)
    said = only(ask(world, body, guide))
    assert (said["covered"], said["pa-needed"]) == (["covered"], ["no-auth"])
    assert said["reason"][0]["coding"][0]["code"] == "clinical-review-met"
    assert "concurrent-review" not in str(said["detail"])


@pytest.mark.parametrize("guide", GUIDES)
def test_who_can_answer_what_is_missing_is_told(world: World, guide: Guide) -> None:
    said = only(ask(world, equipment("K0856", guide), guide))
    newer = ["clinical", "admin", "patient"]
    assert said["doc-needed"] == (newer if guide is Guide.V22 else ["both"])
    assert any("for the patient" in each["text"] for each in said["reason"])


@pytest.mark.parametrize("guide", GUIDES)
def test_who_performs_has_to_ask_where_the_policy_says_so(world: World, guide: Guide) -> None:
    body = equipment("L5856", guide)
    said = only(ask(world, body, guide))
    assert said["pa-needed"] == ["performpa"] and "who performs it" in said["reason"][0]["text"]
    assert said["doc-needed"] and said["questionnaire"]
    order = body["context"]["draftOrders"]["entry"][0]["resource"]
    order["performer"] = order["requester"]
    assert only(ask(world, body, guide))["pa-needed"] == ["auth-needed"]


@pytest.mark.parametrize("guide", GUIDES)
def test_the_choice_between_performers_is_awaited_where_it_decides(
    world: World, guide: Guide
) -> None:
    body = call("order-sign-choice", guide)
    order = body["context"]["draftOrders"]["entry"][0]["resource"]
    (found,) = ask(world, body, guide)
    assert found["performer"] == order["performer"]
    said = only([found])
    assert (said["covered"], said["pa-needed"]) == (["covered"], ["conditional"])
    assert said["info-needed"] == ["performer"] and "which of them" in said["reason"][0]["text"]
    inside, outside = order["performer"]
    for chosen, needed in ((inside, "no-auth"), (outside, "auth-needed")):
        order["performer"] = [chosen]
        assert only(ask(world, body, guide))["pa-needed"] == [needed]
    del order["performer"]
    said = only(ask(world, body, guide))
    assert said["info-needed"] == ["performer"] and "auth-out-network" in str(said)


@pytest.mark.parametrize("guide", GUIDES)
def test_the_choice_between_places_is_awaited_where_it_decides(world: World, guide: Guide) -> None:
    body = ordered("72148", guide)
    order = body["context"]["draftOrders"]["entry"][0]["resource"]
    order["locationCode"] = [place("23"), place("22")]
    said = only(ask(world, body, guide))
    assert said["pa-needed"] == ["conditional"] and said["info-needed"] == ["location"]
    order["locationCode"] = [place("19"), place("22")]
    assert only(ask(world, body, guide))["pa-needed"] == ["auth-needed"]


@pytest.mark.parametrize("guide", GUIDES)
def test_a_delegate_is_the_one_to_ask(world: World, guide: Guide) -> None:
    said = only(ask(world, ordered("72148", guide, "fw100004"), guide))
    assert said["pa-needed"] == ["auth-needed"]
    first = said["contact"][0]
    assert "1-800-555-0142" in str(first)
    assert ("name" in first) is (guide is Guide.V22)


@pytest.mark.parametrize("guide", GUIDES)
def test_a_review_after_the_service_asks_for_papers_with_the_claim(
    world: World, guide: Guide
) -> None:
    member = world.context.eligibility

    class Original:
        """Everybody is under fee-for-service Medicare."""

        def find(self, request: PriorAuthRequest, on: date) -> Eligibility:
            found = member.find(request, on)
            assert isinstance(found, Coverage)
            plan = replace(found.plan, line=LineOfBusiness.MEDICARE_FFS)
            return replace(found, plan=plan)

    context = replace(world.context, eligibility=Original())
    other = World(context, build_app(context).test_client())
    said = only(ask(other, ordered("97110", guide), guide))
    assert (said["covered"], said["pa-needed"]) == (["covered"], ["no-auth"])
    assert said["doc-needed"] == ["admin"] and said["doc-purpose"] == ["withclaim", "retain-doc"]
    assert said["reason"][0]["coding"][0]["code"] == "post-service-review"


def test_an_answer_that_hangs_on_another_order_names_it(world: World) -> None:
    body = call("order-sign-three", Guide.V22)
    first, second, *_ = (e["resource"] for e in body["context"]["draftOrders"]["entry"])
    first["codeCodeableConcept"]["coding"][0]["code"] = "A4239"
    second["codeCodeableConcept"]["coding"][0]["code"] = "E2103"
    said = told(ask(world, body, Guide.V22)[0])[0]
    assert {"reference": "DeviceRequest/nebulizer"} in said["dependency"]


@pytest.mark.parametrize("version", ["3.1.1", "6.1.0", "7.0.0"])
@pytest.mark.parametrize("guide", GUIDES)
def test_clients_of_three_us_core_generations_are_answered(
    world: World, guide: Guide, version: str
) -> None:
    body = call("order-sign-needed", guide)
    body["prefetch"]["patient"]["meta"] = {"profile": [f"{US_CORE_PATIENT}|{version}"]}
    if version == "3.1.1":
        del body["prefetch"]["patient"]["birthDate"]
    assert only(ask(world, body, guide))["pa-needed"] == ["auth-needed"]
