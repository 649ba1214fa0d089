"""Every kind of check says what is wrong, where, and with a stable code."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from app.errors import BadData, Issue
from app.fhir import urls
from app.fhir.validate import Validator

Json = dict[str, Any]

UUID = "urn:uuid:00000000-0000-4000-8000-00000000000{}"


def coded(system: str, code: str) -> Json:
    return {"coding": [{"system": system, "code": code}]}


def patient(**more: Any) -> Json:
    return {
        "resourceType": "Patient",
        "identifier": [{"system": "http://example.org/members", "value": "1"}],
        "name": [{"family": "Doe", "given": ["Jan", "Q"]}],
        "gender": "female",
        **more,
    }


def claim(**more: Any) -> Json:
    return {
        "resourceType": "Claim",
        "identifier": [{"system": "http://example.org/claims", "value": "1"}],
        "status": "active",
        "type": coded(urls.system.CLAIM_TYPE, "professional"),
        "use": "preauthorization",
        "patient": {"reference": UUID.format(2)},
        "created": "2026-11-25",
        "insurer": {"reference": UUID.format(3)},
        "provider": {"reference": UUID.format(4)},
        "priority": coded(urls.system.PROCESS_PRIORITY, "normal"),
        "insurance": [{"sequence": 1, "focal": True, "coverage": {"reference": UUID.format(5)}}],
        "item": [
            {
                "sequence": 1,
                "extension": [
                    {
                        "url": urls.ext.SERVICE_ITEM_REQUEST_TYPE,
                        "valueCodeableConcept": coded(urls.system.X12_REQUEST_TYPE, "HS"),
                    },
                    {
                        "url": urls.ext.CERTIFICATION_TYPE,
                        "valueCodeableConcept": coded(urls.system.X12_CERTIFICATION_TYPE, "I"),
                    },
                ],
                "category": coded(urls.system.X12_SERVICE_TYPE, "3"),
                "productOrService": coded(urls.system.HCPCS, "E0424"),
                "locationCodeableConcept": coded(urls.system.PLACE_OF_SERVICE, "12"),
            }
        ],
        **more,
    }


def bundle(first: Json | None = None) -> Json:
    organization = {"resourceType": "Organization", "active": True, "name": "Example"}
    resources = [
        first or claim(),
        patient(),
        organization,
        dict(organization),
        {
            "resourceType": "Coverage",
            "identifier": [{"type": coded(urls.system.IDENTIFIER_TYPE, "MB"), "value": "1"}],
            "status": "active",
            "beneficiary": {"reference": UUID.format(2)},
            "relationship": coded(urls.system.X12_RELATIONSHIP, "18"),
            "payor": [{"reference": UUID.format(3)}],
        },
    ]
    return {
        "resourceType": "Bundle",
        "identifier": {"system": "http://example.org/bundles", "value": "1"},
        "type": "collection",
        "timestamp": "2026-11-25T10:00:00Z",
        "entry": [
            {"fullUrl": UUID.format(number), "resource": resource}
            for number, resource in enumerate(resources, start=1)
        ],
    }


def check(document: Json, profile: str | None = None, guide: str = "2.2") -> list[Issue]:
    return Validator.load(guide).resource(document, profile)


def errors(document: Json, profile: str | None = None, guide: str = "2.2") -> set[tuple[str, str]]:
    return {(i.code, i.at) for i in check(document, profile, guide) if i.is_error}


def with_entry(position: int, **changes: Any) -> Json:
    document = bundle()
    document["entry"][position]["resource"].update(changes)
    return document


def request_errors(document: Json, guide: str = "2.2") -> set[tuple[str, str]]:
    return errors(document, urls.profile.REQUEST_BUNDLE, guide)


def test_a_smallest_request_is_valid_in_both_versions() -> None:
    assert request_errors(bundle()) == set()
    assert request_errors(bundle(), "2.0") == set()


def test_an_unknown_guide_is_bad_data() -> None:
    with pytest.raises(BadData):
        Validator.load("1.0")


@pytest.mark.parametrize(
    ("changes", "code", "at"),
    [
        ({"foo": 1}, "unknown-element", "Patient.foo"),
        ({"name": {"family": "Doe"}}, "not-array", "Patient.name"),
        ({"gender": ["female"]}, "not-single", "Patient.gender"),
        ({"name": []}, "empty-array", "Patient.name"),
        ({"name": [{}]}, "empty-object", "Patient.name[0]"),
        ({"maritalStatus": "M"}, "not-object", "Patient.maritalStatus"),
        ({"birthDate": None}, "null-value", "Patient.birthDate"),
        ({"active": "true"}, "wrong-json-type", "Patient.active"),
        ({"active": 1}, "wrong-json-type", "Patient.active"),
        ({"multipleBirthInteger": True}, "wrong-json-type", "Patient.multipleBirth.ofType(integer)"),
        ({"birthDate": "2023-02-30"}, "bad-value", "Patient.birthDate"),
        ({"birthDate": ""}, "bad-value", "Patient.birthDate"),
        ({"deceasedDateTime": "2023-02-03T10:00:00"}, "bad-value", "Patient.deceased.ofType(dateTime)"),
        ({"id": "a b"}, "bad-value", "Patient.id"),
        ({"implicitRules": "a b"}, "bad-value", "Patient.implicitRules"),
        ({"language": "en x"}, "code-not-in-set", "Patient.language"),
        ({"gender": "f"}, "code-not-in-set", "Patient.gender"),
        ({"name": [{"given": [""]}]}, "blank", "Patient.name[0].given[0]"),
        ({"name": [{"given": [None]}]}, "null-value", "Patient.name[0].given[0]"),
        ({"_birthDate": {}}, "sibling-shape", "Patient.birthDate"),
        ({"_birthDate": "x"}, "sibling-shape", "Patient.birthDate"),
        ({"name": [{"given": ["a"], "_given": [None, None]}]}, "sibling-shape", "Patient.name[0].given"),
        ({"photo": [{"data": "!"}]}, "bad-value", "Patient.photo[0].data"),
        ({"communication": [{"preferred": True}]}, "missing", "Patient.communication[0].language"),
        ({"deceasedBoolean": True, "deceasedDateTime": "2023"}, "two-choices", "Patient.deceasedDateTime"),
        ({"deceasedString": "x"}, "type-not-allowed", "Patient.deceasedString"),
        ({"generalPractitioner": [{"reference": "Patient/1"}]}, "reference-type",
         "Patient.generalPractitioner[0]"),
        ({"generalPractitioner": [{"reference": "#x"}]}, "reference-contained",
         "Patient.generalPractitioner[0]"),
        ({"generalPractitioner": [{"reference": "x y"}]}, "reference-format",
         "Patient.generalPractitioner[0]"),
        ({"generalPractitioner": [{"type": "Patient", "display": "x"}]}, "reference-type",
         "Patient.generalPractitioner[0]"),
        ({"text": {"status": "generated", "div": "<div>x</div>"}}, "narrative", "Patient.text.div"),
        ({"text": {"status": "generated", "div": "<div xmlns=\"http://www.w3.org/1999/xhtml\">"
                   "<script>x</script></div>"}}, "narrative", "Patient.text.div"),
        ({"text": {"status": "generated", "div": "<div xmlns=\"http://www.w3.org/1999/xhtml\">"
                   "<p onclick=\"x()\">x</p></div>"}}, "narrative", "Patient.text.div"),
        ({"text": {"status": "generated", "div": "<div xmlns=\"http://www.w3.org/1999/xhtml\">"
                   "<a href=\"javascript:x()\">x</a></div>"}}, "narrative", "Patient.text.div"),
        ({"contained": [{"resourceType": "Nope"}]}, "unknown-type", "Patient.contained[0]"),
        ({"contained": [{"resourceType": "Organization", "id": "a", "name": "x", "foo": 1}]},
         "unknown-element", "Patient.contained[0].foo"),
        ({"meta": {"profile": ["x"]}}, "bad-value", "Patient.meta.profile[0]"),
        ({"meta": {"profile": [urls.profile.CLAIM]}}, "profile-type", "Patient.meta.profile[0]"),
        ({"identifier": [{"system": "members", "value": "1"}]}, "bad-value",
         "Patient.identifier[0].system"),
    ],
)  # fmt: skip
def test_a_defect_of_a_base_resource_is_named(changes: Json, code: str, at: str) -> None:
    assert (code, at) in errors(patient(**changes))


@pytest.mark.parametrize(
    "changes",
    [
        {"_birthDate": {"extension": [{"url": "http://example.org/x", "valueCode": "a"}]}},
        {"name": [{"given": ["a", None], "_given": [
            None, {"extension": [{"url": "http://example.org/x", "valueString": "y"}]}]}]},
        {"birthDate": "2024-02-29"},
        {"birthDate": "2024"},
        {"contained": [{"resourceType": "Organization", "id": "a", "name": "x"}],
         "managingOrganization": {"reference": "#a"}},
        {"meta": {"profile": ["http://example.org/unknown"]}},
        {"extension": [{"url": "http://example.org/x", "valueString": "y"}]},
    ],
)  # fmt: skip
def test_what_looks_odd_and_is_allowed_is_no_error(changes: Json) -> None:
    assert errors(patient(**changes)) == set()


def test_an_unknown_extension_is_information_and_an_unknown_modifier_an_error() -> None:
    extension = [{"url": "http://example.org/x", "valueString": "y"}]
    plain = check(patient(extension=extension))
    assert [(i.severity, i.code) for i in plain] == [("information", "extension-unknown")]
    mistyped = [{"url": urls.ext.EPSDT_INDICATOR + "s", "valueBoolean": True}]
    assert [i.severity for i in check(patient(extension=mistyped))] == ["warning"]
    assert ("modifier-unknown", "Patient.modifierExtension[0]") in errors(
        patient(modifierExtension=extension)
    )


def test_the_content_of_an_unknown_extension_is_still_fhir() -> None:
    found = errors(patient(extension=[{"url": "http://example.org/x", "valueCode": ""}]))
    assert ("blank", "Patient.extension[0].value.ofType(code)") in found


def test_an_extension_holds_a_value_or_extensions() -> None:
    url = "http://example.org/x"
    for extension in ({"url": url}, {"url": url, "valueCode": "a", "extension": [
            {"url": "http://example.org/y", "valueCode": "b"}]}):  # fmt: skip
        assert ("extension-content", "Patient.extension[0]") in errors(
            patient(extension=[extension])
        )


def test_a_known_extension_stands_only_where_its_definition_allows() -> None:
    extension = {"url": urls.ext.EPSDT_INDICATOR, "valueBoolean": True}
    assert ("extension-context", "Patient.extension[0]") in errors(patient(extension=[extension]))


def test_a_known_extension_has_only_its_own_value_type() -> None:
    document = claim()
    document["item"][0]["extension"].append({"url": urls.ext.EPSDT_INDICATOR, "valueString": "x"})
    at = "Claim.item[0].extension[2].valueString"
    assert ("type-not-allowed", at) in errors(document, urls.profile.CLAIM)


def test_a_complex_extension_has_its_required_parts() -> None:
    document = claim(extension=[{"url": urls.ext.TRANSMISSION_IDENTIFIERS, "extension": [
        {"url": urls.part.APPLICATION_SENDER_CODE, "valueString": "x"}]}])  # fmt: skip
    assert ("slice-missing", "Claim.extension[0].extension") in errors(document, urls.profile.CLAIM)


def test_a_modifier_does_not_stand_in_extension() -> None:
    document = claim()
    document["item"][0]["extension"].append({"url": urls.ext.INFO_CANCELLED, "valueBoolean": True})
    found = errors(document, urls.profile.CLAIM_UPDATE)
    assert ("modifier-misplaced", "Claim.item[0].extension[2]") in found


def test_what_the_guide_puts_against_its_own_context_is_a_warning() -> None:
    """PAS 2.2.1 asks for infoChanged on supportingInfo; its definition does not list that place."""
    info = {
        "sequence": 1,
        "category": coded(urls.system.TEMP, "freeFormMessage"),
        "valueString": "x",
        "extension": [{"url": urls.ext.INFO_CHANGED, "valueCode": "added"}],
    }
    related = [{"claim": {"reference": UUID.format(9)}, "relationship": coded(
        urls.system.RELATED_CLAIM_RELATIONSHIP, "prior")}]  # fmt: skip
    document = claim(supportingInfo=[info], related=related)
    issues = check(document, urls.profile.CLAIM_UPDATE)
    assert not [i for i in issues if i.is_error]
    assert "extension-context-guide" in {i.code for i in issues}


@pytest.mark.parametrize(
    ("changes", "code", "at"),
    [
        ({"use": "claim"}, "not-pattern", "use"),
        ({"identifier": None}, "missing", "identifier"),
        ({"insurer": None}, "missing", "insurer"),
        ({"item": None}, "missing", "item"),
        ({"type": coded(urls.system.CLAIM_TYPE, "pharmacy")}, "code-not-in-set", "type"),
        ({"type": coded(urls.system.CLAIM_TYPE, "nope")}, "code-not-in-set", "type"),
        ({"type": {"text": "x"}}, "code-missing", "type"),
        ({"accident": {"date": "2026"}}, "invariant", "accident.date"),
        ({"identifier": [{"value": "1"}]}, "missing", "identifier[0].system"),
        ({"identifier": [{"system": "urn:x:y", "value": "1"}] * 3}, "too-many", "identifier"),
        ({"supportingInfo": [{"sequence": 1, "category": coded(urls.system.TEMP, "nope")}]},
         "code-unknown", "supportingInfo[0].category.coding[0].code"),
        ({"supportingInfo": [{"sequence": 1, "category": coded(urls.system.TEMP, "patientEvent")}]},
         "missing", "supportingInfo[0].timing"),
        ({"supportingInfo": [{"sequence": 1, "category": coded(urls.system.TEMP, "patientEvent"),
                              "timingDate": "2026-11-01", "valueString": "x"}]},
         "not-allowed", "supportingInfo[0].value.ofType(string)"),
        ({"supportingInfo": [{"sequence": n, "category": coded(urls.system.TEMP, "patientEvent"),
                              "timingDate": "2026-11-01"} for n in (1, 2)]},
         "slice-too-many", "supportingInfo"),
        ({"careTeam": [{"sequence": 1, "provider": {"reference": "Organization/1"}}]},
         "missing", "careTeam[0].extension"),
        ({"diagnosis": [{"sequence": 1, "diagnosisCodeableConcept": coded(urls.system.SNOMED, "1")}]},
         "code-not-in-set", "diagnosis[0].diagnosis.ofType(CodeableConcept)"),
        ({"diagnosis": [{"sequence": 1, "diagnosisReference": {"reference": "Condition/1"}}]},
         "type-not-allowed", "diagnosis[0].diagnosisReference"),
    ],
)  # fmt: skip
def test_a_defect_of_the_request_claim_is_named_once(changes: Json, code: str, at: str) -> None:
    document = claim(**changes)
    for name in [name for name, value in changes.items() if value is None]:
        del document[name]
    found = request_errors(bundle(document))
    assert (code, f"Bundle.entry[0].resource.{at}") in found
    assert all(place.startswith("Bundle.entry[0].resource.") for _, place in found)
    assert not any("related" in place for _, place in found), "only the closest profile is reported"


def test_a_missing_extension_slice_is_named_at_its_list() -> None:
    document = claim()
    del document["item"][0]["extension"][0]
    at = "Bundle.entry[0].resource.item[0].extension"
    assert request_errors(bundle(document)) == {("slice-missing", at)}


@pytest.mark.parametrize(
    ("position", "changes", "code", "at"),
    [
        (1, {"gender": None}, "missing", "entry[1].resource.gender"),
        (2, {"active": False}, "not-pattern", "entry[2].resource.active"),
        (4, {"status": "cancelled"}, "not-pattern", "entry[4].resource.status"),
        (4, {"relationship": coded(urls.system.SUBSCRIBER_RELATIONSHIP, "self")}, "invariant",
         "entry[4].resource"),
        (4, {"payor": [{"reference": UUID.format(2)}]}, "reference-type", "entry[4].resource.payor[0]"),
        (3, {"identifier": [{"system": urls.system.NPI, "value": "1234567890"}]}, "invariant",
         "entry[3].resource.identifier[0]"),
    ],
)  # fmt: skip
def test_a_referenced_resource_is_held_to_the_profile_that_the_reference_asks_for(
    position: int, changes: Json, code: str, at: str
) -> None:
    document = with_entry(position, **changes)
    for name in [name for name, value in changes.items() if value is None]:
        del document["entry"][position]["resource"][name]
    assert request_errors(document) == {(code, f"Bundle.{at}")}


def test_an_update_is_held_to_the_update_profile_and_brings_its_prior_claim() -> None:
    related = [{"claim": {"reference": UUID.format(6)}, "relationship": coded(
        urls.system.RELATED_CLAIM_RELATIONSHIP, "prior")}]  # fmt: skip
    document = bundle(claim(related=related))
    document["entry"].append({"fullUrl": UUID.format(6), "resource": claim()})
    assert request_errors(document) == set()
    assert request_errors(document, "2.0") == set()
    document["entry"].append({"fullUrl": UUID.format(7), "resource": claim()})
    assert ("slice-too-many", "Bundle.entry") in request_errors(document)


def test_the_claim_comes_first() -> None:
    document = bundle()
    document["entry"].insert(0, document["entry"].pop(1))
    assert ("invariant", "Bundle") in request_errors(document)


@pytest.mark.parametrize(
    ("full_url", "code"),
    [
        ("urn:uuid:00000000-0000-4000-8000-00000000000A", "full-url"),
        ("urn:uuid:nope", "full-url"),
        ("Patient/1", "full-url"),
        ("http://example.org/fhir/Patient/other", "full-url"),
        ("http://example.org/fhir/Organization/1", "full-url"),
        (UUID.format(1), "full-url-duplicate"),
    ],
)
def test_a_full_url_is_a_lower_case_uuid_or_ends_in_type_and_id(full_url: str, code: str) -> None:
    document = with_entry(1, id="1")
    document["entry"][1]["fullUrl"] = full_url
    assert (code, "Bundle.entry[1].fullUrl") in request_errors(document)


def test_references_resolve_relative_to_the_entry_that_refers() -> None:
    """A relative reference in an entry with a REST fullUrl leads to the same server's entry."""
    base = "http://example.org/fhir/"
    document = bundle(claim(id="1", patient={"reference": "Patient/2"}))
    document["entry"][0]["fullUrl"] = base + "Claim/1"
    document["entry"][1] = {"fullUrl": base + "Patient/2", "resource": patient(id="2", gender="x")}
    document["entry"][4]["resource"]["beneficiary"] = {"reference": base + "Patient/2"}
    assert request_errors(document) == {("code-not-in-set", "Bundle.entry[1].resource.gender")}


