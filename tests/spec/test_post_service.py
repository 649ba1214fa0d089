"""After the service: reviewed with its own clock, the missed request told apart from necessity."""

from __future__ import annotations

from typing import Any

import pytest

from app.domain.guide import Guide
from tests.spec.reading import action, items, notes
from tests.world import World, claim_of, example

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
