"""More time to decide: as far and as often as the deadlines file says that the law allows, with a reason,
who asked, and what the member must be told.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from app.domain.event import EventKind
from app.domain.guide import Guide
from app.flows.expire import expire
from tests.spec.reading import response_of
from tests.spec.test_pauses import at, of_self_funded, send
from tests.spec.test_review import LEE, act, story, taken, whole
from tests.spec.updating import line, mark, update_of
from tests.world import NOW, World, claim_of, example

GUIDES = pytest.mark.parametrize("guide", list(Guide))
WHY = {
    "en": "The test result of another clinic is missing.",
    "es": "Falta el resultado de otra clínica.",
}


def extend(world: World, number: str, days: int, by: str, status: int = 200) -> Any:
    return act(
        world, number, "extend", "reviewer", status, by=LEE, days=days, asked_by=by, reason=WHY
    )


def sheet(world: World, number: str) -> Any:
    path = f"/desk/api/cases/{number}"
    return world.client.get(path, headers={"Forthwith-Role": "reviewer"}).get_json()


@GUIDES
def test_the_time_of_a_medicare_request_is_extended_and_everybody_is_told(
    world: World, guide: Guide
) -> None:
    """42 CFR 422.568(b): up to 14 days when the enrollee asks; written notice with the right to an
    expedited grievance. The answer, the log, the explanation and the list of the desk have the new day.
    """
    number, _ = taken(world, guide, "reviewer", LEE)
    before = story(world, number).case
    head = extend(world, number, 14, "member")
    told = story(world, number)
    assert told.case.state is before.state
    assert told.case.due == before.due + timedelta(days=14)
    assert head["due"] == told.case.due.isoformat()
    (event,) = [e for e in told.events if e.kind is EventKind.CLOCK_EXTENDED]
    assert event.actor == "lee"
    assert event.data["due"] == told.case.due.isoformat()
    assert (event.data["days"], event.data["asked_by"]) == (14, "member")
    assert event.data["member_must_be_told"] is True
    notes = [n["text"] for n in response_of(whole(world, number, guide))["processNote"]]
    assert f"A decision is due by {told.case.due:%Y-%m-%dT%H:%M}" in " ".join(notes)
    assert f"The time to decide was extended by 14 days: {WHY['en']}" in notes
    shown = sheet(world, number)
    (extension,) = shown["extensions"]
    assert "queja acelerada" in extension["notice"]
    assert any("More time: 14 days, asked for by the member" in e for e in shown["explanation"])


def test_the_reason_and_the_notice_are_in_the_language_of_the_member(world: World) -> None:
    """Without words in that language no time is added."""
    number, _ = taken(world, Guide.V22, "reviewer", LEE)
    body = {"by": LEE, "days": 14, "asked_by": "member", "reason": {"en": WHY["en"]}}
    refused = act(world, number, "extend", "reviewer", 422, **body)
    assert refused["detail"] == "Say it in plain words in the language es, too."
    extend(world, number, 14, "member")
    (extension,) = sheet(world, number)["extensions"]
    assert extension["notice"].startswith("Necesitamos 14 días más")
    assert WHY["es"] in extension["notice"]


def test_it_is_extended_as_far_and_as_often_as_the_law_says(world: World) -> None:
    """Fourteen days, once, asked for by the enrollee or by the plan (42 CFR 422.568(b))."""
    number, _ = taken(world, Guide.V22, "reviewer", LEE)
    extend(world, number, 15, "member", 422)
    extend(world, number, 14, "provider", 422)
    extend(world, number, 5, "payer")
    extend(world, number, 5, "payer", 409)
    assert [e.kind for e in story(world, number).events].count(EventKind.CLOCK_EXTENDED) == 1


def test_a_clock_that_the_law_does_not_let_be_extended_is_not(world: World) -> None:
    """29 CFR 2560.503-1(f)(2)(i): the 72 hours of an urgent request stand."""
    bundle = of_self_funded("oxygen-clinical-review")
    claim_of(bundle)["priority"] = {
        "coding": [
            {"system": "http://terminology.hl7.org/CodeSystem/processpriority", "code": "stat"}
        ]
    }
    number = story(world, response_of(world.answer(bundle, Guide.V22))["id"]).case.number
    act(world, number, "take", "reviewer", by=LEE)
    extend(world, number, 1, "payer", 409)


def test_a_missed_deadline_is_not_extended_and_an_extended_one_is_missed_later(
    world: World,
) -> None:
    number, _ = taken(world, Guide.V22, "reviewer", LEE)
    other, _ = taken(world, Guide.V22, "reviewer", LEE)
    extend(world, number, 14, "payer")
    later = at(world, 10)
    missed = expire(
        world.context.store, world.caller.tenant, later.context.moment(), lambda: later.context
    )
    assert [each.number for each in missed] == [other]
    act(later, other, "take", "reviewer", by=LEE)
    extend(later, other, 14, "payer", 409)


def test_a_pause_does_not_lose_the_days_that_were_added(world: World) -> None:
    """Fifteen days, fifteen more (29 CFR 2560.503-1(f)(2)(iii)), and the five that it stood still."""
    bundle = of_self_funded("oxygen-missing-facts")
    number = story(world, response_of(world.answer(bundle, Guide.V22))["id"]).case.number
    waits = story(world, number).case.due
    act(world, number, "take", "reviewer", by=LEE)
    extend(world, number, 15, "payer")
    assert story(world, number).case.due == waits + timedelta(days=15)
    assert story(world, number).decisions[-1].decision.paused_until is not None
    send(at(world, 5), bundle, number)
    due = story(world, number).case.due
    assert due == NOW.replace(hour=4, minute=59, second=59) + timedelta(days=1 + 15 + 15 + 5)


def test_an_update_of_what_waits_keeps_the_days_that_were_added(world: World) -> None:
    number, public_id = taken(world, Guide.V22, "reviewer", LEE)
    extend(world, number, 14, "member")
    due = story(world, number).case.due
    update = update_of(example("oxygen-clinical-review", Guide.V22))
    mark(line(update, 1), "changed")["quantity"] = {"value": 6, "unit": "months"}
    world.answer(update, Guide.V22)
    told = story(world, public_id)
    assert told.case.due == due
    assert told.decisions[-1].decision.extensions
