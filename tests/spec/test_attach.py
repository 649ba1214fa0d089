"""What was asked for arrives: facts that are met approve, arrival alone approves nothing."""

from __future__ import annotations

import base64
from typing import Any

import orjson
import pytest

from app.domain.case import CaseState
from app.domain.event import EventKind
from app.domain.guide import Guide
from app.fhir.urls import ext
from app.flows import attach
from tests.spec.reading import extensions, items, resources
from tests.spec.test_review import act, read, story, whole
from tests.world import FHIR_JSON, World, actions, claim_of, example, resource_of

Json = dict[str, Any]
GUIDES = pytest.mark.parametrize("guide", list(Guide))
NPI = "http://hl7.org/fhir/sid/us-npi"


def submitted(world: World, guide: Guide) -> tuple[Json, Json, str]:
    """A request that waits for a form: what was sent, its answer, and the number of its case."""
    bundle = example("mri-approved-form", guide)
    gone = next(
        e for e in bundle["entry"] if e["resource"]["resourceType"] == "QuestionnaireResponse"
    )
    bundle["entry"].remove(gone)
    claim = claim_of(bundle)
    kept = [
        each
        for each in claim["supportingInfo"]
        if not gone["fullUrl"].endswith(each.get("valueReference", {}).get("reference", "-"))
    ]
    for item in claim["item"]:
        left = {each["sequence"] for each in kept}
        item["informationSequence"] = [n for n in item["informationSequence"] if n in left]
    claim["supportingInfo"] = kept
    answer = world.answer(bundle, guide)
    number = story(world, answer["entry"][0]["resource"]["id"]).case.number
    return bundle, answer, number


def form(guide: Guide, bundle: Json) -> Json:
    """The completed form of the same imaging order, about this request's member."""
    found = resource_of(example("mri-approved-form", guide), "QuestionnaireResponse")
    patient = next(
        e["fullUrl"] for e in bundle["entry"] if e["resource"]["resourceType"] == "Patient"
    )
    return found | {"subject": {"reference": patient}}


def paper(content: bytes, **more: Any) -> Json:
    """A DocumentReference with inline content."""
    data = base64.b64encode(content).decode()
    return {
        "resourceType": "DocumentReference",
        "status": "current",
        "type": {"coding": [{"system": "http://loinc.org", "code": "11506-3"}]},
        "content": [{"attachment": {"contentType": "application/pdf", "data": data} | more}],
    }


def parameters(bundle: Json, tracking: str, *contents: Json, **change: Any) -> Json:
    """The parameters of a solicited submission."""
    member = resource_of(bundle, "Patient")["identifier"][0]["value"]
    named: Json = {
        "TrackingId": {"valueIdentifier": {"system": "https://x.example", "value": tracking}},
        "AttachTo": {"valueCode": "preauthorization"},
        "ProviderId": {"valueIdentifier": {"system": NPI, "value": "1234567893"}},
        "MemberId": {"valueIdentifier": {"system": "https://x.example", "value": member}},
        **change,
    }
    attached = [
        {"name": "Attachment", "part": [{"name": "Content", "resource": each}]} for each in contents
    ]
    listed = [{"name": name} | value for name, value in named.items() if value]
    return {"resourceType": "Parameters", "parameter": [*listed, *attached]}


def post(world: World, guide: Guide, body: Json, status: int = 200) -> Json:
    response = world.client.post(
        f"/fhir/{guide.value}/$submit-attachment",
        data=orjson.dumps(body),
        content_type=FHIR_JSON,
    )
    assert response.status_code == status, response.data
    found: Json = orjson.loads(response.data)
    assert found["resourceType"] == "OperationOutcome"
    return found


