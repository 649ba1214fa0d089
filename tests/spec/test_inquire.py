"""Asking about earlier requests by example: who finds what, and in which shape."""

from __future__ import annotations

import uuid
from typing import Any

import orjson
import pytest

from app import resources
from app.domain.guide import Guide
from app.fhir.urls import ext, system
from app.flows import inquire as flow
from tests.spec.asking import answer, hits, inquire, inquiries, inquiry, said
from tests.spec.reading import action, items, number, response_of
from tests.world import FHIR_JSON, World, claim_of, example, resource_of

GUIDES = pytest.mark.parametrize("guide", list(Guide))
STRANGER = "1900008008"


def asked(guide: Guide, name: str = "any-service") -> Any:
    return inquiry(name, guide)


def submitted(world: World, guide: Guide, name: str = "oxygen-approved") -> Any:
    """A submitted example's answer."""
    return world.answer(example(name, guide), guide)


def line(question: Any) -> Any:
    return claim_of(question)["item"][0]


def with_extension(node: Any, url: str, value: str) -> None:
    node.setdefault("extension", []).append({"url": url, "valueString": value})


def asking_npi(question: Any, npi: str) -> None:
    """Let somebody else ask."""
    index = {entry["fullUrl"]: entry["resource"] for entry in question["entry"]}
    provider = claim_of(question)["provider"]["reference"]
    for full_url, resource in index.items():
        if full_url.endswith(provider):
            for each in resource["identifier"]:
                if each.get("system") == system.NPI:
                    each["value"] = npi


def test_the_readme_lists_every_inquiry() -> None:
    text = (resources.data("examples") / "README.md").read_text()
    for guide in Guide:
        assert inquiries(guide) == inquiries(Guide.V22)
        for name in inquiries(guide):
            assert f"| {name} |" in text


@GUIDES
@pytest.mark.parametrize("name", inquiries(Guide.V22))
def test_each_example_finds_the_request_it_is_about(world: World, guide: Guide, name: str) -> None:
    first = submitted(world, guide)
    (found,) = hits(world, inquiry(name, guide), guide)
    assert found["id"] == response_of(first)["id"]
    assert found["request"]["reference"] == response_of(first)["request"]["reference"]


@GUIDES
def test_the_answer_tells_what_was_decided_with_the_same_entries(
    world: World, guide: Guide
) -> None:
    """Spec-33, spec-44, spec-46: the same addresses as in the first answer, closed references."""
    first = submitted(world, guide)
    found = answer(world, asked(guide), guide)
    bundle = found if guide is Guide.V20 else found["parameter"][0]["resource"]
    assert [each["fullUrl"] for each in bundle["entry"]] == [
        each["fullUrl"] for each in first["entry"]
    ]
    before, now = response_of(first), response_of(bundle)
    assert now["item"] == before["item"]
    for name in ("patient", "insurer", "requestor", "request", "created", "preAuthRef"):
        assert now[name] == before[name]


@GUIDES
def test_nothing_found_has_the_shape_of_its_version(world: World, guide: Guide) -> None:
    """2.2: Parameters without `return`; 2.0: a Bundle whose entry is an OperationOutcome."""
    found = answer(world, asked(guide), guide)
    if guide is Guide.V22:
        assert found == {"resourceType": "Parameters"}
    else:
        (entry,) = found["entry"]
        assert entry["resource"]["resourceType"] == "OperationOutcome"
        assert entry["resource"]["issue"][0]["code"] == "not-found"


@GUIDES
def test_many_hits_come_newest_first_in_the_shape_of_the_version(
    world: World, guide: Guide
) -> None:
    """2.2: one `return` for each; 2.0: one Bundle in which an address occurs once."""
    names = ("oxygen-approved", "oxygen-approved", "oxygen-clinical-review")
    ids = [response_of(submitted(world, guide, name))["id"] for name in names]
    question = asked(guide)
    assert [each["id"] for each in hits(world, question, guide)] == ids[::-1]
    found = answer(world, question, guide)
    if guide is Guide.V22:
        assert len(found["parameter"]) == 3
    else:
        addresses = [entry["fullUrl"] for entry in found["entry"]]
        assert len(addresses) == len(set(addresses))


