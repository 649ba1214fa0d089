"""Updates and cancellations: what is marked is judged again, all else stays, each change is a version."""

from __future__ import annotations

import copy
import uuid
from typing import Any

import orjson
import pytest

from app.domain.case import CaseState
from app.domain.decision import ReviewTime
from app.domain.event import EventKind
from app.domain.guide import Guide
from app.fhir.urls import ext
from tests.spec.reading import error_codes, extensions, items, number, response_of
from tests.spec.test_attach import submitted
from tests.spec.test_review import CHEN, LEE, WHY, act, read, story, whole
from tests.spec.updating import add_line, certify, line, mark, update_of, withdraw
from tests.world import World, actions, claim_of, example

Json = dict[str, Any]
GUIDES = pytest.mark.parametrize("guide", list(Guide))


def started(world: World, guide: Guide, name: str = "oxygen-approved") -> tuple[Json, str]:
    """A request that was submitted, and the id of its ClaimResponse."""
    bundle = example(name, guide)
    answer = world.answer(bundle, guide)
    return bundle, response_of(answer)["id"]


def with_second_line(world: World, guide: Guide) -> tuple[Json, str]:
    """A request to which a nebulizer was added."""
    first, public_id = started(world, guide)
    second = update_of(first)
    add_line(second, 1, "E0570", guide)
    assert actions(world.answer(second, guide)) == {1: "A1", 2: "A1"}
    return second, public_id


def all_cancelled(prior: Json, *, lines: bool = True) -> Json:
    """A cancellation of everything."""
    bundle = update_of(prior)
    certify(claim_of(bundle), "3")
    for each in claim_of(bundle)["item"] if lines else ():
        withdraw(each)
    if not lines:
        del claim_of(bundle)["item"]
    return bundle


def kinds(world: World, name: str) -> list[EventKind]:
    return [event.kind for event in story(world, name).events]


@GUIDES
def test_an_added_item_is_judged_and_the_others_keep_their_finding(
    world: World, guide: Guide
) -> None:
    first, public_id = started(world, guide)
    granted = number(items(world.answer(first, guide))[1])
    second = update_of(first)
    add_line(second, 1, "E0570", guide)
    answer = world.answer(second, guide)
    assert actions(answer) == {1: "A1", 2: "A1"}
    assert number(items(answer)[1]) == granted
    assert response_of(answer)["id"] == public_id
    assert response_of(answer)["request"] == {"reference": second["entry"][0]["fullUrl"]}
    told = story(world, public_id)
    before, after = (each.decision.items[0] for each in told.decisions)
    assert before == after
    (updated,) = [e for e in told.events if e.kind is EventKind.UPDATED]
    assert (updated.data["added"], updated.data["version"]) == ([2], 2)
    assert updated.actor == world.caller.id


@GUIDES
def test_a_changed_item_is_judged_anew_and_its_old_number_leads_to_the_new_answer(
    world: World, guide: Guide
) -> None:
    first, public_id = started(world, guide)
    old = number(items(world.answer(first, guide))[1])
    second = update_of(first)
    mark(line(second, 1), "changed")["quantity"]["value"] = 24
    line(second, 1)["servicedPeriod"]["end"] = "2028-11-30"
    answer = world.answer(second, guide)
    new = number(items(answer)[1])
    assert actions(answer) == {1: "A1"}
    assert new != old
    assert story(world, old).case == story(world, new).case
    item = story(world, public_id).decisions[-1].decision.items[0]
    assert item.replaces == old
    assert item.grant is not None
    assert item.grant.units is not None
    assert item.grant.units.value == 24


@GUIDES
def test_one_cancelled_item_leaves_the_others(world: World, guide: Guide) -> None:
    second, public_id = with_second_line(world, guide)
    third = update_of(second)
    withdraw(line(third, 2))
    answer = world.answer(third, guide)
    assert actions(answer) == {1: "A1", 2: "C"}
    case = story(world, public_id).case
    assert case.state is CaseState.DECIDED
    fourth = update_of(third)
    assert actions(world.answer(fourth, guide)) == {1: "A1", 2: "C"}


@GUIDES
@pytest.mark.parametrize("lines", [True, False], ids=["with items", "without items"])
def test_the_whole_is_cancelled(world: World, guide: Guide, lines: bool) -> None:
    second, public_id = with_second_line(world, guide)
    answer = world.answer(all_cancelled(second, lines=lines), guide)
    assert actions(answer) == {1: "C", 2: "C"}
    told = story(world, public_id)
    assert told.case.state is CaseState.CANCELLED
    assert told.case.due is None
    assert EventKind.CANCELLED in kinds(world, public_id)
    assert actions(inquired(world, guide)) == {1: "C", 2: "C"}


