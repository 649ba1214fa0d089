"""What nobody asked for is held until its request comes, and is then judged as part of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import orjson
import pytest

from app import resources
from app.clock import Moment
from app.domain.case import CaseState
from app.domain.event import EventKind
from app.domain.guide import Guide
from app.factory import build_app
from app.flows.unclaimed import report_unclaimed
from app.jobs.unclaimed import tell_unclaimed
from tests.spec.made import made_world
from tests.spec.test_attach import GUIDES, form, paper, parameters, post
from tests.spec.test_review import read, story
from tests.world import (
    FHIR_JSON,
    NOW,
    Json,
    World,
    actions,
    claim_of,
    example,
    fixed_moment,
    resource_of,
)

OWN = "CLINIC-2026-4711"
NPI = "http://hl7.org/fhir/sid/us-npi"


def request(guide: Guide, number: str = OWN) -> Json:
    """The imaging request without its form; its Claim has a number of the provider's own."""
    bundle = example("mri-approved-form", guide)
    gone = next(
        e for e in bundle["entry"] if e["resource"]["resourceType"] == "QuestionnaireResponse"
    )
    bundle["entry"].remove(gone)
    claim = claim_of(bundle)
    name = gone["fullUrl"]
    away = {
        each["sequence"]
        for each in claim["supportingInfo"]
        if name.endswith(each.get("valueReference", {}).get("reference", "-"))
    }
    claim["supportingInfo"] = [e for e in claim["supportingInfo"] if e["sequence"] not in away]
    for item in claim["item"]:
        item["informationSequence"] = [n for n in item["informationSequence"] if n not in away]
    claim["identifier"][0]["value"] = number
    return bundle


def npi(bundle: Json) -> str:
    """The NPI of the organization or person that asks."""
    name = claim_of(bundle)["provider"]["reference"]
    asks = next(e["resource"] for e in bundle["entry"] if e["fullUrl"].endswith(name))
    return next(str(each["value"]) for each in asks["identifier"] if each["system"] == NPI)


def early(world: World, guide: Guide, bundle: Json, *contents: Json, **change: Any) -> str:
    """Send something before its request; the code of what was said."""
    provider = {"valueIdentifier": {"system": NPI, "value": npi(bundle)}}
    body = parameters(bundle, OWN, *contents, **{"ProviderId": provider} | change)
    return str(post(world, guide, body)["issue"][0]["details"]["coding"][0]["code"])


def at(world: World, days: float) -> World:
    moment = replace(fixed_moment(), now=NOW + timedelta(days=days))
    context = replace(world.context, moment=lambda: moment)
    return World(context, build_app(context).test_client())


@GUIDES
def test_a_form_that_came_first_is_judged_with_the_request(world: World, guide: Guide) -> None:
    bundle = request(guide)
    assert early(world, guide, bundle, form(guide, bundle)) == "held"
    assert early(world, guide, bundle, form(guide, bundle)) == "received-before"
    answer = world.answer(bundle, guide)
    assert actions(answer) == {1: "A1"}
    found = story(world, answer["entry"][0]["resource"]["id"])
    (attached,) = [e for e in found.events if e.kind is EventKind.ATTACHED]
    assert attached.data["held"] is True
    assert attached.at == NOW


@GUIDES
def test_a_document_that_came_first_is_in_the_case_and_approves_nothing(
    world: World, guide: Guide
) -> None:
    bundle = request(guide)
    early(world, guide, bundle, paper(b"%PDF-1.7 early"))
    answer = world.answer(bundle, guide)
    assert actions(answer) == {1: "A4"}
    name = answer["entry"][0]["resource"]["id"]
    assert story(world, name).case.state is CaseState.AWAITING_INFORMATION
    shown = world.client.get(
        f"/desk/api/cases/{story(world, name).case.number}", headers={"Forthwith-Role": "reviewer"}
    ).json
    assert shown is not None
    assert [(each["media"], each["came"]) for each in shown["documents"]] == [
        ("application/pdf", "attached")
    ]
    assert read(world, guide, name)["outcome"]


