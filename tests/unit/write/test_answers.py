"""Each outcome as each guide version writes it; every answer is held against its profile."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from app.domain.decision import BusinessError, BusinessProblem, Outcome
from app.domain.guide import Guide
from app.domain.values import Coding, Concept
from app.errors import Invalid
from app.fhir.read import read_request
from app.fhir.urls import PAS_20, PAS_22, ext, part, profile, system
from app.fhir.write import write_response
from app.fhir.write.business_errors import REFUSALS
from tests.unit.write.stories import (
    GUIDES,
    HUMAN,
    RESPONSE_ID,
    action,
    answer,
    approved,
    decide,
    decided,
    envelope,
    errors_of,
    grant,
    missing,
    modified,
    outcome,
    pended,
    received,
    references,
    resources,
    response,
    said,
    told,
)

BOTH = pytest.mark.parametrize("guide", GUIDES)
EVERY: dict[str, Any] = {
    "approved": approved,
    "modified": modified,
    "pended": pended,
    "missing": missing,
    "not-covered": outcome(Outcome.NOT_COVERED),
    "not-required": outcome(Outcome.NOT_REQUIRED),
    "denied": outcome(Outcome.DENIED),
    "cancelled": outcome(Outcome.CANCELLED),
}
NAMES = (
    "oxygen-approved",
    "oxygen-approved-large",
    "cpap-modified",
    "mri-approved-form",
    "mixed-lines",
    "inpatient-no-policy",
    "no-authorization-needed",
)


@BOTH
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("kind", EVERY)
@pytest.mark.parametrize(
    "attachments", ["", "https://pas.fairwater.example/fhir/$submit-attachment"]
)
def test_every_answer_conforms_and_is_closed(
    guide: Guide, name: str, kind: str, attachments: str
) -> None:
    """No error in our validator; each reference equals exactly one entry's fullUrl."""
    written = answer(guide, EVERY[kind], name=name, attachments_url=attachments)
    assert errors_of(written, guide) == []
    urls = [entry["fullUrl"] for entry in written["entry"]]
    assert len(set(urls)) == len(urls)
    assert set(references(written)) <= set(urls)


@BOTH
def test_the_frame_echoes_the_request(guide: Guide) -> None:
    sent = received("oxygen-approved-large", guide)
    written = answer(guide, approved, name="oxygen-approved-large")
    claim = sent["entry"][0]["resource"]
    assert written["meta"]["profile"] == [profile.RESPONSE_BUNDLE]
    assert (written["type"], written["identifier"]) == ("collection", sent["identifier"])
    assert written["timestamp"] == "2026-11-25T14:12:06.000Z"
    first = response(written)
    assert first["resourceType"] == "ClaimResponse"
    assert written["entry"][0]["fullUrl"].endswith(f"/ClaimResponse/{RESPONSE_ID}")
    assert first["id"] == RESPONSE_ID
    assert first["meta"]["profile"] == [profile.CLAIM_RESPONSE]
    assert first["identifier"] == claim["identifier"]
    assert (first["status"], first["use"]) == ("active", "preauthorization")
    assert first["type"] == claim["type"]
    assert first["request"] == {"reference": sent["entry"][0]["fullUrl"]}
    assert first["preAuthRef"] == "FA-OVERALL"
    assert first["preAuthPeriod"] == {"start": "2026-12-01", "end": "2027-11-30"}


@BOTH
@pytest.mark.parametrize("name", NAMES)
def test_echoed_resources_keep_address_id_and_identifiers(guide: Guide, name: str) -> None:
    """PAS 2.2.1 spec-33; the payer adds nothing to what belongs to others."""
    sent = {entry["fullUrl"]: entry["resource"] for entry in received(name, guide)["entry"]}
    echoed = [
        entry
        for entry in answer(guide, modified, name=name)["entry"][1:]
        if entry["resource"]["resourceType"] not in ("CommunicationRequest", "Task")
    ]
    assert echoed
    for entry in echoed:
        original = sent[entry["fullUrl"]]
        assert entry["resource"].get("id") == original.get("id")
        assert entry["resource"].get("identifier") == original.get("identifier")
        assert set(entry["resource"]) == set(original)


@BOTH
def test_the_claim_and_clinical_records_are_not_sent_back(guide: Guide) -> None:
    written = answer(guide, approved, name="oxygen-approved-large")
    kinds = {entry["resource"]["resourceType"] for entry in written["entry"]}
    assert kinds <= {"ClaimResponse", "Patient", "Organization", "Practitioner"}