@GUIDES
def test_what_was_cancelled_is_not_updated_but_asked_for_anew(world: World, guide: Guide) -> None:
    first, public_id = started(world, guide)
    third = all_cancelled(first)
    world.answer(third, guide)
    answer = world.answer(update_of(third), guide)
    assert error_codes(answer) == [("33", "N")]
    assert actions(answer) == {1: "C"}
    assert kinds(world, public_id)[-1] is EventKind.UPDATE_REFUSED


@GUIDES
def test_after_a_denial_an_update_is_refused_and_told_what_to_do(
    world: World, guide: Guide
) -> None:
    first, public_id = started(world, guide, "not-covered")
    second = update_of(first)
    mark(line(second, 1), "changed")
    answer = world.answer(second, guide)
    assert error_codes(answer) == [("33", "N")]
    assert actions(answer) == {1: "A3"}
    assert response_of(answer)["outcome"] == "partial"
    notes = " ".join(each["text"] for each in response_of(answer)["processNote"])
    assert "Send it as a new request, or appeal." in notes
    assert len(story(world, public_id).decisions) == 1
    assert world.submit(second, guide).data == orjson.dumps(answer)


@GUIDES
def test_one_denied_item_does_not_bar_the_update_of_the_others(world: World, guide: Guide) -> None:
    first, _ = started(world, guide, "mixed-lines")
    second = update_of(first)
    withdraw(line(second, 2))
    assert actions(world.answer(second, guide)) == {1: "A1", 2: "C", 3: "A3", 4: "A4"}
    third = update_of(second)
    withdraw(line(third, 3))
    assert error_codes(world.answer(third, guide)) == [("33", "N")]


@GUIDES
def test_new_information_approves_a_waiting_item_when_it_is_met(world: World, guide: Guide) -> None:
    first, waiting, public_id = submitted(world, guide)
    assert actions(waiting) == {1: "A4"}
    second = update_of(example("mri-approved-form", guide))
    second["entry"][-1] = first["entry"][0]
    known = {each["sequence"] for each in claim_of(first)["supportingInfo"]}
    papers = [e for e in claim_of(second)["supportingInfo"] if e["sequence"] not in known]
    for each in papers:
        mark(each, "added")
    assert actions(world.answer(second, guide)) == {1: "A1"}
    (updated,) = [e for e in story(world, public_id).events if e.kind is EventKind.UPDATED]
    assert (updated.data["informed"], updated.data["papers"]) == (
        [1],
        [each["sequence"] for each in papers],
    )
    assert EventKind.CLOCK_STOPPED in kinds(world, public_id)


@GUIDES
def test_a_change_without_its_mark_is_judged_all_the_same(world: World, guide: Guide) -> None:
    first, public_id = started(world, guide)
    second = update_of(first)
    line(second, 1)["quantity"]["value"] = 24
    world.answer(second, guide)
    (updated,) = [e for e in story(world, public_id).events if e.kind is EventKind.UPDATED]
    assert updated.data["unmarked"] == [1]


@GUIDES
def test_an_update_without_all_items_is_refused_and_loses_none(world: World, guide: Guide) -> None:
    second, public_id = with_second_line(world, guide)
    third = update_of(second)
    claim_of(third)["item"].pop(0)
    answer = world.answer(third, guide)
    assert error_codes(answer) == [("15", "C")]
    assert actions(answer) == {1: "A1", 2: "A1"}
    assert story(world, public_id).case.state is CaseState.DECIDED


@GUIDES
def test_a_repeated_update_gets_its_first_answer(world: World, guide: Guide) -> None:
    first, public_id = started(world, guide)
    second = update_of(first)
    add_line(second, 1, "E0570", guide)
    answers = {world.submit(second, guide).data for _ in range(3)}
    assert len(answers) == 1
    assert len(story(world, public_id).decisions) == 2


@GUIDES
def test_an_update_of_an_older_version_is_refused_with_the_current_answer(
    world: World, guide: Guide
) -> None:
    first, public_id = started(world, guide)
    second = update_of(first)
    add_line(second, 1, "E0570", guide)
    world.answer(second, guide)
    late = update_of(first)
    mark(line(late, 1), "changed")["quantity"]["value"] = 12
    answer = world.answer(late, guide)
    assert error_codes(answer) == [("33", "C")]
    assert actions(answer) == {1: "A1", 2: "A1"}
    assert len(story(world, public_id).decisions) == 2


