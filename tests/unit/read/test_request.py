"""The Claim as a neutral request: every field, both versions, and what is refused."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from app.domain.guide import Guide
from app.domain.request import Urgency, Use
from app.domain.values import Coding, Identifier, Money, Period, Quantity
from app.errors import Invalid, Refused
from app.fhir.read import expression, read_request
from app.fhir.urls import PAS_20, PAS_22, ext, system, x12
from tests.unit.read.bundles import AT, claim, coded, example, read, resource

GUIDES = [Guide.V22, Guide.V20]


@pytest.mark.parametrize("guide", GUIDES)
def test_the_frame_of_a_request_is_read(guide: Guide) -> None:
    bundle = example("oxygen-approved-large", guide)
    request = read(bundle, guide)
    assert request.guide is guide
    assert request.use is Use.PREAUTHORIZATION
    assert request.transaction.value == bundle["identifier"]["value"]
    assert request.request_full_url == bundle["entry"][0]["fullUrl"]
    assert request.identifiers[0].system == "https://ehr.northside.example/patient-event"
    assert request.urgency is Urgency.STANDARD
    assert request.messages == (
        "Patient lives alone on the ground floor; deliver in the afternoon.",
    )


def test_the_member_and_the_coverage_named_are_read() -> None:
    request = read(example())
    member = request.member
    assert (member.family, member.given, member.birth_date) == (
        "Delgado",
        "Rosa",
        date(1948, 3, 14),
    )
    assert (member.gender, member.language) == ("female", "es")
    assert member.identifiers == (
        Identifier("https://fairwater.example/member-id", "FW100001", "MB"),
    )
    (coverage,) = request.coverage
    assert coverage.member_ids[0].value == coverage.subscriber_id == "FW100001"
    assert (coverage.plan, coverage.relationship) == ("FW-MA-01", "18")
    assert coverage.payer is not None
    assert coverage.payer.npi == request.insurer.npi == "1900001003"


def test_a_coverage_without_marked_member_number_gives_all_its_numbers() -> None:
    bundle = example()
    del resource(bundle, "Coverage")["identifier"][0]["type"]
    assert read(bundle).coverage[0].member_ids == (
        Identifier("https://fairwater.example/member-id", "FW100001"),
    )


def test_a_role_has_the_numbers_of_its_practitioner_and_organization() -> None:
    submitter = read(example("cpap-modified")).submitter
    assert submitter.kind == "practitioner-role"
    assert submitter.npi == "1900004007"
    assert {each.value for each in submitter.identifiers} >= {"1900004007", "1900002001"}
    assert submitter.name == "Tom Weller"
    assert submitter.specialties[0].codings[0].code == "207RS0012X"
    assert submitter.state == "OH"


def test_a_role_that_names_itself_leads_nowhere() -> None:
    bundle = example("cpap-modified")
    role = resource(bundle, "PractitionerRole")
    role["practitioner"] = dict(claim(bundle)["provider"])
    submitter = read(bundle).submitter
    assert (submitter.kind, submitter.npi) == ("practitioner-role", "1900002001")


def test_the_care_team_has_scopes_and_items_their_own_members() -> None:
    request = read(example())
    assert [member.overall for member in request.care_team] == [True, False]
    assert [member.party.npi for member in request.items[0].care_team] == [
        "1900003009",
        "1900005004",
    ]
    assert request.care_team[1].role is not None
    assert request.care_team[1].role.codings[0] == Coding(system.X12_ENTITY, "SJ")


def test_an_item_is_read_whole() -> None:
    bundle = example("cpap-modified")
    item = claim(bundle)["item"][0]
    item["revenue"] = coded(PAS_22.revenue_system, "0290")
    item["extension"].append(
        {
            "url": ext.PRODUCT_OR_SERVICE_CODE_END,
            "valueCodeableConcept": coded(system.HCPCS, "E0470"),
        }
    )
    read_item = read(bundle).items[0]
    assert read_item.sequence == 1
    assert read_item.service.codings[0] == Coding(system.HCPCS, "E0601")
    assert read_item.service_end is not None
    assert read_item.service_end.codings[0].code == "E0470"
    assert [each.codings[0].code for each in read_item.modifiers] == ["RR"]
    assert read_item.category is not None
    assert read_item.category.codings[0] == Coding(system.X12_SERVICE_TYPE, "18")
    assert read_item.revenue is not None
    assert read_item.revenue.codings[0].code == "0290"
    assert (read_item.request_type, read_item.certification_type) == ("HS", "I")
    assert read_item.place is not None
    assert read_item.place.codings[0] == Coding(system.PLACE_OF_SERVICE, "12")
    assert read_item.serviced == Period(date(2026, 12, 5), date(2027, 12, 31))
    assert read_item.quantity == Quantity(Decimal(13), "months")
    assert read_item.unit_price == Money(Decimal("98.4"))
    assert [each.codings[0].code for each in read_item.diagnoses] == ["G47.33"]
    assert read_item.trace_numbers[0].system == "https://ehr.northside.example/item-trace"
    assert read_item.previous_number == "PRIOR-2025-0042"
    assert read_item.reference_number == "REF-77120"
    assert len(read_item.orders) == 1
    assert len(read_item.information) == len(claim(bundle)["item"][0]["informationSequence"])


def test_crd_assertion_ids_come_from_the_order_that_an_item_fulfils() -> None:
    (item,) = read(example("oxygen-approved-large")).items
    assert item.assertion_ids == ("CRD-7F3A2210",)
    assert item.orders == (f"{AT}DeviceRequest/oxygen-order",)


def test_items_without_diagnosis_pointers_have_all_diagnoses() -> None:
    bundle = example("mixed-lines")
    for item in claim(bundle)["item"]:
        item.pop("diagnosisSequence", None)
    codes = [[one.codings[0].code for one in item.diagnoses] for item in read(bundle).items]
    assert codes == [["J44.9", "G47.33"]] * 4


def test_a_pointer_to_nothing_is_left_out() -> None:
    bundle = example()
    claim(bundle)["item"][0].update(
        {"diagnosisSequence": [9], "careTeamSequence": [9], "informationSequence": [9]}
    )
    (item,) = read(bundle).items
    assert (item.diagnoses, item.care_team, item.information) == ((), (), ())


def test_an_item_of_2_0_without_certification_type_is_an_initial_request() -> None:
    bundle = example("oxygen-approved", Guide.V20)
    claim(bundle)["item"][0]["extension"] = []
    assert read(bundle, Guide.V20).items[0].certification_type == "I"


@pytest.mark.parametrize("sign", ["level", "priority"])
def test_urgent_requests_are_expedited(sign: str) -> None:
    bundle = example()
    if sign == "level":
        claim(bundle)["extension"] = [
            {
                "url": ext.LEVEL_OF_SERVICE_CODE,
                "valueCodeableConcept": coded(system.X12_LEVEL_OF_SERVICE, "U"),
            }
        ]
    else:
        claim(bundle)["priority"] = coded(system.PROCESS_PRIORITY, "stat")
    assert read(bundle).urgency is Urgency.EXPEDITED


@pytest.mark.parametrize("guide", GUIDES)
def test_dates_of_event_admission_and_discharge_are_read(guide: Guide) -> None:
    request = read(example("inpatient-no-policy", guide), guide)
    stay = Period(date(2026, 12, 8), date(2026, 12, 11))
    assert request.event == stay
    assert request.admission == Period(date(2026, 12, 8), date(2026, 12, 8))
    assert request.discharge == Period(date(2026, 12, 11), date(2026, 12, 11))


def test_numbers_and_accident_of_the_whole_request_are_read() -> None:
    bundle = example()
    claim(bundle).update(
        {
            "accident": {"date": "2026-11-01", "type": coded(x12(1362), "EM")},
            "extension": [
                {"url": ext.AUTHORIZATION_NUMBER, "valueString": "OLD-1"},
                {"url": ext.ADMINISTRATION_REFERENCE_NUMBER, "valueString": "REF-1"},
                {
                    "url": ext.CERTIFICATION_TYPE,
                    "valueCodeableConcept": coded(system.X12_CERTIFICATION_TYPE, "3"),
                },
            ],
        }
    )
    request = read(bundle)
    assert request.accident is not None
    assert request.accident.codings[0].code == "EM"
    assert (request.previous_number, request.reference_number) == ("OLD-1", "REF-1")
    assert request.certification_type == "3"


def test_a_diagnosis_keeps_its_kind_and_day_and_may_refer_to_a_condition() -> None:
    bundle = example("oxygen-approved-huge")
    claim(bundle)["diagnosis"][0].update(
        {
            "type": [coded(system.TEMP, "principal")],
            "extension": [{"url": ext.DIAGNOSIS_RECORDED_DATE, "valueDate": "2026-11-20"}],
        }
    )
    claim(bundle)["diagnosis"][1] = {
        "sequence": 2,
        "diagnosisReference": {"reference": "Condition/copd"},
    }
    first, second = read(bundle).diagnoses
    assert first.kind is not None
    assert (first.kind.codings[0].code, first.recorded) == ("principal", date(2026, 11, 20))
    assert second.concept.codings[0].code == "J44.9"


# References -------------------------------------------------------------------------------------


@pytest.mark.parametrize("guide", GUIDES)
@pytest.mark.parametrize("name", ["oxygen-approved", "mri-approved-form", "mixed-lines"])
def test_urn_and_rest_addresses_lead_to_the_same_people(name: str, guide: Guide) -> None:
    request = read(example(name, guide), guide)
    assert request.insurer.name == "Fairwater Health Plan"
    assert request.submitter.npi == "1900002001"
    assert request.member.full_url
    assert all(member.party.npi for member in request.care_team)


@pytest.mark.parametrize(
    "reference",
    [
        f"{AT}Organization/fairwater",
        "Organization/fairwater",
        "Organization/fairwater/_history/2",
    ],
)
def test_absolute_relative_and_versioned_references_are_followed(reference: str) -> None:
    bundle = example()
    claim(bundle)["insurer"] = {"reference": reference}
    assert read(bundle).insurer.name == "Fairwater Health Plan"


def test_a_contained_insurer_is_followed() -> None:
    bundle = example()
    claim(bundle)["contained"] = [
        {
            "resourceType": "Organization",
            "id": "payer",
            "name": "Inside",
            "identifier": [{"system": system.NPI, "value": "1900001003"}],
        }
    ]
    claim(bundle)["insurer"] = {"reference": "#payer"}
    insurer = read(bundle).insurer
    assert (insurer.name, insurer.npi) == ("Inside", "1900001003")
    assert insurer.full_url.endswith("#payer")


def test_an_identifier_alone_finds_the_entry_or_stands_for_itself() -> None:
    bundle = example()
    claim(bundle)["insurer"] = {"identifier": {"system": system.NPI, "value": "1900001003"}}
    assert read(bundle).insurer.name == "Fairwater Health Plan"
    claim(bundle)["insurer"] = {
        "identifier": {"system": system.NPI, "value": "1234567893"},
        "display": "Elsewhere",
    }
    insurer = read(bundle).insurer
    assert (insurer.npi, insurer.name, insurer.full_url) == ("1234567893", "Elsewhere", "")


def test_a_displayed_patient_has_no_details() -> None:
    bundle = example()
    claim(bundle)["patient"] = {"display": "Somebody"}
    member = read(bundle).member
    assert (member.identifiers, member.birth_date, member.full_url) == ((), None, "")


def test_of_two_entries_with_one_address_the_first_counts() -> None:
    bundle = example()
    bundle["entry"].append(
        {
            "fullUrl": f"{AT}Organization/fairwater",
            "resource": {"resourceType": "Organization", "id": "fairwater", "name": "Second"},
        }
    )
    assert read(bundle).insurer.name == "Fairwater Health Plan"


def test_a_source_becomes_an_expression_from_the_bundle() -> None:
    bundle = example()
    assert (
        expression(bundle, f"{AT}Coverage/coverage", "identifier[0].value")
        == "Bundle.entry[4].resource.identifier[0].value"
    )
    assert expression(bundle, f"{AT}Claim/claim-oxygen-approved") == "Bundle.entry[0].resource"
    assert expression(bundle, "urn:uuid:none") == ""


# Dirty codes --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "raw",
    [
        "https://codesystem.x12.org/005010/1365",
        "http://codesystem.x12.org/005010/1365",
        "https://codesystem.x12.org/005010/1365/",
        "https://valueset.x12.org/x217/005010/request/2000F/UM/1/03/00/1365",
    ],
)
def test_x12_systems_are_told_by_their_last_number(raw: str) -> None:
    bundle = example()
    claim(bundle)["item"][0]["category"] = coded(raw, "42")
    category = read(bundle).items[0].category
    assert category is not None
    assert category.codings == (Coding(system.X12_SERVICE_TYPE, "42"),)


@pytest.mark.parametrize(
    ("raw", "code", "meant"),
    [
        (system.HCPCS, "72148", system.CPT),
        (system.CPT, "E1390", system.HCPCS),
        (system.X12_SERVICE_TYPE, "G0153", system.HCPCS),
        (system.X12_SERVICE_TYPE, "42", system.X12_SERVICE_TYPE),
        (system.HCPCS.replace("http:", "https:"), "E1390", system.HCPCS),
        (system.ICD_10_PCS, "0SG0071", system.ICD_10_PCS),
        ("", "99213", system.CPT),
        ("https://local.example/services", "E1390", "https://local.example/services"),
    ],
)
def test_procedure_codes_get_the_system_of_their_shape(raw: str, code: str, meant: str) -> None:
    bundle = example()
    claim(bundle)["item"][0]["productOrService"] = coded(raw, code)
    assert read(bundle).items[0].service.codings == (Coding(meant, code),)


@pytest.mark.parametrize("guide", [PAS_20, PAS_22])
def test_both_revenue_systems_are_known(guide: Any) -> None:
    bundle = example()
    raw = guide.revenue_system.replace("https", "http")
    claim(bundle)["item"][0]["revenue"] = coded(raw, "0290")
    revenue = read(bundle).items[0].revenue
    assert revenue is not None
    assert revenue.codings[0].system == guide.revenue_system


# What is refused, and what is not ------------------------------------------------------------------


def test_a_bundle_without_a_claim_is_refused() -> None:
    with pytest.raises(Invalid) as refused:
        read_request({"resourceType": "Bundle", "entry": []}, Guide.V22)
    assert refused.value.issues[0].at == "Bundle"


def test_another_use_is_refused_at_its_place() -> None:
    bundle = example()
    claim(bundle)["use"] = "claim"
    with pytest.raises(Invalid) as refused:
        read(bundle)
    assert refused.value.issues[0].at == "Bundle.entry[0].resource.use"


def test_a_predetermination_is_read_as_such() -> None:
    bundle = example()
    claim(bundle)["use"] = "predetermination"
    assert read(bundle).use is Use.PREDETERMINATION


def test_items_that_cannot_be_told_apart_are_refused_all_at_once() -> None:
    bundle = example("mixed-lines")
    items = claim(bundle)["item"]
    items[1]["sequence"] = items[0]["sequence"]
    del items[3]["sequence"]
    with pytest.raises(Invalid) as refused:
        read(bundle)
    assert [issue.at for issue in refused.value.issues] == [
        "Bundle.entry[0].resource.item[1].sequence",
        "Bundle.entry[0].resource.item[3].sequence",
    ]


BROKEN: list[Any] = [None, 7, -1.5, True, "x", "", [], {}, [[]], [None], [{}], {"a": {}}]


@pytest.mark.parametrize("guide", GUIDES)
def test_no_broken_element_makes_reading_fail(guide: Guide) -> None:
    """Each element of a whole bundle is replaced by wrong values in turn: read, or refused."""
    original = example("cpap-modified", guide)

    def places(node: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
        steps = node.items() if isinstance(node, dict) else enumerate(node)
        found = []
        for step, inner in steps:
            found.append((*path, step))
            if isinstance(inner, dict | list):
                found += places(inner, (*path, step))
        return found

    tried = 0
    for number, path in enumerate(places(original)):
        node: Any = original
        for step in path[:-1]:
            node = node[step]
        kept = node[path[-1]]
        for value in (BROKEN[number % 12], BROKEN[(number + 5) % 12]):
            node[path[-1]] = value
            tried += 1
            try:
                read(original, guide)
            except Refused as refused:
                assert refused.issues[0].at.startswith("Bundle")
        node[path[-1]] = kept
    assert tried > 1000