@GUIDES
def test_a_form_whose_facts_meet_the_criteria_approves(world: World, guide: Guide) -> None:
    bundle, answer, number = submitted(world, guide)
    assert actions(answer) == {1: "A4"}
    post(world, guide, parameters(bundle, number, form(guide, bundle)))
    newest = whole(world, number, guide)
    assert actions(newest) == {1: "A1"}
    found = story(world, number)
    assert found.case.state is CaseState.DECIDED
    assert [e.kind for e in found.events][-4:] == [
        EventKind.ATTACHED,
        EventKind.DECIDED,
        EventKind.CLOCK_STOPPED,
        EventKind.ANSWERED,
    ]


@GUIDES
def test_a_document_alone_approves_nothing_and_goes_to_a_person(world: World, guide: Guide) -> None:
    bundle, answer, number = submitted(world, guide)
    post(world, guide, parameters(bundle, number, paper(b"%PDF-1.7 synthetic")))
    assert actions(whole(world, number, guide)) == {1: "A4"}
    found = story(world, number)
    assert found.case.state is CaseState.IN_REVIEW
    assert found.case.due == story(world, number).decisions[0].decision.due
    (attached,) = [e for e in found.events if e.kind is EventKind.ATTACHED]
    assert attached.data["media"] == ["application/pdf"]
    act(world, number, "take", "reviewer", by={"id": "lee"})
    act(world, number, "approve", "reviewer", by={"id": "lee"})
    public_id = answer["entry"][0]["resource"]["id"]
    assert read(world, guide, public_id)["meta"]["versionId"] == "3"


@GUIDES
def test_each_spelling_of_the_tracking_number_leads_to_the_request(
    world: World, guide: Guide
) -> None:
    bundle, answer, number = submitted(world, guide)
    response = answer["entry"][0]["resource"]
    (trace,) = [
        e["valueIdentifier"]["value"]
        for e in response["item"][0]["extension"]
        if e["url"].endswith("itemTraceNumber") and "fairwater" in e["valueIdentifier"]["system"]
    ]
    spellings = [
        f"{number}-1-1", response["id"], claim_of(bundle)["identifier"][0]["value"], trace,
    ]  # fmt: skip
    for count, spelling in enumerate(spellings):
        page = paper(b"page %d" % count)
        post(world, guide, parameters(bundle, spelling, page, Final={"valueBoolean": False}))
    kinds = [event.kind for event in story(world, number).events]
    assert kinds.count(EventKind.ATTACHED) == len(spellings)
    assert kinds.count(EventKind.DECIDED) == 1