@GUIDES
def test_a_version_that_comes_after_its_successor_changes_nothing(
    world: World, guide: Guide
) -> None:
    first, public_id = started(world, guide)
    second = update_of(first)
    add_line(second, 1, "E0570", guide)
    third = update_of(second)
    withdraw(line(third, 2))
    assert actions(world.answer(third, guide)) == {1: "A1", 2: "C"}
    assert error_codes(world.answer(second, guide)) == [("33", "C")]
    fourth = update_of(third)
    assert actions(world.answer(fourth, guide)) == {1: "A1", 2: "C"}
    assert len({story(world, public_id).case.id}) == 1


@GUIDES
def test_a_prior_request_that_we_never_saw_is_adopted_from_the_bundle(
    world: World, guide: Guide
) -> None:
    never_sent = example("oxygen-approved", guide)
    second = update_of(never_sent)
    add_line(second, 1, "E0570", guide)
    answer = world.answer(second, guide)
    assert actions(answer) == {1: "A1", 2: "A1"}
    public_id = response_of(answer)["id"]
    assert kinds(world, public_id)[:2] == [EventKind.RECEIVED, EventKind.ADOPTED]
    third = update_of(second)
    withdraw(line(third, 2))
    answer = world.answer(third, guide)
    assert response_of(answer)["id"] == public_id
    rival = update_of(never_sent)
    assert error_codes(world.answer(rival, guide)) == [("33", "C")]


@GUIDES
def test_a_request_that_comes_after_its_own_update_changes_nothing(
    world: World, guide: Guide
) -> None:
    original = example("oxygen-approved", guide)
    second = update_of(original)
    add_line(second, 1, "E0570", guide)
    public_id = response_of(world.answer(second, guide))["id"]
    late = world.answer(original, guide)
    assert error_codes(late) == [("33", "C")]
    assert actions(late) == {1: "A1", 2: "A1"}
    assert kinds(world, public_id)[-1] is EventKind.UPDATE_REFUSED
    other = copy.deepcopy(original)
    other["identifier"]["value"] = uuid.uuid4().hex
    line(other, 1)["quantity"]["value"] = 12
    assert error_codes(world.answer(other, guide)) == []


@GUIDES
def test_a_prior_request_that_nobody_knows_is_a_business_error(world: World, guide: Guide) -> None:
    lonely = update_of(example("oxygen-approved", guide), include=False)
    assert error_codes(world.answer(lonely, guide)) == [("AA", "C")]


@GUIDES
def test_prior_claims_in_a_circle_are_refused(world: World, guide: Guide) -> None:
    first, _ = started(world, guide)
    second = update_of(first)
    before = second["entry"][-1]["resource"]
    before["related"] = [
        {
            **claim_of(second)["related"][0],
            "claim": {"reference": second["entry"][0]["fullUrl"]},
        }
    ]
    before["meta"] = claim_of(second)["meta"]
    assert world.submit(second, guide).status_code == 400


@GUIDES
def test_an_update_is_found_by_identifier_number_or_our_own_address(
    world: World, guide: Guide
) -> None:
    first, public_id = started(world, guide)
    ours = f"{world.context.base(guide)}/Claim/{public_id}"
    identifier = claim_of(first)["identifier"][0]
    named = {"system": identifier["system"], "value": identifier["value"]}
    prior = first
    for claim in ({"reference": ours}, {"identifier": named}):
        second = update_of(prior, include=False)
        claim_of(second)["identifier"] = claim_of(first)["identifier"]
        claim_of(second)["related"][0]["claim"] = claim
        assert response_of(world.answer(second, guide))["id"] == public_id
    third = update_of(prior, include=False)
    claim_of(third)["related"][0]["claim"] = {"reference": uuid.uuid4().urn}
    claim_of(third)["related"][0]["reference"] = {"value": story(world, public_id).case.number}
    assert response_of(world.answer(third, guide))["id"] == public_id


@GUIDES
def test_who_has_the_case_must_take_it_again_after_an_update(world: World, guide: Guide) -> None:
    first, public_id = started(world, guide, "oxygen-clinical-review")
    case = story(world, public_id).case
    act(world, case.number, "take", "reviewer", by=LEE)
    second = update_of(first)
    mark(line(second, 1), "changed")["quantity"]["value"] = 24
    assert actions(world.answer(second, guide)) == {1: "A4"}
    after = story(world, public_id).case
    assert after.due == case.due
    act(world, case.number, "approve", "reviewer", 409, by=LEE)


@GUIDES
def test_an_extension_makes_the_review_concurrent(world: World, guide: Guide) -> None:
    first, public_id = started(world, guide)
    assert story(world, public_id).case.review is ReviewTime.PROSPECTIVE
    second = update_of(first)
    certify(mark(line(second, 1), "changed"), "4")
    world.answer(second, guide)
    assert story(world, public_id).case.review is ReviewTime.CONCURRENT