def test_a_reference_that_leads_nowhere_is_a_warning() -> None:
    document = bundle(claim(patient={"reference": UUID.format(9)}))
    issues = check(document, urls.profile.REQUEST_BUNDLE)
    assert not [i for i in issues if i.is_error]
    assert ("reference-unresolved", "Bundle.entry[0].resource.patient") in {
        (i.code, i.at) for i in issues
    }


def test_an_entry_that_the_claim_does_not_lead_to_is_a_warning() -> None:
    document = bundle()
    document["entry"].append({"fullUrl": UUID.format(8), "resource": patient()})
    issues = check(document, urls.profile.REQUEST_BUNDLE)
    assert ("entry-unreachable", "Bundle.entry[5].resource") in {(i.code, i.at) for i in issues}


def test_versioned_canonicals_are_known_and_unknown_versions_are_not() -> None:
    known = check(patient(meta={"profile": [urls.PAS_22.versioned(urls.profile.BENEFICIARY)]}))
    assert known == []
    unknown = check(patient(meta={"profile": [urls.profile.BENEFICIARY + "|9.9"]}))
    assert [(i.severity, i.code) for i in unknown] == [("warning", "profile-unknown")]


def test_a_code_of_a_closed_system_must_exist_even_where_no_set_is_required() -> None:
    """PAS 2.0.1 knows a supporting-information code that 2.2.1 does not."""
    info = [{"sequence": 1, "category": coded(urls.system.TEMP, "institutionalEncounter")}]
    assert request_errors(bundle(claim(supportingInfo=info)), "2.0") == set()
    assert {code for code, _ in request_errors(bundle(claim(supportingInfo=info)))} == {
        "code-unknown"
    }