@GUIDES
def test_more_hits_than_an_answer_takes_are_told(
    world: World, guide: Guide, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flow, "MOST_HITS", 2)
    ids = [response_of(submitted(world, guide))["id"] for _ in range(3)]
    assert [each["id"] for each in hits(world, asked(guide), guide)] == ids[:0:-1]
    assert said(world, asked(guide), guide) == ["more-hits"]


@pytest.mark.parametrize("came_in", list(Guide))
@pytest.mark.parametrize(
    "name", ["oxygen-approved", "cpap-modified", "oxygen-missing-facts", "mixed-lines"]
)
def test_a_request_is_found_in_the_other_version_too(
    world: World, came_in: Guide, name: str
) -> None:
    """Written as the version of the question has it, whatever version the request came in."""
    other = next(each for each in Guide if each is not came_in)
    bundle = example(name, came_in)
    first = world.answer(bundle, came_in)
    question = asked(other)
    del claim_of(question)["billablePeriod"]
    same_member(question, bundle)
    same_provider(question, bundle)
    (found,) = hits(world, question, other)
    assert found["id"] == response_of(first)["id"]


def same_member(question: Any, bundle: Any) -> None:
    """Ask about the member of `bundle`."""
    for kind in ("Patient", "Coverage"):
        theirs, ours = resource_of(bundle, kind), resource_of(question, kind)
        for name in ("identifier", "birthDate", "name", "subscriberId"):
            if name in theirs:
                ours[name] = theirs[name]


def same_provider(question: Any, bundle: Any) -> None:
    """Ask as the requestor of `bundle`."""
    npis = {
        each["value"]
        for entry in bundle["entry"]
        if entry["resource"]["resourceType"] in ("Organization", "Practitioner")
        and entry["fullUrl"].endswith(claim_of(bundle)["provider"]["reference"])
        for each in entry["resource"]["identifier"]
        if each.get("system") == system.NPI
    }
    if npis:
        asking_npi(question, npis.pop())


@GUIDES
def test_a_pended_request_shows_its_state_and_no_request_for_documents(
    world: World, guide: Guide
) -> None:
    """Spec-48, spec-73; the inquiry profile has no communicationRequest."""
    first = submitted(world, guide, "oxygen-missing-facts")
    assert response_of(first)["communicationRequest"]
    found = answer(world, asked(guide), guide)
    bundle = found if guide is Guide.V20 else found["parameter"][0]["resource"]
    (item,) = items(bundle).values()
    assert action(item) == "A4"
    assert "communicationRequest" not in response_of(bundle)
    kinds = {entry["resource"]["resourceType"] for entry in bundle["entry"]}
    assert "CommunicationRequest" not in kinds


@GUIDES
def test_only_services_like_the_example_are_found(world: World, guide: Guide) -> None:
    submitted(world, guide)
    question = asked(guide, "by-service")
    assert len(hits(world, question, guide)) == 1
    line(question)["productOrService"]["coding"][0]["code"] = "E0601"
    assert hits(world, question, guide) == []


@GUIDES
def test_an_example_without_a_service_is_not_narrowed_by_it(world: World, guide: Guide) -> None:
    """Spec-43: `not-applicable` stands for any service."""
    submitted(world, guide)
    question = asked(guide)
    (coding,) = line(question)["productOrService"]["coding"]
    assert coding["code"] == "not-applicable"
    assert len(hits(world, question, guide)) == 1


@GUIDES
def test_days_narrow(world: World, guide: Guide) -> None:
    submitted(world, guide)
    late, early = {"start": "2031-01-01"}, {"end": "2026-11-30"}
    for days in (late, early):
        question = asked(guide, "by-service")
        line(question)["servicedPeriod"] = days
        assert hits(world, question, guide) == []
        question = asked(guide)
        claim_of(question)["billablePeriod"] = days
        assert hits(world, question, guide) == []