@GUIDES
def test_every_older_reference_leads_to_the_current_answer(world: World, guide: Guide) -> None:
    first, public_id = started(world, guide)
    old = number(items(world.answer(first, guide))[1])
    second = update_of(first)
    mark(line(second, 1), "changed")["quantity"]["value"] = 24
    new = number(items(world.answer(second, guide))[1])
    newest = read(world, guide, public_id)
    assert newest["meta"]["versionId"] == "2"
    assert number(newest["item"][0]) == new
    assert number(read(world, guide, public_id, "1")["item"][0]) == old
    claim = orjson.loads(world.client.get(f"/fhir/{guide.value}/Claim/{public_id}").data)
    assert claim["related"] == claim_of(second)["related"]
    assert number(items(inquired(world, guide, old))[1]) == new


def changed_for_a_person(first: Json, guide: Guide) -> Json:
    """An update of that request whose only item is changed to what only a person can decide."""
    second = update_of(example("oxygen-clinical-review", guide))
    second["entry"][-1] = first["entry"][0]
    claim_of(second)["related"][0]["claim"] = {"reference": first["entry"][0]["fullUrl"]}
    mark(line(second, 1), "changed")
    return second


@GUIDES
def test_what_was_authorized_stands_until_its_change_is_decided(world: World, guide: Guide) -> None:
    first, public_id = started(world, guide)
    before = world.answer(first, guide)
    old = number(items(before)[1])
    second = changed_for_a_person(first, guide)
    answer = world.answer(second, guide)
    assert actions(answer) == {1: "A4"}
    case = story(world, public_id).case
    assert (case.state, case.authorization_number != "") == (CaseState.IN_REVIEW, True)
    (told,) = extensions(items(answer)[1], ext.AUTHORIZATION_NUMBER)
    assert told["valueString"] == old
    assert any(old in each["text"] for each in response_of(answer)["processNote"])
    assert response_of(answer)["preAuthPeriod"] == response_of(before)["preAuthPeriod"]
    assert number(items(inquired(world, guide, old))[1]) == ""


@GUIDES
def test_a_denied_change_takes_nothing_away(world: World, guide: Guide) -> None:
    """What is authorized is less than what is asked for now: A6, with the authorization that stands
    (spec-36, spec-37). It is found by its number, and can still be cancelled, as nothing was denied but the
    change (spec-64).
    """
    first, public_id = started(world, guide)
    before = world.answer(first, guide)
    old = number(items(before)[1])
    second = changed_for_a_person(first, guide)
    world.answer(second, guide)
    case = story(world, public_id).case.number
    act(world, case, "take", "medical-director", by=CHEN)
    act(world, case, "deny", "medical-director", by=CHEN, item=1, why=WHY)
    answer = whole(world, case, guide)
    assert actions(answer) == {1: "A6"}
    told = response_of(answer)
    (stands,) = told["addItem"] if guide is Guide.V22 else told["item"]
    assert number(stands) == old
    (period,) = extensions(stands, ext.ITEM_PRE_AUTH_PERIOD)
    assert [period["valuePeriod"]] == [
        each["valuePeriod"] for each in extensions(items(before)[1], ext.ITEM_PRE_AUTH_PERIOD)
    ]
    said = " ".join(each["text"] for each in told["processNote"])
    assert WHY["reason"]["en"] in said
    assert f"authorization {old} stays in force" in said
    assert told["preAuthRef"] == response_of(before)["preAuthRef"]
    assert response_of(inquired(world, guide, old))["preAuthRef"] == told["preAuthRef"]
    third = update_of(second)
    withdraw(line(third, 1))
    assert actions(world.answer(third, guide)) == {1: "C"}


def inquired(world: World, guide: Guide, asked: str = "") -> Json:
    """The bundle of the newest hit of an inquiry about the oxygen request."""
    bundle = example("inquire/any-service", guide)
    if asked:
        told = {"url": ext.AUTHORIZATION_NUMBER, "valueString": asked}
        item = claim_of(bundle)["item"][0]
        item["extension"] = [*item.get("extension", []), told]
    response = world.client.post(
        f"/fhir/{guide.value}/Claim/$inquire",
        data=orjson.dumps(bundle),
        content_type="application/fhir+json",
    )
    assert response.status_code == 200, response.data
    found: Json = orjson.loads(response.data)
    if guide is Guide.V22:
        found = found["parameter"][0]["resource"]
    return found