@BOTH
def test_the_same_decision_is_always_written_the_same_way(guide: Guide) -> None:
    assert answer(guide, missing) == answer(guide, missing)


# Outcomes ----------------------------------------------------------------------------------------


@BOTH
def test_an_approval_says_what_is_granted_to_whom_and_when(guide: Guide) -> None:
    first = response(answer(guide, approved, name="cpap-modified"))
    (item,) = first["item"]
    assert first["outcome"] == "complete"
    assert action(item) == ("A1", "FA-NUMBER")
    assert told(item, ext.ITEM_PRE_AUTH_ISSUE_DATE)[0]["valueDate"] == "2026-11-25"
    assert told(item, ext.ITEM_PRE_AUTH_PERIOD)[0]["valuePeriod"]["end"] == "2027-11-30"
    assert told(item, ext.ITEM_REQUESTED_SERVICE_DATE)[0]["valuePeriod"]["start"] == "2026-12-05"
    traces = [each["valueIdentifier"]["value"] for each in told(item, ext.ITEM_TRACE_NUMBER)]
    assert traces[-1] == "FT-1"
    assert len(traces) == 2
    (detail,) = told(item, ext.ITEM_AUTHORIZED_DETAIL)
    inner = {each["url"]: each for each in detail["extension"]}
    assert set(inner) == {
        part.PRODUCT_OR_SERVICE_CODE,
        part.MODIFIER,
        part.UNIT_PRICE,
        part.QUANTITY,
    }
    assert inner[part.QUANTITY]["valueQuantity"] == {"value": 13, "unit": "months"}
    assert first["processNote"][0]["text"] == "Because of approved. [NCD 240.2, B.1]"
    assert item["noteNumber"] == [1]


@BOTH
def test_authorized_providers_are_those_who_render(guide: Guide) -> None:
    """The supplier of the item, not the practitioner who ordered; with the provider's type."""
    written = answer(guide, approved)
    (item,) = response(written)["item"]
    (provider,) = told(item, ext.ITEM_AUTHORIZED_PROVIDER)
    inner = {each["url"]: each for each in provider["extension"]}
    reference = inner[part.PROVIDER]["valueReference"]["reference"]
    target = next(e["resource"] for e in written["entry"] if e["fullUrl"] == reference)
    assert target["name"] == "Lakeview Home Oxygen & DME"
    kind = PAS_20.provider_type if guide is Guide.V20 else PAS_22.provider_type
    assert inner[kind]["valueCodeableConcept"]["coding"][0] == {
        "system": system.X12_ENTITY,
        "code": "SJ",
    }


@BOTH
def test_a_role_is_authorized_as_its_practitioner(guide: Guide) -> None:
    bundle = received("oxygen-approved", guide)
    bundle["entry"][0]["resource"]["careTeam"] = bundle["entry"][0]["resource"]["careTeam"][:1]
    written = answer(guide, approved, bundle=bundle)
    (provider,) = told(response(written)["item"][0], ext.ITEM_AUTHORIZED_PROVIDER)
    reference = provider["extension"][0]["valueReference"]["reference"]
    target = next(e["resource"] for e in written["entry"] if e["fullUrl"] == reference)
    assert target["resourceType"] == "Practitioner"


def test_2_2_grants_otherwise_in_an_added_item() -> None:
    """spec-36 and spec-37: A6 on the requested line, the authorization in addItem."""
    sent = received("cpap-modified", Guide.V22)
    raw = sent["entry"][0]["resource"]["item"][0]
    revenue = {"coding": [{"system": PAS_22.revenue_system, "code": "0290"}]}
    raw["revenue"] = revenue
    first = response(answer(Guide.V22, modified, bundle=sent))
    (item,), (added,) = first["item"], first["addItem"]
    assert action(item) == ("A6", "")
    assert told(item, ext.ITEM_AUTHORIZED_DETAIL) == []
    assert action(added) == ("A1", "FA-NUMBER")
    assert added["itemSequence"] == [1]
    assert added["quantity"] == {"value": 3, "unit": "months"}
    assert added["servicedPeriod"] == {"start": "2026-12-01", "end": "2027-11-30"}
    for name in ("productOrService", "modifier", "locationCodeableConcept", "unitPrice"):
        assert added[name] == raw[name]
    assert told(added, ext.REVENUE_CODE)[0]["valueCodeableConcept"] == revenue
    assert told(added, ext.ITEM_CATEGORY)[0]["valueCodeableConcept"] == raw["category"]
    assert told(added, ext.AUTHORIZATION_NUMBER)[0]["valueString"] == "PRIOR-2025-0042"
    assert told(added, ext.ADMINISTRATION_REFERENCE_NUMBER)[0]["valueString"] == "REF-77120"
    assert told(added, ext.EPSDT_INDICATOR)
    assert told(added, ext.REQUESTED_SERVICE)
    assert told(added, ext.ITEM_PRE_AUTH_PERIOD)
    assert told(added["provider"][0], ext.AUTHORIZED_PROVIDER_TYPE)
    assert first["adjudication"][0]["extension"][0]["extension"] == [
        {"url": part.NUMBER, "valueString": "FA-OVERALL"}
    ]


