"""Supporting resources as evidence, under the names of docs/reference/evidence.md."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest

from app.domain.facts import EvidenceKind
from app.domain.values import Coding, Concept, Period, Quantity
from app.fhir.urls import ext, system
from tests.unit.read.bundles import (
    AT,
    MEMBER,
    Json,
    add,
    claim,
    coded,
    evidence_of,
    example,
    only,
    read,
)

LOINC = system.LOINC


def observation(**more: Any) -> Json:
    return {
        "resourceType": "Observation",
        "id": "o1",
        "status": "final",
        "code": coded(LOINC, "2708-6"),
        "subject": MEMBER,
        "effectiveDateTime": "2026-11-20T10:15:00-05:00",
        **more,
    }


def percent(value: float) -> Json:
    return {"value": value, "unit": "%", "system": system.UCUM, "code": "%"}


SPO2 = observation(valueQuantity=percent(86.0))


def test_an_observation_gives_value_date_source_and_qualifiers() -> None:
    found = only(
        {
            **SPO2,
            "category": [coded(system.OBSERVATION_CATEGORY, "vital-signs")],
            "method": coded(system.SNOMED, "128975004"),
            "bodySite": coded(system.SNOMED, "7569003"),
            "interpretation": [coded("https://x.example", "L")],
            "performer": [{"reference": "Organization/northside"}],
            "note": [{"text": "Seated."}],
            "component": [
                {"code": coded(LOINC, "3150-0"), "valueQuantity": percent(21)},
                {"code": coded(LOINC, "3151-8"), "dataAbsentReason": coded("", "unknown")},
            ],
        }
    )
    assert found.kind is EvidenceKind.OBSERVATION
    assert found.concept.codings == (Coding(LOINC, "2708-6"),)
    assert found.value == Quantity(Decimal("86.0"), "%", "%", system.UCUM)
    zone = timezone(timedelta(hours=-5))
    assert found.at == datetime(2026, 11, 20, 10, 15, tzinfo=zone)
    assert (found.source.where, found.source.kind, found.source.element) == (
        f"{AT}Observation/o1",
        "Observation",
        "valueQuantity",
    )
    told = found.attributes
    assert (told["status"], told["category"], told["note"]) == ("final", "vital-signs", "Seated.")
    assert told["method"] == Concept((Coding(system.SNOMED, "128975004"),))
    assert told["component:3150-0"] == Quantity(Decimal(21), "%", "%", system.UCUM)
    assert "component:3151-8" not in told
    assert (told["performer-kind"], told["performer-npi"]) == ("organization", "1900002001")
    assert told["performer-type"] == Concept((Coding(system.X12_ENTITY, "X3"),))
    assert {"body-site", "interpretation"} <= set(told)


@pytest.mark.parametrize(
    ("element", "raw", "read_as"),
    [
        ("valueInteger", 7, 7),
        ("valueBoolean", False, False),
        ("valueString", "clear", "clear"),
        ("valueTime", "10:15:00", "10:15:00"),
        ("valueDateTime", "2026-11-20", date(2026, 11, 20)),
        ("valueCodeableConcept", {"text": "positive"}, Concept((), "positive")),
        (
            "valueRatio",
            {
                "numerator": {"value": 30, "unit": "mg"},
                "denominator": {"value": 2, "unit": "mL"},
            },
            Quantity(Decimal(15), "mg/mL"),
        ),
    ],
)
def test_every_type_of_value_is_read(element: str, raw: Any, read_as: Any) -> None:
    assert only(observation(**{element: raw})).value == read_as


def test_a_value_with_a_comparator_is_a_bound_and_no_value() -> None:
    found = only(observation(valueQuantity={**percent(88), "comparator": "<"}))
    assert found.value is None
    assert found.attributes["comparator"] == "<"
    assert found.attributes["bound"] == Quantity(Decimal(88), "%", "%", system.UCUM)


def test_a_panel_gives_its_components() -> None:
    pressure = {"value": 140, "unit": "mm[Hg]"}
    found = only(
        observation(component=[{"code": coded(LOINC, "8480-6"), "valueQuantity": pressure}])
    )
    assert found.value is None
    assert found.attributes["component:8480-6"] == Quantity(Decimal(140), "mm[Hg]")


@pytest.mark.parametrize(
    "change",
    [
        {"status": "entered-in-error"},
        {"status": "cancelled"},
        {"status": "unknown"},
        {"dataAbsentReason": {"text": "not done"}},
        {"subject": {"reference": "Patient/another"}},
        {"subject": {"reference": "https://elsewhere.example/fhir/Patient/member"}},
        {"code": {}},
    ],
)
def test_what_is_wrong_absent_or_about_somebody_else_is_no_evidence(change: Json) -> None:
    assert evidence_of({**SPO2, **change}) == []


def test_an_observation_without_any_result_is_no_evidence() -> None:
    assert evidence_of(observation()) == []


@pytest.mark.parametrize("subject", [{}, {"subject": {"display": "the patient"}}])
def test_a_subject_that_is_not_named_is_the_member(subject: Json) -> None:
    bare = {name: value for name, value in SPO2.items() if name != "subject"}
    assert len(evidence_of({**bare, **subject})) == 1


@pytest.mark.parametrize(
    ("dated", "at", "period", "precision"),
    [
        ({"effectiveDateTime": "2026-11-20"}, date(2026, 11, 20), None, None),
        (
            {"effectiveDateTime": "2026-11"},
            date(2026, 11, 1),
            Period(date(2026, 11, 1), date(2026, 11, 30)),
            "month",
        ),
        (
            {"effectiveDateTime": "2024"},
            date(2024, 1, 1),
            Period(date(2024, 1, 1), date(2024, 12, 31)),
            "year",
        ),
        (
            {"effectivePeriod": {"start": "2026-11-01", "end": "2026-11-03"}},
            date(2026, 11, 1),
            Period(date(2026, 11, 1), date(2026, 11, 3)),
            None,
        ),
        (
            {"issued": "2026-11-21T08:00:00Z"},
            datetime(2026, 11, 21, 8, tzinfo=UTC),
            None,
            None,
        ),
        ({"effectiveDateTime": "2026-13-40"}, None, None, None),
        ({}, None, None, None),
    ],
)
def test_dates_are_read_to_their_precision(
    dated: Json, at: Any, period: Any, precision: Any
) -> None:
    bare = {name: value for name, value in SPO2.items() if name != "effectiveDateTime"}
    found = only({**bare, **dated})
    assert (found.at, found.period) == (at, period)
    assert found.attributes.get("precision") == precision


def condition(**more: Any) -> Json:
    return {
        "resourceType": "Condition",
        "id": "c1",
        "code": coded(system.ICD_10_CM, "J44.9"),
        "subject": MEMBER,
        **more,
    }


def test_a_condition_gives_a_diagnosis_with_its_course() -> None:
    found = only(
        condition(
            clinicalStatus=coded("https://x.example", "active"),
            verificationStatus=coded("https://x.example", "confirmed"),
            severity={"text": "severe"},
            stage=[{"summary": {"text": "III"}}],
            category=[coded("https://x.example", "problem-list-item")],
            onsetDateTime="2024-02-10",
            abatementDateTime="2026-01-01",
            recordedDate="2024-02-11",
        )
    )
    assert found.kind is EvidenceKind.DIAGNOSIS
    assert (found.at, found.period) == (
        date(2024, 2, 10),
        Period(date(2024, 2, 10), date(2026, 1, 1)),
    )
    told = found.attributes
    assert (told["clinical-status"], told["verification-status"]) == ("active", "confirmed")
    assert (told["onset"], told["abatement"]) == (date(2024, 2, 10), date(2026, 1, 1))
    assert told["recorded"] == date(2024, 2, 11)
    assert told["stage"] == Concept((), "III")
    assert told["category"] == "problem-list-item"


@pytest.mark.parametrize("verdict", ["refuted", "entered-in-error"])
@pytest.mark.parametrize("kind", ["Condition", "AllergyIntolerance"])
def test_what_was_disproved_is_no_evidence(kind: str, verdict: str) -> None:
    raw = condition(
        resourceType=kind,
        verificationStatus=coded("https://x.example", verdict),
        patient=MEMBER,
    )
    assert evidence_of(raw) == []


def test_an_allergy_is_a_diagnosis_of_its_own_category() -> None:
    raw = condition(resourceType="AllergyIntolerance", patient=MEMBER)
    found = only(raw)
    assert (found.kind, found.attributes["category"]) == (EvidenceKind.DIAGNOSIS, "allergy")


def test_a_procedure_gives_when_and_by_whom() -> None:
    found = only(
        {
            "resourceType": "Procedure",
            "id": "p1",
            "status": "completed",
            "code": coded(system.CPT, "97110"),
            "subject": MEMBER,
            "performedPeriod": {"start": "2026-09-08", "end": "2026-10-27"},
            "performer": [{"actor": {"reference": "Organization/northside"}}],
            "outcome": {"text": "not improved"},
            "reasonCode": [{"text": "back pain"}],
        }
    )
    assert found.kind is EvidenceKind.PROCEDURE
    assert found.period == Period(date(2026, 9, 8), date(2026, 10, 27))
    assert found.attributes["performer-npi"] == "1900002001"
    assert {"outcome", "reason", "status"} <= set(found.attributes)


def test_a_procedure_that_was_not_done_is_no_evidence() -> None:
    raw = {
        "resourceType": "Procedure",
        "id": "p1",
        "status": "not-done",
        "code": coded(system.CPT, "97110"),
        "subject": MEMBER,
    }
    assert evidence_of(raw) == []


def medicine(kind: str, **more: Any) -> Json:
    return {
        "resourceType": kind,
        "id": "m1",
        "status": "active",
        "medicationCodeableConcept": coded(system.RXNORM, "197803"),
        "subject": MEMBER,
        **more,
    }


def test_a_prescription_is_a_medicine_and_an_order() -> None:
    raw = medicine(
        "MedicationRequest",
        intent="order",
        authoredOn="2026-09-01",
        requester={"reference": "Organization/northside"},
        dosageInstruction=[
            {"route": {"text": "oral"}, "doseAndRate": [{"doseQuantity": {"value": 600}}]}
        ],
        dispenseRequest={
            "quantity": {"value": 90, "unit": "tablet"},
            "expectedSupplyDuration": {"value": 30, "unit": "days"},
        },
    )
    found, order = evidence_of(raw)
    assert (found.kind, order.kind) == (EvidenceKind.MEDICATION, EvidenceKind.ORDER)
    assert (found.attributes["kind"], order.attributes["kind"]) == ("request", "medication")
    assert found.at == order.at == date(2026, 9, 1)
    assert found.attributes["dose"] == Quantity(Decimal(600))
    assert found.attributes["days-supply"] == Quantity(Decimal(30), "days")
    assert found.attributes["quantity"] == Quantity(Decimal(90), "tablet")
    assert order.attributes["requester-npi"] == "1900002001"


@pytest.mark.parametrize(
    ("kind", "dated", "name"),
    [
        ("MedicationStatement", {"effectivePeriod": {"start": "2026-09-01"}}, "statement"),
        ("MedicationDispense", {"whenHandedOver": "2026-09-01"}, "dispense"),
        ("MedicationAdministration", {"effectiveDateTime": "2026-09-01"}, "administration"),
    ],
)
def test_medicines_taken_dispensed_and_given_are_told_apart(
    kind: str, dated: Json, name: str
) -> None:
    found = only(medicine(kind, **dated))
    assert (found.kind, found.attributes["kind"]) == (EvidenceKind.MEDICATION, name)
    assert found.at == date(2026, 9, 1)


def test_a_medicine_may_be_named_in_a_resource_of_its_own() -> None:
    raw = medicine("MedicationStatement", medicationReference={"reference": "Medication/x"})
    del raw["medicationCodeableConcept"]
    drug = {"resourceType": "Medication", "id": "x", "code": coded(system.RXNORM, "197803")}
    assert only(raw, drug).concept.codings[0].code == "197803"


def test_a_vaccine_is_a_medicine() -> None:
    found = only(
        {
            "resourceType": "Immunization",
            "id": "i1",
            "status": "completed",
            "vaccineCode": {"text": "influenza"},
            "patient": MEMBER,
            "occurrenceDateTime": "2026-10-01",
        }
    )
    assert (found.kind, found.at) == (EvidenceKind.MEDICATION, date(2026, 10, 1))
    assert found.attributes["kind"] == "immunization"


def test_what_must_not_be_given_is_no_evidence() -> None:
    assert evidence_of(medicine("MedicationRequest", doNotPerform=True)) == []


def test_a_device_order_gives_quantity_settings_and_signature() -> None:
    order = {
        "resourceType": "DeviceRequest",
        "id": "d1",
        "status": "active",
        "intent": "order",
        "priority": "urgent",
        "codeCodeableConcept": coded(system.CPT, "E1390"),
        "subject": MEMBER,
        "authoredOn": "2026-11-21",
        "occurrencePeriod": {"start": "2026-12-01", "end": "2029-11-30"},
        "parameter": [{"code": coded(LOINC, "3151-8"), "valueQuantity": {"value": 2}}],
        "reasonCode": [{"text": "low oxygen"}],
    }
    proof = {
        "resourceType": "Provenance",
        "id": "s1",
        "target": [{"reference": "DeviceRequest/d1"}],
        "signature": [{"who": {"display": "Dr. Ruiz"}}],
    }
    found = only(order, proof)
    assert found.kind is EvidenceKind.ORDER
    assert found.concept.codings == (Coding(system.HCPCS, "E1390"),)
    assert found.period == Period(date(2026, 12, 1), date(2029, 11, 30))
    told = found.attributes
    assert (told["kind"], told["priority"], told["signed"]) == ("device", "urgent", True)
    assert told["occurrence"] == date(2026, 12, 1)
    assert told["parameter:3151-8"] == Quantity(Decimal(2))


def test_service_nutrition_and_vision_orders_say_what_is_ordered() -> None:
    found = evidence_of(
        {
            "resourceType": "ServiceRequest",
            "id": "s1",
            "status": "active",
            "code": coded(system.CPT, "72148"),
            "subject": MEMBER,
            "quantityQuantity": {"value": 1, "unit": "study"},
            "orderDetail": [coded("https://x.example", "no-contrast")],
        },
        {
            "resourceType": "NutritionOrder",
            "id": "n1",
            "status": "active",
            "patient": MEMBER,
            "dateTime": "2026-11-21",
            "enteralFormula": {"baseFormulaType": coded(system.HCPCS, "B4150")},
        },
        {
            "resourceType": "VisionPrescription",
            "id": "v1",
            "status": "active",
            "patient": MEMBER,
            "dateWritten": "2026-11-21",
            "lensSpecification": [{"product": {"text": "lens"}}],
        },
    )
    assert [each.attributes["kind"] for each in found] == ["service", "nutrition", "vision"]
    assert found[0].attributes["quantity"] == Quantity(Decimal(1), "study")
    assert "parameter:no-contrast" in found[0].attributes
    assert found[1].concept.codings[0].code == "B4150"
    assert found[1].at == found[2].at == date(2026, 11, 21)


def test_documents_and_reports_give_their_label_alone() -> None:
    found = evidence_of(
        {
            "resourceType": "DocumentReference",
            "id": "d1",
            "status": "current",
            "docStatus": "final",
            "type": coded(LOINC, "11506-3"),
            "category": [{"text": "note"}],
            "subject": MEMBER,
            "author": [{"reference": "Organization/northside"}],
            "content": [{"attachment": {"contentType": "text/plain", "creation": "2026-11-20"}}],
            "context": {"period": {"start": "2026-11-19", "end": "2026-11-20"}},
        },
        {
            "resourceType": "DiagnosticReport",
            "id": "r1",
            "status": "final",
            "code": coded(LOINC, "28633-6"),
            "subject": MEMBER,
            "effectiveDateTime": "2026-10-28",
            "presentedForm": [{"contentType": "application/pdf"}],
        },
    )
    note, report = found
    assert {each.kind for each in found} == {EvidenceKind.DOCUMENT}
    assert (note.at, note.period) == (
        date(2026, 11, 20),
        Period(date(2026, 11, 19), date(2026, 11, 20)),
    )
    assert (note.attributes["doc-status"], note.attributes["author-npi"]) == (
        "final",
        "1900002001",
    )
    assert note.value is None
    assert (report.at, report.attributes["content-type"]) == (
        date(2026, 10, 28),
        "application/pdf",
    )


@pytest.mark.parametrize(
    "change", [{"status": "superseded"}, {"docStatus": "entered-in-error"}, {"type": {}}]
)
def test_a_document_that_was_replaced_or_wrong_is_no_evidence(change: Json) -> None:
    raw = {
        "resourceType": "DocumentReference",
        "id": "d1",
        "status": "current",
        "type": coded(LOINC, "11506-3"),
        "subject": MEMBER,
    }
    assert evidence_of({**raw, **change}) == []


def test_an_encounter_gives_class_and_stay() -> None:
    request = read(example("inpatient-no-policy"))
    (stay,) = [each for each in request.evidence if each.kind is EvidenceKind.ENCOUNTER]
    assert stay.period == Period(date(2026, 12, 8), date(2026, 12, 11))
    assert (stay.attributes["class"], stay.attributes["status"]) == ("IMP", "planned")
    assert "admit-source" in stay.attributes


def test_a_device_and_its_use_are_read() -> None:
    device = {
        "resourceType": "Device",
        "id": "v1",
        "status": "active",
        "type": {"text": "CPAP"},
        "patient": MEMBER,
    }
    use = {
        "resourceType": "DeviceUseStatement",
        "id": "u1",
        "status": "active",
        "subject": MEMBER,
        "device": {"reference": "Device/v1"},
        "timingPeriod": {"start": "2026-08-01"},
    }
    found = evidence_of(device, use)
    assert {each.kind for each in found} == {EvidenceKind.DEVICE}
    assert [each.concept.text for each in found] == ["CPAP", "CPAP"]
    assert found[1].at == date(2026, 8, 1)


# Forms -------------------------------------------------------------------------------------------


def form(*items: Json, **more: Any) -> Json:
    return {
        "resourceType": "QuestionnaireResponse",
        "id": "q1",
        "questionnaire": "https://fairwater.example/questionnaire/x|1.0",
        "status": "completed",
        "subject": MEMBER,
        "authored": "2026-11-24T16:40:00-05:00",
        "author": {"reference": "Organization/northside"},
        "item": list(items),
        **more,
    }


def answered(link: str, **value: Any) -> Json:
    return {"linkId": link, "answer": [value]}


@pytest.mark.parametrize(
    ("value", "read_as"),
    [
        ({"valueBoolean": True}, True),
        ({"valueInteger": 49}, 49),
        ({"valueDecimal": 14.5}, Decimal("14.5")),
        ({"valueDate": "2026-11-01"}, date(2026, 11, 1)),
        ({"valueDateTime": "2026-11-01T10:00:00Z"}, datetime(2026, 11, 1, 10, tzinfo=UTC)),
        ({"valueString": "words"}, "words"),
        ({"valueUri": "urn:x"}, "urn:x"),
        ({"valueTime": "10:00:00"}, "10:00:00"),
        ({"valueCoding": {"code": "yes"}}, Concept((Coding("", "yes"),))),
        ({"valueQuantity": {"value": 4, "unit": "h"}}, Quantity(Decimal(4), "h")),
    ],
)
def test_every_type_of_answer_is_read(value: Json, read_as: Any) -> None:
    found = only(form(answered("a", **value)))
    assert (found.kind, found.value) == (EvidenceKind.ANSWER, read_as)
    assert found.concept.codings[0] == Coding("https://fairwater.example/questionnaire/x", "a")
    assert found.source.element == "item[0].answer[0].value"
    told = found.attributes
    assert told["questionnaire"] == "https://fairwater.example/questionnaire/x|1.0"
    assert (told["status"], told["author-kind"]) == ("completed", "organization")


def test_answers_are_found_at_any_depth_with_their_group() -> None:
    def visit(day: str) -> Json:
        return {"linkId": "visit", "item": [answered("day", valueDate=day)]}

    nested = {"linkId": "top", "answer": [{"valueBoolean": True, "item": [visit("2026-01-01")]}]}
    raw = form({"linkId": "page", "item": [visit("2026-01-01"), visit("2026-02-01")]}, nested)
    found = evidence_of(raw)
    assert [(each.concept.codings[0].code, each.attributes.get("group")) for each in found] == [
        ("day", "visit#0"),
        ("day", "visit#1"),
        ("top", None),
        ("day", None),
    ]
    assert found[1].source.element == "item[0].item[1].item[0].answer[0].value"
    assert found[3].source.element == "item[1].answer[0].item[0].item[0].answer[0].value"


@pytest.mark.parametrize(
    ("code", "origin"), [("auto-client", "auto"), ("override", "override"), ("manual", "manual")]
)
def test_the_origin_of_an_answer_is_kept(code: str, origin: str) -> None:
    told = {
        "url": ext.INFORMATION_ORIGIN,
        "extension": [{"url": "source", "valueCode": code}],
    }
    found = only(form({"linkId": "a", "answer": [{"valueBoolean": True, "extension": [told]}]}))
    assert found.attributes["origin"] == origin


@pytest.mark.parametrize("status", ["entered-in-error", "stopped"])
def test_forms_in_error_or_stopped_give_nothing(status: str) -> None:
    assert evidence_of(form(answered("a", valueBoolean=True), status=status)) == []


def test_a_form_packed_in_a_dtr_bundle_is_read() -> None:
    packed = {
        "resourceType": "Bundle",
        "id": "b1",
        "type": "collection",
        "entry": [
            {
                "fullUrl": "urn:uuid:1",
                "resource": form(answered("a", valueBoolean=True), subject={}),
            }
        ],
    }
    assert only(packed).source.where == "urn:uuid:1"


def test_an_observation_inside_a_report_is_read() -> None:
    report = {
        "resourceType": "DiagnosticReport",
        "id": "r1",
        "status": "final",
        "code": coded(LOINC, "28633-6"),
        "subject": MEMBER,
        "contained": [SPO2],
    }
    kinds = [(each.kind, each.source.where) for each in evidence_of(report)]
    assert kinds == [
        (EvidenceKind.DOCUMENT, f"{AT}DiagnosticReport/r1"),
        (EvidenceKind.OBSERVATION, f"{AT}DiagnosticReport/r1#o1"),
    ]


def test_information_that_the_requester_took_back_is_no_evidence() -> None:
    bundle = add(example("no-authorization-needed"), SPO2)
    claim(bundle)["supportingInfo"] = [
        {
            "modifierExtension": [{"url": ext.INFO_CANCELLED, "valueBoolean": True}],
            "sequence": 1,
            "category": coded(system.TEMP, "additionalInformation"),
            "valueReference": {"reference": "Observation/o1"},
        }
    ]
    assert read(bundle).evidence == ()
