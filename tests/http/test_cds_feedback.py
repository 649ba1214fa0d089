"""What users did with cards is kept: accepted with which suggestion, overridden and why."""

from __future__ import annotations

from typing import Any

import pytest

from app.domain.guide import Guide
from tests.world import NOW, World

GUIDES = list(Guide)
CARD = "4e0a3a1e-77a3-4cf6-9e0a-8f1f0a9c1234"
SUGGESTION = "d9b2a0f3-3c57-4b1e-8f4d-000000000001"


def post(world: World, guide: Guide, *lines: dict[str, Any]) -> int:
    address = f"/crd/{guide.value}/cds-services/order-sign/feedback"
    return world.client.post(address, json={"feedback": list(lines)}).status_code


@pytest.mark.parametrize("guide", GUIDES)
def test_accepted_and_overridden_are_kept_with_their_reasons(worlds: World, guide: Guide) -> None:
    accepted = {
        "card": CARD,
        "outcome": "accepted",
        "acceptedSuggestions": [{"id": SUGGESTION}],
        "outcomeTimestamp": "2026-11-25T15:00:00Z",
    }
    overridden = {
        "card": CARD,
        "outcome": "overridden",
        "overrideReason": {
            "reason": {"system": "https://ehr.example/why", "code": "known"},
            "userComment": "Seen before",
        },
        "made": "up",
    }
    assert post(worlds, guide, accepted, overridden) == 200
    with worlds.context.store.read(worlds.caller.tenant) as look:
        second, first = sorted(look.feedback.of(CARD), key=lambda each: each.outcome)[::-1]
        counted = look.feedback.outcomes(NOW)
    assert first.suggestions == (SUGGESTION,) and first.happened == "2026-11-25T15:00:00Z"
    assert second.reason == "https://ehr.example/why|known" and second.comment == "Seen before"
    assert counted["order-sign"] == {"accepted": 1, "overridden": 1}


@pytest.mark.parametrize("guide", GUIDES)
@pytest.mark.parametrize(
    "line", [{"card": CARD}, {"outcome": "accepted"}, {"card": CARD, "outcome": "ignored"}, 7]
)
def test_feedback_of_another_shape_is_refused_and_nothing_is_kept(
    world: World, guide: Guide, line: Any
) -> None:
    sound = {"card": CARD, "outcome": "accepted"}
    assert post(world, guide, sound, line) == (400 if guide is Guide.V22 else 422)
    with world.context.store.read(world.caller.tenant) as look:
        assert look.feedback.of(CARD) == ()


def test_an_unknown_service_has_no_feedback(world: World) -> None:
    answer = world.client.post("/crd/2.2/cds-services/made-up/feedback", json={"feedback": []})
    assert answer.status_code == 404