@GUIDES
def test_authorization_and_review_numbers_narrow(world: World, guide: Guide) -> None:
    (item,) = items(submitted(world, guide)).values()
    authorization = number(item)
    submitted(world, guide, "oxygen-clinical-review")
    for value, count in ((authorization, 1), ("FA-NONE", 0)):
        question = asked(guide)
        with_extension(line(question), ext.AUTHORIZATION_NUMBER, value)
        assert len(hits(world, question, guide)) == count
    with world.context.store.read(world.caller.tenant) as look:
        case = look.cases.by_number(authorization)
        assert case is not None
    question = asked(guide)
    with_extension(line(question), ext.ADMINISTRATION_REFERENCE_NUMBER, case.number)
    assert len(hits(world, question, guide)) == 1


@GUIDES
def test_trace_numbers_narrow(world: World, guide: Guide) -> None:
    submitted(world, guide)
    question = asked(guide, "by-trace-number")
    line(question)["extension"][0]["valueIdentifier"]["value"] = "IT-OTHER"
    assert hits(world, question, guide) == []


@GUIDES
def test_a_member_number_alone_shows_nothing(world: World, guide: Guide) -> None:
    """Spec-53: a provider who is not of the request finds nothing, also by its number."""
    (item,) = items(submitted(world, guide)).values()
    question = asked(guide)
    asking_npi(question, STRANGER)
    assert hits(world, question, guide) == []
    with_extension(line(question), ext.AUTHORIZATION_NUMBER, number(item))
    assert hits(world, question, guide) == []


@GUIDES
def test_a_third_party_names_the_ordering_provider(world: World, guide: Guide) -> None:
    """Spec-52: whoever was chosen later knows who ordered, and finds the request."""
    bundle = example("oxygen-approved", guide)
    world.answer(bundle, guide)
    question = asked(guide)
    asking_npi(question, STRANGER)
    claim = claim_of(bundle)
    (ordering,) = [each for each in claim["careTeam"] if each["extension"][0]["valueBoolean"]]
    claim_of(question)["careTeam"] = [ordering]
    known = {entry["fullUrl"] for entry in question["entry"]}
    question["entry"] += [each for each in bundle["entry"] if each["fullUrl"] not in known
                          and each["resource"]["resourceType"].startswith("Practitioner")]  # fmt: skip
    assert len(hits(world, question, guide)) == 1


@GUIDES
def test_another_member_of_the_same_number_is_not_shown(world: World, guide: Guide) -> None:
    """A family may share a subscriber's number: birth date and name must not contradict."""
    submitted(world, guide)
    for change in ({"birthDate": "2001-01-01"}, {"name": [{"family": "Other", "given": ["Ann"]}]}):
        question = asked(guide)
        resource_of(question, "Patient").update(change)
        assert hits(world, question, guide) == []


@GUIDES
def test_opinions_are_never_among_authorizations(world: World, guide: Guide) -> None:
    bundle = example("oxygen-approved", guide)
    claim_of(bundle)["use"] = "predetermination"
    place = f"/fhir/{guide.value}/Claim/$predetermine"
    opinion = world.client.post(place, data=orjson.dumps(bundle), content_type=FHIR_JSON)
    assert opinion.status_code == 200
    assert hits(world, asked(guide), guide) == []


@GUIDES
def test_a_request_with_a_business_error_is_found_by_its_sender(world: World, guide: Guide) -> None:
    bundle = example("coverage-not-active", guide)
    world.answer(bundle, guide)
    question = asked(guide)
    del claim_of(question)["billablePeriod"]
    same_member(question, bundle)
    same_provider(question, bundle)
    (found,) = hits(world, question, guide)
    assert found["outcome"] == "error"
    assert found["error"]