def test_licensed_codes_are_held_to_their_system() -> None:
    """Revenue codes are NUBC's: only the address of the system can be checked, per version."""
    document = claim()
    document["item"][0]["revenue"] = coded(urls.PAS_20.revenue_system, "0420")
    at = "Bundle.entry[0].resource.item[0].revenue"
    assert request_errors(bundle(document)) == {("code-not-in-set", at)}
    assert request_errors(bundle(document), "2.0") == set()


def test_a_required_x12_binding_warns_about_another_system() -> None:
    document = claim()
    document["item"][0]["category"] = coded(urls.system.HCPCS, "E0424")
    issues = check(bundle(document), urls.profile.REQUEST_BUNDLE)
    assert not [i for i in issues if i.is_error]
    at = "Bundle.entry[0].resource.item[0].category"
    assert ("code-system", at) in {(i.code, i.at) for i in issues}


def test_issues_name_profile_and_invariant_and_say_what_to_do() -> None:
    document = with_entry(4, relationship=coded(urls.system.SUBSCRIBER_RELATIONSHIP, "self"))
    [issue] = [i for i in check(document, urls.profile.REQUEST_BUNDLE) if i.is_error]
    assert issue.invariant == "self-beneficiary"
    assert issue.profile == urls.PAS_22.versioned(urls.profile.COVERAGE)
    assert issue.kind == "invariant"
    assert issue.message


