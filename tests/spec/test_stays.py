"""A stay is reviewed while it lasts: the answer says until when, and when it is looked at again."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from typing import Any

import pytest

from app.domain.guide import Guide
from app.fhir.urls import GUIDES as PUBLISHED
from app.fhir.urls import system
from tests.spec.reading import action, items, notes
from tests.spec.telling import Answer, answered, asking, decided
from tests.world import World, claim_of

GUIDES = pytest.mark.parametrize("guide", list(Guide))
EASTERN = timezone(timedelta(hours=-5))
REHABILITATION: dict[str, Answer] = {
    "physical-therapy": True,
    "occupational-therapy": True,
    "speech-therapy": True,
    "therapy-hours": 3,
    "therapy-days": 5,
    "takes-part": True,
    "physician-visits": 3,
    "team-weekly": True,
    "admission": datetime(2026, 12, 1, 15, tzinfo=EASTERN),
    "screening": datetime(2026, 11, 30, 15, tzinfo=EASTERN),
    "concurrence": True,
    "functional-status": True,
}
NURSING: dict[str, Answer] = {
    "hospital-admission": date(2026, 11, 27),
    "hospital-discharge": date(2026, 12, 1),
    "nursing-days": 7,
    "therapy-days": 5,
    "skilled-service": "injection",
    "only-here": True,
    "same-condition": True,
    "certified": True,
}


def staying(guide: Guide, revenue: str, diagnosis: str, place: str) -> Any:
    """A bundle that asks for a stay by its revenue code alone."""
    absent = system.DATA_ABSENT_REASON
    bundle = asking(guide, "not-applicable", absent, diagnosis, place, "2026-12-01")
    where = PUBLISHED[guide.value].revenue_system
    (item,) = claim_of(bundle)["item"]
    item["revenue"] = {"coding": [{"system": where, "code": revenue}]}
    return bundle


STAYS = pytest.mark.parametrize(
    ("policy", "revenue", "diagnosis", "place", "answers", "days"),
    [
        ("inpatient-rehabilitation", "0128", "I63.511", "61", REHABILITATION, 7),
        ("skilled-nursing-facility", "0022", "S72.001D", "31", NURSING, 7),
    ],
)


@GUIDES
@STAYS
def test_a_stay_is_granted_for_days_and_looked_at_again(
    world: World,
    guide: Guide,
    policy: str,
    revenue: str,
    diagnosis: str,
    place: str,
    answers: dict[str, Answer],
    days: int,
) -> None:
    """Approved, with the day of the next review in the answer and in the stored decision."""
    bundle = answered(staying(guide, revenue, diagnosis, place), policy, answers)
    answer = world.answer(bundle, guide)
    (line,) = items(answer).values()
    (item,) = decided(world, answer).items
    assert item.policy is not None and item.policy.id == policy
    assert (action(line), item.review_kind) == ("A1", "concurrent")
    assert item.grant is not None
    end = date(2026, 12, 1) + timedelta(days=days)
    assert item.grant.period.end == end - timedelta(days=1)
    assert item.grant.next_review == end
    assert f"Next review on {end}." in notes(answer, line)


@GUIDES
@STAYS
def test_a_stay_without_its_facts_is_asked_for_and_has_a_deadline(
    world: World,
    guide: Guide,
    policy: str,
    revenue: str,
    diagnosis: str,
    place: str,
    answers: dict[str, Answer],
    days: int,
) -> None:
    """Nothing is granted for no day; concurrent review has the clock of its line of business."""
    answer = world.answer(staying(guide, revenue, diagnosis, place), guide)
    (line,) = items(answer).values()
    decision = decided(world, answer)
    (item,) = decision.items
    assert (action(line), item.review_kind) == ("A4", "concurrent")
    assert item.pend_cause == "missing-facts"
    assert {need.fact for need in item.needed} & set(answers)
    assert decision.deadline_rule == "ma-standard-2026"
    assert not any("Next review" in note for note in notes(answer, line))
