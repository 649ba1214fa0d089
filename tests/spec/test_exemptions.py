"""Who need not ask, and whom no limit or exclusion binds: gold cards, emergencies, children."""

from __future__ import annotations

from typing import Any

import pytest

from app.domain.guide import Guide
from app.fhir.urls import system
from tests.spec.reading import action, items, notes, number
from tests.spec.telling import answered, asking, decided
from tests.spec.test_outcomes import Someone
from tests.world import World, claim_of, example, resource_of

GUIDES = pytest.mark.parametrize("guide", list(Guide))
LUIS = Someone("FW100006", "Romero", "Luis", "2013-05-05")
GRACE = Someone("FW100009", "Kim", "Grace", "1962-02-28")
SAMUEL = Someone("FW100004", "Ortiz", "Samuel", "1984-09-09")
EXEMPT, OTHER = "1900008008", "1900003009"


def imaging(guide: Guide, npi: str, day: str = "2026-12-03") -> Any:
    """A lumbar MRI without a word of its reasons, ordered by that provider."""
    bundle = answered(example("mri-approved-form", guide), "none", {})
    kept = ("Condition", "Procedure")
    bundle["entry"] = [e for e in bundle["entry"] if e["resource"]["resourceType"] not in kept]
    claim = claim_of(bundle)
    gone = claim.pop("supportingInfo", [])
    for item in claim["item"]:
        if gone:
            item.pop("informationSequence", None)
        item["servicedDate"] = day
    for identifier in resource_of(bundle, "Practitioner")["identifier"]:
        if identifier["system"] == system.NPI:
            identifier["value"] = npi
    return bundle


@GUIDES
def test_a_gold_carded_provider_needs_no_authorization(world: World, guide: Guide) -> None:
    """By the state's rule for cards; nothing is asked, and there is no authorization number."""
    answer = world.answer(imaging(guide, EXEMPT), guide)
    (line,) = items(answer).values()
    (item,) = decided(world, answer).items
    assert (action(line), number(line)) == ("A1", "")
    assert item.outcome == "not-required" and not item.needed
    assert item.policy is not None and item.policy.id == "gold-carding"
    assert any("exempt from authorization of this service" in note for note in notes(answer, line))


@GUIDES
@pytest.mark.parametrize(
    ("npi", "day"), [(OTHER, "2026-12-03"), (EXEMPT, "2027-02-01")], ids=["other", "ended"]
)
def test_without_a_card_in_force_the_reasons_are_asked(
    world: World, guide: Guide, npi: str, day: str
) -> None:
    """The card ends on 31 January 2027."""
    answer = world.answer(imaging(guide, npi, day), guide)
    (line,) = items(answer).values()
    assert action(line) == "A4"


@GUIDES
def test_the_last_day_of_a_card_counts(world: World, guide: Guide) -> None:
    answer = world.answer(imaging(guide, EXEMPT, "2027-01-31"), guide)
    assert [action(line) for line in items(answer).values()] == ["A1"]


@GUIDES
def test_a_card_of_other_plans_does_not_count(world: World, guide: Guide) -> None:
    """The self-funded plan is not bound by the statute."""
    answer = world.answer(SAMUEL.asks(imaging(guide, EXEMPT)), guide)
    assert [action(line) for line in items(answer).values()] == ["A4"]


def emergency(guide: Guide, code: str = "99284") -> Any:
    return asking(guide, code, system.CPT, "R07.9", "23", "2026-11-25")


@GUIDES
def test_an_emergency_needs_no_authorization(world: World, guide: Guide) -> None:
    """Presenting symptoms count, not the final diagnosis."""
    answer = world.answer(emergency(guide), guide)
    (line,) = items(answer).values()
    (item,) = decided(world, answer).items
    assert (action(line), number(line)) == ("A1", "")
    assert item.policy is not None and item.policy.id == "emergency-exemption"
    assert any("Emergency care needs no authorization" in note for note in notes(answer, line))


@GUIDES
def test_an_emergency_that_is_past_was_not_missed(world: World, guide: Guide) -> None:
    bundle = emergency(guide)
    claim_of(bundle)["item"][0]["servicedDate"] = "2026-11-20"
    (item,) = decided(world, world.answer(bundle, guide)).items
    assert (item.outcome, item.penalty) == ("not-required", None)


@GUIDES
def test_any_service_in_an_emergency_department_is_exempt_for_serious_symptoms(
    world: World, guide: Guide
) -> None:
    """Without that word the ordinary rule of the service applies."""
    scan = emergency(guide, "22612")
    (asked,) = decided(world, world.answer(scan, guide)).items
    serious = answered(emergency(guide, "22612"), "emergency-exemption", {"symptoms-serious": True})
    (exempt,) = decided(world, world.answer(serious, guide)).items
    assert asked.policy is None or asked.policy.id != "emergency-exemption"
    assert exempt.policy is not None and exempt.policy.id == "emergency-exemption"
    assert exempt.outcome == "not-required"


@GUIDES
def test_no_exclusion_decides_alone_about_a_child_in_medicaid(world: World, guide: Guide) -> None:
    """EPSDT (42 USC 1396d(r)): a clinician looks; of an adult the same benefit fact is stated."""
    made = [
        world.answer(member.asks(example("not-covered", guide)), guide) for member in (LUIS, GRACE)
    ]
    (child,), (adult,) = (items(answer).values() for answer in made)
    assert (action(child), action(adult)) == ("A4", "A3")
    (item,) = decided(world, made[0]).items
    assert (item.outcome, item.pend_cause) == ("pended", "clinical-review")
    assert any("Medicaid member under 21" in note for note in notes(made[0], child))
