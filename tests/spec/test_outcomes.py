"""Every outcome that a machine may reach, from bundle to answer, in both guide versions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest

from app.domain.guide import Guide
from app.fhir.urls import ext
from tests.spec.reading import (
    action,
    error_codes,
    extensions,
    items,
    notes,
    number,
    resources,
    response_of,
)
from tests.world import NOW, World, claim_of, example, resource_of

GUIDES = pytest.mark.parametrize("guide", list(Guide))


@GUIDES
def test_a_request_that_meets_its_policy_is_approved(world: World, guide: Guide) -> None:
    """Home oxygen with a saturation of 86 %: certified, with number, issue date and period."""
    answer = world.answer(example("oxygen-approved", guide), guide)
    (item,) = items(answer).values()
    assert action(item) == "A1"
    assert number(item)
    (issued,) = extensions(item, ext.ITEM_PRE_AUTH_ISSUE_DATE)
    assert issued["valueDate"] == NOW.date().isoformat()
    (period,) = extensions(item, ext.ITEM_PRE_AUTH_PERIOD)
    assert period["valuePeriod"]["start"] <= period["valuePeriod"]["end"]
    assert response_of(answer)["outcome"] == "complete"
    assert "error" not in response_of(answer)


@GUIDES
def test_fewer_units_than_asked_are_granted_as_modified(world: World, guide: Guide) -> None:
    """CPAP for 13 months: the policy grants a trial of 3, so A6 and what was granted instead."""
    answer = world.answer(example("cpap-modified", guide), guide)
    response = response_of(answer)
    (item,) = items(answer).values()
    assert action(item) == "A6"
    if guide is Guide.V22:
        (granted,) = response["addItem"]
        assert granted["itemSequence"] == [item["itemSequence"]]
        assert action(granted) == "A1"
        assert number(granted)
        assert granted["quantity"]["value"] == 3
    else:
        assert number(item)


@GUIDES
def test_unmet_criteria_go_to_a_person(world: World, guide: Guide) -> None:
    """Home oxygen with a saturation that does not qualify alone: pended, never denied."""
    answer = world.answer(example("oxygen-clinical-review", guide), guide)
    (item,) = items(answer).values()
    assert action(item) == "A4"
    assert number(item) == ""
    assert response_of(answer)["outcome"] == "complete"
    assert notes(answer, item)


@GUIDES
def test_missing_facts_are_asked_for(world: World, guide: Guide) -> None:
    """Home oxygen without a saturation: pended, with requests that name the documents in LOINC."""
    answer = world.answer(example("oxygen-missing-facts", guide), guide)
    (item,) = items(answer).values()
    assert action(item) == "A4"
    asked = resources(answer, "CommunicationRequest")
    assert asked
    named = {entry["fullUrl"] for entry in answer["entry"]}
    linked = {link["reference"] for link in response_of(answer)["communicationRequest"]}
    assert linked <= named
    assert len(linked) == len(asked)
    texts = [part["contentString"] for request in asked for part in request["payload"]]
    assert all(texts)


@GUIDES
def test_an_excluded_benefit_is_not_covered(world: World, guide: Guide) -> None:
    """A benefit fact may be stated by a machine: A3 with the reason, and no person named."""
    answer = world.answer(example("not-covered", guide), guide)
    (item,) = items(answer).values()
    assert action(item) == "A3"
    assert number(item) == ""
    assert notes(answer, item)


@GUIDES
def test_each_line_is_answered_for_itself(world: World, guide: Guide) -> None:
    """One request, several lines: an approval, a pend and what the plan excludes side by side."""
    bundle = example("mixed-lines", guide)
    answer = world.answer(bundle, guide)
    asked = {item["sequence"] for item in claim_of(bundle)["item"]}
    found = {sequence: action(item) for sequence, item in items(answer).items()}
    assert set(found) == asked
    assert {"A1", "A3", "A4"} <= set(found.values())


@GUIDES
def test_a_service_that_needs_no_authorization_says_so(world: World, guide: Guide) -> None:
    answer = world.answer(example("no-authorization-needed", guide), guide)
    (item,) = items(answer).values()
    assert action(item) == "A1"
    assert any("no prior authorization" in note.lower() for note in notes(answer, item)), notes(
        answer, item
    )


@GUIDES
def test_what_no_policy_lists_is_answered_as_the_plan_says(world: World, guide: Guide) -> None:
    """Medicaid reviews what it does not list; the group plan needs authorization only for its list."""
    answer = world.answer(example("inpatient-no-policy", guide), guide)
    assert {action(item) for item in items(answer).values()} == {"A4"}
    assert notes(answer)
    denise = Someone("FW100003", "Carter", "Denise", "1979-06-21")
    answer = world.answer(denise.asks(example("inpatient-no-policy", guide)), guide)
    assert {action(item) for item in items(answer).values()} == {"A1"}


@dataclass(frozen=True)
class Someone:
    """A demo member who asks instead of the one in the example."""

    member_id: str
    family: str
    given: str
    born: str

    def asks(self, bundle: dict[str, Any]) -> dict[str, Any]:
        """The bundle with this member in it."""
        (patient,) = (e["resource"] for e in bundle["entry"] if "birthDate" in e["resource"])
        patient["name"] = [{"family": self.family, "given": [self.given]}]
        patient["birthDate"] = self.born
        coverage = resource_of(bundle, "Coverage")
        coverage.pop("class", None)
        for identifier in patient["identifier"] + coverage["identifier"]:
            if identifier["system"].endswith("/member-id"):
                identifier["value"] = self.member_id
        if "subscriberId" in coverage:
            coverage["subscriberId"] = self.member_id
        return bundle


BUSINESS = {
    "member-not-found": "75",
    "coverage-not-active": "95",
    "wrong-payer": "79",
}


@GUIDES
@pytest.mark.parametrize("name", BUSINESS)
def test_who_is_not_covered_here_gets_a_business_error(
    world: World, guide: Guide, name: str
) -> None:
    """200 with ClaimResponse.error: reason, what to do next, and the element to correct."""
    answer = world.answer(example(name, guide), guide)
    response = response_of(answer)
    assert response["outcome"] == "error"
    assert items(answer) == {}
    ((reason, follow_up),) = error_codes(answer)
    assert reason == BUSINESS[name]
    assert follow_up
    (error,) = response["error"]
    (path,) = extensions(error, ext.ERROR_PATH)
    assert path["valueString"].startswith("Bundle.entry[")


def test_a_member_whose_birth_date_differs_is_not_answered_about(world: World) -> None:
    answer = world.answer(example("member-mismatch", Guide.V22), Guide.V22)
    assert response_of(answer)["outcome"] == "error"
    assert [reason for reason, _ in error_codes(answer)] == ["71"]


@GUIDES
def test_the_day_after_coverage_ended_is_not_covered_and_the_last_day_is(
    world: World, guide: Guide
) -> None:
    """FW100008 was covered until 2026-03-31."""
    for day, outcome in ((date(2026, 3, 31), "complete"), (date(2026, 4, 1), "error")):
        bundle = example("coverage-not-active", guide)
        for item in claim_of(bundle)["item"]:
            for name in [key for key in item if key.startswith("serviced")]:
                del item[name]
            item["servicedDate"] = day.isoformat()
        assert response_of(world.answer(bundle, guide))["outcome"] == outcome


@GUIDES
def test_an_urgent_request_is_due_sooner(world: World, guide: Guide) -> None:
    """Medicare Advantage, expedited: within 72 hours (42 CFR 422.572)."""
    if guide is Guide.V22:
        bundle = example("mri-urgent", guide)
        answer = world.answer(bundle, guide)
        with world.context.store.read(world.caller.tenant) as look:
            found = look.resources.get("ClaimResponse", response_of(answer)["id"])
            assert found is not None
            case = look.cases.get(found.case_id)
        assert case is not None
        if case.due is not None:
            assert (case.due - NOW).total_seconds() <= 72 * 3600