def test_only_the_newest_cases_are_read_for_a_number_that_no_column_has(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Numbers of ours lead to a case however many the member has."""
    bundle, answer, number = submitted(world, Guide.V22)
    monkeypatch.setattr(attach, "MOST_READ", 0)
    for spelling in (number, f"{number}-1-1"):
        page = paper(b"about %s" % spelling.encode())
        post(world, Guide.V22, parameters(bundle, spelling, page, Final={"valueBoolean": False}))
    kinds = [event.kind for event in story(world, number).events]
    assert kinds.count(EventKind.ATTACHED) == 2
    deep = answer["entry"][0]["resource"]["id"]
    page = paper(b"about the answer")
    told = post(world, Guide.V22, parameters(bundle, deep, page))
    assert told["issue"][0]["details"]["coding"][0]["code"] != "received"


@GUIDES
def test_nothing_is_judged_before_the_final_submission(world: World, guide: Guide) -> None:
    """And what came before it counts then."""
    bundle, _, number = submitted(world, guide)
    more = {"valueBoolean": False}
    post(world, guide, parameters(bundle, number, form(guide, bundle), Final=more))
    assert story(world, number).case.state is CaseState.AWAITING_INFORMATION
    post(world, guide, parameters(bundle, number, paper(b"the last page")))
    assert actions(whole(world, number, guide)) == {1: "A1"}


def test_the_same_again_is_received_once(world: World) -> None:
    bundle, _, number = submitted(world, Guide.V22)
    body = parameters(bundle, number, paper(b"one page"))
    post(world, Guide.V22, body)
    before = story(world, number)
    again = post(world, Guide.V22, body)
    assert again["issue"][0]["details"]["coding"][0]["code"] == "received-before"
    assert story(world, number) == before


def test_another_member_or_another_number_finds_nothing(world: World) -> None:
    bundle, _, number = submitted(world, Guide.V22)
    other = {"valueIdentifier": {"value": "FW-NOBODY"}}
    page = paper(b"one page")
    post(world, Guide.V22, parameters(bundle, number, page, MemberId=other), 404)
    post(world, Guide.V22, parameters(bundle, "FC-NOBODY", page), 404)
    assert EventKind.ATTACHED not in [event.kind for event in story(world, number).events]


BROKEN: dict[str, tuple[list[Json], Json]] = {
    "nothing attached": ([], {}),
    "no provider": ([paper(b"x")], {"ProviderId": None}),
    "a claim": ([paper(b"x")], {"AttachTo": {"valueCode": "claim"}}),
    "no such use": ([paper(b"x")], {"AttachTo": {"valueCode": "other"}}),
    "no member": ([paper(b"x")], {"MemberId": None}),
    "no tracking number": ([paper(b"x")], {"TrackingId": None}),
    "a program": ([paper(b"MZ\x90\x00\x03")], {}),
    "a web page": ([paper(b"<html><script>alert(1)</script></html>")], {}),
    "an address": ([paper(b"x", data="", url="https://inside.example/x")], {}),
    "not base64": ([paper(b"x", data="%%%")], {}),
    "another type": ([{"resourceType": "Patient"}], {}),
    "not even FHIR": ([paper(b"x") | {"status": "nonsense"}], {}),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_breaks_the_rules_is_refused_whole(world: World, name: str) -> None:
    bundle, _, number = submitted(world, Guide.V22)
    contents, change = BROKEN[name]
    found = post(world, Guide.V22, parameters(bundle, number, *contents, **change), 400)
    assert found["issue"]
    assert EventKind.ATTACHED not in [event.kind for event in story(world, number).events]


@GUIDES
def test_a_pended_answer_tells_by_task_where_to_send(world: World, guide: Guide) -> None:
    _, answer, _ = submitted(world, guide)
    sent = [e["resource"] for e in answer["entry"] if e["resource"]["resourceType"] == "Task"]
    assert sent
    for task in sent:
        places = [i["valueUrl"] for i in task["input"] if "valueUrl" in i]
        assert places == [f"{world.context.base(guide)}/$submit-attachment"]


@GUIDES
def test_a_form_that_would_answer_is_named_by_its_context(world: World, guide: Guide) -> None:
    """PAS ainfo-3: the context is the payer's trace number of the line, by which answers are taken."""
    answer = world.answer(example("oxygen-missing-facts", guide), guide)
    (item,) = items(answer).values()
    traces = [each["valueIdentifier"] for each in extensions(item, ext.ITEM_TRACE_NUMBER)]
    kind = {"2.2": "questionnaire-context", "2.0": "questionnaires-needed"}[guide.value]
    (given,) = [
        each
        for task in resources(answer, "Task")
        for each in task["input"]
        if each["type"]["coding"][0]["code"] == kind
    ]
    named = given.get("valueString") or given["valueIdentifier"]["value"]
    assert named == traces[-1]["value"]


@GUIDES
def test_what_must_be_recent_says_so(world: World, guide: Guide) -> None:
    """LOINC 18804-5: from the three months before the service, as the policy looks back for it."""
    answer = world.answer(example("oxygen-missing-facts", guide), guide)
    said = [
        modifier["valueCodeableConcept"]["coding"][0]["code"]
        for asked in resources(answer, "CommunicationRequest")
        for payload in asked["payload"]
        for modifier in extensions(payload, ext.CONTENT_MODIFIER)
    ]
    assert said == ["18804-5"]


def test_too_large_is_413(world: World) -> None:
    bundle, _, number = submitted(world, Guide.V22)
    most = world.context.settings.max_body_bytes
    post(world, Guide.V22, parameters(bundle, number, paper(b"x" * most)), 413)