@pytest.mark.parametrize("what", ["number", "member", "provider", "version"])
def test_what_does_not_match_stays_held_for_its_own_request(world: World, what: str) -> None:
    """Number, member, provider and guide version: each of them must be that of the request."""
    bundle, guide = request(Guide.V22), Guide.V22
    other: Json = {"valueIdentifier": {"system": "https://x.example", "value": "FW100009"}}
    change = {"member": {"MemberId": other}, "provider": {"ProviderId": other}}.get(what, {})
    sent = Guide.V20 if what == "version" else guide
    assert early(world, sent, bundle, form(sent, bundle), **change) == "held"
    answer = world.answer(request(guide, OWN if what != "number" else "ANOTHER"), guide)
    assert actions(answer) == {1: "A4"}
    if what == "number":
        assert actions(world.answer(bundle, guide)) == {1: "A1"}


def test_it_belongs_to_one_request_only_and_is_not_lost_when_that_fails(world: World) -> None:
    bundle, guide = request(Guide.V22), Guide.V22
    early(world, guide, bundle, form(guide, bundle))
    bad = request(guide)
    del claim_of(bad)["insurer"]
    assert world.submit(bad, guide).status_code == 400
    assert actions(world.answer(bundle, guide)) == {1: "A1"}
    assert actions(world.answer(request(guide), guide)) == {1: "A4"}


def test_an_opinion_and_a_request_with_a_business_error_leave_it_for_the_request(
    world: World,
) -> None:
    bundle, guide = request(Guide.V22), Guide.V22
    early(world, guide, bundle, form(guide, bundle))
    wrong = request(guide)
    resource_of(wrong, "Patient")["birthDate"] = "1901-01-01"
    assert world.answer(wrong, guide)["entry"][0]["resource"]["error"]
    opinion = request(guide)
    claim_of(opinion)["use"] = "predetermination"
    asked = world.client.post(
        "/fhir/2.2/Claim/$predetermine", data=orjson.dumps(opinion), content_type=FHIR_JSON
    )
    assert asked.status_code == 200
    assert actions(world.answer(request(guide), guide)) == {1: "A1"}


def test_a_patient_account_number_and_a_line_number_match_too(world: World) -> None:
    """CDex: unsolicited, MemberId may be the provider's account number of the patient."""
    bundle, guide = request(Guide.V22, "SOMETHING"), Guide.V22
    account = {"system": "https://clinic.example/account", "value": "PAT-77"}
    resource_of(bundle, "Patient")["identifier"].append(account)
    traced = next(
        e["valueIdentifier"]
        for e in claim_of(bundle)["item"][0]["extension"]
        if e["url"].endswith("itemTraceNumber")
    )
    traced["value"] = OWN
    early(world, guide, bundle, form(guide, bundle), MemberId={"valueIdentifier": account})
    assert actions(world.answer(bundle, guide)) == {1: "A1"}


def test_it_expires_by_the_rulebook(world: World) -> None:
    bundle, guide = request(Guide.V22), Guide.V22
    early(world, guide, bundle, form(guide, bundle))
    days = world.context.rulebook.hold_days
    assert days == 60
    assert actions(at(world, days).answer(bundle, guide)) == {1: "A4"}


def test_a_payer_that_says_no_time_holds_nothing(tmp_path: Path, world: World) -> None:
    text = (resources.data("policies") / "_deadlines.yaml").read_text("utf-8")
    kept = "\n".join(line for line in text.splitlines() if not line.startswith("held_attach"))
    none = made_world(tmp_path, {}, deadlines=kept)
    bundle, guide = request(Guide.V22), Guide.V22
    body = parameters(bundle, OWN, paper(b"%PDF-1.7 early"))
    post(none, guide, body, 404)


def test_what_no_request_claimed_in_time_is_reported_once_and_stays_on_the_desk(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    """A line in the log, and a mark in the list of the desk and of its command; nothing is dropped."""
    bundle = request(Guide.V22)
    early(world, Guide.V22, bundle, paper(b"%PDF-1.7 early"))
    context, later = world.context, at(world, 61)

    def told(moment: Moment) -> int:
        report = partial(report_unclaimed, context.store, world.caller.tenant)
        return tell_unclaimed(report, moment)

    def listed(world: World) -> Any:
        headers = {"Forthwith-Role": "reviewer"}
        return world.client.get("/desk/api/held", headers=headers).get_json()["held"]

    assert told(context.moment()) == 0
    assert [each["unclaimed"] for each in listed(world)] == [False]
    assert [told(later.context.moment()) for _ in range(2)] == [1, 0]
    assert [each.message for each in caplog.records if each.levelname == "WARNING"] == [
        "attachment unclaimed"
    ]
    (line,) = listed(later)
    assert (line["tracking"], line["unclaimed"]) == (OWN, True)
    assert world.client.get("/desk/api/held").status_code == 403