def test_2_0_grants_otherwise_in_the_detail_of_the_item() -> None:
    first = response(answer(Guide.V20, modified, name="cpap-modified"))
    (item,) = first["item"]
    assert action(item) == ("A6", "FA-NUMBER")
    assert "addItem" not in first
    assert "adjudication" not in first
    (detail,) = told(item, ext.ITEM_AUTHORIZED_DETAIL)
    inner = {each["url"]: each for each in detail["extension"]}
    assert inner[part.QUANTITY]["valueQuantity"] == {"value": 3, "unit": "months"}


@BOTH
def test_another_service_may_be_granted(guide: Guide) -> None:
    other = Concept((Coding(system.HCPCS, "E0431"),))

    def instead(sequence: int) -> Any:
        return decided(sequence, Outcome.MODIFIED, grant=grant(service=other))

    first = response(answer(guide, instead))
    if guide is Guide.V22:
        granted = first["addItem"][0]["productOrService"]
    else:
        (detail,) = told(first["item"][0], ext.ITEM_AUTHORIZED_DETAIL)
        granted = detail["extension"][0]["valueCodeableConcept"]
    assert granted["coding"][0]["code"] == "E0431"


def test_a_day_asked_for_stays_when_it_is_granted() -> None:
    bundle = received("mri-approved-form", Guide.V22)
    (added,) = response(answer(Guide.V22, modified, bundle=bundle))["addItem"]
    assert added["servicedDate"] == "2026-12-03"


@BOTH
def test_a_pended_item_has_a_reference_and_a_day_and_no_number(guide: Guide) -> None:
    first = response(answer(guide, pended))
    (item,) = first["item"]
    assert first["outcome"] == "complete"
    assert action(item) == ("A4", "")
    place = item if guide is Guide.V22 else first
    (reference,) = told(place, ext.ADMINISTRATION_REFERENCE_NUMBER)
    assert reference["valueString"] == "FW-REVIEW"
    assert "preAuthRef" not in first
    assert first["processNote"][1]["text"] == "A decision is due by 2026-12-02T05:00:00.000Z."


@BOTH
def test_what_the_plan_excludes_is_not_certified_and_says_why(guide: Guide) -> None:
    first = response(answer(guide, outcome(Outcome.NOT_COVERED)))
    (item,) = first["item"]
    assert action(item) == ("A3", "")
    assert first["processNote"][0]["text"].startswith("Because of not-covered.")


@BOTH
def test_what_needs_no_authorization_is_certified_without_a_number(guide: Guide) -> None:
    def silent(sequence: int) -> Any:
        return decided(sequence, Outcome.NOT_REQUIRED, reasons=())

    first = response(answer(guide, silent))
    assert action(first["item"][0]) == ("A1", "")
    assert told(first["item"][0], ext.ITEM_PRE_AUTH_PERIOD) == []
    assert "no prior authorization" in first["processNote"][0]["text"]


@BOTH
def test_each_reason_is_written_once_and_pointed_at(guide: Guide) -> None:
    first = response(answer(guide, approved, pended, name="mixed-lines"))
    notes = [item["noteNumber"] for item in first["item"]]
    assert notes == [[1], [2, 3], [1], [2, 3]]
    assert [note["number"] for note in first["processNote"]] == [1, 2, 3]