def test_messages_do_not_repeat_a_persons_data() -> None:
    document = patient(
        name=[{"family": "Secretname ", "given": [7]}],
        birthDate="Secretday",
        gender="Secret person x y",
    )
    text = " ".join(i.message + i.at for i in check(document))
    assert "Secretname" not in text
    assert "Secretday" not in text
    assert "Secret person" not in text


def test_deep_nesting_is_an_issue_and_no_crash() -> None:
    document = patient()
    inner: Json = {"url": "http://example.org/x", "valueCode": "a"}
    for _ in range(2000):
        inner = {"url": "http://example.org/x", "extension": [inner]}
    document["extension"] = [inner]
    assert "too-deep" in {code for code, _ in errors(document)}


def test_validation_leaves_the_document_as_it_was() -> None:
    document = bundle()
    before = copy.deepcopy(document)
    check(document, urls.profile.REQUEST_BUNDLE)
    assert document == before


def test_a_contained_resource_is_held_to_the_profile_that_the_reference_asks_for() -> None:
    insurer = {"resourceType": "Organization", "id": "i", "name": "Example"}
    document = bundle(claim(contained=[insurer], insurer={"reference": "#i"}))
    at = "Bundle.entry[0].resource.contained[0].active"
    assert request_errors(document) == {("missing", at)}
    insurer["active"] = True  # type: ignore[assignment]
    assert request_errors(document) == set()


def test_a_profile_that_is_asked_for_in_an_unknown_version_is_an_error() -> None:
    found = errors(patient(), urls.profile.BENEFICIARY + "|9.9")
    assert found == {("profile-unknown", "Patient")}