@GUIDES
def test_an_inquiry_without_member_or_provider_is_refused(world: World, guide: Guide) -> None:
    """An inquiry is never a way to list what a payer has."""
    question = asked(guide)
    for entry in question["entry"]:
        if entry["resource"]["resourceType"] == "Organization":
            for each in entry["resource"]["identifier"]:
                if each["value"] == "1900002001":
                    each["system"] = "https://ehr.northside.example/provider"
    refused(world, question, guide, "provider")
    question = asked(guide)
    for kind in ("Coverage", "Patient"):
        resource_of(question, kind).pop("subscriberId", None)
        for each in resource_of(question, kind).get("identifier", []):
            each["value"] = "-"
    refused(world, question, guide, "insurance")


def refused(world: World, question: Any, guide: Guide, element: str) -> None:
    response = inquire(world, question, guide)
    assert response.status_code == 400, response.data
    assert any(element in str(issue) for issue in orjson.loads(response.data)["issue"])


@GUIDES
def test_an_inquiry_makes_no_case_and_needs_no_number_of_its_own(
    world: World, guide: Guide
) -> None:
    """Bundle.identifier is no search key; the same question again asks again."""
    question = asked(guide)
    assert hits(world, question, guide) == []
    submitted(world, guide)
    assert len(hits(world, question, guide)) == 1
    with world.context.store.read(world.caller.tenant) as look:
        assert len(look.cases.page(uuid.UUID(int=0), 10)) == 1


@GUIDES
def test_the_answer_given_narrows(world: World, guide: Guide) -> None:
    """A review action code asks for lines with that answer; an unknown code does not narrow."""
    submitted(world, guide)
    pended = response_of(submitted(world, guide, "oxygen-clinical-review"))["id"]
    for code, count in (("A1", 1), ("A4", 1), ("A3", 0), ("ZZ", 2)):
        question = asked(guide)
        coding = {"system": system.X12_REVIEW_ACTION, "code": code}
        line(question).setdefault("extension", []).append(
            {"url": ext.REVIEW_ACTION_CODE, "valueCodeableConcept": {"coding": [coding]}}
        )
        found = [each["id"] for each in hits(world, question, guide)]
        assert len(found) == count
        assert (pended in found) is (code in ("A4", "ZZ"))


@GUIDES
def test_several_diagnoses_are_alternatives(world: World, guide: Guide) -> None:
    submitted(world, guide)
    for codes, count in ((["J44.9"], 1), (["M54.5"], 0), (["M54.5", "J44.9"], 1)):
        question = asked(guide)
        claim_of(question)["diagnosis"] = [
            {
                "sequence": place,
                "diagnosisCodeableConcept": {
                    "coding": [{"system": system.ICD_10_CM, "code": code}]
                },
            }
            for place, code in enumerate(codes, 1)
        ]
        assert len(hits(world, question, guide)) == count


@GUIDES
def test_the_days_of_the_authorization_narrow(world: World, guide: Guide) -> None:
    """Issued today, effective on the first day of service, for 36 months; what waits has none."""
    submitted(world, guide)
    submitted(world, guide, "oxygen-clinical-review")
    issued, effective, expires = (
        ext.ITEM_CERTIFICATION_ISSUE_DATE,
        ext.ITEM_CERTIFICATION_EFFECTIVE_DATE,
        ext.ITEM_CERTIFICATION_EXPIRATION_DATE,
    )
    for url, value, count in (
        (issued, {"valueDate": "2026-11-25"}, 1),
        (issued, {"valueDate": "2026-11-24"}, 0),
        (effective, {"valuePeriod": {"start": "2026-12-01", "end": "2026-12-31"}}, 1),
        (effective, {"valuePeriod": {"start": "2026-12-02"}}, 0),
        (expires, {"valueDate": "2029-11-30"}, 1),
        (expires, {"valuePeriod": {"end": "2029-11-29"}}, 0),
    ):
        question = asked(guide)
        line(question).setdefault("extension", []).append({"url": url, **value})
        assert len(hits(world, question, guide)) == count, (url, value)