@BOTH
def test_items_are_answered_under_their_own_sequence(guide: Guide) -> None:
    """spec-34: never a sequence that the request did not hold."""
    first = response(answer(guide, approved, name="mixed-lines"))
    assert [item["itemSequence"] for item in first["item"]] == [1, 2, 3, 4]
    bundle = received("oxygen-approved", guide)
    request = read_request(bundle, guide)
    decision = replace(decide(request, approved), items=(approved(1), approved(7)))
    written = write_response(decision, request, bundle, envelope(guide))
    assert [item["itemSequence"] for item in response(written)["item"]] == [1]


# What is asked for ---------------------------------------------------------------------------------


def test_2_2_asks_for_each_document_by_its_loinc_code() -> None:
    written = answer(Guide.V22, missing, name="cpap-modified")
    asked = resources(written, "CommunicationRequest")
    assert [each["payload"][0]["contentString"] for each in asked] == ["11502-2", "11506-3"]
    links = [each["reference"] for each in response(written)["communicationRequest"]]
    assert links == [e["fullUrl"] for e in written["entry"] if e["resource"] in asked]
    first = asked[0]
    assert first["identifier"] == [
        {"system": "https://fairwater.example/attachment", "value": "FW-CASE-1-1"}
    ]
    assert told(first, ext.SERVICE_LINE_NUMBER)[0]["valuePositiveInt"] == 1
    assert first["category"][0]["coding"][0] == {"system": system.X12_REPORT_TYPE, "code": "LR"}
    assert told(first["payload"][0], ext.CONTENT_MODIFIER)
    diagnosis = told(first["payload"][0], ext.COMMUNICATED_DIAGNOSIS)[0]
    assert diagnosis["valueCodeableConcept"]["coding"][0]["code"] == "G47.33"
    by_url = {entry["fullUrl"]: entry["resource"] for entry in written["entry"]}
    assert by_url[first["requester"]["reference"]]["name"] == "Fairwater Health Plan"
    assert by_url[first["recipient"][0]["reference"]]["resourceType"] == "Practitioner"
    assert by_url[first["sender"]["reference"]]["name"] == "Northside Medical Group"
    notes = [each["text"] for each in response(written)["processNote"]]
    assert "Needed to decide: What is the saturation? (in document LOINC 11502-2)" in notes


def test_2_0_asks_for_all_documents_in_words() -> None:
    (asked,) = resources(answer(Guide.V20, missing), "CommunicationRequest")
    texts = [each["contentString"] for each in asked["payload"]]
    assert texts == ["What is the saturation? When was the test?", "Who evaluated it?"]
    assert [each["value"] for each in asked["identifier"]] == ["FW-CASE-1-1", "FW-CASE-1-2"]
    assert told(asked["payload"][0], ext.SERVICE_LINE_NUMBER)[0]["valuePositiveInt"] == 1
    assert told(asked, ext.SERVICE_LINE_NUMBER) == []


@BOTH
def test_how_to_send_depends_on_what_the_payer_takes(guide: Guide) -> None:
    """CDex and its Tasks only where documents can really be sent to us."""

    def medium(url: str) -> tuple[str, int]:
        written = answer(guide, missing, attachments_url=url)
        asked = resources(written, "CommunicationRequest")[0]
        return asked["medium"][0]["coding"][0]["code"], len(resources(written, "Task"))

    assert medium("") == ("EL", 0)
    assert medium("https://pas.fairwater.example/fhir/$submit-attachment") == ("CDEX", 2)


@BOTH
def test_tasks_say_where_documents_and_forms_go(guide: Guide) -> None:
    url = "https://pas.fairwater.example/fhir/$submit-attachment"
    written = answer(guide, missing, attachments_url=url)
    documents, forms = resources(written, "Task")
    assert documents["code"]["coding"][0]["code"] == "attachment-request-code"
    assert forms["code"]["coding"][0]["code"] == "attachment-request-questionnaire"
    for task in (documents, forms):
        assert task["input"][0]["valueUrl"] == url
        assert task["for"] == response(written)["patient"]
        assert task["reasonReference"] == response(written)["request"]
        assert task["requester"]["identifier"]["value"] == "1900001003"
        assert task["owner"]["identifier"]["value"] == "1900002001"
        assert task["restriction"]["period"]["end"] == "2026-12-02T05:00:00.000Z"
    assert len(documents["input"]) == 3
    assert len(forms["input"]) == 2
    if guide is Guide.V22:
        assert forms["input"][1]["valueString"] == "FT-1"
        assert told(documents["input"][1], ext.SERVICE_LINE_NUMBER)
    else:
        assert forms["input"][1]["valueIdentifier"]["value"] == "FT-1"
        assert told(documents["input"][1], ext.PA_LINE_NUMBER)[0]["valueInteger"] == 1


