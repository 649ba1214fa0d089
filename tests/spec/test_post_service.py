"""After the service: reviewed with its own clock, the missed request told apart from necessity."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest

from app.domain.guide import Guide
from app.flows.submit import submit
from tests.spec.reading import action, items, notes
from tests.spec.telling import decided
from tests.spec.test_outcomes import Someone
from tests.world import World, claim_of, example, fixed_moment

GUIDES = pytest.mark.parametrize("guide", list(Guide))


def given(name: str, guide: Guide, day: str) -> Any:
    """An example whose lines are for that day."""
    bundle = example(name, guide)
    for item in claim_of(bundle)["item"]:
        for key in [key for key in item if key.startswith("serviced")]:
            del item[key]
        item["servicedDate"] = day
    return bundle


@GUIDES
def test_a_past_service_day_is_reviewed_after_the_service(world: World, guide: Guide) -> None:
    """The verdict on necessity stands beside the missed request, which denies nothing."""
    answer = world.answer(given("oxygen-clinical-review", guide, "2026-11-24"), guide)
    (item,) = items(answer).values()
    said = " ".join(notes(answer, item))
    assert action(item) == "A4"
    assert "post-service review" in said
    assert "not asked for in time" in said


@GUIDES
def test_today_is_not_after_the_service(world: World, guide: Guide) -> None:
    answer = world.answer(given("oxygen-clinical-review", guide, "2026-11-25"), guide)
    (item,) = items(answer).values()
    assert "post-service" not in " ".join(notes(answer, item))


@GUIDES
def test_what_needed_no_request_was_not_missed(world: World, guide: Guide) -> None:
    answer = world.answer(given("no-authorization-needed", guide, "2026-11-24"), guide)
    (item,) = items(answer).values()
    assert action(item) == "A1"
    assert "not asked for in time" not in " ".join(notes(answer, item))


@GUIDES
def test_the_penalty_is_the_plans_and_kept_apart_from_the_verdicts(
    world: World, guide: Guide
) -> None:
    """Approved on necessity; the group plan's certificate takes 20 % for the missed request."""
    denise = Someone("FW100003", "Carter", "Denise", "1979-06-21")
    answer = world.answer(denise.asks(given("oxygen-approved", guide, "2026-11-24")), guide)
    (line,) = items(answer).values()
    (item,) = decided(world, answer).items
    assert action(line) == "A1"
    assert (item.clinical, item.benefit) == ("met", "covered")
    assert item.penalty is not None and item.penalty.reduction == 20
    assert not any("in time" in reason.text["en"] for reason in item.reasons)
    (told,) = [note for note in notes(answer, line) if "not asked for in time" in note]
    assert told.endswith("Missed authorizations] Reduction: 20 %.")


@GUIDES
@pytest.mark.parametrize(("first", "missed"), [("2026-11-20", False), ("2026-11-25", True)])
def test_what_was_authorized_for_that_day_was_not_missed(
    world: World, guide: Guide, first: str, missed: bool
) -> None:
    """The payer's own record is looked at, although the request names no earlier number."""
    earlier = replace(fixed_moment(), now=datetime(2026, 11, 19, 15, tzinfo=UTC))
    asked = orjson.dumps(given("oxygen-approved", guide, first))
    submit(world.context, world.caller, asked, guide, earlier)
    answer = world.answer(given("oxygen-approved", guide, "2026-11-24"), guide)
    (item,) = decided(world, answer).items
    assert item.review_kind == "post-service"
    assert (item.penalty is not None) is missed


@GUIDES
@pytest.mark.parametrize(
    ("member", "rule", "due"),
    [
        (None, "ma-payment", "2027-01-25"),
        (
            Someone("FW100003", "Carter", "Denise", "1979-06-21"),
            "insured-post-service",
            "2026-12-26",
        ),
        (Someone("FW100004", "Ortiz", "Samuel", "1984-09-09"), "erisa-post-service", "2026-12-26"),
    ],
)
def test_the_clock_after_the_service_is_that_of_the_line_of_business(
    world: World, guide: Guide, member: Someone | None, rule: str, due: str
) -> None:
    """Days end at midnight in New York, five hours later in UTC."""
    bundle = given("oxygen-clinical-review", guide, "2026-11-24")
    decision = decided(world, world.answer(member.asks(bundle) if member else bundle, guide))
    assert decision.deadline_rule == rule
    assert decision.due is not None and decision.due.date().isoformat() == due