# Business errors -------------------------------------------------------------------------------------


@BOTH
@pytest.mark.parametrize("problem", list(BusinessProblem))
def test_a_business_error_names_reason_next_step_and_place(
    guide: Guide, problem: BusinessProblem
) -> None:
    at = "Bundle.entry[4].resource.identifier[0].value"
    fault = BusinessError(problem, at, said("We know no such member."))
    written = answer(guide, errors=(fault,))
    assert errors_of(written, guide) == []
    first = response(written)
    assert first["outcome"] == "error"
    assert "item" not in first
    (error,) = first["error"]
    refusal = REFUSALS[problem]
    assert error["code"]["coding"] == [{"system": system.X12_REJECT_REASON, "code": refusal.reason}]
    (next_step,) = told(error, ext.ERROR_FOLLOWUP_ACTION)
    assert next_step["valueCodeableConcept"]["coding"][0]["code"] == refusal.follow_up
    assert told(error, ext.ERROR_PATH)[0]["valueString"] == at
    (element,) = told(error, ext.ERROR_ELEMENT)
    if guide is Guide.V22:
        inner = {each["url"]: each for each in element["extension"]}
        assert inner[part.ERROR]["valueString"] == refusal.element
        assert inner[part.PROCESS_NOTE]["valuePositiveInt"] == 1
    else:
        assert element["valueString"] == refusal.element
    assert first["processNote"][0]["text"] == "We know no such member."


@BOTH
def test_errors_beside_decided_items_make_a_partial_answer(guide: Guide) -> None:
    fault = BusinessError(BusinessProblem.INVALID_SERVICE_DATE, "", said("A day is missing."))
    first = response(answer(guide, approved, errors=(fault,)))
    assert first["outcome"] == "partial"
    assert told(first["error"][0], ext.ERROR_PATH) == []


# What only one version knows ---------------------------------------------------------------------------


@BOTH
def test_an_answer_holds_nothing_that_its_version_does_not_know(guide: Guide) -> None:
    known = PAS_22 if guide is Guide.V22 else PAS_20

    def urls(node: Any) -> set[str]:
        if isinstance(node, dict):
            own = {node["url"]} if isinstance(node.get("url"), str) else set()
            return own.union(*[urls(value) for value in node.values()], set())
        return set().union(*[urls(each) for each in node]) if isinstance(node, list) else set()

    url = "https://pas.fairwater.example/fhir/$submit-attachment"
    for name in NAMES:
        for kind in EVERY.values():
            written = answer(guide, kind, name=name, human=HUMAN, attachments_url=url)
            assert all(known.knows(each) for each in urls(written))


def test_2_2_swaps_transmission_identifiers() -> None:
    first = response(answer(Guide.V22, approved, name="cpap-modified"))
    (sent,) = told(first, ext.TRANSMISSION_IDENTIFIERS)
    assert {each["url"]: each["valueString"] for each in sent["extension"]} == {
        part.APPLICATION_SENDER_CODE: "FAIRWATER",
        part.APPLICATION_RECEIVER_CODE: "NORTHSIDE",
        part.INTERCHANGE_SENDER_ID: "FAIRWATER",
        part.INTERCHANGE_RECEIVER_ID: "NORTHSIDE",
    }


def test_2_2_says_truthfully_whether_a_person_reviewed() -> None:
    first = response(answer(Guide.V22, approved))
    (reviewer,) = told(first, ext.CLAIM_RESPONSE_REVIEWER)
    assert reviewer["extension"] == [{"url": part.HUMAN_REVIEWED, "valueBoolean": False}]
    first = response(answer(Guide.V22, outcome(Outcome.DENIED), human=HUMAN))
    (reviewer,) = told(first, ext.CLAIM_RESPONSE_REVIEWER)
    flag, npi, specialty = reviewer["extension"]
    assert flag["valueBoolean"] is True
    assert npi["valueIdentifier"] == {"system": system.NPI, "value": "1900003009"}
    assert specialty["valueCodeableConcept"]["coding"][0]["code"] == "207RP1001X"
    spoken = replace(HUMAN, specialty="Pulmonology")
    first = response(answer(Guide.V22, outcome(Outcome.DENIED), human=spoken))
    (reviewer,) = told(first, ext.CLAIM_RESPONSE_REVIEWER)
    assert reviewer["extension"][2]["valueCodeableConcept"] == {"text": "Pulmonology"}


def test_2_2_repeats_the_dates_of_the_stay() -> None:
    (item,) = response(answer(Guide.V22, approved, name="inpatient-no-policy"))["item"]
    assert told(item, ext.ADMISSION_DATES)[0]["valueDate"] == "2026-12-08"
    assert told(item, ext.DISCHARGE_DATE)[0]["valueDate"] == "2026-12-11"
    bundle = received("inpatient-no-policy", Guide.V22)
    for each in bundle["entry"][0]["resource"]["supportingInfo"]:
        if each["category"]["coding"][0]["code"] == "admissionDates":
            del each["timingDate"]
            each["timingPeriod"] = {"start": "2026-12-08", "end": "2026-12-09"}
    (item,) = response(answer(Guide.V22, approved, bundle=bundle))["item"]
    assert told(item, ext.ADMISSION_DATES)[0]["valuePeriod"]["end"] == "2026-12-09"
    assert date.fromisoformat(told(item, ext.DISCHARGE_DATE)[0]["valueDate"])


def test_contested_elements_come_only_when_asked_for() -> None:
    """What the 2.2 profiles list and the guide's own contexts forbid (Inferno asks for them)."""
    plain = response(answer(Guide.V22, modified, name="cpap-modified"))
    asked = response(answer(Guide.V22, modified, name="cpap-modified", contested=True))
    assert told(plain, ext.ITEM_AUTHORIZED_PROVIDER) == []
    assert told(asked, ext.ITEM_AUTHORIZED_PROVIDER)
    for url in (ext.SERVICE_ITEM_REQUEST_TYPE, ext.CERTIFICATION_TYPE):
        assert told(plain["addItem"][0], url) == []
        assert told(asked["addItem"][0], url)
    assert told(plain["item"][0], ext.COMMUNICATED_DIAGNOSIS) == []
    assert told(asked["item"][0], ext.COMMUNICATED_DIAGNOSIS)
    older = response(answer(Guide.V20, pended, contested=True))
    assert told(older["item"][0], ext.ADMINISTRATION_REFERENCE_NUMBER)


# Odd requests ---------------------------------------------------------------------------------------


@BOTH
def test_a_contained_insurer_is_contained_in_the_answer(guide: Guide) -> None:
    bundle = received("no-authorization-needed", guide)
    claim = bundle["entry"][0]["resource"]
    claim["contained"] = [{"resourceType": "Organization", "id": "payer", "name": "Inside"}]
    claim["insurer"] = {"reference": "#payer"}
    first = response(answer(guide, approved, bundle=bundle))
    assert first["insurer"] == {"reference": "#payer"}
    assert first["contained"] == claim["contained"]


@BOTH
@pytest.mark.parametrize(
    "reference",
    [
        {"identifier": {"system": "https://x.example", "value": "1"}},
        {"display": "Somebody"},
    ],
)
def test_references_without_an_address_are_repeated(guide: Guide, reference: Any) -> None:
    bundle = received("no-authorization-needed", guide)
    bundle["entry"][0]["resource"].update({"insurer": reference, "provider": reference})
    url = "https://pas.fairwater.example/fhir/$submit-attachment"
    first = response(answer(guide, missing, bundle=bundle, attachments_url=url))
    assert first["insurer"] == first["requestor"] == reference


@BOTH
def test_references_of_echoed_resources_become_absolute(guide: Guide) -> None:
    bundle = received("no-authorization-needed", guide)
    base = bundle["entry"][0]["fullUrl"].rsplit("/", 2)[0]
    patient = bundle["entry"][1]["resource"]
    patient["managingOrganization"] = {"reference": "Organization/northside"}
    patient["generalPractitioner"] = [{"reference": "Practitioner/elsewhere"}]
    written = answer(guide, approved, bundle=bundle)
    (echoed,) = resources(written, "Patient")
    assert echoed["managingOrganization"]["reference"] == f"{base}/Organization/northside"
    assert echoed["generalPractitioner"][0]["reference"] == f"{base}/Practitioner/elsewhere"


@BOTH
def test_a_bundle_without_a_claim_cannot_be_answered(guide: Guide) -> None:
    bundle = received("oxygen-approved", guide)
    request = read_request(bundle, guide)
    with pytest.raises(Invalid):
        write_response(decide(request, approved), request, {"entry": []}, envelope(guide))
